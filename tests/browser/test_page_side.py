"""The demo page's other half in a real browser: clock, mail, faults, languages, screens and keys."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from email.message import EmailMessage
from typing import Literal

import aiosmtplib
import pytest
from playwright.async_api import Page, expect

from tests import sample_cards
from tests.browser.screens import DESKTOP, PHONE, Screen, Show

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SAMPLES = [
    sample_cards.weekly(),
    sample_cards.micro(),
    sample_cards.submitted({"result": "很长的词" * 40 + "a" * 300}),
    sample_cards.to_manager("王磊", ["① 上线了"]),
    sample_cards.reminder("王磊"),
    sample_cards.escalation(),
    sample_cards.report(),
    sample_cards.every_input(),
]


async def send_mail(show: Show, subject: str, html: str | None = None) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "复盘 <bot@example.com>", "chenjing@example.com", subject
    message.set_content("麻烦看一眼。\nhttps://example.com/x\n<b>不是标签</b>")
    if html is not None:
        message.add_alternative(html, subtype="html")
    await aiosmtplib.send(message, hostname="127.0.0.1", port=show.script.mail.port)


# the clock


async def test_the_clock_shows_time_weekday_and_what_comes_next(show: Show) -> None:
    show.script.conductor.plan(timedelta(hours=24), "提醒 李华")
    page = await show.visit()
    clock = page.get_by_test_id("clock-now")
    await expect(clock).to_contain_text("16:05")
    await expect(clock).to_contain_text("星期五")
    await expect(clock).to_contain_text("2026年11月27日")
    await expect(page.get_by_test_id("clock-next-what")).to_have_text("提醒 李华")
    await expect(page.locator("#phone-time")).to_have_text("16:05")


@pytest.mark.parametrize(
    ("button", "shown", "day"),
    [
        ("clock-1h", "17:05", "11月27日"),
        ("clock-24h", "16:05", "11月28日"),
        ("clock-7d", "16:05", "12月4日"),
        ("clock-next", "18:05", "11月27日"),
    ],
)
async def test_each_clock_button_lets_its_time_pass(show: Show, button: str, shown: str, day: str) -> None:
    show.script.conductor.plan(timedelta(hours=2), "提醒 李华")
    page = await show.visit()
    await page.get_by_test_id(button).click()
    await expect(page.get_by_test_id("clock-now")).to_contain_text(shown)
    await expect(page.get_by_test_id("clock-now")).to_contain_text(day)
    await expect(page.get_by_test_id(button)).to_be_focused()


async def test_what_happens_meanwhile_is_logged_and_seen_by_those_it_concerns(show: Show) -> None:
    stage = show.script
    stage.conductor.plan(
        timedelta(hours=24), "提醒 李华", lambda: stage.platform.put("ou_lihua", "有人在等你") and None
    )
    page = await show.visit("wanglei")
    await expect(page.get_by_test_id("clock-log")).to_contain_text("还没有")
    await page.get_by_test_id("clock-next").click()
    await expect(page.get_by_test_id("clock-log")).to_contain_text("提醒 李华")
    await expect(page.get_by_test_id("clock-progress")).to_contain_text("发生了 1 件事")
    await expect(page.get_by_test_id("unread-lihua")).to_have_text("1")
    await expect(page.get_by_text("没有排好的事。")).to_be_visible()
    await expect(page.get_by_test_id("clock-next")).to_have_attribute("aria-disabled", "true")


async def test_while_time_passes_the_buttons_rest_and_the_page_says_so(show: Show) -> None:
    conductor = show.script.conductor
    conductor.gate = asyncio.Event()
    page = await show.visit()
    await page.get_by_test_id("clock-24h").click()
    await expect(page.get_by_test_id("clock-progress")).to_contain_text("正在播放")
    await expect(page.get_by_test_id("clock-1h")).to_have_attribute("aria-disabled", "true")
    await page.get_by_test_id("clock-1h").dispatch_event("click")
    conductor.gate.set()
    await expect(page.get_by_test_id("clock-now")).to_contain_text("11月28日")
    await expect(page.get_by_test_id("clock-now")).to_contain_text("16:05")
    await expect(page.get_by_test_id("clock-1h")).not_to_have_attribute("aria-disabled", "true")


async def test_a_clock_that_rests_says_that_it_runs_by_itself(show: Show) -> None:
    page = await show.visit()
    await expect(page.get_by_test_id("clock-progress")).to_have_text("时钟自己也在走，按钮让它走得快些。")


async def test_two_pages_show_the_same_time(show: Show) -> None:
    one, other = await show.visit(), await show.visit()
    await one.get_by_test_id("clock-1h").click()
    await expect(other.get_by_test_id("clock-now")).to_contain_text("17:05")


async def test_the_clock_is_followed_when_it_runs_by_itself(show: Show) -> None:
    page = await show.visit()
    await page.clock.install()
    await page.reload()
    await page.locator("html[data-ready]").wait_for(state="attached")
    show.script.conductor.time += timedelta(minutes=7)
    await page.clock.fast_forward(16_000)
    await expect(page.get_by_test_id("clock-now")).to_contain_text("16:12")


# mail


async def test_a_new_mail_is_announced_and_opens_as_text(show: Show) -> None:
    page = await show.visit()
    await expect(page.get_by_text("还没有邮件")).to_be_visible()
    await send_mail(show, "一条复盘没有回音")
    await page.get_by_test_id("mail-news").click()
    letter = page.get_by_test_id("mail-1")
    await expect(letter).to_contain_text("一条复盘没有回音")
    await expect(letter).to_contain_text("chenjing@example.com")
    await page.keyboard.press("Enter")
    await expect(letter).to_contain_text("<b>不是标签</b>")
    await expect(letter.get_by_role("link")).to_have_attribute("href", "https://example.com/x")
    await expect(page.get_by_test_id("mail-news")).to_be_hidden()


async def test_a_mails_html_is_shown_where_it_can_run_nothing(show: Show, expected_complaints: list[str]) -> None:
    expected_complaints.extend(["frame is sandboxed", "Content Security Policy"])
    page = await show.visit()
    script = "<script>parent.document.title = 'taken'; document.title = 'ran'</script>"
    await send_mail(show, "看一眼", f"<p>请看</p>{script}<img src=x onerror=\"document.title = 'ran'\">")
    await page.get_by_test_id("mail-1").locator("summary").click()
    frame = page.frame_locator(".letter-frame")
    await expect(frame.get_by_text("请看")).to_be_visible()
    assert await page.title() == "复盘 · 演示"
    assert await frame.locator("html").evaluate("() => document.title") == ""


# faults


async def test_a_fault_is_switched_on_shown_as_left_and_switched_off(show: Show) -> None:
    page = await show.visit()
    switch = page.get_by_test_id("fault-feishu-throttle")
    await page.get_by_test_id("faults-times").select_option("10")
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "true")
    await expect(page.get_by_text("还剩 10 次")).to_be_visible()
    assert show.script.platform.faults() == [{"kind": "throttle", "times": 10, "seconds": 2.0}]
    await switch.click()
    await expect(switch).to_have_attribute("aria-checked", "false")
    assert show.script.platform.faults() == []


async def test_all_faults_are_taken_back_at_once(show: Show) -> None:
    page = await show.visit()
    for place in ("feishu", "mail"):
        await page.get_by_test_id(f"fault-{place}-fail").click()
        await expect(page.get_by_test_id(f"fault-{place}-fail")).to_have_attribute("aria-checked", "true")
    await page.get_by_test_id("faults-clear").click()
    await expect(page.locator("[role=switch][aria-checked=true]")).to_have_count(0)
    assert show.script.mail.refusals() == ()


# languages


async def test_the_page_speaks_english_all_over_and_remembers_it(show: Show) -> None:
    show.script.conductor.plan(timedelta(hours=24), "remind")
    page = await show.visit()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await page.get_by_test_id("language").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page).to_have_title("Fupan · demo")
    await page.reload()
    await expect(page.get_by_test_id("clock-now")).to_contain_text("Friday")
    for words in ("Live a week in five minutes", "Mailbox", "Faults", "Whose phone?", "To the next event", "Manager"):
        await expect(page.get_by_text(words).first).to_be_visible()
    own_words = "() => document.querySelector('#side').innerText.replace(/王磊|李华|陈静|中文/g, '')"
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in await page.evaluate(own_words))


async def test_every_sentence_exists_in_both_languages_with_the_same_places_to_fill(show: Show) -> None:
    page = await show.visit()
    words: dict[str, list[str]] = await page.evaluate("async () => (await import('/static/words.js')).WORDS")
    for key, sentences in words.items():
        assert len(sentences) == 2, key
        assert all(sentence.strip() for sentence in sentences), key
        chinese, english = ({part.split("}")[0] for part in sentence.split("{")[1:]} for sentence in sentences)
        assert chinese == english, key


# screens


def brightness(colour: str) -> float:
    """The mean of a CSS `rgb()` colour's three parts, 0 to 255."""
    parts = [float(part) for part in colour.strip("rgba()").split(",")[:3]]
    return sum(parts) / 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_colours_follow_the_device(show: Show, scheme: Literal["light", "dark"]) -> None:
    show.script.platform.put("ou_wanglei", card=sample_cards.weekly())
    page = await show.visit("wanglei", Screen(scheme=scheme))
    await page.get_by_test_id("card-om_wanglei_1").wait_for()
    for place in ("body", ".card", ".panel", ".card textarea"):
        background = await page.locator(place).first.evaluate("it => getComputedStyle(it).backgroundColor")
        ink = await page.locator(place).first.evaluate("it => getComputedStyle(it).color")
        assert (brightness(background) < brightness(ink)) is (scheme == "dark"), place
        assert abs(brightness(background) - brightness(ink)) > 120, place


