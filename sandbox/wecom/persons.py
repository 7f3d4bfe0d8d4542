"""What people and administrators do in the real world: write, open the chat, join, leave, change who sees an app.

Each deed changes the state and pushes what the platform pushes for it (wecom.md section 11).
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.company import User, UserStatus
from sandbox.wecom import payloads
from sandbox.wecom.deliveries import Pusher
from sandbox.wecom.messages import Messages
from sandbox.wecom.settings import CONTACT_SYNC, FakeWeComApp
from sandbox.wecom.visibility import is_reachable


class Persons:
    """The people of one company, acting. They are named by their exact userid.

    Args:
        messages: The company's messages.
        pusher: Delivers what happens.
    """

    def __init__(self, messages: Messages, pusher: Pusher) -> None:
        self._messages = messages
        self._world = messages.world
        self._pusher = pusher

    async def say(self, agent_id: int, user_id: str, text: str, reply_to: str | None) -> str:
        """Write to an app; a quoted message stays unknown to it. Returns the new message's id.

        Raises:
            ValueError: The person has left, is disabled or does not see the app, or the quoted message is not in the
                chat.
        """
        app = self._chatting(agent_id, user_id)
        if reply_to is not None:
            quoted = self._messages.find(reply_to)
            if quoted is None or (quoted.agent_id, quoted.user_id) != (agent_id, user_id):
                raise ValueError(f"{reply_to} is not in this chat")
        message = self._messages.add_from_person(agent_id, user_id, text)
        self._world.changed(user_id)
        fields = payloads.text_message(self._world, app, message)
        await self._pusher.push(app, payloads.TEXT, user_id, fields)
        return message.message_id

    async def open_chat(self, agent_id: int, user_id: str) -> None:
        """Open the chat with an app; told only where the app wants it. Raises as `say`."""
        app = self._chatting(agent_id, user_id)
        if app.reports_enter:
            await self._tell(app, user_id, payloads.ENTER_AGENT)

    async def hire(self, user: User) -> None:
        """Somebody new joins.

        Raises:
            ValueError: Their id is taken, in whatever case.
        """
        if self._world.directory.find(user.user_id) is not None:
            raise ValueError(f"{user.user_id} is there already")
        before = self._seers()
        self._world.directory.save_user(user)
        await self._tell_sync("create_user", user)
        await self._tell_changes(before)

    async def change(self, after: User) -> None:
        """A person's entry in the directory becomes this one; nothing is told where nothing changed."""
        before, seers = self._world.directory.user(after.user_id), self._seers()
        self._world.directory.save_user(after)
        if before != after:
            await self._tell_sync("update_user", after)
            await self._tell_changes(seers)

    async def resign(self, user_id: str) -> None:
        """A person leaves the firm: out of all departments, no longer reachable."""
        before, seers = self._world.directory.user(user_id), self._seers()
        after = replace(before, status=UserStatus.RESIGNED, departments=())
        self._world.directory.save_user(after)
        await self._tell_sync("delete_user", after)
        await self._tell_changes(seers)

    async def set_range(self, agent_id: int, departments: frozenset[str], users: frozenset[str]) -> None:
        """The administrator changes who sees an app; KeyError where a department or a person is not there."""
        for department_id in departments:
            self._world.directory.number_of(department_id)
        for user_id in users:
            self._world.directory.user(user_id)
        before = self._seers()
        self._world.set_range(agent_id, departments, users)
        await self._tell_changes(before)

    async def _tell_sync(self, change: str, user: User) -> None:
        sync = self._world.apps.get(CONTACT_SYNC)
        if sync is not None:
            numbers = [self._world.directory.number_of(each) for each in user.departments]
            more = payloads.contact_changed(change, user.user_id, numbers)
            fields = payloads.event(self._world, sync, "sys", payloads.CONTACT_CHANGED, more)
            await self._pusher.push(sync, payloads.CONTACT_CHANGED, "sys", fields)

    async def _tell_changes(self, before: dict[int, set[str]]) -> None:
        """Tell every app who came into its range and who left it."""
        after = self._seers()
        for agent_id, app in self._apps().items():
            for user_id in sorted(after[agent_id] - before[agent_id]):
                await self._tell(app, user_id, payloads.SUBSCRIBE)
            for user_id in sorted(before[agent_id] - after[agent_id]):
                await self._tell(app, user_id, payloads.UNSUBSCRIBE)

    async def _tell(self, app: FakeWeComApp, user_id: str, event: str) -> None:
        # Only this event always has a key, an empty one; the two others have it or not.
        keyed = event == payloads.ENTER_AGENT or self._world.chance.random() < 0.5
        fields = payloads.event(self._world, app, user_id, event, [("EventKey", "")] if keyed else [])
        await self._pusher.push(app, event, user_id, fields)

    def _seers(self) -> dict[int, set[str]]:
        directory = self._world.directory
        return {
            agent_id: {user.user_id for user in directory.users() if is_reachable(directory, app, user)}
            for agent_id, app in self._apps().items()
        }

    def _apps(self) -> dict[int, FakeWeComApp]:
        return {agent_id: app for agent_id, app in self._world.apps.items() if agent_id != CONTACT_SYNC}

    def _chatting(self, agent_id: int, user_id: str) -> FakeWeComApp:
        app = self._world.apps[agent_id]
        if not is_reachable(self._world.directory, app, self._world.directory.user(user_id)):
            raise ValueError(f"{user_id} has left, is disabled, or does not see the app")
        return app
