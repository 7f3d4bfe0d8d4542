"""What an app of WeCom needs to be told: who it is, how callbacks are proved, and by which way out it calls."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from adapters.wecom.labels import Labels, labels_of
from domain.errors import Misconfigured

PLATFORM = "wecom"
"""The platform's name in configuration, events and lanes."""

WECOM = "https://qyapi.weixin.qq.com"
"""The platform's only cloud."""

_AES_KEY = re.compile(r"[A-Za-z0-9]{43}")


@dataclass(frozen=True, slots=True)
class WeComSettings:
    """One self-built app (自建应用). Printing it shows no secret.

    Attributes:
        corp_id: 我的企业 → 企业ID.
        agent_id: 应用管理 → the app → AgentId.
        secret: 应用管理 → the app → Secret.
        token: 接收消息 → 设置API接收 → Token.
        aes_key: 接收消息 → 设置API接收 → EncodingAESKey, 43 letters and digits.
        base_url: Without a slash at the end.
        proxy: URL of an HTTP proxy whose address is entered as 企业可信IP, or `None`; may hold a password.
        locale: Language of the words that stand on cards because of the platform: "zh-CN" or "en".

    Raises:
        Misconfigured: Something is missing without which nobody could be reached, or told from the platform.
    """

    corp_id: str
    agent_id: int
    secret: str = field(repr=False)
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    base_url: str = WECOM
    proxy: str | None = field(default=None, repr=False)
    locale: str = "zh-CN"

    def __post_init__(self) -> None:
        if not self.corp_id or not self.secret or self.agent_id <= 0:
            raise Misconfigured("settings", "wecom needs corp_id (我的企业), agent_id and secret (应用管理 → the app)")
        if not self.token or not _AES_KEY.fullmatch(self.aes_key):
            raise Misconfigured("settings", "wecom needs token and aes_key of 43 letters and digits (设置API接收)")
        if self.base_url.endswith("/"):
            object.__setattr__(self, "base_url", self.base_url.rstrip("/"))

    @property
    def labels(self) -> Labels:
        """The words that stand on cards because of the platform."""
        return labels_of(self.locale)
