"""The demo page with three platforms in a real browser: the switch, and what is drawn of each platform's messages."""

from __future__ import annotations

import json
import re
from typing import Literal

import pytest
from playwright.async_api import Page, expect

from tests import sample_cards
from tests.browser.screens import DESKTOP, PHONE, Screen, Show
from tests.browser.test_page_side import FAINT_TEXTS, overflow
from tests.browser.town import (
    CARD,
    FIELDS,
    LEI,
    LEI_AT_FEISHU,
    MARKDOWN,
    QUESTION,
    REMINDER,
    Json,
    Stroll,
    Town,
    drop_downs,
    in_words,
)
from tests.contract.sandbox_dingtalk.harness import until
from tests.contract.sandbox_wecom import sample_cards as wecom_cards

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EVIL = "<img src=x onerror=alert(1)>"

# the switch


async def test_a_person_is_met_on_each_platform_of_the_stage_with_its_own_unread_count(
    town: Town, stroll: Stroll
) -> None:
    await town.feishu.send_text(LEI_AT_FEISHU, "飞书上的话")
    for number in range(2):
        await town.wecom.send_text(LEI, f"企业微信上的话 {number}")
    page = await stroll("feishu")
    await expect(page.get_by_test_id("platforms").get_by_role("radio")).to_have_count(3)
    await expect(page.get_by_test_id("messages")).to_contain_text("飞书上的话")
    await expect(page.get_by_test_id("unread-on-wecom")).to_have_text("2")
    await expect(page.get_by_test_id("unread-on-dingtalk")).to_have_count(0)
    await page.get_by_test_id("platform-wecom").click()
    await expect(page.get_by_test_id("messages")).to_contain_text("企业微信上的话 1")
    await expect(page.get_by_test_id("messages")).not_to_contain_text("飞书上的话")
    await expect(page.get_by_test_id("unread-on-wecom")).to_have_count(0)
    await town.dingtalk.send(LEI, text="钉钉上的话")
    await expect(page.get_by_test_id("unread-on-dingtalk")).to_have_text("1")


async def test_the_switch_is_worked_with_arrow_keys_and_keeps_the_focus(town: Town, stroll: Stroll) -> None:
    page = await stroll("feishu")
    await page.get_by_role("radio", name="飞书").focus()
    for name in ("企业微信", "钉钉"):
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("radio", name=name)).to_be_checked()
        await expect(page.get_by_role("radio", name=name)).to_be_focused()
    await expect(page.get_by_test_id("phone")).to_have_attribute("data-platform", "dingtalk")


async def test_the_platform_is_remembered_for_everybody_and_after_a_reload(town: Town, stroll: Stroll) -> None:
    page = await stroll("dingtalk")
    await page.get_by_test_id("person-lihua").click()
    await expect(page.get_by_role("radio", name="钉钉")).to_be_checked()
    await page.reload()
    await expect(page.get_by_text("李华 的手机")).to_be_visible()
    await expect(page.get_by_role("radio", name="钉钉")).to_be_checked()


async def test_whoever_is_on_one_platform_gets_no_switch(show: Show) -> None:
    page = await show.visit("lihua")
    await expect(page.get_by_text("李华 的手机")).to_be_visible()
    await expect(page.get_by_test_id("platforms")).to_be_hidden()
    await page.get_by_test_id("person-wanglei").click()
    await expect(page.get_by_test_id("platforms")).to_be_visible()


async def test_an_empty_platform_says_so_and_leads_to_where_the_messages_are(town: Town, stroll: Stroll) -> None:
    await town.feishu.send_text(LEI_AT_FEISHU, "飞书上的话")
    page = await stroll("wecom")
    empty = page.get_by_test_id("empty-chat")
    await expect(empty).to_contain_text("这个平台还没有消息")
    await expect(empty).to_contain_text("王磊 的消息在别处")
    await empty.get_by_role("button", name="去飞书看").click()
    await expect(page.get_by_test_id("messages")).to_contain_text("飞书上的话")
    await page.get_by_test_id("person-zhangwei").click()
    await expect(empty).to_contain_text("张伟 还没有收到消息")


