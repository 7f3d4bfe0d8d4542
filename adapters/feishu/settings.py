"""What an app of Feishu needs to be told: who it is, where its cloud is, and by which way events come."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from domain.errors import Misconfigured

PLATFORM = "feishu"
"""The platform's name in configuration, events and lanes."""

FEISHU = "https://open.feishu.cn"
"""The cloud in China; the international one is https://open.larksuite.com. Credentials belong to one of the two."""


class Mode(StrEnum):
    """By which way events come (事件订阅方式)."""

    WEBSOCKET = "websocket"
    """长连接: we connect to the platform; no public address is needed."""
    WEBHOOK = "webhook"
    """The platform calls our public address."""


@dataclass(frozen=True, slots=True)
class FeishuSettings:
    """One app. Printing it shows no secret.

    Attributes:
        app_id: 凭证与基础信息 → App ID.
        app_secret: 凭证与基础信息 → App Secret.
        mode: As chosen under 事件与回调, for events and callbacks alike.
        base_url: Without a slash at the end.
        encrypt_key: 事件与回调 → 加密策略 → Encrypt Key, or empty.
        verification_token: 事件与回调 → 加密策略 → Verification Token, or empty.
        proxy: URL of an HTTP proxy, or `None`; may hold a password.

    Raises:
        Misconfigured: A secret is missing without which nobody could be told from the platform.
    """

    app_id: str
    app_secret: str = field(repr=False)
    mode: Mode = Mode.WEBSOCKET
    base_url: str = FEISHU
    encrypt_key: str = field(default="", repr=False)
    verification_token: str = field(default="", repr=False)
    proxy: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.app_id or not self.app_secret:
            raise Misconfigured("settings", "feishu needs app_id and app_secret (凭证与基础信息)")
        if self.mode is Mode.WEBHOOK and not (self.encrypt_key or self.verification_token):
            raise Misconfigured("settings", "a webhook needs encrypt_key or verification_token (加密策略)")
        if self.base_url.endswith("/"):
            object.__setattr__(self, "base_url", self.base_url.rstrip("/"))
