"""Who wrote to the bot without being known to it: each is told so once a day, up to so many of them."""

from __future__ import annotations

from datetime import date

from domain.events import Origin

MOST = 1000
"""Strangers a day who are answered; more of them are no people."""


class Strangers:
    """The strangers of a day."""

    def __init__(self) -> None:
        self._day = date.min
        self._met: set[tuple[str, str, str]] = set()

    def meet(self, origin: Origin, today: date) -> bool:
        """Tell whether whoever acted is to be answered, and remember that they were."""
        if today != self._day:
            self._day, self._met = today, set()
        who = (origin.org_id, origin.platform, origin.actor)
        if who in self._met or len(self._met) >= MOST:
            return False
        self._met.add(who)
        return True
