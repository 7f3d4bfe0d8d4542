"""`doctor`: tries out everything the service needs, and names the setting that is wrong with its fix."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import NamedTuple

from adapters.mail.settings import MailSettings
from bot.assemble import settings_of
from bot.clock import SystemClock
from bot.commands.options import ConfigOption, JsonOption
from bot.commands.outcome import CommandFailed
from bot.commands.output import aligned, progress, say, say_json
from bot.commands.probing.calendar import probe_calendar
from bot.commands.probing.findings import broken
from bot.commands.probing.mail import probe_mail
from bot.commands.probing.people import probe_people
from bot.commands.probing.platforms import probe_platform
from bot.commands.probing.store import probe_store
from bot.commands.stores import one_store
from bot.connections import Connection
from bot.directory_sync import ConfiguredPeople
from config.loader import Loaded, load
from config.organisation import LoadedOrg
from domain.cards import Answer
from domain.directory import compare
from domain.errors import PlatformError
from domain.events import Inbound
from domain.ports import Clock, DirectoryPerson, DirectorySource, Probe, Tally

Step = Callable[[str], None]
"""Told what is being looked at."""


class Finding(NamedTuple):
    """What a probe found, and whose it is; the store is everybody's."""

    organisation: str
    probe: Probe


def command(config: ConfigOption, as_json: JsonOption = False) -> None:
    """Probe everything; exit 1 if anything does not work. Nobody is written to."""
    loaded = load(config, os.environ)
    with progress("examining") as step:
        findings = asyncio.run(_examined(loaded, SystemClock(), step))
    if as_json:
        say_json([_record(each) for each in findings])
    else:
        _show(findings)
    failed = sum(not each.probe.ok for each in findings)
    if failed:
        raise CommandFailed(f"{failed} of {len(findings)} probes failed")


async def _examined(loaded: Loaded, clock: Clock, step: Step) -> Sequence[Finding]:
    return [finding async for finding in examine(loaded, clock, step)]


async def examine(loaded: Loaded, clock: Clock, step: Step) -> AsyncIterator[Finding]:
    """Yield what every probe finds: the store, then each organisation's calendar, connections and people.

    Args:
        loaded: The configuration.
        clock: The time.
        step: Told what is being looked at.
    """
    step("store")
    for probe in await asyncio.to_thread(probe_store, one_store(loaded)):
        yield Finding("", probe)
    settings = settings_of(loaded, clock, _refuse, lambda _org, _platform: _Uncounted())
    try:
        for org in loaded.orgs:
            own = [each for each in settings.connections if each.org_id == org.policy.org_id]
            async for probe in _probes(org, own, settings.people[org.policy.org_id], clock, step):
                yield Finding(org.policy.org_id, probe)
    finally:
        for connection in settings.connections:
            if connection.http is not None:
                await connection.http.close()


class _Uncounted(Tally):
    """What an examination calls uses up no allowance: tokens, directories and addresses are free."""

    def count(self, kind: str, calls: int) -> None:
        """See the port."""


async def _refuse(_event: Inbound) -> Answer:
    raise AssertionError("an examination opens no line on which events could come")


async def _probes(
    org: LoadedOrg, connections: Iterable[Connection], configured: ConfiguredPeople, clock: Clock, step: Step
) -> AsyncIterator[Probe]:
    for found in probe_calendar(org.policy, clock.now()):
        yield found
    for connection in connections:
        step(f"{org.policy.org_id}: {connection.lane}")
        for found in await _probe_connection(connection, clock):
            yield found
        if connection.directory is not None and connection.lane == org.people_source:
            for found in await _probe_directory(org, connection.lane, connection.directory, configured, step):
                yield found
    if configured.complete:
        for found in probe_people(org.policy, configured.people):
            yield found


async def _probe_connection(connection: Connection, clock: Clock) -> Sequence[Probe]:
    if isinstance(connection.settings, MailSettings):
        return [await probe_mail(connection.settings)]
    return await probe_platform(connection, clock)


async def _probe_directory(
    org: LoadedOrg, platform: str, directory: DirectorySource, configured: ConfiguredPeople, step: Step
) -> Sequence[Probe]:
    seen: list[DirectoryPerson] = []
    try:
        async for page in directory.read():
            seen += page
            step(f"{org.policy.org_id}: {platform} directory, {len(seen)} people")
    except PlatformError as error:
        fix = error.hint or f"look at the probes of {platform} above"
        return [broken("people", f"the directory cannot be read: {type(error).__name__} {error.code}", fix)]
    own_ids = {
        external: person_id for (where, external), person_id in configured.identities.items() if where == platform
    }
    change = compare(org.policy.org_id, platform, seen, (), own_ids, configured.overlays(), org.policy.zone)
    return list(probe_people(org.policy, change.people))


def _show(findings: Sequence[Finding]) -> None:
    for line, finding in zip(aligned([_row(each) for each in findings]), findings, strict=True):
        say(line)
        if finding.probe.fix:
            say(f"{' ' * len('advice')}  -> {finding.probe.fix}")


def _row(finding: Finding) -> tuple[str, ...]:
    probe = finding.probe
    mark = "FAIL" if not probe.ok else "advice" if probe.fix else "ok"
    return (mark, finding.organisation or "(all)", probe.name, probe.detail)


def _record(finding: Finding) -> dict[str, object]:
    probe = finding.probe
    return {
        "organisation": finding.organisation,
        "name": probe.name,
        "ok": probe.ok,
        "detail": probe.detail,
        "fix": probe.fix,
    }
