"""Every error the product raises on purpose, in one tree.

::

    FupanError
    ├── Refused            a rule said no; the person is told, by catalogue key
    ├── NotAuthentic       a message failed its proof of origin: 401, nothing stored
    ├── Malformed          an authentic message that cannot be read: 400, nothing stored
    ├── StoreDown          the store cannot be written: 503, so that the platform repeats
    ├── NoOfficialCalendar a year's public holidays are not published; never guessed
    ├── NoWorkday          no day counts for three years on end; defined in `domain.workdays`
    ├── BadRecurrence      a schedule that cannot be read
    └── PlatformError      the chat platform or mail server said no
        ├── Throttled      try again after `retry_after`
        ├── PlatformDown   no answer, or a fault of theirs: try again with back-off
        ├── Undeliverable  this receiver can not be reached; others can
        ├── ContentRefused this content will never pass; send plain words instead
        ├── TargetGone     the message to change is recalled or too old
        └── Misconfigured  nothing will pass until an admin acts

Errors carry data, never a person's text, a secret or a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta


class FupanError(Exception):
    """The root of the tree."""


class Refused(FupanError):
    """A rule refused what a person asked.

    Attributes:
        key: Catalogue key of the sentence for the person.
        args_for_sentence: Values for the sentence's placeholders.
    """

    def __init__(self, key: str, args_for_sentence: Mapping[str, object] | None = None) -> None:
        super().__init__(key)
        self.key = key
        self.args_for_sentence: Mapping[str, object] = args_for_sentence or {}


class NotAuthentic(FupanError):
    """An inbound message could not prove where it came from. `reason` is safe to log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Malformed(FupanError):
    """An inbound message is authentic but unreadable. `reason` is safe to log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StoreDown(FupanError):
    """The store refused to write (disk full, connection lost); nothing was acknowledged."""


class NoOfficialCalendar(FupanError):
    """The official holidays of a year are not known.

    Attributes:
        country: ISO 3166 code.
        year: The year without data.
    """

    def __init__(self, country: str, year: int) -> None:
        super().__init__(f"no official holiday data for {country} {year}")
        self.country = country
        self.year = year


class BadRecurrence(FupanError):
    """A schedule text cannot be read; the message says what is wrong and what is allowed."""


class PlatformError(FupanError):
    """A platform refused a call.

    Attributes:
        code: The platform's own code, as text ("230020"), or a transport's name ("timeout").
        hint: What an admin could do, in words; never a secret.
    """

    def __init__(self, code: str, hint: str = "") -> None:
        super().__init__(f"{code} {hint}".strip())
        self.code = code
        self.hint = hint


class Throttled(PlatformError):
    """Too fast; the same call may pass after `retry_after`."""

    def __init__(self, code: str, retry_after: timedelta, hint: str = "") -> None:
        super().__init__(code, hint)
        self.retry_after = retry_after


class PlatformDown(PlatformError):
    """Unreachable, timed out or broken on their side; the outcome of the call is unknown."""


class Undeliverable(PlatformError):
    """This receiver cannot be reached: left, blocked the bot, or out of the app's range."""


class ContentRefused(PlatformError):
    """The content will never be accepted as it is."""


class TargetGone(PlatformError):
    """The message that should be changed no longer can be."""


class Misconfigured(PlatformError):
    """A secret, scope or switch is wrong; every call of this app fails until it is mended."""
