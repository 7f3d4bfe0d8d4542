"""Who works here: reads platforms' directories and takes the changes over, nightly and when a platform says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from bot.connections import Connection
from bot.organisations import Organisations
from bot.writer import Writer
from domain.directory import DirectoryChange, Overlay, overlaid
from domain.errors import FupanError
from domain.ids import OrgId, PersonId
from domain.people import Person
from domain.ports import Clock, DirectoryPerson
from handlers import directory
from storage.transaction import Transaction

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ConfiguredPeople:
    """What an organisation's own file says about its people.

    Attributes:
        complete: Whether the file is the whole directory; else it lies over a platform's.
        people: Everybody named there.
        identities: Platform name and external id to our id.
        pinned: Whose platform the file names; the others are written to where they last wrote to the bot.
    """

    complete: bool = False
    people: Sequence[Person] = ()
    identities: Mapping[tuple[str, str], PersonId] = field(default_factory=dict)
    pinned: Container[PersonId] = frozenset()

    def overlays(self) -> Mapping[PersonId, Overlay]:
        """Return what is laid over a platform's directory."""
        return {
            person.person_id: Overlay(
                manager_id=person.manager_id,
                hrbp_id=person.hrbp_id,
                deputy_id=person.deputy_id,
                mail=person.mail,
                zone=person.zone,
                locale=person.locale,
                department=person.department or None,
                platform=person.platform,
                pinned=person.person_id in self.pinned,
            )
            for person in self.people
        }


class DirectorySync:
    """Keeps the store's people in step with their sources.

    Args:
        writer: Where state changes go.
        organisations: Who is served.
        clock: The time.
        changed: Called after people have changed.
    """

    def __init__(self, writer: Writer, organisations: Organisations, clock: Clock, changed: Callable[[], None]) -> None:
        self._writer = writer
        self._organisations = organisations
        self._clock = clock
        self._changed = changed
        self._configured: Mapping[OrgId, ConfiguredPeople] = {}
        self._one_at_a_time = asyncio.Lock()

    def replace(self, configured: Mapping[OrgId, ConfiguredPeople]) -> None:
        """Use what the configuration now says about people."""
        self._configured = configured

    async def from_files(self) -> None:
        """Take over the people of every organisation whose file is the whole directory."""
        for org_id, configured in self._configured.items():
            if configured.people:
                await self._writer.run(partial(self._store_file, org_id=org_id, configured=configured))
        self._changed()

    def _store_file(self, transaction: Transaction, org_id: OrgId, configured: ConfiguredPeople) -> None:
        ctx = self._organisations.context(transaction, org_id, self._clock.now())
        if configured.complete:
            named = [overlaid(person, Overlay(), ctx.policy.zone) for person in configured.people]
            directory.apply_list(ctx, named, configured.identities, configured.pinned)

    async def from_platforms(self, connections: Sequence[Connection]) -> None:
        """Read every platform's directory and take the changes over; a failed reading changes nothing."""
        async with self._one_at_a_time:
            for connection in connections:
                configured = self._configured.get(connection.org_id, ConfiguredPeople())
                if not configured.complete:
                    await self._read(connection, configured)
            self._changed()

    async def _read(self, connection: Connection, configured: ConfiguredPeople) -> None:
        if connection.directory is None:
            return
        try:
            seen = [_storable(person) async for page in connection.directory.read() for person in page]
            change = await self._writer.run(lambda tx: self._apply(tx, connection, configured, seen))
        except FupanError as error:
            log.warning(
                "the directory could not be read; people stay as they were",
                action="directory.failed",
                org=connection.org_id,
                platform=connection.lane,
                error=type(error).__name__,
                code=getattr(error, "code", ""),
            )
            return
        except Exception:
            # Edge: one directory's defect must neither keep the others from being read nor end the reading for good.
            log.exception(
                "the directory could not be taken over; people stay as they were",
                action="directory.defect",
                org=connection.org_id,
                platform=connection.lane,
            )
            return
        log.info(
            "the directory was read",
            action="directory.refused" if change.refused else "directory.read",
            org=connection.org_id,
            platform=connection.lane,
            seen=len(seen),
            changed=len(change.people),
            vanished=len(change.vanished),
            cycle=" -> ".join(change.cycle or ()),
        )

    def _apply(
        self,
        transaction: Transaction,
        connection: Connection,
        configured: ConfiguredPeople,
        seen: Sequence[DirectoryPerson],
    ) -> DirectoryChange:
        ctx = self._organisations.context(transaction, connection.org_id, self._clock.now())
        return directory.apply(ctx, connection.lane, seen, configured.overlays(), configured.identities)


def _storable(person: DirectoryPerson) -> DirectoryPerson:
    """Return somebody without the one character that PostgreSQL keeps in no text: NUL."""
    name, department, mail = (text.replace("\x00", "") for text in (person.name, person.department, person.mail))
    return replace(person, name=name, department=department, mail=mail)
