"""People with bad luck: double clicks, late clicks, foreign clicks, leave, leaving, names with markup."""

from __future__ import annotations

import asyncio

from tests.scenario.town import REVIEW, Town, face


async def _answered(town: Town, person: str = "wanglei") -> None:
    await town.advance("2h")
    prompt = (await town.cards(person, "提交复盘"))[-1]
    await town.act(person, prompt, "submit", REVIEW)


async def test_a_double_click_has_one_effect_and_two_sentences(town: Town) -> None:
    await town.advance("2h")
    prompt = (await town.cards("wanglei", "提交复盘"))[-1]
    first, second = await asyncio.gather(
        town.act("wanglei", prompt, "submit", REVIEW), town.act("wanglei", prompt, "submit", REVIEW)
    )
    toasts = {first["toast"]["content"], second["toast"]["content"]}
    assert toasts == {"收到，小结在卡片上", "和上次一样，没有改动"}
    assert len(await town.cards("lihua", "王磊 ")) == 1


async def test_a_late_answer_is_kept_and_marked(town: Town) -> None:
    await town.advance("2h")
    prompt = (await town.cards("wanglei", "提交复盘"))[-1]
    await town.advance("120h")
    result = await town.act("wanglei", prompt, "submit", REVIEW)
    assert result["toast"]["type"] == "success"
    assert any("晚了一点" in face(card) for card in await town.cards("lihua", "王磊 "))


async def test_an_unfilled_question_is_asked_for_and_nothing_typed_is_lost(town: Town) -> None:
    await town.advance("2h")
    prompt = (await town.cards("wanglei", "提交复盘"))[-1]
    partly = {"result": "上线了报表", "obstacle": " ", "next": "补上回归用例"}
    result = await town.act("wanglei", prompt, "submit", partly)
    assert "还差一题" in result["toast"]["content"]
    again = (await town.cards("wanglei", "提交复盘"))[-1]
    assert {field["name"]: field["initial"] for field in again["inputs"]}["result"] == "上线了报表"
    assert await town.cards("lihua", "王磊 ") == []


async def test_skipping_asks_why_closes_the_duty_and_can_be_undone(town: Town) -> None:
    await town.advance("2h")
    prompt = (await town.cards("wanglei", "提交复盘"))[-1]
    await town.act("wanglei", prompt, "skip")
    asked = (await town.cards("wanglei", "为什么跳过"))[-1]
    await town.act("wanglei", asked, "skip_yes", {"reason": "travel"})
    skipped = (await town.cards("wanglei", "已跳过"))[-1]
    assert "在外出差" in face(skipped)
    await town.advance("72h")
    assert await town.cards("wanglei", "还等着你") == []
    await town.act("wanglei", skipped, "edit")
    form = (await town.cards("wanglei", "提交复盘"))[-1]
    await town.act("wanglei", form, "submit", REVIEW)
    assert len(await town.cards("lihua", "王磊 ")) == 1


async def test_an_edit_before_the_reply_replaces_and_after_it_adds_a_version(town: Town) -> None:
    await _answered(town)
    await town.act("wanglei", (await town.cards("wanglei", "小结"))[-1], "edit")
    form = (await town.cards("wanglei", "提交复盘"))[-1]
    await town.act("wanglei", form, "submit", {**REVIEW, "result": "上线了两张报表"})
    asked = (await town.cards("lihua", "王磊 "))[-1]
    assert "上线了两张报表" in face(asked)
    assert "第 2 版" not in face(asked)
    await town.act("lihua", asked, "submit", {"reply": "好"})
    await town.act("wanglei", (await town.cards("wanglei", "小结"))[-1], "edit")
    form = (await town.cards("wanglei", "提交复盘"))[-1]
    await town.act("wanglei", form, "submit", {**REVIEW, "result": "上线了三张报表"})
    added = (await town.cards("lihua", "补充了复盘"))[-1]
    assert "上线了三张报表" in face(added)
    assert "第 2 版" in face(added)


async def test_a_manager_who_has_talked_in_person_ends_the_ladder_and_the_employee_is_told(town: Town) -> None:
    await _answered(town)
    await town.act("lihua", (await town.cards("lihua", "王磊 "))[-1], "handled")
    assert any("已当面处理" in str(message["text"]) for message in await town.messages("wanglei"))
    await town.advance("120h")
    assert await town.cards("chenjing", "没回音") == []
    assert await town.mail() == []


