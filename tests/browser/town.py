"""A stage with all three fakes, and what a bot would send into them: no bot of ours, only their HTTP APIs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from sandbox.company import read_company
from sandbox.control import Stage, add_routes
from sandbox.dingtalk import FORM_TEMPLATE
from sandbox.mail import MailCatcher
from sandbox.people import people_of
from tests.contract.sandbox_dingtalk import harness as at_dingtalk
from tests.contract.sandbox_feishu import harness as at_feishu
from tests.contract.sandbox_wecom import harness as at_wecom
from tests.scripted_stage import FRIDAY, ScriptedConductor

COMPANY = Path(__file__).parents[2] / "sandbox" / "company.yaml"
LEI = "wanglei"
LEI_AT_FEISHU = at_feishu.LEI

Json = dict[str, Any]


Stroll = Callable[..., Awaitable[Page]]
"""Opens the page at a person's chat (wanglei's) on a platform, on a screen (a desk's)."""


class EasyBot:
    """Answers what comes in: WeCom's clicks by a grey button, DingTalk's by a closed card, words by their echo."""

    def answer_wecom(self, event: at_wecom.Event) -> str:
        """The passive reply to a callback, as XML."""
        who = at_wecom.text_of(event, "FromUserName") or ""
        if at_wecom.text_of(event, "Event") in ("template_card_event", "template_card_menu_event"):
            return at_wecom.reply_xml(who, "update_button", "<Button><ReplaceName>已提交</ReplaceName></Button>")
        said = at_wecom.text_of(event, "Content")
        return at_wecom.reply_xml(who, "text", f"<Content>{escape(f'听到了：{said}')}</Content>") if said else ""

    def answer_dingtalk(self, frame: Json) -> Any:
        """The members of an ack."""
        if "card/instances/callback" not in frame["headers"].get("topic", ""):
            return at_dingtalk.ok_ack(frame)
        closed = {
            "title": "本周复盘",
            "tag": "已提交",
            "tone": "done",
            "body": "收到，会有人回你。",
            "status": "closed",
        }
        return at_dingtalk.card_ack(cardData={"cardParamMap": closed})(frame)


@dataclass(frozen=True, slots=True)
class Town:
    """The three fakes with a bot at each, and the page's address.

    Attributes:
        feishu: A caller of Feishu's API; nobody listens to its events.
        wecom: A caller of WeCom's API.
        dingtalk: A caller of DingTalk's API.
        callbacks: What WeCom told the bot.
        robot: What DingTalk told the bot.
        stage: What the page shows.
        address: Where the page is.
    """

    feishu: at_feishu.Desk
    wecom: at_wecom.Desk
    dingtalk: at_dingtalk.Desk
    callbacks: at_wecom.CallbackApp
    robot: at_dingtalk.StreamBot
    stage: Stage
    address: str

    async def put_dingtalk_card(self, out_track_id: str, template: str = "", **variables: str) -> str:
        """Deliver a card to wanglei; returns its message's id."""
        body = at_dingtalk.card_body(LEI, out_track_id, cardData={"cardParamMap": variables})
        if template:
            body["cardTemplateId"] = template
        answer = await self.dingtalk.deliver(body)
        assert answer.body["result"]["deliverResults"][0]["success"], answer.body
        return str(self.dingtalk.fake.messages_of(LEI)[-1]["id"])

    async def put_dingtalk_form(self, out_track_id: str, fields: list[Json], **variables: str) -> str:
        """The same with the form template."""
        form = json.dumps({"fields": fields}, ensure_ascii=False)
        more = {
            "form": form,
            "form_status": "normal",
            "form_btn_text": "提交复盘",
            "form_action": "submit checkin:1",
            **variables,
        }
        return await self.put_dingtalk_card(out_track_id, FORM_TEMPLATE.template_id, **more)


@asynccontextmanager
async def open_town() -> AsyncIterator[Town]:
    """Run everything on free ports."""
    bot, conductor, company = EasyBot(), ScriptedConductor(), read_company(COMPANY)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        feishu = await enter(at_feishu.open_desk(clock=at_feishu.Clock(FRIDAY)))
        callbacks = await enter(at_wecom.callback_app(bot.answer_wecom))
        wecom = await enter(at_wecom.open_desk(apps=(callbacks.settings,), clock=at_wecom.Clock(FRIDAY)))
        dingtalk = await enter(at_dingtalk.open_desk(clock=at_dingtalk.Clock(FRIDAY)))
        fakes: Mapping[str, Any] = {"feishu": feishu.fake, "wecom": wecom.fake, "dingtalk": dingtalk.fake}
        for fake in fakes.values():
            fake.load_company(company)
        robot = await enter(at_dingtalk.stream_bot(dingtalk, bot.answer_dingtalk))
        stage = Stage(fakes, people_of(company), MailCatcher(None, conductor.now), conductor)
        app = web.Application()
        add_routes(app, stage)
        page = await enter(TestServer(app))
        address = str(page.make_url("/")).rstrip("/")
        yield Town(feishu, wecom, dingtalk, callbacks, robot, stage, address)


def speaking(label: str, says: str) -> str:
    """A markdown link that makes DingTalk's client send a text."""
    return f"**[{label}](dtmd://dingtalkclient/sendMessage?content={quote(says, safe='')})**"


def drop_downs() -> Json:
    """Three questions on a WeCom card, each with a neutral first answer."""
    asked = (
        ("progress", "这周离目标近了多少？", ("按计划", "落后一点", "超出预期")),
        ("pace", "这周的节奏怎么样？", ("刚刚好", "有点赶", "有点慢")),
        ("support", "需要谁帮一把吗？", ("不用", "想聊聊")),
    )
    lists = [
        {
            "question_key": key,
            "title": title,
            "selected_id": "__choose__",
            "option_list": [{"id": "__choose__", "text": "请选择"}]
            + [{"id": chr(65 + number), "text": text} for number, text in enumerate(options)],
        }
        for key, title, options in asked
    ]
    return {
        "card_type": "multiple_interaction",
        "source": {"desc": "待填写"},
        "main_title": {"title": "微复盘", "desc": "点三下就好 · 也可以直接回复：晚点再说 / 这周跳过"},
        "select_list": lists,
        "submit_button": {"text": "提交复盘", "key": "submit|checkin:1"},
    }


def in_words() -> Json:
    """A WeCom card whose questions are asked in the chat."""
    return {
        "card_type": "button_interaction",
        "source": {"desc": "等你回", "desc_color": 2},
        "main_title": {"title": "王磊 的本周复盘", "desc": "到 12月1日 周二 16:00"},
        "quote_area": {"type": 0, "title": "① 本周最重要的成果", "quote_text": "上线了报表，比计划早两天"},
        "sub_title_text": "@李华 请回一句具体的话。\n② 主要障碍：测试环境不稳",
        "horizontal_content_list": [{"keyname": "提交", "value": "11月27日 周五 16:00"}],
        "button_list": [
            {"type": 0, "text": "文字填写", "style": 1, "key": "in_words|reply:1"},
            {"type": 0, "text": "稍后提醒", "style": 2, "key": "later|reply:1"},
            {"type": 0, "text": "属正常调整", "style": 4, "key": "normal|reply:1"},
        ],
    }


MARKDOWN = (
    "**李华 回了你**\n"
    '<font color="info">有回复</font>\n\n'
    "**想对你说的一句话**\n"
    "> 测试环境我来找人，周三前给你\n"
    '<font color="comment">11月30日 10:12</font>\n'
    "- 这不是列表 `代码`"
)
"""What WeCom knows of markdown, and a list, which it does not."""

REMINDER = "\n\n".join(
    [
        "### 王磊 在等你一句话 【提醒】",
        "**@李华** 11月27日 周五 16:00 交的，到 12月1日 周二 16:00。",
        "**① 本周最重要的成果**",
        "> 上线了报表  \n> 比计划早两天  ",
        "障碍：测试环境不稳  \n  行动：补上回归用例",
        speaking("文字填写", "文字填写 #7f3a2c"),
        speaking("稍后提醒", "稍后提醒 #7f3a2c"),
        "点不动？把按钮上的字发给我就行。",
    ]
)
"""A card in DingTalk's markdown, where no template is configured."""

QUESTION = "2/3 这周的节奏怎么样？\n1. 刚刚好\n2. 有点赶\n3. 有点慢\n回复数字就行。不写了回「取消」"
FIELDS: list[Json] = [
    {"name": "result", "label": "① 本周最重要的成果？", "type": "TEXT", "required": True, "placeholder": "一两句就好"},
    {
        "name": "pace",
        "label": "② 这周的节奏？",
        "type": "SELECT",
        "required": True,
        "options": [{"value": "A", "text": "刚刚好"}, {"value": "B", "text": "有点赶"}],
    },
    {
        "name": "help",
        "label": "③ 哪些帮了你？",
        "type": "MULTI_SELECT",
        "options": [{"value": "x", "text": "目标清楚"}, {"value": "y", "text": "有人帮"}],
    },
]
CARD: dict[str, str] = {
    "title": "本周复盘",
    "tag": "待填写",
    "tone": "ask",
    "body": "三个问题，一分钟。写给自己，也会有人回你。",
    "buttons": json.dumps(
        [
            {"action": "later checkin:1", "label": "晚点再说", "style": "plain"},
            {"action": "skip checkin:1", "label": "这周跳过", "style": "risky"},
        ],
        ensure_ascii=False,
    ),
    "status": "open",
}
CLOSED = {"title": "本周复盘", "tag": "已提交", "tone": "done", "body": "收到，会有人回你。", "status": "closed"}
