"""What an organisation's administrator and an app's developer set in the consoles: apps, templates, limits, patience.

Numbers of the platform: dingtalk.md sections 3, 4, 7, 9, 10 and 11 (official pages, read 2026-08-22).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

TOKEN_LIFE = timedelta(hours=2)
TICKET_LIFE = timedelta(seconds=90)
SESSION_LIFE = timedelta(minutes=90)
"""How long a `sessionWebhook` works after the message that carried it."""

MESSAGE_HANDLE_AGE = timedelta(hours=24)
"""How long read status and recall work for a `processQueryKey`."""

RESEND_EVENT_AFTER = (timedelta(seconds=10), timedelta(seconds=30))
"""Waits before the second and the third try of an event, each counted from the failure before it."""

RESEND_MESSAGE_AFTER = (timedelta(seconds=60),)
"""The same for messages to the robot; officially they come once, users see them twice."""

MOST_RECEIVERS = 20
MOST_KEYS = 20
MOST_BYTES_OF_PARAM = 15_000
MOST_BYTES_OF_KEY = 100
MOST_DING_BY_APP = 200
MOST_DING_BY_PHONE = 20
MOST_RECEIVERS_OF_NOTICE = 100
MOST_BYTES_OF_NOTICE = 2048
MOST_BYTES_OF_IMAGE = 20 * 1024 * 1024
MOST_BYTES_OF_VOICE = 2 * 1024 * 1024

ROBOT_TOPIC = "/v1.0/im/bot/messages/get"
CARD_TOPIC = "/v1.0/card/instances/callback"

MESSAGE_READ = "robot_msg_read"
USER_ADDED = "user_add_org"
USER_MODIFIED = "user_modify_org"
USER_LEFT = "user_leave_org"
DEPARTMENT_CREATED = "org_dept_create"
DEPARTMENT_MODIFIED = "org_dept_modify"
DEPARTMENT_REMOVED = "org_dept_remove"

CONTACT_EVENTS = frozenset(
    {USER_ADDED, USER_MODIFIED, USER_LEFT, DEPARTMENT_CREATED, DEPARTMENT_MODIFIED, DEPARTMENT_REMOVED}
)
"""Outside of the monthly quota."""

MAY_SEND = "qyapi_robot_sendmsg"
MAY_USE_CARDS = "Card.Instance.Write"
MAY_STREAM_CARDS = "Card.Streaming.Write"
MAY_DING = "Premium.Ding.Write"
MAY_READ_DEPARTMENTS = "通讯录部门信息读"
MAY_READ_MEMBERS = "成员信息读"
MAY_READ_MOBILE = "成员手机号信息读"
MAY_READ_MAIL = "邮箱信息读"

ALL_PERMISSIONS = frozenset(
    {MAY_SEND, MAY_USE_CARDS, MAY_STREAM_CARDS, MAY_DING}
    | {MAY_READ_DEPARTMENTS, MAY_READ_MEMBERS, MAY_READ_MOBILE, MAY_READ_MAIL}
)


class Layout(StrEnum):
    """The two logical templates: what a template draws out of its variables."""

    CARD = "card"
    FORM = "form"


CARD_VARIABLES = ("title", "tag", "tone", "body", "buttons", "status")
"""Texts, but for `buttons`: JSON list of `{"action", "label", "style"}`; `status` is `open` while they are there."""

FORM_VARIABLES = (*CARD_VARIABLES, "form", "form_status", "form_btn_text", "form_action")
"""`form` is JSON `{"fields": [...]}`, `form_status` is `normal` while the form is there, else `disabled`."""


@dataclass(frozen=True, slots=True)
class Template:
    """A card template in the app's card platform.

    Attributes:
        template_id: Ends in `.schema`.
        layout: What it draws.
        variables: What it declares.
        published: Whether it was published.
    """

    template_id: str
    layout: Layout = Layout.CARD
    variables: tuple[str, ...] = CARD_VARIABLES
    published: bool = True


CARD_TEMPLATE = Template("5c0de1b2-0000-4000-8000-000000000001.schema")
FORM_TEMPLATE = Template("5c0de1b2-0000-4000-8000-000000000002.schema", Layout.FORM, FORM_VARIABLES)


@dataclass(frozen=True, slots=True)
class FakeDingTalkApp:
    """An internal app with a robot; the robot's code is the client id.

    Attributes:
        client_id: `ding` and more; the old name is AppKey.
        client_secret: The old name is AppSecret.
        templates: Card templates it has imported; none is an app that never opened the card platform.
        event_token: Token of the HTTP event subscription.
        event_aes_key: Its EncodingAESKey, 43 characters.
        callback_url: Where messages to the robot are posted; empty is Stream mode, also for events.
        event_url: Where events are posted in HTTP mode; empty is the same address.
        name: What people see as the robot's name.
        agent_id: For work notifications.
        events: Event types ticked in the console.
        permissions: What was granted.
        usable_range: `userid`s who may use the app; None is everybody.
        contact_range: `userid`s whom it may see in the directory; None is everybody.
        published: Whether a version with the robot was published.
    """

    client_id: str
    client_secret: str = field(repr=False)
    templates: tuple[Template, ...] = ()
    event_token: str = field(default="", repr=False)
    event_aes_key: str = field(default="", repr=False)
    callback_url: str = ""
    event_url: str = ""
    name: str = "周五三问"
    agent_id: int = 2_900_000_001
    events: frozenset[str] = CONTACT_EVENTS
    permissions: frozenset[str] = ALL_PERMISSIONS
    usable_range: frozenset[str] | None = None
    contact_range: frozenset[str] | None = None
    published: bool = True

    def template(self, template_id: str) -> Template | None:
        """One of its templates, None where it has no such."""
        return next((each for each in self.templates if each.template_id == template_id), None)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the organisation's edition allows; the defaults are those of the free one since 2025-11-19.

    Attributes:
        per_second: Calls of one API by one app in a second of real time.
        api_calls: Counted API calls of the organisation in a calendar month; None is no limit.
        pushes: Stream and webhook pushes of a month; None is no limit.
        card_value_bytes: Longest value of a card variable; the documented 1,024 is not kept by the real platform, so
            None, which checks nothing, is the default.
    """

    per_second: int = 20
    api_calls: int | None = 5000
    pushes: int | None = 3000
    card_value_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the platform waits, in real seconds; tests shorten it.

    Attributes:
        stream_seconds: For the ack of a pushed frame.
        webhook_seconds: For the answer of an address.
        click_seconds: For the answer to a click on a card, over either way.
        connect_seconds: For the TCP connection to an address.
        drain_seconds: Between the frame `disconnect` and the end of the connection.
    """

    stream_seconds: float = 3.0
    webhook_seconds: float = 2.5
    click_seconds: float = 2.0
    connect_seconds: float = 2.0
    drain_seconds: float = 10.0