FAINT_TEXTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parts = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = (it) => {
    for (; it; it = it.parentElement) {
      const colour = getComputedStyle(it).backgroundColor;
      if (parts(colour)[3] === 255) return parts(colour);
    }
    return [255, 255, 255, 255];
  };
  const luminance = (rgb) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, index) => {
    const part = rgb[index] / 255;
    return sum + weight * (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const ratio = (it) => {
    const [dark, light] = [luminance(parts(getComputedStyle(it).color)), luminance(behind(it))].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = new Set();
  while (texts.nextNode()) {
    const it = texts.currentNode.parentElement;
    const left_out = ":disabled, [aria-disabled=true], svg, script, noscript, option";
    if (!texts.currentNode.data.trim() || !it.checkVisibility() || it.closest(left_out)) continue;
    if (ratio(it) < 4.5) faint.add(`${ratio(it).toFixed(2)} ${it.className || it.tagName}: ${texts.currentNode.data}`);
  }
  return [...faint];
}"""
"""Visible texts with a contrast below 4.5 to 1 (WCAG 2.2, 1.4.3, level AA); gradients count as what is under them."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_stands_out_from_its_ground(show: Show, scheme: Literal["light", "dark"]) -> None:
    show.script.conductor.plan(timedelta(hours=1), "提醒 李华")
    for card in SAMPLES:
        show.script.platform.put("ou_wanglei", card=card)
        show.script.platform.put("ou_lihua", card=card)
    await send_mail(show, "看一眼")
    page = await show.visit("wanglei", Screen(scheme=scheme))
    await page.get_by_test_id("clock-next").click()
    await expect(page.get_by_test_id("clock-progress")).to_contain_text("发生了")
    assert await page.evaluate(FAINT_TEXTS) == []


async def test_a_device_that_asks_for_calm_gets_no_motion(show: Show) -> None:
    page = await show.visit("", Screen(calm=True))
    moves = "its => its.map(it => getComputedStyle(it).transitionDuration).filter(duration => parseFloat(duration) > 0)"
    assert await page.locator("*").evaluate_all(moves) == []


async def test_a_phone_shows_one_thing_at_a_time_behind_three_tabs(show: Show) -> None:
    show.script.platform.put("ou_wanglei", "你好")
    page = await show.visit("", PHONE)
    parts = {name: page.locator(f"#{name}") for name in ("people", "chat", "side")}
    for name, part in parts.items():
        await page.get_by_test_id(f"tab-{name}").click()
        await expect(part).to_be_visible()
        for other in set(parts) - {name}:
            await expect(parts[other]).to_be_hidden()
        await expect(page.get_by_test_id(f"tab-{name}")).to_have_attribute("aria-current", "true")
    await page.get_by_test_id("tab-people").click()
    await page.get_by_test_id("person-wanglei").click()
    await expect(page.get_by_test_id("messages")).to_contain_text("你好")
    await page.get_by_role("button", name="人员").first.click()
    await expect(parts["people"]).to_be_visible()


async def overflow(page: Page) -> list[str]:
    """What sticks out of the screen to the right."""
    sticking: list[str] = await page.evaluate(
        "() => [...document.querySelectorAll('body *')].filter(it => it.getBoundingClientRect().right > innerWidth + 1"
        " && !it.closest('.table-box, svg')).map(it => it.outerHTML.slice(0, 120))"
    )
    return sticking


async def test_nothing_sticks_out_at_any_width(show: Show) -> None:
    for card in SAMPLES:
        show.script.platform.put("ou_evil", card=card)
    show.script.conductor.plan(timedelta(hours=24), "很长的一件事" * 20)
    show.script.platform.put("ou_evil", "https://example.com/" + "a" * 300)
    await send_mail(show, "很长的主题" * 30)
    page = await show.visit("evil")
    await page.get_by_test_id("message-om_evil_9").wait_for()
    for width in (320, 375, 768, 901, 1024, 1440, 2560):
        await page.set_viewport_size({"width": width, "height": 700})
        for tab in ("people", "chat", "side"):
            if await page.get_by_test_id(f"tab-{tab}").is_visible():
                await page.get_by_test_id(f"tab-{tab}").click()
            assert await overflow(page) == [], (width, tab)


# keys


async def test_the_people_list_is_walked_with_arrow_keys(show: Show) -> None:
    show.script.platform.put("ou_zhaomin", "你好")
    page = await show.visit()
    await page.get_by_test_id("search").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("person-wanglei")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("person-zhaomin")).to_be_focused()
    await page.keyboard.press("End")
    await expect(page.get_by_test_id("person-chenjing")).to_be_focused()
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_test_id("person-wanglei")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("messages")).to_contain_text("你好")
    await expect(page.get_by_test_id("person-zhaomin")).to_be_focused()
    await expect(page.get_by_test_id("person-zhaomin")).to_have_attribute("aria-selected", "true")


