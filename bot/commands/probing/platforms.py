"""Whether each platform takes our calls, and whether our clock agrees with theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol, runtime_checkable

from adapters.http import HttpSession
from bot.commands.probing.findings import advice, broken, fine
from bot.connections import Connection
from domain.errors import PlatformDown, PlatformError
from domain.ports import Clock, Probe

MOST_SKEW = timedelta(seconds=60)
"""Signatures with a time of their own are refused from some minutes on; a minute's difference is already a fault."""


@runtime_checkable
class Probing(Protocol):
    """A client that can try out what its app needs."""

    async def probe(self) -> Sequence[Probe]:
        """Try it; nothing is changed and nobody is written to."""


async def probe_platform(connection: Connection, clock: Clock) -> Sequence[Probe]:
    """Try everything an app needs, then compare clocks."""
    address = getattr(connection.settings, "base_url", None)
    found = list(await connection.way_out.probe()) if isinstance(connection.way_out, Probing) else []
    if connection.http is not None and address:
        found.append(await probe_clock(f"{connection.lane}.clock", connection.http, address, clock))
    return [_with_way(probe, address) for probe in found]


def _with_way(probe: Probe, address: str | None) -> Probe:
    """Say what an admin can do about no answer at all, of which a client only knows that there was none."""
    if probe.ok or not probe.detail.startswith(PlatformDown.__name__):
        return probe
    way = f"look whether this machine reaches {address or 'the platform'}: base_url, proxy, firewall, name service"
    return replace(probe, fix=f"{way} ({probe.fix})" if probe.fix else way)


async def probe_clock(name: str, http: HttpSession, address: str, clock: Clock) -> Probe:
    """Compare our clock with the `Date` of an answer (RFC 9110, 6.6.1); it has whole seconds."""
    try:
        reply = await http.send("HEAD", address)
    except PlatformError as error:
        return broken(name, f"{type(error).__name__} {error.code}", error.hint)
    told = _date_of(reply.headers.get("Date", ""))
    if told is None:
        return advice(name, f"{address} does not tell its time", "make sure that this machine's clock is kept by NTP")
    skew = clock.now() - told
    if abs(skew) > MOST_SKEW:
        sense = "ahead of" if skew > timedelta(0) else "behind"
        seconds = abs(skew).total_seconds()
        return broken(name, f"our clock is {seconds:.0f} s {sense} {address}", "set this machine's clock by NTP")
    return fine(name, f"our clock agrees with {address} within {MOST_SKEW.total_seconds():.0f} s")


def _date_of(text: str) -> datetime | None:
    try:
        told = parsedate_to_datetime(text)
    except ValueError:
        return None
    return told if told.tzinfo is not None else None
