"""One fake organisation of DingTalk as an object: what the demo page and the tests hold in their hands.

People are named by their `userid`, which is the company's own id. Everything but faults and live connections is kept in
the file, so that a killed process comes back with every chat, and sends again what was not acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

from sandbox.company import Company, Department, User
from sandbox.dingtalk.card_instances import CardInstances, FaceVersion
from sandbox.dingtalk.cards import Cards
from sandbox.dingtalk.clicks import Clicker, ClickResult
from sandbox.dingtalk.deliveries import Activity, Delivery, Pusher
from sandbox.dingtalk.faults import Fault, FaultKind
from sandbox.dingtalk.gateway import Gateway
from sandbox.dingtalk.journal import CallRecord, Journal
from sandbox.dingtalk.messages import Chat, Messages
from sandbox.dingtalk.meters import Kind
from sandbox.dingtalk.persons import Persons
from sandbox.dingtalk.refusals import CATALOGUE, OLD_CATALOGUE
from sandbox.dingtalk.settings import RESEND_MESSAGE_AFTER, FakeDingTalkApp, Limits, Timing
from sandbox.dingtalk.sockets import SocketHub
from sandbox.dingtalk.store import Store
from sandbox.dingtalk.tokens import Tokens
from sandbox.dingtalk.view import shown_message, shown_person
from sandbox.dingtalk.webhook import Webhook
from sandbox.dingtalk.world import World

EXPIRED = "connection is expired"


class DingTalkFake:
    """An organisation with its people, chats and apps.

    Args:
        path: File of its memory; None keeps it in memory only.
        now: The organisation's clock: an aware UTC datetime, real or simulated.
        monotonic: Real time in seconds for request rates, as `time.monotonic`.
        chance: Picks connections, tickets and nonces.
        apps: Its internal apps, at least one; the first is meant where none is named.
        limits: What its edition allows.
        timing: How long the platform waits, in real seconds.
        redeliver_bot_messages: Whether a message to the robot that was not acknowledged comes once more after 60
            seconds; officially it does not, users see it.
    """

    def __init__(
        self,
        path: str | None,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        chance: Random,
        apps: Sequence[FakeDingTalkApp],
        limits: Limits | None = None,
        timing: Timing | None = None,
        *,
        redeliver_bot_messages: bool = True,
    ) -> None:
        self._store = Store(path, str(chance.getrandbits(64)))
        self.world = World(self._store, apps, limits or Limits(), now, monotonic, chance)
        self.messages = Messages(self.world)
        self.instances = CardInstances(self.world)
        self.cards = Cards(self.messages, self.instances)
        self.tokens = Tokens(self.world)
        self._journal = Journal(self._store)
        self.gateway = Gateway(self.world, self.tokens, self._journal)
        self._activity = Activity()
        self._webhook = Webhook(self.world, timing or Timing())
        self.sockets = SocketHub(self.world, self.tokens, timing or Timing(), self._connected)
        waits = RESEND_MESSAGE_AFTER if redeliver_bot_messages else ()
        self.pusher = Pusher(self.world, self.sockets, self._webhook, self._activity, waits)
        self._persons = Persons(self.messages, self.pusher)
        self._clicker = Clicker(self.messages, self.instances, self.cards, self.sockets, self._webhook, self._activity)

    # The organisation

    def load_company(self, company: Company) -> None:
        """Put a company in place of the present one, without telling any app."""
        self.world.directory.load(company)

    def people(self) -> list[dict[str, Any]]:
        """Everybody, also those who left.

        Returns:
            People with `userid`, `name`, `department` (path of names), `title`, `mail`, `leader` (`userid` or None) and
            `status`.
        """
        return [shown_person(self.world, user) for user in self.world.directory.users()]

    def user(self, user_id: str) -> User:
        """A person's entry; KeyError where nobody has this id."""
        return self.world.directory.user(user_id)

    def configure(self, app: FakeDingTalkApp) -> None:
        """Give an app new settings, such as its addresses or templates; KeyError where there is no such app."""
        self.world.set_app(app)

    def app(self, client_id: str | None = None) -> FakeDingTalkApp:
        """An app's settings."""
        return self.world.apps[client_id or self.world.home_client_id]

    # What a person sees and does

    def messages_of(self, user_id: str, client_id: str | None = None) -> list[dict[str, Any]]:
        """A person's chat with an app's robot, newest last, in the form that the demo page draws.

        Returns:
            Messages with `id`, `time` (ISO 8601, UTC), `from` ("bot" or "me"), `kind` ("card" or "text"), `text` (None
            for a card), `card` (see `sandbox.dingtalk.view`), `buttons`, `inputs`, `version` (1 for a card that never
            changed for this person) and `recalled`.

        Raises:
            KeyError: Nobody has this id.
        """
        chat = self.messages.single_chat(self.app(client_id).client_id, self.user(user_id).user_id)
        return [shown_message(self.instances, message, user_id) for message in self.messages.of_chat(chat.chat_id)]

    async def say(self, user_id: str, text: str, reply_to: str | None = None, client_id: str | None = None) -> str:
        """Write to the robot; returns the message's id after the bot acknowledged, or the try failed.

        A quoted message (`reply_to`) must be in the chat, but is not told to the robot.

        Raises:
            KeyError: Nobody has this id.
            ValueError: The person has left or does not see the app, or the quoted message is not in the chat.
        """
        app_id = self.app(client_id).client_id
        if reply_to is not None:
            quoted = self.messages.find(reply_to)
            if quoted is None or quoted.chat_id != self.messages.single_chat(app_id, user_id).chat_id:
                raise ValueError(f"{reply_to} is not in this chat")
        return await self._persons.say(app_id, self.user(user_id).user_id, text)

    async def send(self, user_id: str, shown: str, body: Mapping[str, Any], client_id: str | None = None) -> str:
        """Write something else than text, such as `{"msgtype": "audio", "content": {...}}`. Raises as `say`."""
        return await self._persons.send(self.app(client_id).client_id, self.user(user_id).user_id, shown, body)

    async def open_chat(self, user_id: str, client_id: str | None = None) -> None:
        """Open the chat with the robot; everything in it counts as read. Raises as `say`."""
        await self._persons.open_chat(self.app(client_id).client_id, self.user(user_id).user_id)

    async def click(self, user_id: str, message_id: str, action: str, form: Mapping[str, Any]) -> ClickResult:
        """Press a button, or with `dtmd:<n>` a link that sends a text; KeyError for an unknown message or person."""

        async def say(client_id: str, text: str) -> str:
            return await self._persons.say(client_id, user_id, text)

        return await self._clicker.click(self.user(user_id).user_id, message_id, action, form, say)

    # Groups

    def add_group(self, title: str, user_ids: Sequence[str], client_id: str | None = None) -> str:
        """A new group with an app's robot in it; returns its `openConversationId`."""
        members = tuple(self.user(user_id).user_id for user_id in user_ids)
        return self.messages.new_group(self.app(client_id).client_id, title, members).chat_id

    def messages_of_group(self, chat_id: str, user_id: str) -> list[dict[str, Any]]:
        """A group as one of its members sees it, in the form of `messages_of`; what others write is "me" too."""
        return [shown_message(self.instances, message, user_id) for message in self.messages.of_chat(chat_id)]

    async def say_in_group(self, chat_id: str, user_id: str, text: str) -> str:
        """Write to the robot in a group, naming it; KeyError for an unknown group, ValueError for an outsider."""
        return await self._persons.say_in_group(self._group(chat_id), user_id, text)

    async def open_group(self, chat_id: str, user_id: str) -> None:
        """Open a group; everything in it counts as read by this person."""
        await self._persons.open_group(self._group(chat_id), user_id)

    # What administrators do

    async def hire(self, user: User) -> None:
        """Somebody new joins; ValueError where the id is taken."""
        await self._persons.hire(user)

    async def change_user(self, after: User) -> None:
        """A person's entry becomes this one (matched by `user_id`); KeyError where nobody has that id."""
        await self._persons.change(after)

    async def resign(self, user_id: str) -> None:
        """A person leaves the firm."""
        await self._persons.resign(self.user(user_id).user_id)

    async def change_department(self, department: Department) -> None:
        """A department is new, or becomes this one (matched by `department_id`)."""
        await self._persons.change_department(department)

    async def verify_url(self, client_id: str | None = None) -> bool:
        """Save the events' address in the console: whether it answers `check_url` rightly and in time."""
        return await self._webhook.check(self.app(client_id))

    # The platform's own doings

    async def push(self, event_type: str, data: Mapping[str, Any], client_id: str | None = None) -> str | None:
        """Push any event; returns its id, None where the app has not ticked it in the console."""
        return await self.pusher.push_event(self.app(client_id).client_id, event_type, data)

    async def run_due_retries(self) -> int:
        """Send again what is due by the organisation's clock; returns how many tries that were."""
        return await self.pusher.run_due()

    async def idle(self) -> None:
        """Return once no push or callback is under way."""
        await self._activity.wait()

    def connections(self, client_id: str | None = None) -> int:
        """How many stream connections of an app get pushes, as far as the platform knows."""
        return len(self.sockets.live(self.app(client_id).client_id))

    def draining(self, client_id: str | None = None) -> int:
        """How many wait for their end after `disconnect`."""
        return len(self.sockets.draining(self.app(client_id).client_id))

    async def ping(self, client_id: str | None = None) -> list[bool]:
        """Send a SYSTEM ping over every connection; whether each came back rightly."""
        return await self.sockets.ping(self.app(client_id).client_id)

    def disconnect(self, client_id: str | None = None, reason: str = EXPIRED) -> None:
        """Send the frame `disconnect` to an app's connections, all apps' where None; they end ten seconds later."""
        self.sockets.expire(client_id, reason)

    async def end_connections(self, client_id: str | None = None, code: int = 1000) -> None:
        """Close connections without a word; code 1006 drops the TCP connections."""
        await self.sockets.end(client_id, code)

    def revoke_tokens(self, client_id: str | None = None) -> None:
        """All tokens of an app end now."""
        self.tokens.forget_all(self.app(client_id).client_id)

    # Faults and observation

    def set_fault(
        self,
        kind: str,
        times: int | None = 1,
        seconds: float = 0.0,
        *,
        code: str = "",
        status: int = 0,
        user_id: str = "",
        path: str = "",
    ) -> None:
        """Misbehave from now on; the kinds and what the other values mean to them: `FaultKind` and `Fault`.

        Args:
            kind: The kind's word.
            times: How often; None until switched off, 0 switches the kind off.
            seconds: See the kind.
            code: See the kind.
            status: See the kind.
            user_id: Only concerning this person.
            path: Only calls whose path contains this; token calls are met only where this names them.

        Raises:
            ValueError: There is no such kind, or it cannot refuse with this code.
        """
        known = FaultKind(kind)
        if known is FaultKind.REFUSE and times != 0 and code not in (*CATALOGUE, *map(str, OLD_CATALOGUE)):
            raise ValueError(f"{code} is no code of the catalogue")
        if times == 0:
            self.world.faults.switch_off(known)
        else:
            self.world.faults.set(Fault(known, times, seconds, code, status, user_id, path))

    def faults(self) -> list[dict[str, Any]]:
        """What is still to happen, oldest first, each with `kind`, `times`, `seconds` and the rest of `Fault`."""
        return [fault.as_dict() for fault in self.world.faults.all()]

    def clear_faults(self) -> None:
        """Behave again."""
        self.world.faults.clear()

    @property
    def calls(self) -> list[CallRecord]:
        """Every call of the open platform that is still kept, oldest first."""
        return self._journal.calls()

    @property
    def complaints(self) -> list[str]:
        """What apps did against the protocol where the real platform would silently ignore it."""
        return list(self.world.complaints)

    def used(self, kind: str) -> int:
        """How much of this month's quota is used: of `api_call` or `push`."""
        return self.world.quota.used(Kind(kind))

    def deliveries(self) -> list[Delivery]:
        """Every message and event for apps, oldest first."""
        return self.pusher.log()

    def versions(self, out_track_id: str, user_id: str) -> list[FaceVersion]:
        """Every face that a card had for a person, oldest first."""
        return self.instances.versions(out_track_id, user_id)

    def media(self, media_id: str) -> bytes | None:
        """An uploaded file, None where there is none."""
        row = self._store.row("SELECT content FROM media WHERE media_id = ?", media_id)
        return None if row is None else bytes(row["content"])

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Call back with the `userid` of everybody whose chat changes, in the event loop."""
        self.world.listen(callback)

    async def close(self) -> None:
        """Give up what is under way and close the file; the application must be stopped before."""
        await self.pusher.close()
        await self.sockets.close()
        await self._webhook.close()
        self._store.close()

    def _group(self, chat_id: str) -> Chat:
        chat = self.messages.chat(chat_id)
        if chat is None or not chat.is_group:
            raise KeyError(chat_id)
        return chat

    def _connected(self, client_id: str) -> None:
        self.pusher.play_waiting(client_id)
