"""The ways in and out: for each organisation its platforms' clients, sockets, callbacks and directories, and its mail.

This file and `config` are the only places outside the adapters that know a platform by name.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import structlog

from adapters.dingtalk.api import DingTalkApi
from adapters.dingtalk.client import DingTalkClient
from adapters.dingtalk.directory import DingTalkDirectory
from adapters.dingtalk.settings import DingTalkSettings
from adapters.dingtalk.settings import Mode as DingTalkMode
from adapters.dingtalk.stream import DingTalkStream
from adapters.dingtalk.webhook import DingTalkWebhook
from adapters.feishu.api import FeishuApi
from adapters.feishu.client import FeishuClient
from adapters.feishu.directory import FeishuDirectory
from adapters.feishu.settings import FeishuSettings
from adapters.feishu.settings import Mode as FeishuMode
from adapters.feishu.socket import FeishuSocket
from adapters.feishu.webhook import FeishuWebhook
from adapters.http import HttpSession
from adapters.mail.settings import MailSettings
from adapters.mail.smtp import SmtpMailer
from adapters.webhook import Webhook
from adapters.wecom.api import WeComApi
from adapters.wecom.client import WeComClient
from adapters.wecom.directory import WeComDirectory
from adapters.wecom.robot_client import RobotClient
from adapters.wecom.robot_settings import RobotSettings
from adapters.wecom.robot_socket import RobotSocket
from adapters.wecom.settings import WeComSettings
from adapters.wecom.webhook import WeComWebhook
from domain.cards import Answer
from domain.errors import PlatformError
from domain.events import Inbound
from domain.ids import OrgId
from domain.messages import MAIL_LANE
from domain.ports import Clock, DirectorySource, Platform, Tally

log = structlog.get_logger(__name__)

Handle = Callable[[Inbound], Awaitable[Answer]]

INTRODUCE_AGAIN_SECONDS = 60.0
"""Between tries to tell a platform where its callbacks go."""


class Listener(Protocol):
    """A way in that we keep open ourselves."""

    @property
    def connected(self) -> bool:
        """Whether events can arrive now."""

    async def run(self) -> None:
        """Listen until cancelled."""

    async def close(self) -> None:
        """End `run` after what was taken up is finished."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One app of one organisation, or its mail server.

    Attributes:
        org_id: Whose.
        lane: The platform's name, or the mail lane.
        way_out: Sends.
        webhook: Reads callbacks, or `None`.
        listener: Listens, or `None`.
        directory: Reads who works there, or `None`.
        http: Its connections, to be closed with it; `None` for mail.
        settings: What it was made from, to notice changes.
        introduce: Tells the platform where its callbacks go, or `None` where that stands in the platform's console.
    """

    org_id: OrgId
    lane: str
    way_out: Platform
    webhook: Webhook | None = None
    listener: Listener | None = None
    directory: DirectorySource | None = None
    http: HttpSession | None = None
    settings: object = field(default=None, repr=False)
    introduce: Callable[[], Awaitable[None]] | None = None


def connect_feishu(org_id: OrgId, settings: FeishuSettings, clock: Clock, handle: Handle) -> Connection:
    """Make the connection of a Feishu app; nothing is sent yet."""
    http = HttpSession(settings.proxy)
    api = FeishuApi(settings, http, clock)
    listener = None
    if settings.mode is FeishuMode.WEBSOCKET:
        listener = FeishuSocket(
            settings, http, clock, handle, org_id=org_id, chance=random.SystemRandom().random, alert=_alert(org_id)
        )
    webhook = FeishuWebhook(settings, org_id) if settings.mode is FeishuMode.WEBHOOK else None
    client = FeishuClient(settings, http, clock, api)
    return Connection(org_id, "feishu", client, webhook, listener, FeishuDirectory(api), http, settings)


def connect_wecom(org_id: OrgId, settings: WeComSettings, clock: Clock) -> Connection:
    """Make the connection of a WeCom app; nothing is sent yet."""
    http = HttpSession(settings.proxy)
    api = WeComApi(settings, http, clock)
    client, directory = WeComClient(settings, http, clock, api), WeComDirectory(api, settings.agent_id)
    return Connection(org_id, "wecom", client, WeComWebhook(settings, org_id), None, directory, http, settings)


def connect_wecom_robot(org_id: OrgId, settings: RobotSettings, clock: Clock, handle: Handle) -> Connection:
    """Make the connection of a robot of WeCom, over which it hears and sends; nothing is opened yet."""
    http = HttpSession(settings.proxy)
    listener = RobotSocket(
        settings, http, clock, handle, org_id=org_id, chance=random.SystemRandom().random, alert=_alert(org_id)
    )
    client = RobotClient(settings, listener, http, clock)
    return Connection(org_id, "wecom", client, None, listener, None, http, settings)


def connect_dingtalk(
    org_id: OrgId, settings: DingTalkSettings, clock: Clock, handle: Handle, tally: Tally, public_url: str | None
) -> Connection:
    """Make the connection of a DingTalk app; nothing is sent yet.

    Args:
        org_id: Whose app.
        settings: Which app.
        clock: The time.
        handle: Where events go.
        tally: Counts calls.
        public_url: Where the bot is reached from outside; clicks on cards come there where they come by callbacks.
    """
    http = HttpSession(settings.proxy)
    api = DingTalkApi(settings, http, clock, tally)
    client = DingTalkClient(settings, http, clock, tally, _alert(org_id), api)
    listener = webhook = introduce = None
    if settings.mode is DingTalkMode.STREAM:
        listener = DingTalkStream(
            settings,
            http,
            clock,
            handle,
            org_id=org_id,
            chance=random.SystemRandom().random,
            alert=_alert(org_id),
            tally=tally,
            show=client.show,
        )
    else:
        webhook = DingTalkWebhook(settings, org_id, os.urandom, tally)
        if settings.card_template and public_url:
            introduce = partial(client.register_address, f"{public_url}/callback/dingtalk/{org_id}")
    directory = DingTalkDirectory(api)
    return Connection(org_id, "dingtalk", client, webhook, listener, directory, http, settings, introduce)


def connect_mail(org_id: OrgId, settings: MailSettings, clock: Clock) -> Connection:
    """Make the connection to an organisation's mail server; nothing is sent yet."""
    return Connection(org_id, MAIL_LANE, SmtpMailer(settings, clock), settings=settings)


