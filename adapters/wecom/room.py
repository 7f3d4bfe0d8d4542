"""The room on a card: each text is cut to its place, and whether anything had to be cut is remembered."""

from __future__ import annotations

from adapters.wecom.labels import Labels
from adapters.wecom.look import APP, Look
from adapters.wecom.words import MARK, clean, fit


class Room:
    """Cuts the texts of one card.

    Args:
        labels: Words of the reader's language.
        fresh: Whether the card is being sent, so that a message in front of it may hold what does not fit.
        look: The card's sizes.

    Attributes:
        labels: As given.
        fresh: As given.
        look: As given.
        overflows: Whether something was cut.
        crowded: Whether sentences were left out, while all that is asked stands on the card.
    """

    def __init__(self, labels: Labels, *, fresh: bool, look: Look = APP) -> None:
        self.labels = labels
        self.fresh = fresh
        self.look = look
        self.overflows = False
        self.crowded = False

    def cut(self, text: str, most: int) -> str:
        """Return a text of at most so many characters, at the end of which stands where the rest is."""
        cleaned = clean(text).strip()
        if len(cleaned) <= most:
            return cleaned
        self.overflows = True
        above = self.labels.above
        return fit(cleaned, most, above if self.fresh and most > 4 * len(above) else MARK)

    def name(self, text: str, most: int) -> str:
        """Return a short name that is there in any case; that it was cut needs no telling."""
        return fit(clean(text).replace("\n", " ").strip() or MARK, most)
