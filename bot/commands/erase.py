"""`erase`: takes a person's name, addresses and words out of the store (个人信息删除)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from bot.assemble import words
from bot.clock import SystemClock, id_maker
from bot.commands.options import ConfigOption, OrgOption, PersonOption
from bot.commands.outcome import CommandFailed, ExitCode
from bot.commands.output import note, progress, say
from bot.commands.stores import one_store, opened, or_nobody, organisation
from bot.organisations import Organisations
from config.loader import load
from config.organisation import LoadedOrg
from domain.errors import StoreDown
from domain.ids import PersonId
from domain.policy import OrgPolicy
from domain.ports import Clock
from handlers.directory import close_for_leaver
from storage.compaction import PATIENCE, compact
from storage.personal_records import UnknownPerson, erase_person
from storage.transaction import Transaction

_COMPACTED = {"sqlite": "compacted: the store's free space and log hold nothing of it any more"}
_VACUUMED = "vacuumed: the server uses the space again; its log and archives keep it until they are recycled"


def command(
    config: ConfigOption,
    org: OrgOption,
    person: PersonOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person in one transaction; ids and counts stay, so that others' figures do not change."""
    loaded = load(config, os.environ)
    found, person_id = organisation(loaded, org), PersonId(person)
    _require_unlisted(found, person_id)
    policy = found.policy
    with opened(loaded) as database:
        with or_nobody(), database.reading() as transaction:
            name = name_of(transaction, policy, person_id)
        if not yes:
            _confirm(name, person_id)
        with progress("erasing"), database.transaction() as transaction:
            changed = erase(transaction, policy, person_id, SystemClock())
    _tell(changed)
    compact_and_tell(one_store(loaded))
    note("backups and exports made earlier still hold it; delete those too, and see that no directory lists the person")


def _require_unlisted(org: LoadedOrg, person_id: PersonId) -> None:
    if any(each.person.person_id == person_id for each in org.people or ()):
        sentence = f"{person_id} is still in the people file and would come back from there; take them out first"
        raise CommandFailed(sentence, ExitCode.BAD_INPUT)


def name_of(transaction: Transaction, policy: OrgPolicy, person_id: PersonId) -> str:
    """Return what a person is called.

    Raises:
        UnknownPerson: The organisation has nobody of that id.
    """
    found = transaction.store(policy.org_id).people.person(person_id)
    if found is None:
        raise UnknownPerson(policy.org_id, person_id)
    return found.name


def erase(transaction: Transaction, policy: OrgPolicy, person_id: PersonId, clock: Clock) -> Mapping[str, int]:
    """Erase a person, then close what they owe or wait for, or pass it on; return what was changed.

    In this order whoever takes something over is told without the name.
    """
    changed = erase_person(transaction, policy.org_id, person_id)
    organisations = Organisations(words(), id_maker(clock))
    organisations.replace({policy.org_id: policy})
    ctx = organisations.context(transaction, policy.org_id, clock.now())
    leaver = ctx.person(person_id)
    close_for_leaver(ctx, replace(leaver, active=False))
    ctx.store.history.note("person.erased", person_id, None, ctx.now, {})
    return changed


def _confirm(name: str, person_id: PersonId) -> None:
    question = f"Erase {name} ({person_id})? This cannot be undone; export first if they want their record."
    if not typer.confirm(question, err=True):
        raise CommandFailed("nothing was erased")


def _tell(changed: Mapping[str, int]) -> None:
    for what, count in changed.items():
        say(f"{what.replace('_', ' ')}: {count}")


def compact_and_tell(url: str, patience: timedelta = PATIENCE) -> None:
    """Give up the space of what was deleted, and say whether that could be done.

    Args:
        url: The store.
        patience: How long to wait for others who read or write.
    """
    try:
        with progress("compacting"):
            compact(url, patience)
    except StoreDown as error:
        note(
            f"erased; but what was deleted may still lie in free space: {error}. Run the command again when it is quiet"
        )
        return
    say("compacted: free space and logs of the store hold nothing of it any more")