async def test_a_form_can_be_filled_and_sent_without_a_mouse(show: Show) -> None:
    show.script.platform.put("ou_wanglei", card=sample_cards.weekly())
    page = await show.visit("wanglei")
    await page.get_by_test_id("input-result").focus()
    for text in ("成果", "障碍", "行动"):
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")
    await expect(page.get_by_test_id("action-submit")).to_be_focused()
    outline = "it => getComputedStyle(it).outlineStyle"
    assert await page.get_by_test_id("action-submit").evaluate(outline) == "solid"
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("toast")).to_be_visible()
    assert show.script.platform.clicks[0][3] == {"result": "成果", "obstacle": "障碍", "next": "行动"}


async def test_the_first_tab_stop_leads_straight_to_writing(show: Show) -> None:
    page = await show.visit("wanglei")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="跳到聊天输入框")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("composer")).to_be_focused()


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_every_control_has_a_name_for_those_who_cannot_see_it(show: Show, screen: Screen) -> None:
    for card in SAMPLES:
        show.script.platform.put("ou_wanglei", card=card)
    page = await show.visit("wanglei", screen)
    await page.get_by_test_id("card-om_wanglei_8").wait_for()
    controls = re.compile(r"\s*- (button|textbox|searchbox|combobox|checkbox|switch|link|option)\b(?! \")")
    nameless = [line for line in (await page.locator("body").aria_snapshot()).splitlines() if controls.match(line)]
    assert nameless == []


# the server


async def test_a_server_that_goes_away_is_told_and_its_return_too(show: Show, expected_complaints: list[str]) -> None:
    expected_complaints.append("Failed to load resource")
    page = await show.visit("wanglei")
    await page.context.set_offline(True)
    await page.get_by_test_id("clock-1h").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("连不上演示服务")
    await page.context.set_offline(False)
    await page.get_by_test_id("clock-1h").click()
    await expect(page.get_by_test_id("clock-now")).to_contain_text("17:05")