async def test_a_snooze_adds_one_reminder_and_delays_nothing(town: Town) -> None:
    await _answered(town)
    await town.advance("72h")
    reminder = (await town.cards("lihua", "王磊 "))[-1]
    result = await town.act("lihua", reminder, "later")
    assert "再提醒你" in result["toast"]["content"]
    before = len(await town.cards("lihua", "王磊 "))
    await town.advance("24h")
    assert len(await town.cards("lihua", "王磊 ")) == before + 1
    assert len(await town.cards("chenjing", "没回音")) == 1


async def test_an_escalation_called_normal_is_kept_as_such_and_everybody_sees_it(town: Town) -> None:
    await _answered(town)
    await town.advance("96h")
    await town.act("chenjing", (await town.cards("chenjing", "没回音"))[-1], "normal")
    assert "属正常调整" in face((await town.cards("lihua", "王磊 "))[-1])
    assert (await town.cards("chenjing", "没回音"))[-1]["buttons"] == []


async def test_an_escalation_passed_to_the_deputy_moves_the_duty(town: Town) -> None:
    await _answered(town)
    await town.advance("96h")
    await town.act("chenjing", (await town.cards("chenjing", "没回音"))[-1], "deputy")
    assert "王磊" in face((await town.cards("zhaomin", "王磊 "))[-1])
    assert "赵敏" in face((await town.cards("lihua", "王磊 "))[-1])
    await town.act("zhaomin", (await town.cards("zhaomin", "王磊 "))[-1], "submit", {"reply": "我来看"})
    assert any("我来看" in face(card) for card in await town.cards("wanglei", "赵敏 回了你"))


async def test_while_the_manager_is_on_leave_the_deputy_is_asked(town: Town) -> None:
    await town.say("lihua", "/请假 到 12-04")
    await _answered(town)
    asked = (await town.cards("zhaomin", "王磊 "))[-1]
    assert "李华 不在" in face(asked)
    assert await town.cards("lihua", "王磊 ") == []


async def test_a_manager_on_leave_without_a_deputy_is_left_in_peace_and_the_clock_waits(town: Town) -> None:
    await town.say("zhaomin", "/请假 到 12-04")
    await _answered(town, "yangfan")
    await town.advance("96h")
    assert await town.cards("zhaomin", "杨帆 ") == []
    assert await town.cards("chenjing", "没回音") == []
    await town.say("zhaomin", "/销假")
    await town.advance("72h")
    assert await town.cards("zhaomin", "杨帆 ")


async def test_typed_answers_do_what_the_card_does(town: Town) -> None:
    await town.advance("2h")
    chat = await town.say("zhangwei", "1. 压测通过\n2. 机器不够\n3. 扩容")
    assert "小结" in face(chat[-1])
    assert len(await town.cards("lihua", "张伟 的")) == 1


async def test_questions_are_asked_one_by_one_where_no_card_is_used(town: Town) -> None:
    await town.advance("2h")
    chat = await town.say("xieming", "你好")
    assert "1/3" in str(chat[-1]["text"])
    await town.say("xieming", "1")
    await town.say("xieming", "b")
    chat = await town.say("xieming", "3")
    assert "小结" in face(chat[-1])


async def test_words_in_an_answer_are_never_markup_for_somebody_else(town: Town) -> None:
    await town.advance("2h")
    prompt = (await town.cards("wanglei", "提交复盘"))[-1]
    nasty = {**REVIEW, "result": '<at id="all"></at> **粗** [链接](http://example.com)'}
    await town.act("wanglei", prompt, "submit", nasty)
    asked = (await town.cards("lihua", "王磊 "))[-1]
    assert nasty["result"] in face(asked)
    assert not any(nasty["result"] in word for word in _markdown(asked["card"]))


def _markdown(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [str(part.get("content"))] if part.get("tag") in ("markdown", "lark_md") else []
        return own + [word for value in part.values() for word in _markdown(value)]
    return [word for each in part for word in _markdown(each)] if isinstance(part, list) else []
