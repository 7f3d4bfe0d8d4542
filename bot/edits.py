"""Remembers what became of the last edit of the demo's configuration, for its page to show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.loader import Loaded
from config.problems import ConfigErrors


class Edits:
    """The last reading of one configuration file.

    Args:
        path: The file, already read once without a mistake.
        now: The demo's time.
    """

    def __init__(self, path: Path, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now
        self._at = now()
        self._problems: tuple[str, ...] = ()
        self._listeners: list[Callable[[], None]] = []

    def latest(self) -> Mapping[str, Any]:
        """Return `file`, `at` (ISO 8601, UTC) and `problems`; without problems, what the file says is in force."""
        at = self._at.astimezone(UTC).isoformat()
        return {"file": str(self._path), "at": at, "problems": list(self._problems)}

    def on_change(self, callback: Callable[[], None], /) -> None:
        """Call back whenever an edit was taken over or refused."""
        self._listeners.append(callback)

    def heard(self, found: Loaded | ConfigErrors) -> None:
        """Note what an edit came to, after it was taken over or refused, and tell."""
        self._at = self._now()
        self._problems = tuple(map(str, found.errors)) if isinstance(found, ConfigErrors) else ()
        for listener in self._listeners:
            listener()
