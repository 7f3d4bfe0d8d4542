"""Answers for wall times: which instant a wall clock shows, and in which local day an instant lies.

A **local day** is the span from the first instant of its 00:00 to the first instant of the next 00:00. Where 00:00 is
skipped, the day begins at the first instant after the gap; where it is doubled, at the first of the two. These spans
tile the time line, so each instant lies in exactly one local day, and so in exactly one week, month and quarter.
Where clocks change a day lasts 23 or 25 hours; a date that a zone left out (Samoa, 2011-12-30) lasts none.

Instants are aware and given back in UTC; a naive one is refused with ``ValueError``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant (UTC) at which a local day shows a wall time.

    A time in the skipped hour gives the first instant after the gap; one in the doubled hour the first of the two.

    Raises:
        ValueError: If ``at`` carries a zone.
    """
    return _instant(day, at, zone, fold=0)


def last_local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return what `local_instant` returns, but of a doubled hour the second."""
    return _instant(day, at, zone, fold=1)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the one local day in which an instant lies.

    It is the date on the wall, save where clocks go back over a midnight they had passed: the day has begun then,
    though the wall shows the old date once more.
    """
    moment = in_utc(instant)
    wall_day = moment.astimezone(zone).date()
    next_day = wall_day + timedelta(days=1)
    return wall_day if moment < local_instant(next_day, time.min, zone) else next_day


def in_utc(instant: datetime) -> datetime:
    """Return the same instant in UTC."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} is naive; an instant names its offset")
    return instant.astimezone(UTC)


def _instant(day: date, at: time, zone: ZoneInfo, *, fold: int) -> datetime:
    if at.tzinfo is not None:
        raise ValueError(f"{at!r} carries a zone; a wall time has none")
    wall = datetime.combine(day, at)
    instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    skipped = instant.astimezone(zone).replace(tzinfo=None) != wall
    return _end_of_gap(wall, zone) if skipped else instant


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    # PEP 495: a skipped time is read with the offset before the gap if fold is 0, which gives an instant after it, and
    # with the offset after the gap if fold is 1, which gives one before it.
    before, after = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (1, 0))
    while after - before > timedelta.resolution:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).replace(tzinfo=None) > wall:
            after = middle
        else:
            before = middle
    return after
