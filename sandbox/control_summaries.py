"""What the list of people tells of each chat: how much is unread and what came last, read again only after a change.

Every change of any chat has the page ask for everybody on every platform; reading all chats each time would make a
demo slower the longer its year becomes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.control_preview import preview_of
from sandbox.control_stage import Stage

_LONGEST_PREVIEW = 60


@dataclass(frozen=True, slots=True)
class Summary:
    """One chat in short.

    Attributes:
        ids: Of its messages, oldest first.
        from_bot: Which of them the bot wrote.
        last: The newest one's `time` and a line of its `text`; None for an empty chat.
    """

    ids: tuple[str, ...]
    from_bot: tuple[bool, ...]
    last: Mapping[str, str] | None

    def unread(self, last_viewed: str | None) -> int:
        """How many of the bot's messages came after the one that was looked at last; all where that one is unknown."""
        seen = self.ids.index(last_viewed) + 1 if last_viewed in self.ids else 0
        return sum(self.from_bot[seen:])


class Summaries:
    """The chats of a stage in short; `stage` is the one whose fakes are subscribed to."""

    def __init__(self, stage: Stage) -> None:
        self._platforms = stage.platforms
        self._known: dict[tuple[str, str], Summary] = {}
        for name, platform in stage.platforms.items():
            platform.on_change(self._forgetter(name))

    def of(self, platform: str, external_id: str) -> Summary:
        """A person's chat on a platform."""
        key = (platform, external_id)
        if key not in self._known:
            self._known[key] = _summary(self._platforms[platform].messages_of(external_id))
        return self._known[key]

    def _forgetter(self, platform: str) -> Callable[[str], None]:
        def forget(external_id: str) -> None:
            self._known.pop((platform, external_id), None)

        return forget


def _summary(messages: Sequence[Mapping[str, Any]]) -> Summary:
    ids = tuple(str(message["id"]) for message in messages)
    return Summary(ids, tuple(message["from"] == "bot" for message in messages), _last(messages))


def _last(messages: Sequence[Mapping[str, Any]]) -> Mapping[str, str] | None:
    if not messages:
        return None
    return {"time": str(messages[-1]["time"]), "text": preview_of(messages[-1])[:_LONGEST_PREVIEW]}
