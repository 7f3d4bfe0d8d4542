"""What the control API asks of the demo it controls: people, fakes of platforms, the mail catcher, and a conductor.

Everything here is a shape. The fakes and the bot's demo runner fit it without importing it, and a test can play it with
a script. Dictionaries that cross this border go out as JSON as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sandbox.mail import MailCatcher


class ClickResult(Protocol):
    """What a person sees right after pressing a button."""

    @property
    def toast(self) -> str | Mapping[str, Any] | None:
        """The short notice, as text or as the platform's `{"type", "content"}`; None where none was shown."""
        ...

    @property
    def card(self) -> Mapping[str, Any] | None:
        """The card as it stands after the press, in the platform's own form; None where it did not change."""
        ...

    @property
    def error(self) -> str | None:
        """What the platform's client shows when the press failed, a code or words; None where it went well."""
        ...


class PlatformFake(Protocol):
    """One fake platform, seen from the chair of the people who chat on it. Ids are the platform's own.

    What a person does raises ValueError where the platform's client would not let them, for example after they left.
    """

    def messages_of(self, external_id: str, /) -> Sequence[Mapping[str, Any]]:
        """The chat of one person with the bot, newest last.

        Returns:
            Messages with `id`, `time` (ISO 8601, UTC), `from` ("bot" or "me"), `kind` ("card" or "text"), `text` (None
            where a card says it all), `card` (the platform's own card, or None), `buttons` (`action`, `label`, `style`,
            `disabled`, `submits`, `confirm`, `link`), `inputs` (`name`, `kind` of text, select, multi, date, check or
            person, `label`, `placeholder`, `required`, `multiline`, `max_length`, `options` of `value` and `label`,
            `initial`), `version` (1 for a card that was never updated) and `recalled`.
        """
        ...

    async def say(self, external_id: str, text: str, reply_to: str | None = None, /) -> str:
        """Write to the bot; returns the id of the new message."""
        ...

    async def open_chat(self, external_id: str, /) -> object:
        """Open the chat with the bot, as a finger on a phone does."""
        ...

    async def click(self, external_id: str, message_id: str, action: str, form: dict[str, Any], /) -> ClickResult:
        """Press a button (or change a lone input) of a card, with what the card's form holds."""
        ...

    def set_fault(self, kind: str, times: int, seconds: float, /) -> None:
        """Misbehave from now on; see `sandbox.control_faults.KINDS` for the kinds, zero times switches one off."""
        ...

    def faults(self) -> Sequence[Mapping[str, Any]]:
        """The faults that are still to happen, each with `kind`, `times` and `seconds`."""
        ...

    def clear_faults(self) -> None:
        """Behave again."""
        ...

    def on_change(self, callback: Callable[[str], None], /) -> None:
        """Call back with the external id of everybody whose chat changed, in the event loop."""
        ...


class Conductor(Protocol):
    """Leads the simulated time. No instant it is given or gives is naive."""

    @property
    def zone(self) -> str:
        """IANA name of the zone in which the company lives."""
        ...

    def now(self) -> datetime:
        """The simulated present, UTC."""
        ...

    async def next_event(self) -> Mapping[str, str] | None:
        """What falls due next, as `at` (ISO 8601 with offset) and `what`; None where nothing is planned.

        `what` may also stand under languages ("zh-CN", "en"), for a page that speaks one of them.
        """
        ...

    async def advance_to(self, instant: datetime, /) -> Sequence[Mapping[str, str]]:
        """Let time pass until `instant`, playing all that falls due in order; returns each as `next_event` does."""
        ...

    async def settle(self) -> None:
        """Wait until the bot has handled and delivered everything that is due now."""
        ...


class Notices(Protocol):
    """What the bot says about the file that it is configured by."""

    def latest(self) -> Mapping[str, Any]:
        """`file` (its path), `at` (ISO 8601, when it was last read) and `problems` (lines; empty if it is in force)."""
        ...

    def on_change(self, callback: Callable[[], None], /) -> None:
        """Call back, in the event loop, when the file was read again and what it says is in force or was refused."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """All that the control API works on.

    Attributes:
        platforms: The fakes by name, for example `feishu`; the first one is meant where a request names none.
        people: The company: `id`, `name`, `department`, `title`, `manager` and `hrbp` (ids or None), `role`
            (`employee`, `manager`, `hrbp` or `admin`) and `ids` (platform name to external id).
        mail: The mail catcher, already listening.
        conductor: The clock and the bot behind it.
        notices: What the bot says about its configuration, None for one that cannot be edited while it runs.
    """

    platforms: Mapping[str, PlatformFake]
    people: Sequence[Mapping[str, Any]]
    mail: MailCatcher
    conductor: Conductor
    notices: Notices | None = None
