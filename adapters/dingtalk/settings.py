"""What an app of DingTalk needs to be told: who it is, by which way events come, and which card templates it owns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.errors import Misconfigured

PLATFORM = "dingtalk"
"""The platform's name in configuration, events and lanes."""

DINGTALK = "https://api.dingtalk.com"
"""Host of the new API in China; tenants overseas use https://api.dingtalk.io."""

OLD_DINGTALK = "https://oapi.dingtalk.com"
"""Host of the old API, which still serves the contacts."""

AES_KEY_CHARACTERS = 43
"""Length of the event subscription's EncodingAESKey (事件订阅 → 加密 aes_key)."""


DOCUMENTED_VALUE_BYTES = 1024
"""Longest value of a card's variable by the documents (创建并投放卡片)."""


class Mode(StrEnum):
    """By which way events come (消息接收模式, 事件订阅 → 推送方式)."""

    STREAM = "stream"
    """Stream 模式: we connect to the platform; no public address is needed."""
    WEBHOOK = "webhook"
    """HTTP 模式: the platform calls our public address."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The few words that the adapter itself has to say, because only it knows what a card cannot show.

    Attributes:
        in_words: On the button in place of fields.
        tap_hint: Below buttons that are links, for clients where a link does nothing.
        number_hint: Below several questions: how to answer them in one message.
    """

    in_words: str
    tap_hint: str
    number_hint: str


LABELS: Mapping[str, Labels] = {
    "zh-CN": Labels("文字填写", "点不动？把按钮上的字发给我就行。", "也可以一次写完：每题一行，行首写上题号。"),
    "en": Labels(
        "In words",
        "Nothing happens? Send me the words on the button.",
        "Or answer all at once: a line for each question, beginning with its number.",
    ),
}
"""One set a language, as `domain.ports.Catalogue` names them."""


@dataclass(frozen=True, slots=True)
class DingTalkSettings:
    """One app. Printing it shows no secret.

    Attributes:
        client_id: 凭证与基础信息 → Client ID; also the robot's code (robotCode).
        client_secret: 凭证与基础信息 → Client Secret; also signs the robot's callbacks.
        mode: As chosen for the robot and the event subscription alike.
        card_template: Id of the imported template `card` (卡片平台), or empty: cards are then said in words.
        form_template: Id of the imported template `form`, or empty: fields are then asked in words.
        base_url: Of the new API, without a slash at the end.
        old_base_url: Of the old API, without a slash at the end.
        locale: Language of `labels`: "zh-CN" or "en".
        event_token: 事件订阅 → 签名 token, for `Mode.WEBHOOK`; or empty: no events of the directory.
        event_aes_key: 事件订阅 → 加密 aes_key, 43 characters; or empty with the token.
        value_bytes: Longest value of a card's variable that is tried. `DOCUMENTED_VALUE_BYTES` is what the platform
            promises; larger ones have been seen to work (dingtalk.md 7.1), and where one is refused, words are said.
        proxy: URL of an HTTP proxy, or `None`; may hold a password.

    Raises:
        Misconfigured: Something is missing without which the rest cannot work.
    """

    client_id: str
    client_secret: str = field(repr=False)
    mode: Mode = Mode.STREAM
    card_template: str = ""
    form_template: str = ""
    base_url: str = DINGTALK
    old_base_url: str = OLD_DINGTALK
    locale: str = "zh-CN"
    event_token: str = field(default="", repr=False)
    event_aes_key: str = field(default="", repr=False)
    value_bytes: int = 4096
    proxy: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.client_id or not self.client_secret:
            raise Misconfigured("settings", "dingtalk needs client_id and client_secret (凭证与基础信息)")
        if self.form_template and not self.card_template:
            raise Misconfigured("settings", "form_template needs card_template beside it (卡片平台)")
        if bool(self.event_token) != bool(self.event_aes_key):
            raise Misconfigured("settings", "event_token and event_aes_key belong together (事件订阅)")
        if self.event_aes_key and len(self.event_aes_key) != AES_KEY_CHARACTERS:
            raise Misconfigured("settings", f"event_aes_key has {AES_KEY_CHARACTERS} characters (事件订阅)")
        for name in ("base_url", "old_base_url"):
            object.__setattr__(self, name, getattr(self, name).rstrip("/"))

    @property
    def labels(self) -> Labels:
        """What the adapter says, in its language; Chinese if that is unknown."""
        return LABELS.get(self.locale, LABELS["zh-CN"])
