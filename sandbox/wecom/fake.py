"""One fake company on WeCom as an object: what the demo page and the tests hold in their hands.

People are named by their userid, which is their neutral id. Everything but faults is kept in the file, so that a killed
process comes back with every chat, and sends again what was not answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any

from sandbox.company import ROOT_DEPARTMENT, Company, User
from sandbox.wecom.callbacks import Callbacks, Reply
from sandbox.wecom.clicks import Clicker, ClickResult
from sandbox.wecom.deliveries import Delivery, Pusher
from sandbox.wecom.faults import Fault, FaultKind
from sandbox.wecom.gateway import Gateway
from sandbox.wecom.journal import CallRecord, Journal
from sandbox.wecom.messages import Messages, Version
from sandbox.wecom.passive import PassiveReplies
from sandbox.wecom.persons import Persons
from sandbox.wecom.refusals import CATALOGUE
from sandbox.wecom.response_codes import ResponseCodes
from sandbox.wecom.screen import shown_message, shown_person
from sandbox.wecom.settings import FakeWeComApp, Limits, Timing
from sandbox.wecom.store import Store
from sandbox.wecom.tokens import Tokens
from sandbox.wecom.world import Drop, World


class WeComFake:
    """A company with its people, chats and apps.

    Args:
        path: File of its memory; None keeps it in memory only.
        now: The company's clock: an aware UTC datetime, real or simulated.
        monotonic: Seconds for request rates, as `time.monotonic`.
        chance: Picks nonces, hints, and the form of the callbacks' XML.
        apps: Its apps, at least one, all of one company; the first is meant where none is named. One with the agent id
            `CONTACT_SYNC` is the contact-sync assistant.
        limits: Request rates.
        timing: How long apps may take to answer, in real seconds.

    Raises:
        ValueError: The apps are of several companies, or two have one agent id.
    """

    def __init__(
        self,
        path: str | None,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        chance: Random,
        apps: Sequence[FakeWeComApp],
        limits: Limits | None = None,
        timing: Timing | None = None,
    ) -> None:
        self._store = Store(path, str(chance.getrandbits(64)))
        self.world = World(self._store, apps, limits or Limits(), now, monotonic, chance)
        self.messages = Messages(self.world)
        self.tokens = Tokens(self.world)
        self.codes = ResponseCodes(self.world)
        self._journal = Journal(self._store)
        self.gateway = Gateway(self.world, self.tokens, self._journal)
        self._callbacks = Callbacks(self.world, timing or Timing())
        self._pusher = Pusher(self.world, self._callbacks, PassiveReplies(self.messages).take)
        self._persons = Persons(self.messages, self._pusher)
        self._clicker = Clicker(self.messages, self.codes, self._pusher)

    # The company

    def load_company(self, company: Company) -> None:
        """Put a company in place of the present one, without telling any app."""
        self.world.directory.load(company)

    def people(self) -> list[dict[str, Any]]:
        """Everybody, also those who left.

        Returns:
            People with `userid`, `name`, `department` (path of names), `title`, `leader` (userid or None) and `status`.
        """
        return [shown_person(self.world, user) for user in self.world.directory.users()]

    def user(self, external_id: str) -> User:
        """A person's entry; KeyError where nobody has this id."""
        return self.world.directory.user(external_id)

    def department_number(self, department_id: str) -> int:
        """The number by which the platform knows a department of the company; KeyError where there is none."""
        return self.world.directory.number_of(department_id)

    def configure(self, app: FakeWeComApp) -> None:
        """Give an app new settings, such as its callback URL; KeyError where there is no such app."""
        self.world.set_app(app)

    def app(self, agent_id: int | None = None) -> FakeWeComApp:
        """An app's settings, the first app's where none is named."""
        return self.world.apps[self.world.home_agent_id if agent_id is None else agent_id]

    # What a person sees and does

    def messages_of(self, external_id: str, agent_id: int | None = None) -> list[dict[str, Any]]:
        """A person's chat with an app, newest last, in the form that the demo page draws.

        Returns:
            Messages with `id`, `time` (ISO 8601, UTC), `from` ("bot" or "me"), `kind` ("card" for template cards, else
            "text"), `text`, `card` (the `template_card`), `buttons`, `inputs`, `version` (1 for one never updated),
            `recalled`, and besides `type` (the `msgtype`) and `content` (what the API got under that key).
        """
        user = self.user(external_id)
        return [shown_message(message) for message in self.messages.of_chat(self.app(agent_id).agent_id, user.user_id)]

    async def say(self, external_id: str, text: str, reply_to: str | None = None, agent_id: int | None = None) -> str:
        """Write to the bot; returns the message's id after the bot answered, or the try failed.

        Raises:
            KeyError: Nobody has this id.
            ValueError: The person cannot reach the app, or the quoted message is not in the chat.
        """
        return await self._persons.say(self.app(agent_id).agent_id, self.user(external_id).user_id, text, reply_to)

    async def open_chat(self, external_id: str, agent_id: int | None = None) -> None:
        """Open the chat with the bot. Raises as `say`."""
        await self._persons.open_chat(self.app(agent_id).agent_id, self.user(external_id).user_id)

    async def click(self, external_id: str, message_id: str, action: str, form: Mapping[str, Any]) -> ClickResult:
        """Press a button by its key (the submit button's for votes and drop-downs), with what was chosen by question.

        Raises:
            KeyError: The message or the person is unknown.
        """
        return await self._clicker.click(self.user(external_id).user_id, message_id, action, form)

    async def click_twice(
        self, external_id: str, message_id: str, action: str, form: Mapping[str, Any]
    ) -> tuple[ClickResult, ClickResult]:
        """Press twice before anything comes back, as impatient fingers do: two events of the same second."""
        user_id = self.user(external_id).user_id
        presses = (self._clicker.click(user_id, message_id, action, form) for _ in range(2))
        first, second = await asyncio.gather(*presses)
        return first, second

    # What administrators do

    async def hire(self, user: User) -> None:
        """Somebody new joins; ValueError where the id is taken, in whatever case."""
        await self._persons.hire(user)

    async def change_user(self, after: User) -> None:
        """A person's entry becomes this one (matched by `user_id`); KeyError where nobody has that id."""
        await self._persons.change(after)

    async def resign(self, external_id: str) -> None:
        """A person leaves the firm."""
        await self._persons.resign(self.user(external_id).user_id)

    async def set_visible_range(
        self,
        departments: frozenset[str] = frozenset({ROOT_DEPARTMENT}),
        users: frozenset[str] = frozenset(),
        agent_id: int | None = None,
    ) -> None:
        """Change who sees an app, and tell it who came and who left.

        Args:
            departments: The company's ids of departments, each with all below it; the root is everybody.
            users: Single people besides.
            agent_id: The app, the first where None.

        Raises:
            KeyError: There is no such department or person.
        """
        await self._persons.set_range(self.app(agent_id).agent_id, departments, users)

    async def verify_url(self, agent_id: int | None = None) -> bool:
        """Save the app's callback URL in the console: whether it gives back the echo, exactly and within a second."""
        app = self.app(agent_id)
        return bool(app.callback_url) and await self._callbacks.check_url(app)

    # The platform's own doings

    async def run_due_retries(self) -> int:
        """Send again what is due by the company's clock; returns how many tries that were."""
        return await self._pusher.run_due()

    async def replay(self, number: int) -> Reply:
        """Send a callback's last envelope again, bit by bit, however long ago that was; KeyError for another number."""
        return await self._pusher.replay(number)

    async def idle(self) -> None:
        """Return once no callback is under way."""
        await self._pusher.idle()

    # Faults and observation

    def set_fault(
        self,
        kind: str,
        times: int | None = 1,
        seconds: float = 0.0,
        *,
        code: int = 0,
        user_id: str = "",
        path: str = "",
    ) -> None:
        """Misbehave from now on; the kinds and what the other values mean to them: `FaultKind` and `Fault`.

        Args:
            kind: The kind's word.
            times: How often; None until switched off, 0 switches the kind off.
            seconds: See the kind.
            code: See the kind.
            user_id: Only concerning this person.
            path: Only calls whose path contains this; `gettoken` is met only where this names it.

        Raises:
            ValueError: There is no such kind, or the platform has no such code.
        """
        known = FaultKind(kind)
        if times == 0:
            self.world.faults.switch_off(known)
            return
        if known is FaultKind.REFUSE and code not in CATALOGUE:
            raise ValueError(f"{code} is no code of the catalogue")
        self.world.faults.set(Fault(known, times, seconds, code, user_id, path))

    def faults(self) -> list[dict[str, Any]]:
        """What is still to happen, oldest first, each with `kind`, `times`, `seconds` and the rest of `Fault`."""
        return [fault.as_dict() for fault in self.world.faults.all()]

    def clear_faults(self) -> None:
        """Behave again."""
        self.world.faults.clear()

    @property
    def calls(self) -> list[CallRecord]:
        """Every call of the API that is still kept, oldest first."""
        return self._journal.calls()

    @property
    def complaints(self) -> list[str]:
        """What apps did against the protocol where the real platform would silently cut, drop or ignore it."""
        return list(self.world.complaints)

    @property
    def drops(self) -> list[Drop]:
        """Messages that were answered with success and came to nobody, oldest first; not kept over a restart."""
        return list(self.world.drops)

    def deliveries(self) -> list[Delivery]:
        """Every callback, oldest first."""
        return self._pusher.log()

    def versions(self, message_id: str) -> list[Version]:
        """Every version of a person's copy of a message, oldest first."""
        return self.messages.versions(message_id)

    def on_change(self, callback: Callable[[str], None]) -> None:
        """Call back with the userid of everybody whose chat changes, in the event loop."""
        self.world.listen(callback)

    async def close(self) -> None:
        """Close connections and the file; the application must be stopped before."""
        await self._callbacks.close()
        self._store.close()
