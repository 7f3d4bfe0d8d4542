"""Answers for how the chat platforms are written: who the app is on each, and by which way events come.

Names of consoles' pages stand in the consoles' own language, so that they are found there.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.practice_schema import Part
from config.values import Address, AesKey, ProxyAddress, Secret, TemplateId, matching

PlatformName = Literal["feishu", "wecom", "dingtalk"]
"""Platforms that the bot speaks."""


SocketAddress = Annotated[
    str, AfterValidator(matching(r"wss?://[!-~]{1,200}", "address of a socket", "wss:// and a host, perhaps a port"))
]
"""Where a connection of events leads that the bot opens."""


class FeishuPart(Part):
    """A self-built Feishu app (企业自建应用)."""

    mode: Literal["websocket", "webhook"] = "websocket"
    """How events arrive: over a connection the bot opens (no public address needed), or by callbacks."""
    app_id: Annotated[str, Field(min_length=1, examples=["cli_a5ca35a685b0x26e"])]
    """App ID, from the console's 凭证与基础信息."""
    app_secret: Annotated[Secret, Field(examples=["${FEISHU_SECRET}"])]
    """App Secret, from the same page."""
    base_url: Address = "https://open.feishu.cn"
    """Feishu's address; https://open.larksuite.com for Lark."""
    encrypt_key: Secret | None = None
    """Encrypt Key, from 事件与回调 > 加密策略; needed for `webhook`, where it proves who calls."""
    verification_token: Secret | None = None
    """Verification Token, from the same page."""
    proxy: ProxyAddress | None = None
    """An HTTP proxy for calls to Feishu."""


class WecomPart(Part):
    """WeCom (企业微信): a self-built app (自建应用), or a robot (智能机器人) where there is no public address.

    Each mode has keys of its own, and refuses the other's; `config.connections` tells which are missing.
    """

    mode: Literal["app", "robot"] = "app"
    """`app`: events come by callbacks, so it needs a public address; `robot`: over a connection the bot opens."""
    corp_id: Annotated[str, Field(min_length=1, examples=["ww00112233445566aa"])] | None = None
    """`app`: 企业ID, from the console's 我的企业."""
    agent_id: Annotated[int, Field(ge=1, examples=[1000002])] | None = None
    """`app`: AgentId, from the app's page."""
    secret: Annotated[Secret, Field(examples=["${WECOM_SECRET}"])] | None = None
    """`app`: Secret of the app, from the same page; not that of 通讯录同步."""
    token: Annotated[Secret, Field(examples=["${WECOM_TOKEN}"])] | None = None
    """`app`: Token, from the app's 接收消息 > 设置API接收."""
    aes_key: Annotated[AesKey, Field(examples=["${WECOM_AES_KEY}"])] | None = None
    """`app`: EncodingAESKey, from the same page; 43 letters and digits."""
    base_url: Address = "https://qyapi.weixin.qq.com"
    """`app`: WeCom's address."""
    bot_id: Annotated[str, Field(min_length=1)] | None = None
    """`robot`: Bot ID, from the robot's page, API模式 > 长连接."""
    robot_secret: Annotated[Secret, Field(examples=["${WECOM_ROBOT_SECRET}"])] | None = None
    """`robot`: Secret, from the same page."""
    robot_url: SocketAddress = "wss://openws.work.weixin.qq.com"
    """`robot`: WeCom's address for robots."""
    proxy: ProxyAddress | None = None
    """An HTTP proxy; for an app one with a fixed address, which then is the one to enter as 企业可信IP."""


class AllowancePart(Part):
    """How much of a calendar month's use the organisation's edition includes (调用量); 0: unlimited.

    The defaults are those of the standard, free edition (标准版) since 2025-11-19.
    """

    api: Annotated[int, Field(ge=0)] = 5000
    """API calls: messages sent, cards made and changed. Tokens and the directory do not count."""
    push: Annotated[int, Field(ge=0)] = 3000
    """Webhook and Stream pushes: what people write and click."""


class DingtalkPart(Part):
    """An internal DingTalk app with a robot (企业内部应用)."""

    mode: Literal["stream", "webhook"] = "stream"
    """How events arrive: over a connection the bot opens (no public address needed), or by callbacks."""
    client_id: Annotated[str, Field(min_length=1, examples=["dingabcdefgh12345678"])]
    """Client ID (AppKey), from the console's 凭证与基础信息."""
    client_secret: Annotated[Secret, Field(examples=["${DINGTALK_SECRET}"])]
    """Client Secret (AppSecret), from the same page; in `webhook` it also proves who calls."""
    robot_code: Annotated[str, Field(min_length=1)] | None = None
    """RobotCode, for those who like to see it: a robot of an internal app has its app's Client ID."""
    card_template: TemplateId | None = None
    """Id of the imported template for cards with buttons (卡片平台); left out, cards come as messages with links."""
    form_template: TemplateId | None = None
    """Id of the imported template for cards with fields, beside the other; left out, fields are asked in the chat."""
    event_token: Secret | None = None
    """Token of the event subscription (事件订阅) over HTTP; only for `webhook`."""
    event_aes_key: AesKey | None = None
    """The encryption key (aes_key) of the same page; 43 letters and digits."""
    base_url: Address = "https://api.dingtalk.com"
    """DingTalk's newer API; https://api.dingtalk.io overseas."""
    old_base_url: Address = "https://oapi.dingtalk.com"
    """DingTalk's older API, which still has the directory."""
    proxy: ProxyAddress | None = None
    """An HTTP proxy for calls to DingTalk."""
    allowance: AllowancePart = AllowancePart()
    """What a month includes; `plan` shows the expected use beside it."""


class PlatformsPart(Part):
    """The chat platforms, at least one."""

    feishu: FeishuPart | None = None
    """Feishu (飞书) or Lark."""
    wecom: WecomPart | None = None
    """WeCom (企业微信)."""
    dingtalk: DingtalkPart | None = None
    """DingTalk (钉钉)."""
