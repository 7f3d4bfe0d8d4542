"""What people and administrators do in the real world: write, open the chat, recall, leave the firm.

Each deed changes the state and pushes the event that the platform pushes for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.company import User, UserStatus
from sandbox.feishu import payloads, settings
from sandbox.feishu.contact_objects import is_visible
from sandbox.feishu.deliveries import Pusher
from sandbox.feishu.messages import Draft, Message, Messages, Sender
from sandbox.feishu.settings import FakeApp


class Persons:
    """The people of one tenant, acting. They are named by their `user_id`.

    Args:
        messages: The tenant's messages.
        pusher: Delivers what happens.
    """

    def __init__(self, messages: Messages, pusher: Pusher) -> None:
        self._messages = messages
        self._world = messages.world
        self._pusher = pusher

    async def say(self, app_id: str, user_id: str, text: str, reply_to: str | None) -> str:
        """Write to a bot, perhaps quoting a message of that chat; returns the new message's id.

        Raises:
            ValueError: The person has left, or the quoted message is not in the chat.
        """
        app, parent = self._chatting(app_id, user_id), None
        if reply_to is not None:
            parent = self._messages.find(reply_to)
            if parent is None or (parent.app_id, parent.user_id) != (app_id, user_id):
                raise ValueError(f"{reply_to} is not in this chat")
        message = self._messages.add(Draft(app_id, user_id, Sender.PERSON, "text", {"text": text}, parent))
        self._world.changed(user_id)
        await self._looked(app, user_id)
        event = payloads.message_received(self._world, app, message)
        await self._pusher.push(app_id, settings.MESSAGE_RECEIVED, event)
        return message.message_id

    async def open_chat(self, app_id: str, user_id: str) -> None:
        """Open the chat with a bot; fires on every opening."""
        app = self._chatting(app_id, user_id)
        chat, chat_id = self._messages.of_chat(app_id, user_id), self._messages.chat_id(app_id, user_id)
        event = payloads.chat_entered(self._world, app, chat_id, user_id, chat[-1] if chat else None)
        await self._looked(app, user_id)
        await self._pusher.push(app_id, settings.CHAT_ENTERED, event)

    async def recall(self, user_id: str, message_id: str) -> None:
        """Take back one of one's own messages.

        Raises:
            ValueError: It is not one's own.
        """
        message = self._messages.known(message_id)
        if message.user_id != user_id or message.sender is not Sender.PERSON:
            raise ValueError(f"{message_id} is somebody else's")
        self._messages.recall(message)
        event = payloads.message_recalled(self._world, message)
        await self._pusher.push(message.app_id, settings.MESSAGE_RECALLED, event)

    async def react(self, user_id: str, message_id: str, emoji: str) -> None:
        """Put an emoji, such as `SMILE`, on a message of one's chat."""
        message = self._own_chat(user_id, message_id)
        app = self._world.apps[message.app_id]
        event = payloads.reaction_created(self._world, app, message, user_id, emoji)
        await self._pusher.push(app.app_id, settings.REACTION_CREATED, event)

    async def press_menu(self, app_id: str, user_id: str, event_key: str) -> None:
        """Press an entry of the bot's menu."""
        event = payloads.menu_pressed(self._world, self._chatting(app_id, user_id), user_id, event_key)
        await self._pusher.push(app_id, settings.MENU_PRESSED, event)

    async def hire(self, user: User) -> None:
        """Somebody new joins.

        Raises:
            ValueError: Their id is taken.
        """
        if self._world.directory.knows(user.user_id):
            raise ValueError(f"{user.user_id} is there already")
        self._world.directory.save_user(user)
        await self._tell(user, settings.USER_CREATED, lambda app: payloads.user_created(self._world, app, user))

    async def change(self, after: User) -> None:
        """A person's entry in the directory becomes this one; nothing is told where nothing changed."""
        before = self._world.directory.user(after.user_id)
        self._world.directory.save_user(after)
        if before != after:
            world = self._world
            await self._tell(after, settings.USER_UPDATED, lambda a: payloads.user_updated(world, a, before, after))

    async def resign(self, user_id: str) -> None:
        """A person leaves the firm: out of all departments, no longer reachable."""
        before = self._world.directory.user(user_id)
        after = replace(before, status=UserStatus.RESIGNED, departments=())
        self._world.directory.save_user(after)
        world = self._world
        await self._tell(after, settings.USER_DELETED, lambda app: payloads.user_deleted(world, app, before, after))

    async def set_range(self, app_id: str, contact_range: frozenset[str] | None) -> None:
        """The administrator changes which `user_id`s an app may see in the directory; None is all."""
        before = self._world.apps[app_id]
        after = self._world.set_range(app_id, contact_range)
        event = payloads.range_updated(self._world, after, before.contact_range, contact_range)
        await self._pusher.push(app_id, settings.RANGE_UPDATED, event)

    async def _tell(self, user: User, event_type: str, event_for: Callable[[FakeApp], dict[str, Any]]) -> None:
        for app in self._world.apps.values():
            if is_visible(app, user):
                await self._pusher.push(app.app_id, event_type, event_for(app))

    async def _looked(self, app: FakeApp, user_id: str) -> None:
        read = self._messages.mark_read(app.app_id, user_id)
        if read:
            event = payloads.messages_read(self._world, app, user_id, read)
            await self._pusher.push(app.app_id, settings.MESSAGE_READ, event)

    def _chatting(self, app_id: str, user_id: str) -> FakeApp:
        if self._world.directory.user(user_id).status is UserStatus.RESIGNED:
            raise ValueError(f"{user_id} has left the firm")
        return self._world.apps[app_id]

    def _own_chat(self, user_id: str, message_id: str) -> Message:
        message = self._messages.known(message_id)
        if message.user_id != user_id:
            raise ValueError(f"{message_id} is not in this chat")
        return message
