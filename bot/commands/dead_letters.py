"""`dead-letters`: the messages that nobody will get, why, and another try for them once the cause is mended."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from bot.clock import SystemClock
from bot.commands.options import ConfigOption, JsonOption
from bot.commands.outcome import CommandFailed, ExitCode
from bot.commands.output import say, say_json, say_table
from bot.commands.probing.hints import hint_of
from bot.commands.probing.records import FIRST
from bot.commands.stores import opened, organisation
from config.loader import Loaded, load
from config.organisation import LoadedOrg
from domain.ids import MessageId
from domain.ports import Clock
from storage.database import Database
from storage.unreachable import revive
from storage.watching import DeadLetter

ALL = "all"

HEADS = ("given up", "organisation", "person", "lane", "call", "code", "message", "for")


def command(
    config: ConfigOption,
    resend: Annotated[
        list[str] | None,
        typer.Option("--resend", metavar="all|ID", help="Try all of them again, or one message; may be repeated."),
    ] = None,
    org: Annotated[
        str | None, typer.Option("--org", metavar="ID", help="Of this organisation only; left out: of all.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List what was given up, without what was to be said; or let it be tried again by the running service."""
    loaded = load(config, os.environ)
    orgs = loaded.orgs if org is None else (organisation(loaded, org),)
    with opened(loaded) as database:
        if resend:
            _resend(database, orgs, resend, SystemClock())
            return
        letters = list(dead_letters(database, orgs))
    if as_json:
        say_json([_record(each) for each in letters])
    else:
        _show(letters, loaded)


def dead_letters(database: Database, orgs: Sequence[LoadedOrg]) -> Iterator[DeadLetter]:
    """Yield what was given up for these organisations, oldest first."""
    meant = {org.policy.org_id for org in orgs}
    with database.reading() as transaction:
        letters = transaction.engine.dead_letters(FIRST)
    yield from (each for each in letters if each.org_id in meant)


def _resend(database: Database, orgs: Sequence[LoadedOrg], ids: Sequence[str], clock: Clock) -> None:
    named = None if ALL in ids else [MessageId(each) for each in ids]
    with database.transaction() as transaction:
        count = sum(revive(transaction, org.policy.org_id, clock.now(), named) for org in orgs)
    if count == 0 and named is not None:
        raise CommandFailed("none of these messages is given up, or their readers have no platform", ExitCode.BAD_INPUT)
    say(f"messages to be tried again: {count}")


def _show(letters: Sequence[DeadLetter], loaded: Loaded) -> None:
    if not letters:
        say("no message was given up")
        return
    zones = {org.policy.org_id: ZoneInfo(org.policy.zone) for org in loaded.orgs}
    say_table(HEADS, [_row(each, zones[each.org_id]) for each in letters])
    for code, hint in {each.error: hint_of(each.lane, each.error) for each in letters}.items():
        if hint:
            say(f"{code}: {hint}")
    say("once that is mended: dead-letters --resend all, or --resend and the id of a message")


def _row(letter: DeadLetter, zone: ZoneInfo) -> tuple[str, ...]:
    at = f"{letter.died_at.astimezone(zone):%Y-%m-%d %H:%M}"
    about = (letter.org_id, letter.person_id, letter.lane or "(none)", letter.call, letter.error)
    return (at, *about, letter.message_id, letter.dedupe)


def _record(letter: DeadLetter) -> dict[str, Any]:
    return {
        "organisation": letter.org_id,
        "message": letter.message_id,
        "person": letter.person_id,
        "lane": letter.lane,
        "call": letter.call,
        "code": letter.error,
        "for": letter.dedupe,
        "at": letter.died_at.isoformat(),
        "fix": hint_of(letter.lane, letter.error),
    }
