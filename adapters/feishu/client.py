"""Sends to Feishu what the outbox holds, and finds out for an admin what does not work.

Formats: vendor pages "发送消息", "更新已发送的消息卡片", "获取机器人信息", "获取通讯录授权范围", read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from adapters.feishu.api import FeishuApi, data_of
from adapters.feishu.endpoint import discover
from adapters.feishu.render import render, text_content
from adapters.feishu.settings import FeishuSettings, Mode
from adapters.http import HttpSession
from domain.cards import Card
from domain.errors import ContentRefused, Misconfigured, PlatformDown, PlatformError
from domain.messages import Call, Outgoing
from domain.ports import Abilities, Clock, Platform, Probe

MESSAGES = "/open-apis/im/v1/messages"
BOT_INFO = "/open-apis/bot/v3/info"
SCOPES = "/open-apis/contact/v3/scopes"

ABILITIES = Abilities(
    cards=True,
    forms=True,
    updates=True,
    update_days=14,
    mentions=True,
    calls_per_minute=1000,
    calls_per_second=50,
    per_receiver_per_second=5,
    idempotent_seconds=3600,
)
"""Vendor pages "发送消息" and "频控策略", read 2026-11-22 (feishu.md 3.1, 3.3, 8)."""

_ENABLED = 2  # activate_status of a bot that is switched on


@dataclass(frozen=True, slots=True)
class BotInfo:
    """Who our bot is.

    Attributes:
        open_id: Under which it is mentioned.
        name: As people see it.
        enabled: Whether the bot ability is on.
    """

    open_id: str
    name: str
    enabled: bool


class FeishuClient(Platform):
    """One app of one organisation.

    Args:
        settings: Which app.
        http: Connections.
        clock: Tells when a token ends.
        api: The server API, if it is shared with a directory; one of our own otherwise.
    """

    def __init__(self, settings: FeishuSettings, http: HttpSession, clock: Clock, api: FeishuApi | None = None) -> None:
        self._settings = settings
        self._http = http
        self._api = api if api is not None else FeishuApi(settings, http, clock)

    @property
    def abilities(self) -> Abilities:
        """What Feishu can do."""
        return ABILITIES

    async def deliver(self, message: Outgoing) -> str:
        """Send a card or a text to a person's private chat, or give a sent card a new face.

        Our message id goes along as `uuid`: within an hour a repetition makes no second message.

        Returns:
            The id of the message, or an empty string for an update.

        Raises:
            PlatformError: As its subclasses say.
        """
        match message.call, message.body:
            case Call.CARD, Card() as card:
                return await self._send(message, "interactive", render(card, message.receiver))
            case Call.TEXT, str() as text:
                return await self._send(message, "text", text_content(text))
            case Call.UPDATE, Card() as card if message.target:
                return await self._update(message, card)
        raise ContentRefused("mismatch", f"a {message.call} row that holds a {type(message.body).__name__}")

    async def bot_info(self) -> BotInfo:
        """Ask who our bot is: once at the start, never as a sign of life, since calls are counted by the month.

        Raises:
            PlatformError: As its subclasses say.
        """
        bot = (await self._api.call("GET", BOT_INFO)).get("bot")
        bot = bot if isinstance(bot, dict) else {}
        enabled = bot.get("activate_status") == _ENABLED
        return BotInfo(str(bot.get("open_id") or ""), str(bot.get("app_name") or ""), enabled)

    async def probe(self) -> list[Probe]:
        """Try what the app needs, one after the other; nothing is changed and nobody is written to."""
        probes = [
            await _tried("feishu.token", self._probe_token),
            await _tried("feishu.bot", self._probe_bot),
            await _tried("feishu.contacts", self._probe_contacts),
        ]
        if self._settings.mode is Mode.WEBSOCKET:
            probes.append(await _tried("feishu.socket", self._probe_socket))
        return probes

    async def _send(self, message: Outgoing, kind: str, content: Mapping[str, Any]) -> str:
        body = {
            "receive_id": message.receiver,
            "msg_type": kind,
            "content": orjson.dumps(content).decode(),
            "uuid": message.message_id,
        }
        query = {"receive_id_type": "open_id"}
        payload = await self._api.call("POST", MESSAGES, query, body, message.attempts)
        external_id = data_of(payload).get("message_id")
        if not isinstance(external_id, str) or not external_id:
            raise PlatformDown("no-message-id", "the platform reported success without an id; the key protects a retry")
        return external_id

    async def _update(self, message: Outgoing, card: Card) -> str:
        path = f"{MESSAGES}/{quote(message.target, safe='')}"
        body = {"content": orjson.dumps(render(card, message.receiver)).decode()}
        await self._api.call("PATCH", path, body=body, attempts=message.attempts)
        return ""

    async def _probe_token(self) -> str:
        await self._api.token()
        return f"{self._settings.app_id} at {self._settings.base_url}"

    async def _probe_bot(self) -> str:
        bot = await self.bot_info()
        if not bot.enabled:
            raise Misconfigured("bot", "switch the bot ability on (应用能力 → 机器人) and publish a version")
        return bot.name

    async def _probe_contacts(self) -> str:
        data = data_of(await self._api.call("GET", SCOPES, {"page_size": "100"}))
        departments, people = len(data.get("department_ids") or ()), len(data.get("user_ids") or ())
        if not departments and not people:
            raise Misconfigured("contacts", "give the app a contact range (权限管理 → 通讯录权限范围)")
        more = " and more" if data.get("has_more") else ""
        return f"{departments} departments and {people} single people{more}"

    async def _probe_socket(self) -> str:
        endpoint = await discover(self._settings, self._http)
        return f"ping every {endpoint.config.ping_seconds:g} s"


async def _tried(name: str, attempt: Callable[[], Awaitable[str]]) -> Probe:
    try:
        return Probe(name, ok=True, detail=await attempt())
    except PlatformError as error:
        return Probe(name, ok=False, detail=f"{type(error).__name__} {error.code}", fix=error.hint or _FALLBACK_FIX)


_FALLBACK_FIX = "look the code up at https://open.feishu.cn/search, and try again"
