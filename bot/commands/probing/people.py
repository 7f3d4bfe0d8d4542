"""Whether the directory tells what the practices need: managers, HRBPs, deputies, mail addresses, platform ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from bot.commands.probing.findings import advice, broken, fine
from domain.duties import Act, Channel, Ladder
from domain.ids import PersonId
from domain.people import Person, Role, hrbps
from domain.policy import OrgPolicy
from domain.ports import Probe

MOST_NAMED = 5
"""People named as examples; the rest are counted."""


@dataclass(frozen=True, slots=True)
class _Roll:
    """Everybody of a directory by id; nobody is away."""

    people: Mapping[PersonId, Person]

    def person(self, person_id: PersonId) -> Person | None:
        return self.people.get(person_id)

    def away(self, _person_id: PersonId, _day: object) -> bool:
        return False


def probe_people(policy: OrgPolicy, people: Sequence[Person]) -> Iterator[Probe]:
    """Tell what is missing about the active people of a directory.

    Args:
        policy: What the practices need.
        people: Everybody of the organisation as far as the directory, or the file, tells.
    """
    active = [person for person in people if person.active]
    if not active:
        fix = "give the app a contact range that holds everybody, or name people in the file"
        yield broken("people", "nobody is there", fix)
        return
    yield fine("people", f"{len(active)} active, {len(people) - len(active)} left")
    yield _managers(active)
    yield _hrbps(policy, active)
    yield _deputies(active)
    yield _mail(policy, active)
    yield _escalation_mail(policy, active)
    yield _reachable(active)
    yield _admins(policy, active)


def _managers(active: Sequence[Person]) -> Probe:
    without = [person for person in active if person.manager_id is None]
    name, fix = (
        "people.managers",
        "maintain the direct manager (直属上级) in the console, or manager in the people file",
    )
    if len(without) == len(active) > 1:
        scope = "; if it is maintained, the app lacks the permission to read it (通讯录字段权限)"
        return broken(name, "the leader field is empty for everybody; nobody would owe a reply", fix + scope)
    return _gaps(name, "a manager", without, active, fix, allowed=1)


def _hrbps(policy: OrgPolicy, active: Sequence[Person]) -> Probe:
    roll = _Roll({person.person_id: person for person in active})
    without = [person for person in active if next(hrbps(person, roll), None) is None]
    name, fix = "people.hrbps", "name an HRBP for each department in the console, or hrbp in the people file"
    if len(without) == len(active) and _escalates_to(policy, Role.HRBP):
        return broken(name, "nobody has an HRBP, and a ladder escalates to the HRBP", fix)
    return _gaps(name, "an HRBP (own or inherited)", without, active, fix)


def _deputies(active: Sequence[Person]) -> Probe:
    managers = {person.manager_id for person in active}
    leading = [person for person in active if person.person_id in managers]
    without = [person for person in leading if person.deputy_id is None]
    fix = "name a deputy in the people file; otherwise a reply waits while its manager is on leave"
    return _gaps("people.deputies", "a deputy (of those who lead)", without, leading, fix)


def _mail(policy: OrgPolicy, active: Sequence[Person]) -> Probe:
    without = [person for person in active if not person.mail]
    name, fix = "people.mail", "give the app the permission to read mail addresses, or mail in the people file"
    if len(without) == len(active) and _speaks_by(policy, Channel.MAIL):
        return broken(name, "nobody has a mail address, and a ladder escalates by mail", fix)
    return _gaps(name, "a mail address", without, active, fix)


def _escalation_mail(policy: OrgPolicy, active: Sequence[Person]) -> Probe:
    """Tell which of those to whom a ladder writes by mail have no address; they hear by chat only."""
    roll = _Roll({person.person_id: person for person in active})
    ways: Mapping[Role, Set[PersonId | None]] = {
        Role.HRBP: {found for person in active if (found := next(hrbps(person, roll), None))},
        Role.MANAGER: {person.manager_id for person in active},
        Role.ADMIN: set(policy.admins),
    }
    told = {rung.to for ladder in _ladders(policy) for rung in ladder.rungs if Channel.MAIL in rung.by}
    meant = {person_id for role in told for person_id in ways.get(role, ())}
    readers = [person for person in active if person.person_id in meant]
    without = [person for person in readers if not person.mail]
    name, fix = "people.escalation_mail", "write mail for them into the people file; until then they hear by chat only"
    return _gaps(name, "a mail address (of those whom ladders write to)", without, readers, fix)


def _reachable(active: Sequence[Person]) -> Probe:
    without = [person for person in active if person.platform is None]
    name, fix = "people.reachable", "name their platform ids under ids in the people file"
    if len(without) == len(active):
        return broken(name, "nobody can be reached on a configured platform", fix)
    return _gaps(name, "an account on a configured platform", without, active, fix)


def _admins(policy: OrgPolicy, active: Sequence[Person]) -> Probe:
    known = {person.person_id for person in active}
    unknown = [admin for admin in policy.admins if admin not in known]
    if unknown:
        fix = "write ids of active people into org.admins"
        return broken("people.admins", f"org.admins names nobody active with {', '.join(unknown)}", fix)
    if not policy.admins:
        fix = "write the id of whoever runs the bot into org.admins"
        return advice("people.admins", "nobody is told when something needs a human", fix)
    return fine("people.admins", ", ".join(policy.admins))


def _gaps(
    name: str, what: str, without: Sequence[Person], of: Sequence[Person], fix: str, *, allowed: int = 0
) -> Probe:
    if not without:
        return fine(name, f"everybody has {what}")
    named = ", ".join(f"{person.name} ({person.person_id})" for person in without[:MOST_NAMED])
    more = f" and {len(without) - MOST_NAMED} more" if len(without) > MOST_NAMED else ""
    found = f"{len(without)} of {len(of)} without {what}: {named}{more}"
    return fine(name, found) if len(without) <= allowed else advice(name, found, fix)


def _ladders(policy: OrgPolicy) -> Iterator[Ladder]:
    for cadence in policy.cadences:
        if cadence.answer_ladder is not None:
            yield cadence.answer_ladder
        if cadence.follow_up is not None:
            yield cadence.follow_up.ladder


def _escalates_to(policy: OrgPolicy, role: Role) -> bool:
    rungs = (rung for ladder in _ladders(policy) for rung in ladder.rungs)
    return any(rung.act is Act.ESCALATE and rung.to is role for rung in rungs)


def _speaks_by(policy: OrgPolicy, channel: Channel) -> bool:
    return any(channel in rung.by for ladder in _ladders(policy) for rung in ladder.rungs)
