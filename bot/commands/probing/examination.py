"""A whole examination: which probes run in which order, and whose each finding is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.mail.settings import MailSettings
from bot.assemble import settings_of
from bot.commands.probing.addresses import probe_address
from bot.commands.probing.calendar import probe_calendar
from bot.commands.probing.directory import probe_directory
from bot.commands.probing.mail import probe_mail
from bot.commands.probing.people import probe_people
from bot.commands.probing.platforms import probe_platform
from bot.commands.probing.records import note_calls, probe_records
from bot.commands.probing.store import probe_store
from bot.commands.stores import one_store
from bot.connections import Connection
from bot.directory_sync import ConfiguredPeople
from bot.quota import Allowance
from config.loader import Loaded
from config.organisation import LoadedOrg
from domain.cards import Answer
from domain.events import Inbound
from domain.ids import OrgId
from domain.ports import Clock, Probe, Tally

Step = Callable[[str], None]
"""Told what is being looked at."""


class Finding(NamedTuple):
    """What a probe found, and whose it is; the store is everybody's."""

    organisation: str
    probe: Probe


@dataclass(slots=True)
class _Called:
    """The calls of an examination that use up a month's allowance."""

    calls: Counter[Allowance] = field(default_factory=Counter)

    def tally(self, org_id: OrgId, platform: str) -> Tally:
        """Return the counter of an app."""
        return _CallsOf(self.calls, org_id, platform)


@dataclass(frozen=True, slots=True)
class _CallsOf(Tally):
    calls: Counter[Allowance]
    org_id: OrgId
    platform: str

    def count(self, kind: str, calls: int) -> None:
        """See the port."""
        self.calls[Allowance(self.org_id, self.platform, kind)] += calls


async def examine(loaded: Loaded, clock: Clock, step: Step) -> AsyncIterator[Finding]:
    """Yield what every probe finds: the store, then each organisation's calendar, messages, connections and people.

    Args:
        loaded: The configuration.
        clock: The time.
        step: Told what is being looked at.
    """
    step("store")
    url, called = one_store(loaded), _Called()
    kept = await asyncio.to_thread(lambda: list(probe_store(url)))
    for probe in kept:
        yield Finding("", probe)
    settings = settings_of(loaded, clock, _refuse, called.tally)
    readable = all(probe.ok and not probe.fix for probe in kept if probe.name != "store.room")
    try:
        for org in loaded.orgs:
            own = [each for each in settings.connections if each.org_id == org.policy.org_id]
            if readable:
                for found in await asyncio.to_thread(probe_records, url, org, settings.allowances, clock.now()):
                    yield Finding(org.policy.org_id, found)
            async for found in _probes(org, own, settings.people[org.policy.org_id], clock, step):
                yield Finding(org.policy.org_id, found)
    finally:
        for connection in settings.connections:
            if connection.http is not None:
                await connection.http.close()
    if readable:
        for found in await asyncio.to_thread(note_calls, url, loaded, called.calls, clock.now()):
            yield Finding("", found)


async def _refuse(_event: Inbound) -> Answer:
    raise AssertionError("an examination opens no line on which events could come")


async def _probes(
    org: LoadedOrg, connections: Iterable[Connection], configured: ConfiguredPeople, clock: Clock, step: Step
) -> AsyncIterator[Probe]:
    for found in probe_calendar(org.policy, clock.now()):
        yield found
    for connection in connections:
        step(f"{org.policy.org_id}: {connection.lane}")
        for found in await _probe_connection(connection, org.public_url, clock):
            yield found
        if connection.directory is not None and connection.lane == org.people_source:
            step(f"{org.policy.org_id}: the directory of {connection.lane}")
            for found in await probe_directory(org, connection.lane, connection.directory, configured):
                yield found
    if configured.complete:
        for found in probe_people(org.policy, configured.people):
            yield found


async def _probe_connection(connection: Connection, public_url: str | None, clock: Clock) -> Sequence[Probe]:
    if isinstance(connection.settings, MailSettings):
        return [await probe_mail(connection.settings)]
    found = list(await probe_platform(connection, clock))
    if connection.webhook is not None:
        found.append(await probe_address(connection, public_url, clock))
    return found
