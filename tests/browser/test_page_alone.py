"""The demo page on a scripted stage, driven in a real browser: people, chats and writing."""

from __future__ import annotations

import pytest
from playwright.async_api import Request, expect

from tests import sample_cards
from tests.browser.screens import Screen, Show

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# people and chats


async def test_people_are_listed_by_department_with_role_and_unread_count(show: Show) -> None:
    show.script.platform.put("ou_lihua", "提醒")
    page = await show.visit()
    await expect(page.get_by_role("group", name="研发/平台").get_by_role("option")).to_have_count(3)
    lihua = page.get_by_test_id("person-lihua")
    await expect(lihua).to_contain_text("主管")
    await expect(page.get_by_test_id("person-chenjing")).to_contain_text("HRBP")
    await expect(page.get_by_test_id("unread-lihua")).to_have_text("1")
    await lihua.click()
    await expect(page.get_by_test_id("unread-lihua")).to_have_count(0)


async def test_the_search_box_finds_by_name_and_by_department_and_says_when_nobody_fits(show: Show) -> None:
    page = await show.visit()
    people = page.locator("#people-list").get_by_role("option")
    await page.get_by_test_id("search").fill("人力")
    await expect(people).to_have_count(1)
    await page.get_by_test_id("search").fill("anna")
    await expect(people).to_have_text(["AAnna SchmidtDesigner"])
    await page.get_by_test_id("search").fill("没有这个人")
    await expect(people).to_have_count(0)
    await expect(page.get_by_text("没有找到「没有这个人」")).to_be_visible()
    await page.get_by_test_id("search").press("Escape")
    await expect(people).to_have_count(6)


async def test_choosing_a_person_opens_their_chat_and_tells_the_platform(show: Show) -> None:
    show.script.platform.put("ou_wanglei", "你好,我是复盘助手")
    page = await show.visit()
    await expect(page.get_by_text("你想做谁？").first).to_be_visible()
    await page.get_by_test_id("person-wanglei").click()
    await expect(page.get_by_test_id("message-om_wanglei_1")).to_contain_text("你好,我是复盘助手")
    await expect(page.get_by_text("王磊 的手机")).to_be_visible()
    await expect(page.get_by_text("今天", exact=True)).to_be_visible()
    await expect(page.get_by_test_id("unread-wanglei")).to_have_count(0)
    assert show.script.platform.opened == {"ou_wanglei": 1}


async def test_a_person_without_messages_gets_a_sentence_that_says_what_to_do(show: Show) -> None:
    page = await show.visit("anna")
    await expect(page.get_by_test_id("empty-chat")).to_contain_text("Anna Schmidt 还没有收到消息")


async def test_the_address_remembers_whose_chat_is_open(show: Show) -> None:
    show.script.platform.put("ou_wanglei", "你好")
    page = await show.visit()
    await page.get_by_test_id("person-wanglei").click()
    await page.get_by_test_id("message-om_wanglei_1").wait_for()
    await page.reload()
    await expect(page.get_by_test_id("message-om_wanglei_1")).to_be_visible()


async def test_a_person_on_two_platforms_can_be_seen_on_both(show: Show) -> None:
    assert show.script.other is not None
    show.script.platform.put("ou_wanglei", "飞书上的话")
    show.script.other.put("dt_wanglei", "钉钉上的话")
    page = await show.visit("wanglei")
    await expect(page.get_by_test_id("messages")).to_contain_text("飞书上的话")
    await page.get_by_test_id("platform-dingtalk").click()
    await expect(page.get_by_test_id("messages")).to_contain_text("钉钉上的话")
    await expect(page.get_by_test_id("messages")).not_to_contain_text("飞书上的话")


async def test_messages_appear_change_and_vanish_without_a_reload(show: Show) -> None:
    platform = show.script.platform
    page = await show.visit("wanglei")
    first = platform.put("ou_wanglei", "原来的话")
    await expect(page.get_by_test_id(f"message-{first}")).to_contain_text("原来的话")
    platform.change("ou_wanglei", first, text="改过的话")
    await expect(page.get_by_test_id(f"message-{first}")).to_contain_text("改过的话")
    await expect(page.get_by_test_id(f"message-{first}")).to_contain_text("已更新")
    platform.change("ou_wanglei", first, recalled=True)
    await expect(page.get_by_test_id(f"message-{first}")).to_have_text("这条消息已撤回")


async def test_the_page_asks_nobody_but_its_own_server(show: Show) -> None:
    show.script.platform.put("ou_wanglei", card=sample_cards.report())
    asked: list[Request] = []
    page = await show.visit()
    page.on("request", lambda request: asked.append(request))
    await page.reload()
    await page.get_by_test_id("person-wanglei").click()
    await page.get_by_test_id("chart").first.wait_for()
    assert asked
    assert {request.url for request in asked if not request.url.startswith(show.address)} == set()


