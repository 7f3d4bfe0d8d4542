"""Which ways out do not work now: an operator is told once when one fails, and once when it works again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import structlog

from domain.errors import Misconfigured, PlatformDown, PlatformError
from domain.ids import OrgId

log = structlog.get_logger(__name__)


class Way(NamedTuple):
    """A way out.

    Attributes:
        org_id: Whose.
        lane: The platform's name, or the mail lane.
    """

    org_id: OrgId
    lane: str


def concerns_all(error: PlatformError) -> bool:
    """Tell whether an error is the way's own, and not one message's or one receiver's."""
    return isinstance(error, PlatformDown | Misconfigured)


class Outages:
    """The ways out that failed last."""

    def __init__(self) -> None:
        self._down: set[Way] = set()

    @property
    def count(self) -> int:
        """How many ways do not work now."""
        return len(self._down)

    def note(self, way: Way, outcomes: Iterable[PlatformError | None]) -> None:
        """Note what became of calls, in order: an error, or `None` for one that went through."""
        for error in outcomes:
            if error is None and way in self._down:
                self._down.discard(way)
                log.info("messages leave again", action="delivery.up", org=way.org_id, lane=way.lane)
            elif error is not None and concerns_all(error) and way not in self._down:
                self._down.add(way)
                log.error(
                    "nothing leaves any more; what waits is tried again and again",
                    action="delivery.down",
                    org=way.org_id,
                    lane=way.lane,
                    code=error.code,
                    hint=error.hint,
                )

    def forget(self, served: Iterable[tuple[OrgId, str]]) -> None:
        """Keep only ways that still exist."""
        self._down &= {Way(org_id, lane) for org_id, lane in served}
