"""One fake tenant of Feishu as an object: what the demo page and the tests hold in their hands.

People are named by the open_id that the first app sees. Everything but faults and live connections is kept in the
file, so that a killed process comes back with every chat, and sends again what was not acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

from sandbox.company import Company, User, derived_id
from sandbox.feishu.card_tokens import CardTokens
from sandbox.feishu.clicks import Clicker, ClickResult
from sandbox.feishu.deliveries import Activity, Delivery, Pusher
from sandbox.feishu.faults import Fault, FaultKind
from sandbox.feishu.gateway import Gateway
from sandbox.feishu.journal import CallRecord, Journal
from sandbox.feishu.lines import Line
from sandbox.feishu.messages import Messages, Version
from sandbox.feishu.persons import Persons
from sandbox.feishu.refusals import CATALOGUE
from sandbox.feishu.screen import shown_message, shown_person
from sandbox.feishu.settings import ClientConfig, FakeApp, Ingress, Limits, Timing
from sandbox.feishu.sockets import SocketHub
from sandbox.feishu.store import Store
from sandbox.feishu.tokens import Tokens
from sandbox.feishu.webhook import Webhook
from sandbox.feishu.world import World

_FRAGMENT_BYTES = 64 * 1024


class FeishuFake:
    """A tenant with its people, chats and apps.

    Args:
        path: File of its memory; None keeps it in memory only.
        now: The tenant's clock: an aware UTC datetime, real or simulated.
        monotonic: Real time in seconds for request rates, as `time.monotonic`.
        chance: Picks connections, nonces and log ids.
        apps: Its self-built apps, at least one; the first is meant where none is named.
        limits: Request rates.
        timing: How long apps may take to answer, in real seconds.
        config: What clients of long connections are told.
        fragment_bytes: Payloads above this come in several frames.
    """

    def __init__(
        self,
        path: str | None,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        chance: Random,
        apps: Sequence[FakeApp],
        limits: Limits | None = None,
        timing: Timing | None = None,
        config: ClientConfig | None = None,
        fragment_bytes: int = _FRAGMENT_BYTES,
    ) -> None:
        self._store = Store(path, str(chance.getrandbits(64)))
        self.world = World(self._store, apps, limits or Limits(), now, monotonic, chance)
        self.messages = Messages(self.world)
        self.tokens = Tokens(self.world)
        self.card_tokens = CardTokens(self.messages)
        self._journal = Journal(self._store)
        self.gateway = Gateway(self.world, self.tokens, self._journal)
        self._activity = Activity()
        self._webhook = Webhook(self.world, timing or Timing())
        self.sockets = SocketHub(
            self.world, timing or Timing(), config or ClientConfig(), fragment_bytes, self._connected
        )
        lines: dict[Ingress, Line] = {Ingress.WEBSOCKET: self.sockets, Ingress.WEBHOOK: self._webhook}
        self._pusher = Pusher(self.world, lines, self._activity)
        self._persons = Persons(self.messages, self._pusher)
        self._clicker = Clicker(self.messages, self.card_tokens, lines, self._activity)

    # The tenant

    def load_company(self, company: Company) -> None:
        """Put a company in place of the present one, without telling any app."""
        self.world.directory.load(company)

    def people(self) -> list[dict[str, Any]]:
        """Everybody, also those who left.

        Returns:
            People with `open_id`, `user_id`, `name`, `department` (path of names), `title`, `mail`, `leader` (open_id
            or None) and `status`.
        """
        return [shown_person(self.world, user) for user in self.world.directory.users()]

    def user(self, open_id: str) -> User:
        """A person's entry; KeyError where nobody has this id."""
        return self.world.directory.person(open_id)

    def configure(self, app: FakeApp) -> None:
        """Give an app new settings, such as the address of its webhook; KeyError where there is no such app."""
        self.world.set_app(app)

    def app(self, app_id: str | None = None) -> FakeApp:
        """An app's settings."""
        return self.world.apps[app_id or self.world.home_app_id]

    def bot_open_id(self, app_id: str) -> str:
        """The open_id of an app's bot."""
        return derived_id("ou_", f"bot of {app_id}")

    # What a person sees and does

    def messages_of(self, open_id: str, app_id: str | None = None) -> list[dict[str, Any]]:
        """A person's chat with an app's bot, newest last, in the form that the demo page draws.

        Returns:
            Messages with `id`, `time` (ISO 8601, UTC), `from` ("bot" or "me"), `kind` ("card" or "text"), `text`,
            `card` (native), `buttons`, `inputs`, `version` (1 for one never updated), `recalled` and `urgent`.
        """
        user = self.user(open_id)
        chat = self.messages.of_chat(self.app(app_id).app_id, user.user_id)
        return [shown_message(self.world, message) for message in chat]

    async def say(self, open_id: str, text: str, reply_to: str | None = None, app_id: str | None = None) -> str:
        """Write to the bot; returns the message's id after the bot acknowledged, or the try failed.

        Raises:
            KeyError: Nobody has this id.
            ValueError: The person has left, or the quoted message is not in the chat.
        """
        return await self._persons.say(self.app(app_id).app_id, self.user(open_id).user_id, text, reply_to)

    async def open_chat(self, open_id: str, app_id: str | None = None) -> None:
        """Open the chat with the bot; everything in it counts as read. Raises as `say`."""
        await self._persons.open_chat(self.app(app_id).app_id, self.user(open_id).user_id)

    async def click(self, open_id: str, message_id: str, action: str, form: Mapping[str, Any]) -> ClickResult:
        """Press a button, or change an input outside of forms; KeyError where the message or person is unknown."""
        return await self._clicker.click(self.user(open_id).user_id, message_id, action, form)

    async def recall(self, open_id: str, message_id: str) -> None:
        """Take back one of one's own messages; ValueError for another's."""
        await self._persons.recall(self.user(open_id).user_id, message_id)

    async def react(self, open_id: str, message_id: str, emoji: str) -> None:
        """Put an emoji such as `SMILE` on a message; ValueError where it is in another chat."""
        await self._persons.react(self.user(open_id).user_id, message_id, emoji)

    async def press_menu(self, open_id: str, event_key: str, app_id: str | None = None) -> None:
        """Press an entry of the bot's menu."""
        await self._persons.press_menu(self.app(app_id).app_id, self.user(open_id).user_id, event_key)

    # What administrators do

    async def hire(self, user: User) -> None:
        """Somebody new joins; ValueError where the id is taken."""
        await self._persons.hire(user)

    async def change_user(self, after: User) -> None:
        """A person's entry becomes this one (matched by `user_id`); KeyError where nobody has that id."""
        await self._persons.change(after)

    async def resign(self, open_id: str) -> None:
        """A person leaves the firm."""
        await self._persons.resign(self.user(open_id).user_id)

    async def set_contact_range(self, user_ids: frozenset[str] | None, app_id: str | None = None) -> None:
        """Change which people an app may see in the directory; None is all."""
        await self._persons.set_range(self.app(app_id).app_id, user_ids)

    async def verify_url(self, app_id: str | None = None) -> bool:
        """Save the app's webhook address in the console: whether it echoes the challenge within a second."""
        return await self._webhook.challenge(self.app(app_id))

    # The platform's own doings

    async def push(self, event_type: str, event: Mapping[str, Any], app_id: str | None = None) -> str | None:
        """Push any event; returns its id, None where the app has not subscribed to the type."""
        return await self._pusher.push(self.app(app_id).app_id, event_type, event)

    async def run_due_retries(self) -> int:
        """Send again what is due by the tenant's clock; returns how many tries that were."""
        return await self._pusher.run_due()

    async def idle(self) -> None:
        """Return once no event or callback is under way."""
        await self._activity.wait()

    def connections(self, app_id: str | None = None) -> int:
        """How many long connections of an app are alive, as far as the platform knows."""
        return len(self.sockets.live(self.app(app_id).app_id))

    async def disconnect(self, app_id: str | None = None, code: int = 1001) -> None:
        """Close an app's long connections, all apps' where None; code 1006 drops them without a close frame."""
        await self.sockets.disconnect(app_id, code)

    def set_client_config(self, config: ClientConfig) -> None:
        """Tell clients other settings from the next pong and discovery on."""
        self.sockets.config = config

    # Faults and observation

    def set_fault(
        self,
        kind: str,
        times: int | None = 1,
        seconds: float = 0.0,
        *,
        code: int = 0,
        size: int = 0,
        reverse: bool = False,
        open_id: str = "",
        path: str = "",
    ) -> None:
        """Misbehave from now on; the kinds and what the other values mean to them: `FaultKind` and `Fault`.

        Args:
            kind: The kind's word.
            times: How often; None until switched off, 0 switches the kind off.
            seconds: See the kind.
            code: See the kind.
            size: See the kind.
            reverse: See the kind.
            open_id: Only concerning this person.
            path: Only calls whose path contains this; token calls are met only where this names them.

        Raises:
            ValueError: There is no such kind, or it cannot refuse with this code.
        """
        known = FaultKind(kind)
        refusing = (FaultKind.REFUSE, *((FaultKind.UNDELIVERABLE,) if code else ()))
        if times != 0 and known in refusing and code not in CATALOGUE:
            raise ValueError(f"{code} is no code of the catalogue")
        if times == 0:
            self.world.faults.switch_off(known)
        else:
            self.world.faults.set(Fault(known, times, seconds, code, size, reverse, open_id, path))

    def faults(self) -> list[dict[str, Any]]:
        """What is still to happen, oldest first, each with `kind`, `times`, `seconds` and the rest of `Fault`."""
        return [fault.as_dict() for fault in self.world.faults.all()]

    def clear_faults(self) -> None:
        """Behave again."""
        self.world.faults.clear()

    @property
    def calls(self) -> list[CallRecord]:
        """Every call of the open API that is still kept, oldest first."""
        return self._journal.calls()

    @property
    def complaints(self) -> list[str]:
        """What apps did against the protocol where the real platform would silently ignore it."""
        return list(self.world.complaints)

    def deliveries(self) -> list[Delivery]:
        """The event log, oldest first."""
        return self._pusher.log()

    def versions(self, message_id: str) -> list[Version]:
        """Every version of a message, oldest first."""
        return self.messages.versions(message_id)

    def image(self, image_key: str) -> bytes | None:
        """An uploaded image, None where there is none."""
        row = self._store.row("SELECT content FROM images WHERE image_key = ?", image_key)
        return None if row is None else bytes(row["content"])

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Call back with the open_id of everybody whose chat changes, in the event loop."""
        self.world.listen(callback)

    async def close(self) -> None:
        """Give up what is under way and close the file; the application must be stopped before."""
        await self._pusher.close()
        await self._webhook.close()
        self._store.close()

    def _connected(self, app_id: str) -> None:
        self._pusher.play_waiting(app_id)