async def test_each_platform_keeps_its_own_unsent_text(town: Town, stroll: Stroll) -> None:
    page = await stroll("wecom")
    await page.get_by_test_id("composer").fill("写在企业微信里")
    await page.get_by_test_id("platform-dingtalk").click()
    await expect(page.get_by_test_id("composer")).to_have_value("")
    await page.get_by_test_id("platform-wecom").click()
    await expect(page.get_by_test_id("composer")).to_have_value("写在企业微信里")


async def test_the_faults_are_those_of_the_platform_on_show_and_of_those_with_a_fault(
    town: Town, stroll: Stroll
) -> None:
    town.dingtalk.fake.set_fault("fail", 3)
    page = await stroll("wecom")
    faults = page.get_by_test_id("faults")
    await expect(faults.get_by_role("group")).to_have_count(3)
    await faults.get_by_test_id("fault-wecom-delay").click()
    await expect(faults.get_by_test_id("fault-wecom-delay")).to_have_attribute("aria-checked", "true")
    await faults.get_by_test_id("faults-clear").click()
    await expect(faults.get_by_role("group", name="钉钉")).to_have_count(0)
    assert town.wecom.fake.faults() == []


# WeCom


async def test_drop_downs_of_wecom_begin_with_their_first_answer_and_are_sent_together(
    town: Town, stroll: Stroll
) -> None:
    card_id = await town.wecom.card_id(LEI, drop_downs())
    page = await stroll("wecom")
    card = page.get_by_test_id(f"card-{card_id}")
    await expect(card.get_by_role("textbox")).to_have_count(0)
    pace = card.get_by_label("这周的节奏怎么样？")
    await expect(pace).to_have_value("__choose__")
    await expect(pace.locator("option")).to_have_text(["请选择", "刚刚好", "有点赶", "有点慢"])
    await pace.select_option("B")
    await card.get_by_role("button", name="提交复盘").click()
    await expect(card.get_by_role("button", name="已提交")).to_be_disabled()
    chosen = town.callbacks.events[-1].findall("SelectedItems/SelectedItem/OptionIds/OptionId")
    assert [each.text for each in chosen] == ["__choose__", "B", "__choose__"]


@pytest.mark.parametrize(
    ("mode", "role", "sent"), [(0, "radio", ["3"]), (1, "checkbox", ["5", "3"])], ids=["one", "several"]
)
async def test_a_vote_of_wecom_takes_one_answer_or_several(
    town: Town, stroll: Stroll, mode: int, role: Literal["radio", "checkbox"], sent: list[str]
) -> None:
    card_id = await town.wecom.card_id(LEI, wecom_cards.vote(mode))
    page = await stroll("wecom")
    card = page.get_by_test_id(f"card-{card_id}")
    await expect(card.get_by_role(role)).to_have_count(3)
    await card.get_by_role(role, name="很好").check()
    await card.get_by_role(role, name="一般").check()
    await card.get_by_role("button", name="提交").click()
    await expect(card.get_by_role("button", name="已提交")).to_be_disabled()
    chosen = town.callbacks.events[-1].findall("SelectedItems/SelectedItem/OptionIds/OptionId")
    assert [each.text for each in chosen] == sent


async def test_a_card_of_buttons_shows_state_quotation_pairs_and_paragraph(town: Town, stroll: Stroll) -> None:
    card_id = await town.wecom.card_id(LEI, in_words())
    page = await stroll("wecom")
    card = page.get_by_test_id(f"card-{card_id}")
    await expect(card.get_by_role("heading", name="王磊 的本周复盘")).to_be_visible()
    await expect(card.locator(".wecom-source")).to_have_text("等你回")
    await expect(card.locator("blockquote")).to_contain_text("上线了报表，比计划早两天")
    await expect(card.locator("dt")).to_have_text("提交")
    await expect(card.locator("dd")).to_have_text("11月27日 周五 16:00")
    await expect(card.locator(".wecom-text")).to_contain_text("@李华 请回一句具体的话。")
    await expect(card.get_by_role("button")).to_have_text(["文字填写", "稍后提醒", "属正常调整"])
    await card.get_by_role("button", name="稍后提醒").click()
    await expect(card.get_by_role("button")).to_have_text(["已提交"])
    assert town.callbacks.told("EventKey")[-1] == "later|reply:1"


