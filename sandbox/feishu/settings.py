"""What a tenant's administrator and an app's developer set in the consoles: apps, limits, long-connection settings.

Numbers of the platform: feishu.md sections 2, 3, 6.4, 7.2 and 8 (official pages, read 2026-11-22).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

TOKEN_LIFE = timedelta(hours=2)
TOKEN_RENEWABLE_BELOW = timedelta(minutes=30)
"""With at least this much left, asking for a token returns the old one."""

UUID_MEMORY = timedelta(hours=1)
PATCH_AGE = timedelta(days=14)
READ_STATE_AGE = timedelta(days=7)
RECALL_AGE = timedelta(hours=24)
"""Tenants set their own limit for recalls; a day is a usual one."""

MOST_EDITS = 20
MOST_BYTES_OF_TEXT = 150 * 1024
MOST_BYTES_OF_CARD = 30 * 1024
MOST_BYTES_OF_IMAGE = 10 * 1024 * 1024

CARD_TOKEN_LIFE = timedelta(minutes=30)
CARD_TOKEN_USES = 2
RESEND_AFTER = (timedelta(seconds=15), timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))
"""Waits before the second to the fifth delivery of an event, each counted from the failure before it."""

SCOPE_SEND = frozenset({"im:message", "im:message:send_as_bot"})
SCOPE_URGENT = frozenset({"im:message.urgent"})
SCOPE_IMAGE = frozenset({"im:resource"})
SCOPE_BATCH_USERS = "im:message:send_multi_users"
SCOPE_BATCH_DEPARTMENTS = "im:message:send_multi_depts"
SCOPE_CONTACT = frozenset({"contact:contact.base:readonly"})
SCOPE_FIND_ID = frozenset({"contact:user.id:readonly"})
SCOPE_NAMES = "contact:user.base:readonly"
SCOPE_USER_ID = "contact:user.employee_id:readonly"
SCOPE_MEMBERSHIP = "contact:user.department:readonly"
SCOPE_EMPLOYMENT = "contact:user.employee:readonly"
SCOPE_EMAIL = "contact:user.email:readonly"
SCOPE_DEPARTMENT = "contact:department.base:readonly"
SCOPE_ORGANIZE = "contact:department.organize:readonly"
SCOPE_HRBP = "contact:department.hrbp:readonly"

ALL_SCOPES = (
    frozenset({SCOPE_BATCH_USERS, SCOPE_BATCH_DEPARTMENTS, SCOPE_NAMES, SCOPE_USER_ID, SCOPE_MEMBERSHIP})
    | {SCOPE_EMPLOYMENT, SCOPE_EMAIL, SCOPE_DEPARTMENT, SCOPE_ORGANIZE, SCOPE_HRBP}
    | (SCOPE_SEND | SCOPE_URGENT | SCOPE_IMAGE | SCOPE_CONTACT | SCOPE_FIND_ID)
)

CARD_CLICKED = "card.action.trigger"
MESSAGE_RECEIVED = "im.message.receive_v1"
MESSAGE_READ = "im.message.message_read_v1"
MESSAGE_RECALLED = "im.message.recalled_v1"
REACTION_CREATED = "im.message.reaction.created_v1"
CHAT_ENTERED = "im.chat.access_event.bot_p2p_chat_entered_v1"
MENU_PRESSED = "application.bot.menu_v6"
USER_CREATED = "contact.user.created_v3"
USER_UPDATED = "contact.user.updated_v3"
USER_DELETED = "contact.user.deleted_v3"
RANGE_UPDATED = "contact.scope.updated_v3"

ALL_EVENTS = frozenset(
    {CARD_CLICKED, MESSAGE_RECEIVED, MESSAGE_READ, MESSAGE_RECALLED, REACTION_CREATED, CHAT_ENTERED, MENU_PRESSED}
    | {USER_CREATED, USER_UPDATED, USER_DELETED, RANGE_UPDATED}
)
USUAL_EVENTS = ALL_EVENTS - {MESSAGE_READ, REACTION_CREATED}


class Ingress(StrEnum):
    """How an app gets its events and callbacks; set separately in the console, here one setting for both."""

    WEBSOCKET = "websocket"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class FakeApp:
    """A self-built app of the tenant.

    Attributes:
        app_id: `cli_` and more.
        secret: The app secret.
        name: What people see as the bot's name.
        ingress: Where its events and callbacks go.
        callback_url: For webhooks; None is "no address configured".
        encrypt_key: For webhooks; None sends plain bodies without signature.
        verification_token: Put into every event's header.
        events: Subscribed event types; `card.action.trigger` among them is the callback subscription.
        scopes: Granted scopes.
        availability: `user_id`s who may use the bot; None is everybody.
        contact_range: `user_id`s whom it may see in the directory; None is "all members".
    """

    app_id: str
    secret: str = field(repr=False)
    name: str = "周五三问"
    ingress: Ingress = Ingress.WEBSOCKET
    callback_url: str | None = None
    encrypt_key: str | None = field(default=None, repr=False)
    verification_token: str = field(default="verification-token-of-the-fake", repr=False)
    events: frozenset[str] = USUAL_EVENTS
    scopes: frozenset[str] = ALL_SCOPES
    availability: frozenset[str] | None = None
    contact_range: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Request rates; sliding windows, measured in real time.

    Attributes:
        per_second: Calls of one API by one app in a second.
        per_minute: The same in a minute.
        per_user_per_second: Messages to one person in a second, of all apps together.
        per_message_per_second: Updates of one card in a second.
        connections: Live long connections of one app.
    """

    per_second: int = 50
    per_minute: int = 1000
    per_user_per_second: int = 5
    per_message_per_second: int = 5
    connections: int = 50


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """What clients of the long connection are told; a count of -1 is "for ever"."""

    reconnect_count: int = -1
    reconnect_interval_seconds: int = 120
    reconnect_nonce_seconds: int = 30
    ping_interval_seconds: int = 120

    def as_wire(self) -> dict[str, int]:
        """The object as it travels; always with all four members, since a missing one breaks lark-oapi's timers."""
        return {
            "ReconnectCount": self.reconnect_count,
            "ReconnectInterval": self.reconnect_interval_seconds,
            "ReconnectNonce": self.reconnect_nonce_seconds,
            "PingInterval": self.ping_interval_seconds,
        }


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the platform waits for the app, in real seconds; tests shorten it."""

    answer_seconds: float = 3.0
    connect_seconds: float = 2.0
    challenge_seconds: float = 1.0
