"""What an intelligent robot (智能机器人) of WeCom needs to be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.wecom.labels import Labels, labels_of
from domain.errors import Misconfigured

GATEWAY = "wss://openws.work.weixin.qq.com"
"""Where robots connect to (vendor page "智能机器人长连接", read 2026-11-22)."""


@dataclass(frozen=True, slots=True)
class RobotSettings:
    """One robot in API mode over the long connection (API模式 → 长连接). Printing it shows no secret.

    Attributes:
        bot_id: The robot's page → Bot ID.
        secret: The same page → Secret; for the long connection only.
        address: Of the platform's gateway, `ws://` or `wss://`.
        proxy: URL of an HTTP proxy, or `None`; may hold a password.
        locale: Language of the words that stand on cards because of the platform: "zh-CN" or "en".

    Raises:
        Misconfigured: Something is missing.
    """

    bot_id: str
    secret: str = field(repr=False)
    address: str = GATEWAY
    proxy: str | None = field(default=None, repr=False)
    locale: str = "zh-CN"

    def __post_init__(self) -> None:
        if not self.bot_id or not self.secret:
            raise Misconfigured("settings", "a robot of wecom needs bot_id and robot_secret (API模式 → 长连接)")

    @property
    def labels(self) -> Labels:
        """The words that stand on cards because of the platform."""
        return labels_of(self.locale)