async def test_a_card_that_the_bot_greyed_cannot_be_pressed_any_more(town: Town, stroll: Stroll) -> None:
    sent = await town.wecom.send_card(LEI, {**in_words(), "task_id": "t1"})
    face = {**in_words(), "task_id": "t1", "replace_text": "已处理"}
    await town.wecom.update(sent["response_code"], template_card=face)
    page = await stroll("wecom")
    await expect(page.locator(".card").get_by_role("button")).to_have_text(["已处理"])
    await expect(page.locator(".card").get_by_role("button")).to_be_disabled()
    await expect(page.get_by_text("已更新")).to_be_visible()


async def test_a_locked_choice_shows_what_was_chosen(town: Town, stroll: Stroll) -> None:
    sent = await town.wecom.send_card(LEI, {**drop_downs(), "task_id": "t1"})
    lists = [{**one, "selected_id": "A", "disable": True} for one in drop_downs()["select_list"]]
    face = {**drop_downs(), "task_id": "t1", "select_list": lists, "replace_text": "已提交"}
    await town.wecom.update(sent["response_code"], template_card=face)
    page = await stroll("wecom")
    await expect(page.get_by_label("这周的节奏怎么样？")).to_be_disabled()
    await expect(page.get_by_label("这周的节奏怎么样？")).to_have_value("A")


async def test_notices_menus_and_news_of_wecom_are_drawn_with_their_links(town: Town, stroll: Stroll) -> None:
    notice = await town.wecom.card_id(LEI, wecom_cards.notice())
    menu = await town.wecom.card_id(LEI, wecom_cards.with_menu(wecom_cards.approval_with_reason()))
    news = await town.wecom.card_id(LEI, wecom_cards.news())
    page = await stroll("wecom")
    card = page.get_by_test_id(f"card-{notice}")
    await expect(card.get_by_role("link", name="全部徽章")).to_have_attribute("href", "https://bot.example.com/b/4")
    await expect(card.locator("dd")).to_have_text("李华")
    card = page.get_by_test_id(f"card-{menu}")
    await expect(card.get_by_label("理由")).to_have_value("a")
    await expect(card.get_by_role("button")).to_have_text(["同意", "驳回"])
    await card.locator("summary").click()
    await card.get_by_role("button", name="静音").click()
    await expect(card).to_contain_text("已提交")
    assert town.callbacks.told("EventKey")[-1] == "mute"
    await expect(page.get_by_test_id(f"card-{news}")).to_contain_text("12 项")


async def test_markdown_of_wecom_has_colours_and_quotations_but_no_lists(town: Town, stroll: Stroll) -> None:
    await town.wecom.send(LEI, "markdown", {"content": MARKDOWN})
    page = await stroll("wecom")
    said = page.locator(".wecom-markdown")
    await expect(said.locator(".ink-info")).to_have_text("有回复")
    await expect(said.locator("blockquote")).to_have_text("测试环境我来找人，周三前给你")
    await expect(said.locator("strong").first).to_have_text("李华 回了你")
    await expect(said).to_contain_text("- 这不是列表")
    await expect(said.locator("li")).to_have_count(0)


async def test_a_text_of_wecom_knows_links_and_no_markdown(town: Town, stroll: Stroll) -> None:
    await town.wecom.send_text(LEI, '**不是粗体** <a href="https://example.com/w">现在填写</a> <b>不是标签</b>')
    page = await stroll("wecom")
    await expect(page.get_by_role("link", name="现在填写")).to_have_attribute("href", "https://example.com/w")
    await expect(page.locator(".bubble")).to_contain_text("**不是粗体**")
    await expect(page.locator(".bubble")).to_contain_text("<b>不是标签</b>")


async def test_a_text_card_of_wecom_shows_its_tones_and_its_detail(town: Town, stroll: Stroll) -> None:
    described = '<div class="gray">11-20</div>之后<br><div class="highlight">延期</div>'
    card = {"title": "审批", "description": described, "url": "https://bot.example.com/x", "btntxt": "去审批"}
    await town.wecom.send(LEI, "textcard", card)
    page = await stroll("wecom")
    await expect(page.locator(".tone-gray")).to_have_text("11-20")
    await expect(page.locator(".tone-highlight")).to_have_text("延期")
    await expect(page.get_by_role("link", name="去审批")).to_have_attribute("href", "https://bot.example.com/x")


