"""Whom a send or an update means: names joined by `|` or in lists, what is wrong with them, and who is left.

Rules and codes: wecom.md sections 4 and 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.company import User
from sandbox.wecom.faults import FaultKind
from sandbox.wecom.refusals import Refusal
from sandbox.wecom.settings import MOST_PARTIES, MOST_TAGS, MOST_USERS, FakeWeComApp
from sandbox.wecom.visibility import is_reachable, visible_departments, visible_users
from sandbox.wecom.world import World

EVERYBODY = "@all"


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a request names.

    Attributes:
        users: Userids as written.
        parties: Department numbers as written.
        tags: Tag ids as written.
        everybody: Whether all are meant; the rest is empty then.
    """

    users: tuple[str, ...]
    parties: tuple[str, ...]
    tags: tuple[str, ...]
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class Receivers:
    """Who is meant after all.

    Attributes:
        users: Everybody once.
        invalid_users: Userids that name nobody reachable, in lower case.
        invalid_parties: Departments outside of the visible range.
        invalid_tags: All tags: this company has none.
    """

    users: tuple[User, ...]
    invalid_users: tuple[str, ...]
    invalid_parties: tuple[str, ...]
    invalid_tags: tuple[str, ...]


def named_in_send(body: Mapping[str, Any]) -> Named:
    """Read `touser`, `toparty` and `totag`.

    Raises:
        Refusal: 40035 for other types than text, 82001 for nobody, 40032, 82002 or 82003 for too many.
    """
    users, parties, tags = (_split(body.get(key, "")) for key in ("touser", "toparty", "totag"))
    if EVERYBODY in users:
        return Named((), (), (), everybody=True)
    return _checked(Named(users, parties, tags))


def named_in_update(body: Mapping[str, Any]) -> Named:
    """Read `userids`, `partyids`, `tagids` and `atall`. Raises as `named_in_send`."""
    if body.get("atall") == 1:
        return Named((), (), (), everybody=True)
    users, parties, tags = (_listed(body.get(key) or []) for key in ("userids", "partyids", "tagids"))
    return _checked(Named(users, parties, tags))


def resolve(world: World, app: FakeWeComApp, named: Named) -> Receivers:
    """Find who is meant, among those whom the app can reach."""
    if named.everybody:
        reachable = [user for user in visible_users(world.directory, app) if is_reachable(world.directory, app, user)]
        return Receivers(tuple(reachable), (), (), ())
    found: dict[str, User] = {}
    invalid_users = []
    for name in named.users:
        user = world.directory.find(name)
        if user is None or not _is_reachable(world, app, user):
            invalid_users.append(name.lower())
        else:
            found[user.user_id] = user
    invalid_parties = []
    for number in named.parties:
        members = _members(world, app, number)
        if members is None:
            invalid_parties.append(number)
        found |= {user.user_id: user for user in members or ()}
    return Receivers(tuple(found.values()), tuple(invalid_users), tuple(invalid_parties), named.tags)


def _is_reachable(world: World, app: FakeWeComApp, user: User) -> bool:
    if world.faults.take(FaultKind.UNREACHABLE, user_id=user.user_id):
        return False
    return is_reachable(world.directory, app, user)


def _members(world: World, app: FakeWeComApp, number: str) -> Sequence[User] | None:
    directory = world.directory
    department_id = directory.id_of(int(number)) if number.isdecimal() else None
    if department_id is None or department_id not in visible_departments(directory, app):
        return None
    everybody = [user for each in directory.with_below(department_id) for user in directory.members(each)]
    return [user for user in everybody if _is_reachable(world, app, user)]


def _split(joined: object) -> tuple[str, ...]:
    if not isinstance(joined, str):
        raise Refusal(40035)
    return tuple(part.strip() for part in joined.split("|") if part.strip())


def _listed(names: object) -> tuple[str, ...]:
    if not isinstance(names, list):
        raise Refusal(40035)
    return tuple(str(each) for each in names)


def _checked(named: Named) -> Named:
    if not (named.users or named.parties or named.tags):
        raise Refusal(82001)
    for names, most, code in (
        (named.users, MOST_USERS, 40032),
        (named.parties, MOST_PARTIES, 82002),
        (named.tags, MOST_TAGS, 82003),
    ):
        if len(names) > most:
            raise Refusal(code)
    return named
