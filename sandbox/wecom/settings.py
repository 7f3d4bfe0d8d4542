"""What a company's administrator and an app's developer set in WeCom's console, and the platform's own numbers.

Numbers of the platform: wecom.md sections 3 to 8, 10 and 14 (official pages, read 2026-11-22).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.company import ROOT_DEPARTMENT

TOKEN_LIFE = timedelta(hours=2)
CODE_LIFE = timedelta(hours=72)
"""How long a `response_code` can be used, once."""

RECALL_AGE = timedelta(hours=24)
MEDIA_LIFE = timedelta(days=3)
MOST_TRIES = 3
RESEND_AFTER = timedelta(seconds=1)
"""Wait before the second and the third try of a callback. No page tells it; the repeats come soon after the failure."""

MOST_USERS = 1000
MOST_PARTIES = 100
MOST_TAGS = 100
MOST_BYTES_OF_TEXT = 2048
DUPLICATE_SECONDS = 1800
MOST_DUPLICATE_SECONDS = 14_400
PERSON_TIMES_PER_ACCOUNT = 200
"""Messages of one app in a day: so many for each account that the company may have."""

ZONE = "Asia/Shanghai"
"""Where the platform's days begin."""

EGRESS_IP = "203.0.113.7"
"""From where the fake believes to be called, as error sentences tell."""

CONTACT_SYNC = 0
"""The agent id by which the fake knows the contact-sync assistant (通讯录同步), which has a secret and a callback of
its own but no agent id on the wire."""

_AES_KEY = re.compile(r"[A-Za-z0-9]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FakeWeComApp:
    """A self-built app (自建应用), or with `agent_id` `CONTACT_SYNC` the contact-sync assistant.

    Attributes:
        corp_id: The company's id, `ww` and more.
        agent_id: The app's number.
        secret: Its corpsecret.
        token: The callback's Token.
        aes_key: The callback's EncodingAESKey, 43 letters and digits.
        callback_url: Where messages and events go; empty is "API reception not set up".
        name: What people see as the bot's name.
        visible_departments: Ids of the departments whose people, also further down, can see the app.
        visible_users: Ids of people who can see it besides.
        reports_enter: Whether opening the chat is told (`isreportenter`).
        is_closed: Whether the administrator has switched it off; it can still ask about itself.

    Raises:
        ValueError: The AES key has another form.
    """

    corp_id: str
    agent_id: int
    secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    callback_url: str = ""
    name: str = "周五三问"
    visible_departments: frozenset[str] = frozenset({ROOT_DEPARTMENT})
    visible_users: frozenset[str] = frozenset()
    reports_enter: bool = True
    is_closed: bool = False

    def __post_init__(self) -> None:
        if not _AES_KEY.fullmatch(self.aes_key):
            raise ValueError("an EncodingAESKey has 43 letters and digits")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is allowed; rates are sliding windows over the clock that the fake is given for them.

    Attributes:
        api_per_minute: Calls of one API; `message/send` does not count.
        api_per_hour: The same in an hour.
        member_per_minute: Messages of one app to one person; the excess vanishes.
        member_per_hour: The same in an hour.
        accounts: How many accounts the company may have; a day's messages follow from it.
        direct_leaders: Most leaders that a person's entry names: one by some pages, up to five by others. Those by
            dotted line come after the direct one.
        bad_secrets_per_hour: Wrong secrets before `gettoken` is closed to the caller.
        escapes_refused: Whether a body with escapes of characters by number (`u` and four hex digits) ends in 40033.
    """

    api_per_minute: int = 10_000
    api_per_hour: int = 150_000
    member_per_minute: int = 30
    member_per_hour: int = 1000
    accounts: int = 500
    direct_leaders: int = 1
    bad_secrets_per_hour: int = 2000
    escapes_refused: bool = True


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the platform waits for the app, in real seconds; tests shorten it."""

    answer_seconds: float = 5.0
    check_seconds: float = 1.0
    connect_seconds: float = 2.0
