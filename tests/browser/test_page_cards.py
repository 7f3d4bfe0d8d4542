"""Cards on the demo page in a real browser: forms, buttons, charts, and text that stays text."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Dialog, Page, expect

from tests import sample_cards
from tests.browser.screens import Show
from tests.scripted_stage import Result, ScriptedPlatform

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ANSWERS = {"result": "上线了报表", "obstacle": "测试环境不稳", "next": "完成灰度"}


def accepts_the_form(
    platform: ScriptedPlatform, _who: str, _message: str, _action: str, form: dict[str, Any]
) -> Result:
    return Result({"type": "success", "content": "收到,李华会回你"}, sample_cards.submitted(form))


async def fill(page: Page, answers: dict[str, str]) -> None:
    for name, text in answers.items():
        await page.get_by_test_id(f"input-{name}").fill(text)


# cards and forms


async def test_filling_a_form_and_pressing_its_button_submits_shows_the_toast_and_the_new_card(show: Show) -> None:
    message = show.script.platform.put("ou_wanglei", card=sample_cards.weekly())
    show.script.platform.answer = accepts_the_form
    page = await show.visit("wanglei")
    await fill(page, ANSWERS)
    await page.get_by_test_id("action-submit").click()
    await expect(page.get_by_test_id("toast")).to_have_text("收到,李华会回你")
    await expect(page.get_by_test_id(f"card-{message}")).to_contain_text("已提交")
    await expect(page.get_by_test_id("action-submit")).to_have_count(0)
    assert show.script.platform.clicks == [("ou_wanglei", message, "submit", ANSWERS)]


async def test_a_required_input_left_empty_is_blamed_and_nothing_is_sent(show: Show) -> None:
    show.script.platform.put("ou_wanglei", card=sample_cards.weekly())
    page = await show.visit("wanglei")
    await fill(page, {"result": "上线了报表"})
    await page.get_by_test_id("action-submit").click()
    await expect(page.get_by_text("请填写这一项")).to_have_count(2)
    await expect(page.get_by_test_id("input-obstacle")).to_be_focused()
    await expect(page.get_by_test_id("input-obstacle")).to_have_attribute("aria-invalid", "true")
    await fill(page, {"obstacle": "没有"})
    await expect(page.get_by_text("请填写这一项")).to_have_count(1)
    assert show.script.platform.clicks == []


async def test_a_button_that_submits_nothing_needs_no_answers(show: Show) -> None:
    show.script.platform.put("ou_wanglei", card=sample_cards.weekly())
    page = await show.visit("wanglei")
    await page.get_by_test_id("action-later").click()
    await expect(page.get_by_test_id("toast")).to_have_text("收到")
    assert show.script.platform.clicks[0][2:] == ("later", {})


async def test_typed_answers_survive_updates_language_and_a_look_at_somebody_else(show: Show) -> None:
    platform = show.script.platform
    platform.put("ou_wanglei", card=sample_cards.weekly())
    page = await show.visit("wanglei")
    await fill(page, {"result": "写到一半"})
    later = platform.put("ou_wanglei", "又来一条消息")
    await page.get_by_test_id(f"message-{later}").wait_for()
    await expect(page.get_by_test_id("input-result")).to_be_focused()
    await page.get_by_test_id("language").click()
    await expect(page.get_by_test_id("input-result")).to_have_value("写到一半")
    await page.get_by_test_id("person-lihua").click()
    await expect(page.get_by_test_id("input-result")).to_have_count(0)
    await page.get_by_test_id("person-wanglei").click()
    await expect(page.get_by_test_id("input-result")).to_have_value("写到一半")


async def test_a_press_without_a_new_card_leaves_the_form_as_it_was(show: Show) -> None:
    show.script.platform.put("ou_wanglei", card=sample_cards.weekly())
    show.script.platform.answer = lambda *_asked: Result({"type": "error", "content": "写得太短了"})
    page = await show.visit("wanglei")
    await fill(page, ANSWERS)
    await page.get_by_test_id("action-submit").click()
    await expect(page.get_by_test_id("toast")).to_have_text("写得太短了")
    await expect(page.get_by_test_id("input-result")).to_have_value("上线了报表")


async def test_what_was_sent_is_not_offered_again_where_the_card_changes_by_an_update_and_not_by_the_answer(
    show: Show,
) -> None:
    platform = show.script.platform
    message = platform.put("ou_wanglei", card=sample_cards.weekly())

    def updates(*_asked: object) -> Result:
        platform.change("ou_wanglei", message, sample_cards.weekly())
        return Result({"type": "success", "content": "收到"})

    platform.answer = updates
    page = await show.visit("wanglei")
    await fill(page, ANSWERS)
    await page.get_by_test_id("action-submit").click()
    await expect(page.get_by_test_id("toast")).to_be_visible()
    await expect(page.get_by_text("已更新")).to_be_visible()
    await expect(page.get_by_test_id("input-result")).to_have_value("")


async def test_a_card_that_changes_while_its_button_is_at_work_waits_for_the_answer(show: Show) -> None:
    platform = show.script.platform
    message = platform.put("ou_lihua", card=sample_cards.reminder("王磊"))
    platform.gate = asyncio.Event()
    page = await show.visit("lihua")
    await page.get_by_test_id("action-now").click()
    platform.change("ou_lihua", message, sample_cards.reminder("张伟"))
    other = platform.put("ou_lihua", "又来一条消息")
    await page.get_by_test_id(f"message-{other}").wait_for()
    await expect(page.get_by_test_id(f"card-{message}")).to_contain_text("王磊 在等你")
    platform.gate.set()
    await expect(page.get_by_test_id(f"card-{message}")).to_contain_text("张伟 在等你")


async def test_two_quick_presses_are_one(show: Show) -> None:
    platform = show.script.platform
    message = platform.put("ou_lihua", card=sample_cards.reminder("王磊"))
    platform.gate = asyncio.Event()
    page = await show.visit("lihua")
    await page.get_by_test_id("action-now").dispatch_event("click")
    await page.get_by_test_id("action-now").dispatch_event("click")
    await expect(page.get_by_test_id(f"card-{message}")).to_have_attribute("aria-busy", "true")
    platform.gate.set()
    await expect(page.get_by_test_id("toast")).to_be_visible()
    await expect(page.get_by_test_id(f"card-{message}")).not_to_have_attribute("aria-busy", "true")
    assert len(platform.clicks) == 1


async def test_a_question_before_the_press_can_be_answered_with_escape_no_and_yes(show: Show) -> None:
    show.script.platform.put("ou_wanglei", card=sample_cards.weekly())
    page = await show.visit("wanglei")
    for leave in ("Escape", "no"):
        await page.get_by_test_id("action-skip").click()
        await expect(page.get_by_test_id("confirm")).to_contain_text("跳过这周?")
        if leave == "Escape":
            await page.keyboard.press("Escape")
        else:
            await page.get_by_test_id("confirm-no").click()
        await expect(page.get_by_test_id("confirm")).to_have_count(0)
    assert show.script.platform.clicks == []
    await page.get_by_test_id("action-skip").click()
    await page.get_by_test_id("confirm-yes").click()
    await expect(page.get_by_test_id("toast")).to_be_visible()
    assert [click[2] for click in show.script.platform.clicks] == ["skip"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("200341", "（200341）"),
        ("expired", "超过 14 天"),
        ("required: result", "必填没有填：result"),
        ("odd", "没有成功：odd"),
    ],
)
async def test_what_the_platforms_client_refuses_is_said_in_words(show: Show, error: str, words: str) -> None:
    show.script.platform.put("ou_lihua", card=sample_cards.reminder("王磊"))
    show.script.platform.answer = lambda *_asked: Result(error=error)
    page = await show.visit("lihua")
    await page.get_by_test_id("action-now").click()
    await expect(page.get_by_test_id("toast")).to_contain_text(words)


async def test_a_disabled_button_is_disabled_and_says_why(show: Show) -> None:
    show.script.platform.put("ou_lihua", card=sample_cards.to_manager("王磊", ["① 上线了"]))
    page = await show.visit("lihua")
    await expect(page.get_by_test_id("action-gone")).to_be_disabled()
    await expect(page.get_by_test_id("action-gone")).to_have_attribute("title", "代理人在休假")


async def test_every_kind_of_input_sends_its_kind_of_value(show: Show) -> None:
    show.script.platform.put("ou_anna", card=sample_cards.every_input())
    page = await show.visit("anna")
    await page.get_by_test_id("input-title").fill("转化率 15%")
    await expect(page.locator(".counter").first).to_have_text("7/40")
    await page.get_by_text("有人帮").click()
    await page.get_by_text("时间够").click()
    await page.get_by_test_id("input-due").fill("2026-12-11")
    await page.get_by_test_id("input-who").select_option(label="李华")
    await page.get_by_test_id("input-public").check()
    await page.get_by_test_id("action-save").click()
    await expect(page.get_by_test_id("toast")).to_be_visible()
    form = {"title": "转化率 15%", "why": ["help", "time"], "due": "2026-12-11", "who": "ou_lihua", "public": True}
    assert show.script.platform.clicks[0][2:] == ("save", form)


async def test_times_moments_and_several_people_can_be_picked(show: Show) -> None:
    plain = sample_cards.plain
    options = [{"value": "ou_lihua"}, {"value": "ou_chenjing"}]
    inputs = [
        {"tag": "picker_time", "name": "at", "placeholder": plain("几点"), "initial_time": "09:30"},
        {"tag": "picker_datetime", "name": "when", "placeholder": plain("何时")},
        {"tag": "multi_select_person", "name": "guests", "placeholder": plain("还有谁"), "options": options},
    ]
    submit = sample_cards.button("meet", "约个时间", form_action_type="submit")
    form = {"tag": "form", "name": "meeting", "elements": [*inputs, submit]}
    show.script.platform.put("ou_lihua", card=sample_cards.card("约时间", "blue", None, [form]))
    page = await show.visit("lihua")
    await expect(page.get_by_test_id("input-at")).to_have_value("09:30")
    await page.get_by_test_id("input-when").fill("2026-12-01T14:00")
    await page.get_by_test_id("input-guests").get_by_text("陈静").click()
    await page.get_by_test_id("action-meet").click()
    await expect(page.get_by_test_id("toast")).to_be_visible()
    picked = {"at": "09:30", "when": "2026-12-01 14:00", "guests": ["ou_chenjing"]}
    assert show.script.platform.clicks[0][3] == picked


async def test_a_label_that_marks_itself_as_required_is_marked_once(show: Show) -> None:
    form = {"tag": "form", "name": "f", "elements": [sample_cards.question("q", "成果? *", "")]}
    show.script.platform.put("ou_wanglei", card=sample_cards.card("复盘", "blue", None, [form]))
    page = await show.visit("wanglei")
    await expect(page.locator(".field-label")).to_have_text("成果? *")


async def test_a_toast_goes_with_the_chat_it_belongs_to(show: Show) -> None:
    show.script.platform.put("ou_lihua", card=sample_cards.reminder("王磊"))
    page = await show.visit("lihua")
    await page.get_by_test_id("action-now").click()
    await expect(page.get_by_test_id("toast")).to_be_visible()
    await page.get_by_test_id("person-wanglei").click()
    await expect(page.get_by_test_id("toast")).to_have_count(0)


async def test_resetting_a_form_brings_back_what_it_began_with(show: Show) -> None:
    show.script.platform.put("ou_anna", card=sample_cards.every_input())
    page = await show.visit("anna")
    await page.get_by_test_id("input-title").fill("别的")
    await page.get_by_test_id("input-public").check()
    await page.get_by_test_id("action-clear").click()
    await expect(page.get_by_test_id("input-title")).to_have_value("转化率 12%")
    await expect(page.get_by_test_id("input-public")).not_to_be_checked()
    assert show.script.platform.clicks == []


async def test_an_input_outside_any_form_reports_its_change_at_once(show: Show) -> None:
    show.script.platform.put("ou_anna", card=sample_cards.every_input())
    page = await show.visit("anna")
    await page.get_by_test_id("input-mood").select_option("fine")
    await expect(page.get_by_test_id("toast")).to_be_visible()
    assert show.script.platform.clicks[0][2:] == ("mood", {"mood": "fine"})


async def test_a_report_shows_charts_that_also_read_as_words_details_and_a_link(show: Show) -> None:
    show.script.platform.put("ou_wanglei", card=sample_cards.report())
    page = await show.visit("wanglei")
    bar, line = page.get_by_role("img", name="节奏自评"), page.get_by_role("img", name="收到回复")
    await expect(bar).to_have_attribute("aria-label", "节奏自评,与团队均值: W45 我 3.2, W45 团队均值 3.6, "
                                        "W46 我 3.8, W46 团队均值 3.5, W47 我 4.1, W47 团队均值 3.7, "
                                        "W48 我 4.4, W48 团队均值 3.6")  # fmt: skip
    await expect(bar.locator("rect")).to_have_count(8)
    await expect(line.locator("circle")).to_have_count(6)
    await expect(page.locator(".legend")).to_have_text("我团队均值")
    await page.get_by_text("看看每一项").click()
    await expect(page.get_by_role("cell", name="连续 8 周")).to_be_visible()
    await expect(page.get_by_role("link", name="怎么算的")).to_have_attribute("rel", "noopener noreferrer")
    await expect(page.get_by_role("link", name="打开完整周报")).to_have_attribute("href", "https://example.com/report")


def charted(spec: dict[str, Any]) -> dict[str, Any]:
    return sample_cards.card("图", "blue", None, [{"tag": "chart", "chart_spec": spec}])


VALUES = [{"x": "一", "y": 0.4}, {"x": "二", "y": 0.75}, {"x": "三", "y": 0.5}]


@pytest.mark.parametrize(
    ("spec", "mark", "count"),
    [
        ({"type": "bar", "xField": "x", "yField": "y"}, "rect", 3),
        ({"type": "bar", "direction": "horizontal", "xField": "y", "yField": "x"}, "rect", 3),
        ({"type": "area", "xField": "x", "yField": "y"}, "path", 2),
        ({"type": "radar", "categoryField": "x", "valueField": "y"}, "polygon", 5),
        ({"type": "linearProgress", "xField": "y", "yField": "x", "direction": "horizontal"}, "rect", 6),
        ({"type": "gauge", "categoryField": "x", "valueField": "y"}, "path", 2),
    ],
    ids=lambda given: given.get("type") if isinstance(given, dict) else None,
)
async def test_each_kind_of_chart_is_drawn(show: Show, spec: dict[str, Any], mark: str, count: int) -> None:
    show.script.platform.put("ou_wanglei", card=charted({**spec, "data": {"values": VALUES}}))
    page = await show.visit("wanglei")
    drawing = page.get_by_test_id("chart").get_by_role("img")
    await expect(drawing.locator(mark)).to_have_count(count)
    await expect(drawing).to_have_attribute("aria-label", "一 0.4, 二 0.75, 三 0.5")
    for number in await drawing.evaluate(
        "svg => [...svg.querySelectorAll('*')].flatMap(e => [...e.attributes]).map(a => a.value)"
    ):
        assert "NaN" not in number
        assert "Infinity" not in number


@pytest.mark.parametrize(
    "spec", [{"type": "wordCloud", "data": {"values": VALUES}, "xField": "x", "yField": "y"}, {"type": "bar"}]
)
async def test_a_chart_that_cannot_be_drawn_is_told_in_words(show: Show, spec: dict[str, Any]) -> None:
    show.script.platform.put("ou_wanglei", card=charted(spec))
    page = await show.visit("wanglei")
    await expect(page.get_by_text(f"这种图（{spec['type']}）演示页画不出来")).to_be_visible()


async def test_an_element_that_the_page_does_not_know_is_named_not_hidden(show: Show) -> None:
    show.script.platform.put("ou_anna", card=sample_cards.every_input())
    page = await show.visit("anna")
    await expect(page.get_by_text("演示页不认识的卡片元素：sparkle")).to_be_visible()


async def test_a_card_of_another_platform_is_shown_by_its_text_inputs_and_buttons(show: Show) -> None:
    other = show.script.other
    assert other is not None
    message = other.put("dt_wanglei", card=sample_cards.micro())
    other.change("dt_wanglei", message, native={"cardTemplateId": "x"}, text="微复盘:点三下")
    page = await show.visit("wanglei")
    await page.get_by_test_id("platform-dingtalk").click()
    await expect(page.get_by_test_id(f"card-{message}")).to_contain_text("微复盘:点三下")
    for name, value in (("pace", "ok"), ("energy", "mid"), ("focus", "fire")):
        await page.get_by_test_id(f"input-{name}").select_option(value)
    await page.get_by_test_id("action-submit").click()
    await expect(page.get_by_test_id("toast")).to_be_visible()
    assert other.clicks[0][2:] == ("submit", {"pace": "ok", "energy": "mid", "focus": "fire"})


# text is text


EVIL = "<img src=x onerror=alert(1)>"


async def nothing_ran(page: Page) -> None:
    """No image or script came out of a text."""
    assert await page.locator('img[src="x"]').count() == 0
    assert await page.locator("script:not([src])").count() == 0


async def test_names_and_answers_that_look_like_markup_are_shown_as_they_are(show: Show) -> None:
    dialogs: list[Dialog] = []
    show.script.platform.put("ou_evil", card=sample_cards.submitted({"result": EVIL}))
    show.script.platform.put("ou_evil", EVIL, mine=True)
    show.script.platform.put("ou_evil", EVIL)
    page = await show.visit("evil")
    page.on("dialog", lambda dialog: dialogs.append(dialog))
    await expect(page.get_by_test_id("person-evil")).to_contain_text(EVIL)
    for number in (1, 2, 3):
        await expect(page.get_by_test_id(f"message-om_evil_{number}")).to_contain_text(EVIL)
    await nothing_ran(page)
    assert dialogs == []


MARKDOWN = """# 小结
**粗** *斜* ~~删~~ `码` \\*星\\* &lt;b&gt; <b>标签</b>
- 一 <at id=ou_lihua></at>
- 二 [好链接](https://example.com/ok) [坏链接](javascript:alert(1)) [坏链接](//example.com)
1. 甲<br>乙
> 引用
---
<font color='red'>红</font> <text_tag color='blue'>标</text_tag> <at id=all></at>
<script>alert(1)</script> <img src=x onerror=alert(1)> <iframe src="https://example.com"></iframe>
"""


async def test_markdown_becomes_its_harmless_part_and_the_rest_stays_text(show: Show) -> None:
    card = sample_cards.card("文", "blue", None, [{"tag": "markdown", "content": MARKDOWN}])
    show.script.platform.put("ou_wanglei", card=card)
    page = await show.visit("wanglei")
    body = page.locator(".markdown")
    await expect(body.get_by_role("heading", name="小结")).to_be_visible()
    for tag, text in (
        ("strong", "粗"),
        ("em", "斜"),
        ("s", "删"),
        ("code", "码"),
        ("blockquote", "引用"),
        ("b", "标签"),
    ):
        await expect(body.locator(tag)).to_have_text(text)
    await expect(body.locator("ul > li")).to_have_count(2)
    await expect(body.locator("ol > li")).to_have_count(1)
    links = await body.get_by_role("link").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert links == ["https://example.com/ok", "https://example.com"]
    for text in ("*星*", "<b>", "@李华", "@所有人", "坏链接", "<script>alert(1)</script>", EVIL, "<iframe"):
        await expect(body).to_contain_text(text)
    await nothing_ran(page)
    assert await page.locator(".messages iframe").count() == 0


async def test_the_browser_itself_refuses_to_make_markup_of_text(show: Show, expected_complaints: list[str]) -> None:
    expected_complaints.append("TrustedHTML")
    page = await show.visit()
    refused = await page.evaluate(
        "() => { try { document.body.innerHTML = '<i>x</i>'; return ''; } catch (e) { return e.name; } }"
    )
    assert refused == "TypeError"
