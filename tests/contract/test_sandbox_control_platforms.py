"""The demo's control API over the three fakes: the same people on each, in whatever form a platform tells its chats."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given
from hypothesis import strategies as st

from sandbox.company import read_company
from sandbox.control_faults import KINDS
from sandbox.control_preview import preview_of
from sandbox.control_summaries import Summaries
from sandbox.people import people_of
from tests.browser.town import (
    CARD,
    COMPANY,
    FIELDS,
    LEI,
    LEI_AT_FEISHU,
    MARKDOWN,
    REMINDER,
    Json,
    Town,
    drop_downs,
    in_words,
    open_town,
)
from tests.contract.sandbox_dingtalk.harness import until
from tests.scripted_stage import FRIDAY, ScriptedPlatform, make_script


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    """A stage with all three fakes and a bot at each."""
    async with open_town() as town:
        yield town


async def ask(town: Town, path: str, body: Json | None = None) -> Json:
    """Call the control API; what it refuses fails."""
    method = "GET" if body is None else "POST"
    async with (
        ClientSession() as session,
        session.request(method, f"{town.address}/sandbox/api{path}", json=body) as answer,
    ):
        assert answer.status == 200, await answer.text()
        found: Json = await answer.json()
        return found


async def lei(town: Town) -> Json:
    people = (await ask(town, "/people"))["people"]
    return next(one for one in people if one["id"] == LEI)


def test_everybody_has_an_id_on_each_platform_and_the_userids_are_the_neutral_id() -> None:
    people = people_of(read_company(COMPANY))
    assert len(people) == 30
    assert all(set(one["ids"]) == {"feishu", "wecom", "dingtalk"} for one in people)
    assert all(one["ids"]["wecom"] == one["ids"]["dingtalk"] == one["id"] for one in people)


async def test_every_fake_knows_everybody_by_the_id_that_the_stage_has_for_them(town: Town) -> None:
    for one in town.stage.people:
        for name, platform in town.stage.platforms.items():
            assert list(platform.messages_of(one["ids"][name])) == []


async def test_unread_and_newest_message_are_told_for_each_platform(town: Town) -> None:
    await town.feishu.send_text(LEI_AT_FEISHU, "飞书上的话")
    await town.dingtalk.send(LEI, text=REMINDER)
    found = await lei(town)
    assert found["unread_by"] == {"feishu": 1, "wecom": 0, "dingtalk": 1}
    assert found["last_by"]["feishu"]["text"] == "飞书上的话"
    assert found["last_by"]["wecom"] is None
    assert found["last_by"]["dingtalk"]["text"] == "复盘"
    await ask(town, f"/people/{LEI}/messages?platform=dingtalk")
    assert (await lei(town))["unread_by"] == {"feishu": 1, "wecom": 0, "dingtalk": 0}


@pytest.mark.parametrize("platform", ["feishu", "wecom", "dingtalk"])
async def test_what_is_said_on_a_platform_stands_in_its_chat_alone(town: Town, platform: str) -> None:
    answer = await ask(town, f"/people/{LEI}/say", {"platform": platform, "text": "帮助"})
    assert answer["platform"] == platform
    assert answer["messages"][0]["text"] == "帮助"
    lengths = {name: len(fake.messages_of(_id(town, name))) for name, fake in town.stage.platforms.items()}
    assert lengths.pop(platform) == len(answer["messages"])
    assert set(lengths.values()) == {0}


async def test_a_card_of_wecom_is_pressed_with_what_was_chosen(town: Town) -> None:
    message = await town.wecom.card_id(LEI, drop_downs())
    act = {"platform": "wecom", "message": message, "action": "submit|checkin:1", "form": {"pace": "B"}}
    answer = await ask(town, f"/people/{LEI}/act", act)
    assert (answer["error"], answer["toast"]) == (None, None)
    assert answer["card"]["replace_text"] == "已提交"
    assert answer["messages"][0]["version"] == 2


async def test_a_form_of_dingtalk_is_pressed_with_what_was_filled_in(town: Town) -> None:
    message = await town.put_dingtalk_form("f1", FIELDS, **CARD)
    form = {"result": "上线了报表", "pace": "A", "help": []}
    act = {"platform": "dingtalk", "message": message, "action": "submit checkin:1", "form": form}
    answer = await ask(town, f"/people/{LEI}/act", act)
    assert answer["error"] is None
    assert answer["card"]["tag"] == "已提交"


async def test_a_link_that_speaks_is_pressed_like_a_button(town: Town) -> None:
    await town.dingtalk.send(LEI, text=REMINDER)
    message = town.dingtalk.fake.messages_of(LEI)[0]["id"]
    act = {"platform": "dingtalk", "message": message, "action": "dtmd:1", "form": {}}
    answer = await ask(town, f"/people/{LEI}/act", act)
    assert [one["from"] for one in answer["messages"]] == ["bot", "me"]
    await until(lambda: town.robot.texts() == ["稍后提醒 #7f3a2c"])


@pytest.mark.parametrize("platform", ["feishu", "wecom", "dingtalk"])
async def test_every_fault_of_the_page_can_be_set_on_every_platform(town: Town, platform: str) -> None:
    answer: Json = {}
    for kind in KINDS:
        answer = await ask(town, "/faults", {"platform": platform, "kind": kind, "times": 2, "seconds": 1})
    assert [(one["platform"], one["kind"], one["times"]) for one in answer["faults"]] == [
        (platform, kind, 2) for kind in KINDS
    ]


# the list of people, which is asked for after each change


class CountedPlatform(ScriptedPlatform):
    """Counts how often each chat is read."""

    def __init__(self) -> None:
        super().__init__(lambda: FRIDAY)
        self.reads: Counter[str] = Counter()

    def messages_of(self, external_id: str, /) -> Sequence[Mapping[str, Any]]:
        self.reads[external_id] += 1
        return super().messages_of(external_id)


def test_a_chat_is_summed_up_anew_after_a_change_and_only_then() -> None:
    platform, script = CountedPlatform(), make_script()
    summaries = Summaries(replace(script.stage, platforms={"feishu": platform}))
    first = platform.put("ou_lihua", "一")
    assert [summaries.of("feishu", "ou_lihua").unread(None) for _ in range(3)] == [1, 1, 1]
    summaries.of("feishu", "ou_wanglei")
    platform.put("ou_lihua", "二")
    assert summaries.of("feishu", "ou_lihua").unread(first) == 1
    assert summaries.of("feishu", "ou_lihua").last == {"time": FRIDAY.isoformat(), "text": "二"}
    assert summaries.of("feishu", "ou_wanglei").last is None
    assert platform.reads == {"ou_lihua": 2, "ou_wanglei": 1}


def test_after_an_unknown_message_everything_counts_as_unread() -> None:
    platform, script = CountedPlatform(), make_script()
    summaries = Summaries(replace(script.stage, platforms={"feishu": platform}))
    platform.put("ou_lihua", "一")
    platform.put("ou_lihua", "我说的", mine=True)
    assert summaries.of("feishu", "ou_lihua").unread("om_of_another_chat") == 1


# one line for a list of chats


def message(text: str | None = None, card: Mapping[str, Any] | None = None, **more: Any) -> Json:
    return {"from": "bot", "recalled": False, "text": text, "card": card, **more}


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (message("你好"), "你好"),
        (message(MARKDOWN), "李华 回了你"),
        (message("[已处理](dtmd://dingtalkclient/sendMessage?content=x)"), "已处理"),
        (message(None, in_words()), "王磊 的本周复盘"),
        (message(None, {"card_type": "text_notice", "sub_title_text": "继续保持。"}), "继续保持。"),
        (message(REMINDER, {"msgKey": "sampleMarkdown", "title": "王磊 在等你"}), "王磊 在等你"),
        (message(None, {"template": "card", "title": "本周复盘"}), "本周复盘"),
        (message("好", {"msgKey": "sampleText", "content": "好"}), "好"),
        (message("**我写的**") | {"from": "me"}, "**我写的**"),
        (message("说错了", recalled=True), ""),
        (message(None, {"header": "odd", "config": None, "main_title": [], "title": 5}), ""),
    ],
    ids=lambda told: json.dumps(told, ensure_ascii=False)[:40] if isinstance(told, dict) else None,
)
def test_a_message_is_named_by_its_title_else_by_its_first_words(told: Json, line: str) -> None:
    assert preview_of(told).split("\n")[0] == line


NATIVE = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["config", "summary", "content", "header", "title", "main_title", "sub_title_text"]), inner
        )
    ),
    max_leaves=8,
)


@given(card=st.dictionaries(st.sampled_from(["config", "header", "main_title", "title"]), NATIVE), text=st.text())
def test_whatever_a_card_holds_its_line_is_a_text(card: dict[str, Any], text: str) -> None:
    assert isinstance(preview_of(message(text, card)), str)


def _id(town: Town, platform: str) -> str:
    found = next(one["ids"][platform] for one in town.stage.people if one["id"] == LEI)
    return str(found)