def _alert(org_id: OrgId) -> Callable[[PlatformError], None]:
    def alert(error: PlatformError) -> None:
        log.error(
            "the platform refuses our connection; an admin must act",
            action="connection.refused",
            org=org_id,
            code=error.code,
            hint=error.hint,
        )

    return alert


class Connections:
    """All open connections; replaced one by one when their settings change."""

    def __init__(self) -> None:
        self._open: dict[tuple[OrgId, str], Connection] = {}
        self._tasks: dict[tuple[OrgId, str], asyncio.Task[None]] = {}
        self._introductions: dict[tuple[OrgId, str], asyncio.Task[None]] = {}

    async def replace(self, wanted: Sequence[Connection]) -> None:
        """Close what is not wanted any more, keep what is unchanged, open the rest."""
        new = {(connection.org_id, connection.lane): connection for connection in wanted}
        for key, old in list(self._open.items()):
            if key not in new or new[key].settings != old.settings:
                await self._close(key)
        for key, connection in new.items():
            if key in self._open:
                await _discard(connection)
            else:
                self._open[key] = connection
                if connection.introduce is not None:
                    self._introductions[key] = asyncio.create_task(_introduced(connection), name=f"introduce {key}")
                if connection.listener is not None:
                    self._tasks[key] = asyncio.create_task(connection.listener.run(), name=f"listen {key}")

    async def close(self) -> None:
        """Close all, finishing what was taken up."""
        for key in list(self._open):
            await self._close(key)

    async def close_listeners(self) -> None:
        """Take in nothing new; ways out stay open."""
        for key, task in list(self._tasks.items()):
            listener = self._open[key].listener
            if listener is not None:
                await listener.close()
            await _finish(task)
            del self._tasks[key]

    async def _close(self, key: tuple[OrgId, str]) -> None:
        connection = self._open.pop(key)
        introduction = self._introductions.pop(key, None)
        if introduction is not None:
            await _finish(introduction)
        task = self._tasks.pop(key, None)
        if task is not None and connection.listener is not None:
            await connection.listener.close()
            await _finish(task)
        await _discard(connection)

    def ways_out(self) -> Mapping[tuple[OrgId, str], Platform]:
        """Return what sends for each lane."""
        return {key: connection.way_out for key, connection in self._open.items()}

    def webhook(self, platform: str, org_id: OrgId) -> Webhook | None:
        """Return what reads an app's callbacks, or `None` if it takes none."""
        connection = self._open.get((org_id, platform))
        return connection.webhook if connection else None

    def directories(self) -> Sequence[Connection]:
        """Return the connections that can read a directory."""
        return [connection for connection in self._open.values() if connection.directory is not None]

    def deaf(self) -> Sequence[tuple[OrgId, str]]:
        """Return the apps that should be listening and are not."""
        return [key for key, c in self._open.items() if c.listener is not None and not c.listener.connected]


async def _introduced(connection: Connection) -> None:
    """Introduce a connection, again and again until it is done: until then clicks reach nobody."""
    while connection.introduce is not None:
        try:
            return await connection.introduce()
        except PlatformError as error:
            log.warning(
                "the platform does not know yet where clicks go; trying again",
                action="connection.unannounced",
                org=connection.org_id,
                platform=connection.lane,
                code=error.code,
                hint=error.hint,
            )
        await asyncio.sleep(INTRODUCE_AGAIN_SECONDS)


async def _discard(connection: Connection) -> None:
    if connection.http is not None:
        await connection.http.close()


async def _finish(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