async def test_a_press_that_wecoms_bot_does_not_take_is_told_in_words(town: Town, stroll: Stroll) -> None:
    card_id = await town.wecom.card_id(LEI, in_words())
    town.wecom.fake.set_fault("wrong_signature", None)
    page = await stroll("wecom")
    await page.get_by_test_id(f"card-{card_id}").get_by_role("button", name="稍后提醒").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("没有接住这次点击")


# DingTalk


async def test_links_of_dingtalks_markdown_send_their_text_in_the_readers_name(town: Town, stroll: Stroll) -> None:
    await town.dingtalk.send(LEI, text=REMINDER)
    page = await stroll("dingtalk")
    said = page.locator(".dingtalk-markdown")
    await expect(said.get_by_role("heading")).to_have_text("王磊 在等你一句话 【提醒】")
    await expect(said.locator("blockquote br")).to_have_count(1)
    await said.get_by_role("button", name="稍后提醒").click()
    await expect(page.locator(".from-me .bubble")).to_have_text("稍后提醒 #7f3a2c")
    await until(lambda: town.robot.texts() == ["稍后提醒 #7f3a2c"])


async def test_a_card_of_dingtalk_is_drawn_by_its_template_and_closed_by_the_answer(town: Town, stroll: Stroll) -> None:
    card_id = await town.put_dingtalk_card("c1", **CARD)
    page = await stroll("dingtalk")
    card = page.get_by_test_id(f"card-{card_id}")
    await expect(card.get_by_role("heading")).to_have_text("本周复盘")
    await expect(card.locator(".dingtalk-tag")).to_have_text("待填写")
    await expect(card.get_by_role("button")).to_have_text(["晚点再说", "这周跳过"])
    await card.get_by_role("button", name="晚点再说").click()
    await expect(card.locator(".dingtalk-tag")).to_have_text("已提交")
    await expect(card.get_by_role("button")).to_have_count(0)


async def test_a_form_of_dingtalk_is_filled_in_and_sent(town: Town, stroll: Stroll) -> None:
    card_id = await town.put_dingtalk_form("f1", FIELDS, **CARD)
    page = await stroll("dingtalk")
    card = page.get_by_test_id(f"card-{card_id}")
    await card.get_by_role("button", name="提交复盘").click()
    await expect(card.get_by_text("请填写这一项")).to_have_count(2)
    await card.get_by_label("① 本周最重要的成果？").fill("上线了报表")
    await card.get_by_label("② 这周的节奏？").select_option("B")
    await card.get_by_text("有人帮").click()
    await card.get_by_role("button", name="提交复盘").click()
    await expect(card.locator(".dingtalk-tag")).to_have_text("已提交")
    click = next(each for each in town.robot.payloads() if each.get("type") == "actionCallback")
    params = json.loads(click["content"])["cardPrivateData"]["params"]
    assert params["action"] == "submit checkin:1"
    assert params["form"] == {
        "result": "上线了报表",
        "pace": {"index": 1, "value": "B"},
        "help": {"index": [1], "value": ["y"]},
    }


async def test_a_closed_form_of_dingtalk_shows_its_answers_and_takes_none(town: Town, stroll: Stroll) -> None:
    held: list[Json] = [
        {**FIELDS[0], "defaultValue": "上线了报表"},
        {**FIELDS[1], "defaultValue": {"index": 0, "value": "A"}},
        {**FIELDS[2], "defaultValue": {"index": [0], "value": ["x"]}},
    ]
    closed = {**CARD, "tag": "已提交", "tone": "done", "status": "closed", "form_status": "disabled"}
    card_id = await town.put_dingtalk_form("f1", held, **closed)
    page = await stroll("dingtalk")
    card = page.get_by_test_id(f"card-{card_id}")
    await expect(card.get_by_label("① 本周最重要的成果？")).to_have_value("上线了报表")
    await expect(card.get_by_label("② 这周的节奏？")).to_have_value("A")
    await expect(card.get_by_label("目标清楚")).to_be_checked()
    for field in await card.locator("input, select").all():
        await expect(field).to_be_disabled()
    await expect(card.get_by_role("button")).to_have_count(0)


