"""What people and administrators do in the real world: write, open the chat, join and leave the firm.

Each deed changes the state and pushes what the platform pushes for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.company import Department, User, UserStatus
from sandbox.dingtalk import payloads, settings
from sandbox.dingtalk.deliveries import Pusher
from sandbox.dingtalk.directory import number_of
from sandbox.dingtalk.faults import FaultKind
from sandbox.dingtalk.message_kinds import PERSON_TEXT
from sandbox.dingtalk.messages import Chat, Draft, Message, Messages, Sender
from sandbox.dingtalk.robot import reachable


class Persons:
    """The people of one organisation, acting.

    Args:
        messages: The organisation's messages.
        pusher: Delivers what happens.
    """

    def __init__(self, messages: Messages, pusher: Pusher) -> None:
        self._messages = messages
        self._world = messages.world
        self._pusher = pusher

    async def say(self, client_id: str, user_id: str, text: str) -> str:
        """Write to a robot; returns the new message's id.

        Raises:
            ValueError: The person has left, or is outside of the app's usable range.
        """
        return await self.send(client_id, user_id, text, {"msgtype": "text", "text": {"content": text}})

    async def send(self, client_id: str, user_id: str, shown: str, body: Mapping[str, Any]) -> str:
        """As `say`, with any body of section 9.5: `msgtype` and the member that goes with it."""
        self._check(client_id, user_id)
        chat = self._messages.single_chat(client_id, user_id)
        message = self._messages.add(Draft(chat, user_id, Sender.PERSON, PERSON_TEXT, {"content": shown}))
        self._world.changed([user_id])
        await self._looked(chat, user_id)
        await self._deliver(chat, message, body)
        return message.message_id

    async def say_in_group(self, chat: Chat, user_id: str, text: str) -> str:
        """Write to the robot in a group, naming it.

        Raises:
            ValueError: The person is not in the group.
        """
        if user_id not in chat.members:
            raise ValueError(f"{user_id} is not in this group")
        message = self._messages.add(Draft(chat, user_id, Sender.PERSON, PERSON_TEXT, {"content": text}))
        await self._looked(chat, user_id)
        await self._deliver(chat, message, {"msgtype": "text", "text": {"content": f" {text}"}})
        return message.message_id

    async def open_chat(self, client_id: str, user_id: str) -> None:
        """Open the chat with a robot: everything in it is read. Raises as `say`."""
        self._check(client_id, user_id)
        await self._looked(self._messages.single_chat(client_id, user_id), user_id)

    async def open_group(self, chat: Chat, user_id: str) -> None:
        """Open a group: everything in it is read by this person."""
        await self._looked(chat, user_id)

    async def hire(self, user: User) -> None:
        """Somebody new joins.

        Raises:
            ValueError: Their id is taken.
        """
        if user.user_id in {known.user_id for known in self._world.directory.users()}:
            raise ValueError(f"{user.user_id} is there already")
        self._world.directory.save_user(user)
        await self._tell_of(settings.USER_ADDED, user.user_id)

    async def change(self, after: User) -> None:
        """A person's entry in the directory becomes this one; nothing is told where nothing changed."""
        before = self._world.directory.user(after.user_id)
        self._world.directory.save_user(after)
        if before != after:
            await self._tell_of(settings.USER_MODIFIED, after.user_id)

    async def resign(self, user_id: str) -> None:
        """A person leaves the firm: out of all departments, no longer reachable."""
        before = self._world.directory.user(user_id)
        self._world.directory.save_user(replace(before, status=UserStatus.RESIGNED, departments=()))
        await self._tell_of(settings.USER_LEFT, user_id)

    async def change_department(self, department: Department) -> None:
        """A department is new, or becomes this one."""
        is_new = self._world.directory.department(number_of(department.department_id)) is None
        self._world.directory.save_department(department)
        event = settings.DEPARTMENT_CREATED if is_new else settings.DEPARTMENT_MODIFIED
        data = payloads.departments_changed(self._world.now_ms(), [number_of(department.department_id)])
        for client_id in self._world.apps:
            await self._pusher.push_event(client_id, event, data)

    async def _deliver(self, chat: Chat, message: Message, body: Mapping[str, Any]) -> None:
        payload = payloads.robot_message(self._messages, chat, message, body)
        has_room = self._world.quota.spend_push()
        if self._world.faults.take(FaultKind.NO_TEXT) or not has_room:
            payload = payloads.without_content(payload)
        if self._world.faults.take(FaultKind.NO_SENDER):
            del payload["senderStaffId"]
        await self._pusher.push_message(chat.client_id, payload)

    async def _looked(self, chat: Chat, user_id: str) -> None:
        for message in self._messages.mark_read(chat, user_id):
            if message.query_key:
                data = payloads.message_read(self._world, chat, user_id, message.query_key)
                await self._pusher.push_event(chat.client_id, settings.MESSAGE_READ, data)

    async def _tell_of(self, event_type: str, user_id: str) -> None:
        data = payloads.people_changed(self._world.now_ms(), [user_id])
        for client_id, app in self._world.apps.items():
            if app.contact_range is None or user_id in app.contact_range:
                await self._pusher.push_event(client_id, event_type, data)

    def _check(self, client_id: str, user_id: str) -> None:
        self._world.directory.user(user_id)
        if not reachable(self._messages, self._world.apps[client_id], user_id):
            raise ValueError(f"{user_id} has left, or does not see this app")