async def test_a_card_taller_than_the_phone_is_shown_from_its_top_and_stays_where_it_is_scrolled_to(
    show: Show,
) -> None:
    platform = show.script.platform
    platform.put("ou_wanglei", "早")
    tall = platform.put("ou_wanglei", card=sample_cards.every_input())
    page = await show.visit("wanglei", Screen(height=480))
    title = page.get_by_test_id(f"card-{tall}").get_by_role("heading").first
    await expect(title).to_be_in_viewport(ratio=1)
    await page.get_by_test_id("action-save").scroll_into_view_if_needed()
    platform.change("ou_wanglei", "om_wanglei_1", text="早上好")
    await expect(page.get_by_test_id("messages")).to_contain_text("早上好")
    await expect(page.get_by_test_id("action-save")).to_be_in_viewport()
    later = platform.put("ou_wanglei", "又来一条消息")
    await page.get_by_text("有新消息").click()
    await expect(page.get_by_test_id(f"message-{later}")).to_be_in_viewport()


async def test_whoever_looks_at_the_top_of_a_tall_card_is_taken_along_to_the_next_message(show: Show) -> None:
    show.script.platform.put("ou_wanglei", card=sample_cards.every_input())
    page = await show.visit("wanglei", Screen(height=480))
    await page.get_by_test_id("card-om_wanglei_1").wait_for()
    later = show.script.platform.put("ou_wanglei", "又来一条消息")
    await expect(page.get_by_test_id(f"message-{later}")).to_be_in_viewport()


# writing


async def test_enter_sends_and_shift_enter_makes_a_new_line(show: Show) -> None:
    page = await show.visit("wanglei")
    box = page.get_by_test_id("composer")
    await box.press_sequentially("第一行")
    await box.press("Shift+Enter")
    await box.press_sequentially("第二行")
    await box.press("Enter")
    await expect(page.get_by_test_id("messages")).to_contain_text("听到了:第一行")
    await expect(box).to_have_value("")
    assert show.script.platform.said == [("ou_wanglei", "第一行\n第二行", None)]


async def test_the_enter_that_ends_an_input_methods_composition_does_not_send(show: Show) -> None:
    page = await show.visit("wanglei")
    box = page.get_by_test_id("composer")
    await box.focus()
    keyboard = await page.context.new_cdp_session(page)
    await keyboard.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    # An input method keeps the key's character to itself, so only the key's event reaches the page.
    await keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 13})
    await expect(box).to_have_value("ni")
    await keyboard.send("Input.insertText", {"text": "你"})
    await expect(box).to_have_value("你")
    assert show.script.platform.said == []
    await box.press("Enter")
    await expect(page.get_by_test_id("messages")).to_contain_text("听到了:你")


async def test_blank_text_is_not_sent(show: Show) -> None:
    page = await show.visit("wanglei")
    await page.get_by_test_id("composer").fill("  \n ")
    await page.get_by_test_id("send").click()
    await page.get_by_test_id("composer").fill("有字")
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("messages")).to_contain_text("听到了:有字")
    assert len(show.script.platform.said) == 1


async def test_a_reply_goes_to_the_message_it_was_begun_from_and_can_be_called_off(show: Show) -> None:
    asked = show.script.platform.put("ou_wanglei", "怎么样?")
    page = await show.visit("wanglei")
    await page.get_by_test_id(f"reply-{asked}").click()
    await expect(page.get_by_text("回复：怎么样?")).to_be_visible()
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("回复：怎么样?")).to_be_hidden()
    await page.get_by_test_id(f"reply-{asked}").click()
    await page.get_by_test_id("composer").fill("还行")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("听到了:还行").last).to_be_visible()
    assert show.script.platform.said == [("ou_wanglei", "还行", asked)]


async def test_text_that_could_not_be_sent_is_given_back_with_the_reason(
    show: Show, expected_complaints: list[str]
) -> None:
    expected_complaints.append("413")
    page = await show.visit("wanglei")
    await page.get_by_test_id("composer").evaluate("box => box.removeAttribute('maxlength')")
    await page.get_by_test_id("composer").fill("长" * 100_000)
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("toast")).to_contain_text("没有成功")
    assert len(await page.get_by_test_id("composer").input_value()) == 100_000


async def test_each_person_keeps_their_own_unsent_text(show: Show) -> None:
    page = await show.visit("wanglei")
    await page.get_by_test_id("composer").fill("王磊的话")
    await page.get_by_test_id("person-lihua").click()
    await expect(page.get_by_test_id("composer")).to_have_value("")
    await page.get_by_test_id("person-wanglei").click()
    await expect(page.get_by_test_id("composer")).to_have_value("王磊的话")