async def test_a_link_that_would_speak_does_nothing_inside_of_a_card(town: Town, stroll: Stroll) -> None:
    body = "[同意](dtmd://dingtalkclient/sendMessage?content=x) [规则](https://example.com/r)"
    card_id = await town.put_dingtalk_card("c1", **{**CARD, "body": body})
    page = await stroll("dingtalk")
    card = page.get_by_test_id(f"card-{card_id}")
    await expect(card.get_by_text("同意")).to_be_visible()
    await expect(card.get_by_role("button", name="同意")).to_have_count(0)
    await expect(card.get_by_role("link")).to_have_attribute("href", "https://example.com/r")


async def test_a_bot_that_is_not_connected_is_told_in_words(town: Town, stroll: Stroll) -> None:
    card_id = await town.put_dingtalk_card("c1", **CARD)
    page = await stroll("dingtalk")
    await town.dingtalk.fake.end_connections()
    await page.get_by_test_id(f"card-{card_id}").get_by_role("button", name="晚点再说").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("没有连上平台")


# answers to tap


async def test_a_numbered_question_is_answered_with_a_tap(town: Town, stroll: Stroll) -> None:
    await town.wecom.send_text(LEI, QUESTION)
    page = await stroll("wecom")
    chips = page.get_by_test_id("chips").get_by_role("button")
    await expect(chips).to_have_text(["1 刚刚好", "2 有点赶", "3 有点慢", "取消"])
    await chips.get_by_text("2 有点赶").click()
    await expect(page.locator(".from-me .bubble")).to_have_text("2")
    await expect(page.get_by_test_id("messages")).to_contain_text("听到了：2")
    assert "2" in town.callbacks.told("Content")
    await expect(chips).to_have_text(["复盘", "待办", "帮助"])


async def test_buttons_for_which_a_card_has_no_room_can_be_tapped(town: Town, stroll: Stroll) -> None:
    await town.wecom.card_id(LEI, drop_downs())
    page = await stroll("wecom")
    await expect(page.get_by_test_id("chips").get_by_role("button")).to_have_text(["晚点再说", "这周跳过"])
    await page.get_by_test_id("chip-这周跳过").click()
    await expect(page.locator(".from-me .bubble")).to_have_text("这周跳过")


async def test_numbers_of_questions_are_not_offered_as_answers(town: Town, stroll: Stroll) -> None:
    await town.wecom.card_id(LEI, {**in_words(), "sub_title_text": "1. 成果？\n2. 障碍？"})
    await town.dingtalk.send(LEI, text="节奏？  \n  1）刚刚好  \n  2）有点赶")
    await town.feishu.send_text(LEI_AT_FEISHU, "节奏？\n1. 好\n2. 坏\n精力？\n1. 高\n2. 低")
    page = await stroll("wecom")
    for platform, words in (("wecom", "障碍"), ("dingtalk", "有点赶"), ("feishu", "精力")):
        await page.get_by_test_id(f"platform-{platform}").click()
        await expect(page.get_by_test_id("messages")).to_contain_text(words)
        await expect(page.get_by_test_id("chips").get_by_role("button")).to_have_text(["复盘", "待办", "帮助"])


# everything at once


async def fill(town: Town, text: str = "很长的词" * 30 + "a" * 200) -> None:
    """One message of each kind to wanglei on every platform, with long words."""
    await town.feishu.send_card(LEI_AT_FEISHU, sample_cards.weekly())
    await town.wecom.send(LEI, "markdown", {"content": f"{MARKDOWN}\n> {text}"})
    await town.wecom.send_text(LEI, text)
    cards = [drop_downs(), in_words(), wecom_cards.vote(), wecom_cards.notice(), wecom_cards.news()]
    for card in [*cards, wecom_cards.with_menu(wecom_cards.approval_with_reason())]:
        await town.wecom.card_id(LEI, card)
    await town.wecom.card_id(LEI, {**in_words(), "sub_title_text": text})
    await town.dingtalk.send(LEI, text=f"{REMINDER}\n\n> {text}")
    await town.put_dingtalk_card("c1", **{**CARD, "body": text})
    await town.put_dingtalk_form("f1", FIELDS, **CARD)
    await town.dingtalk.send(LEI, text=QUESTION)


async def see_all(page: Page, platform: str) -> None:
    await page.get_by_test_id(f"platform-{platform}").click()
    await expect(page.get_by_test_id("phone")).to_have_attribute("data-platform", platform)
    await page.locator(".message .card").first.wait_for()


async def test_nothing_sticks_out_on_any_platform_at_any_width(town: Town, stroll: Stroll) -> None:
    await fill(town)
    page = await stroll("feishu", PHONE)
    for width in (320, 375, 768, 1440):
        await page.set_viewport_size({"width": width, "height": 700})
        for platform in ("feishu", "wecom", "dingtalk"):
            await see_all(page, platform)
            sticking = [one for one in await overflow(page) if "chip" not in one]  # their row is scrolled
            assert sticking == [], (width, platform)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
async def test_every_text_stands_out_from_its_ground_on_every_platform(
    town: Town, stroll: Stroll, platform: str, scheme: Literal["light", "dark"]
) -> None:
    await fill(town, "一句话")
    page = await stroll(platform, Screen(scheme=scheme))
    await see_all(page, platform)
    await page.get_by_test_id("composer").fill("听到了")
    await page.get_by_test_id("send").click()
    await page.locator(".from-me .bubble").first.wait_for()
    assert await page.evaluate(FAINT_TEXTS) == []


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_the_page_speaks_english_around_what_the_platforms_show(
    town: Town, stroll: Stroll, screen: Screen
) -> None:
    page = await stroll("wecom", screen)
    if screen is PHONE:
        await page.get_by_test_id("tab-people").click()
    await page.get_by_test_id("language").click()
    if screen is PHONE:
        await page.get_by_test_id("tab-chat").click()
    await expect(page.get_by_test_id("platforms").get_by_role("radio", name="WeCom")).to_be_checked()
    await expect(page.get_by_test_id("empty-chat")).to_contain_text("No messages on this platform yet")
    await expect(page.get_by_test_id("chips").get_by_role("button").last).to_have_text("help")


@pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
async def test_every_control_has_a_name_on_every_platform(town: Town, stroll: Stroll, platform: str) -> None:
    await fill(town)
    page = await stroll(platform)
    await see_all(page, platform)
    controls = re.compile(r"\s*- (button|textbox|searchbox|combobox|checkbox|radio|switch|link|option)\b(?! \")")
    nameless = [line for line in (await page.locator("body").aria_snapshot()).splitlines() if controls.match(line)]
    assert nameless == []


async def test_what_people_wrote_is_no_markup_on_any_platform(town: Town, stroll: Stroll) -> None:
    await town.wecom.send(LEI, "markdown", {"content": f"{EVIL}\n> {EVIL}"})
    await town.wecom.card_id(LEI, {**in_words(), "sub_title_text": EVIL})
    await town.dingtalk.send(LEI, text=f"{EVIL} [坏链接](javascript:alert(1))")
    await town.put_dingtalk_card("c1", **{**CARD, "body": EVIL, "title": EVIL})
    page = await stroll("wecom")
    for platform, times in (("wecom", 3), ("dingtalk", 3)):
        await see_all(page, platform)
        assert (await page.get_by_test_id("messages").inner_text()).count(EVIL) == times
        assert await page.locator('img[src="x"]').count() == 0
        assert await page.get_by_role("link", name="坏链接").count() == 0


async def test_the_guide_follows_the_week_on_whatever_platform_it_is_lived(town: Town, stroll: Stroll) -> None:
    page = await stroll("feishu")
    done = page.locator(".steps .done")
    await expect(done).to_have_count(0)
    await town.wecom.card_id(LEI, drop_downs())
    await expect(done).to_have_count(1)
    await town.dingtalk.send("lihua", text="### 王磊 的本周复盘\n\n> 上线了报表")
    await expect(done).to_have_count(2)
