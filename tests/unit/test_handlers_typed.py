"""Words typed to the bot: whatever is typed, something true comes back and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.ids import PersonId
from tests.builders import LI_HUA, WANG_LEI, ZHAO_MIN, at, person
from tests.unit.conftest import Found
from tests.unit.office import REVIEW, Office, crew, zh

MICRO = "cadences: {weekly: {preset: micro, when: 'FRI 16:00'}}"
SENT = zh("reply.toast.sent", {"name": "王磊"})
PHRASES = (
    "提交复盘",
    "晚点再说",
    "这周跳过",
    "跳过这次",
    "还是写一下",
    "修改",
    "文字填写",
    "已处理 #000000",
    "请假 到",
    "请假到12-01",
    "回复 王磊",
    "/回复",
    "销假",
    "取消",
    "跳过",
    "是",
    "1",
    "1 2 3",
    "1. 甲\n2. 乙\n3. 丙",
)
CONTROL = "\x00\x01\x1b[31m\u202e\ufeff"


@pytest.fixture
def asked(found: Found) -> Office:
    """An office an hour after Friday's card."""
    office = found()
    office.until(at("2026-11-27 17:00"))
    return office


def _answers_of(office: Office, who: str = WANG_LEI) -> dict[str, str | tuple[str, ...]]:
    with office.database.transaction() as transaction:
        checkin = transaction.store(office.policy.org_id).checkins.latest(person(who).person_id)
    assert checkin is not None
    return dict(checkin.answers)


class TestAnswering:
    @pytest.mark.parametrize("text", ["1 2 3", "ABC", "a,b,c", "1、2、3", "①②③", "A 比预想的快\nB 刚好\nC 常常等不到"])
    def test_choices_are_typed_as_numbers_letters_or_words(self, found: Found, text: str) -> None:
        office = found(MICRO)
        office.until(at("2026-11-27 17:00"))
        assert "小结" in office.say(WANG_LEI, text)
        assert _answers_of(office) == {"progress": "A", "pace": "B", "support": "C"}

    def test_open_questions_are_typed_at_once_or_one_by_one(self, asked: Office) -> None:
        office = asked
        assert "小结" in office.say("zhangwei", "1. 压测通过\n2. 机器不够\n3. 扩容")
        assert "1/3" in office.say(WANG_LEI, "你好")
        assert "2/3" in office.say(WANG_LEI, "上线了报表")
        assert "3/3" in office.say(WANG_LEI, "测试环境不稳")
        assert "小结" in office.say(WANG_LEI, "补上回归用例")
        assert _answers_of(office) == REVIEW

    def test_an_answer_that_names_no_option_is_asked_again(self, found: Found) -> None:
        office = found(MICRO)
        office.until(at("2026-11-27 17:00"))
        office.say(WANG_LEI, "在吗")
        assert office.say(WANG_LEI, "7").startswith(f"{zh('typed.unclear')}\n1/3")
        assert "2/3" in office.say(WANG_LEI, "2")

    @pytest.mark.parametrize("words", ["取消", "算了", "cancel", "STOP"])
    def test_a_conversation_is_ended_by_a_word_and_nothing_is_filed(self, asked: Office, words: str) -> None:
        asked.say(WANG_LEI, "你好")
        assert zh("typed.stopped") in asked.say(WANG_LEI, words)
        assert _answers_of(asked) == {}
        assert "1/3" in asked.say(WANG_LEI, "再来")

    def test_a_conversation_is_forgotten_after_a_day(self, asked: Office) -> None:
        asked.say(WANG_LEI, "你好")
        asked.say(WANG_LEI, "上线了报表")
        asked.until(at("2026-11-28 17:30"))
        assert "1/3" in asked.say(WANG_LEI, "还在吗")

    def test_a_command_ends_the_conversation_and_is_obeyed(self, asked: Office) -> None:
        asked.say(WANG_LEI, "你好")
        assert zh("todo.lead", {"count": 1}) in asked.say(WANG_LEI, "待办")
        assert "1/3" in asked.say(WANG_LEI, "上线了报表")

    def test_answering_by_card_ends_the_conversation_about_it(self, asked: Office) -> None:
        asked.say(WANG_LEI, "你好")
        asked.press(WANG_LEI, asked.card(WANG_LEI, "checkin"), "submit", REVIEW)
        assert "你可以发" in asked.say(WANG_LEI, "谢谢")
        assert _answers_of(asked) == REVIEW

    def test_quoting_the_card_says_what_is_meant_long_after_it(self, asked: Office) -> None:
        prompt = asked.card(WANG_LEI, "checkin")
        asked.until(at("2026-12-04 17:00"))
        asked.say(WANG_LEI, "1. 甲\n2. 乙\n3. 丙", reply_to=prompt)
        (late,) = asked.saw(LI_HUA, "甲")
        assert zh("checkin.late") in late.words

    def test_quoting_something_that_is_no_card_of_ours_is_taken_as_plain_words(self, asked: Office) -> None:
        text = next(each for each in [*asked.chat(WANG_LEI)])
        text.external_id = "om_of_somebody_else"
        assert "1/3" in asked.say(WANG_LEI, "你好", reply_to=text)


class TestOddWords:
    @pytest.mark.parametrize(
        "text", ["", " ", "/", "／", "//", "/ 周报", "/没有这个命令", "？", "\n\n", CONTROL, "@" * 500]
    )
    def test_anything_gets_an_answer(self, asked: Office, text: str) -> None:
        for who in (WANG_LEI, "admin"):
            before = len(asked.chat(who))
            asked.say(who, text)
            assert len(asked.chat(who)) == before + 1

    def test_ten_thousand_characters_are_refused_with_the_limit_and_can_be_shortened(self, asked: Office) -> None:
        asked.say(WANG_LEI, "你好")
        assert "最多 1000 个字" in asked.say(WANG_LEI, "长" * 10_000)
        assert "2/3" in asked.say(WANG_LEI, "长" * 1000)

    def test_a_whole_set_with_one_text_too_long_is_refused_whole(self, asked: Office) -> None:
        assert "最多 1000 个字" in asked.say(WANG_LEI, f"1. {'长' * 9_000}\n2. 乙\n3. 丙")
        assert _answers_of(asked) == {}

    def test_control_characters_are_kept_as_words_and_break_nothing(self, asked: Office) -> None:
        asked.say(WANG_LEI, f"1. {CONTROL}甲\n2. 乙\n3. 丙")
        assert "甲" in asked.card(LI_HUA, "reply").words

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.text(max_size=20) | st.sampled_from(PHRASES), max_size=6), st.booleans())
    def test_whatever_is_typed_in_whatever_order_gets_one_answer(
        self, asked: Office, texts: list[str], quotes: bool
    ) -> None:
        for text in texts:
            before = asked.chat(WANG_LEI)
            asked.say(WANG_LEI, text, reply_to=before[-1] if quotes else None)
            assert len(asked.chat(WANG_LEI)) == len(before) + 1

    def test_somebody_unknown_is_not_answered_and_nothing_is_kept_of_their_words(self, asked: Office) -> None:
        asked.say("stranger", "密码是 123")
        assert asked.chat("stranger") == []
        (entry,) = asked.history("event.stranger")
        assert entry.detail == {}

    def test_somebody_who_has_left_is_not_answered(self, asked: Office) -> None:
        asked.leave(WANG_LEI)
        before = len(asked.chat(WANG_LEI))
        asked.say(WANG_LEI, "你好")
        assert len(asked.chat(WANG_LEI)) == before


class TestReplying:
    def _waiting(self, office: Office, *people: str) -> None:
        for who in people:
            office.press(who, office.card(who, "checkin"), "submit", REVIEW)

    @pytest.mark.parametrize(
        "command", ["/回复 王磊 我来找人", "／回复　王磊　我来找人", "/reply 王磊 我来找人", "/回复 王磊\n我来找人"]
    )
    def test_a_reply_is_typed_by_name(self, asked: Office, command: str) -> None:
        self._waiting(asked, WANG_LEI)
        assert asked.say(LI_HUA, command) == SENT
        assert "我来找人" in asked.card(WANG_LEI, "answered").words

    def test_without_words_the_card_comes_and_the_next_message_is_the_reply(self, asked: Office) -> None:
        self._waiting(asked, WANG_LEI)
        assert "上线了报表" in asked.say(LI_HUA, "/回复 王磊")
        assert asked.say(LI_HUA, "我来找人") == SENT

    def test_the_next_message_can_be_to_stop(self, asked: Office) -> None:
        self._waiting(asked, WANG_LEI)
        asked.say(LI_HUA, "/回复 王磊")
        assert zh("typed.stopped") in asked.say(LI_HUA, "取消")
        assert asked.cards(WANG_LEI, "answered") == []

    def test_replying_by_card_ends_the_conversation_so_that_the_next_words_go_to_nobody(self, asked: Office) -> None:
        self._waiting(asked, WANG_LEI)
        asked.say(LI_HUA, "/回复 王磊")
        asked.press(LI_HUA, asked.card(LI_HUA, "reply"), "submit", {"reply": "我来找人"})
        asked.say(LI_HUA, "今天真累")
        assert len(asked.cards(WANG_LEI, "answered")) == 1

    @pytest.mark.parametrize("command", ["/回复", "/回复 没有这个人 好", "/回复 张伟 好"])
    def test_a_name_that_nobody_waits_under_is_said_so(self, asked: Office, command: str) -> None:
        self._waiting(asked, WANG_LEI)
        assert "待办" in asked.say(LI_HUA, command)

    def test_quoting_the_card_replies_to_that_person(self, asked: Office) -> None:
        self._waiting(asked, WANG_LEI, "zhangwei")
        (about_wang,) = asked.saw(LI_HUA, "王磊 的")
        assert asked.say(LI_HUA, "我来找人", reply_to=about_wang) == SENT

    def test_somebody_else_who_quotes_a_forwarded_card_replies_to_nobody(self, asked: Office) -> None:
        self._waiting(asked, WANG_LEI)
        card = asked.card(LI_HUA, "reply")
        assert zh("reply.not_yours", {"manager": "李华"}) in asked.say("zhangwei", "好的", reply_to=card)
        assert asked.cards(WANG_LEI, "answered") == []

    def test_two_people_of_one_name_are_not_confused(self, found: Found) -> None:
        """Words for one of two Wang Leis go to neither until the manager has seen which is which."""
        namesake = person("wanglei2", "王磊", manager=LI_HUA, department="研发/应用")
        office = found(people=(*crew(), namesake))
        office.until(at("2026-11-27 17:00"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.press("wanglei2", office.card("wanglei2", "checkin"), "submit", {**REVIEW, "result": "接口文档"})
        office.say(LI_HUA, "/回复 王磊 我来找人")
        assert office.cards(WANG_LEI, "answered") + office.cards("wanglei2", "answered") == []
        newest = office.chat(LI_HUA)[-2:]
        assert {"上线了报表" in each.words for each in newest} == {True, False}
        assert {"接口文档" in each.words for each in newest} == {True, False}
        second = next(each for each in newest if "接口文档" in each.words)
        office.press(LI_HUA, second, "submit", {"reply": "我来找人"})
        assert len(office.cards("wanglei2", "answered")) == 1
        assert office.say(LI_HUA, "/回复 王磊 你的也看了") == SENT
        assert len(office.cards(WANG_LEI, "answered")) == 1


class TestDeputies:
    @pytest.fixture
    def office(self, found: Found) -> Office:
        """An office in which Zhao Min stands in for Li Hua, who is away, and Wang Lei waits for a reply."""
        people = [replace(each, deputy_id=PersonId(ZHAO_MIN)) if each.person_id == LI_HUA else each for each in crew()]
        office = found(people=people)
        office.until(at("2026-11-27 17:00"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        return office

    def test_what_a_deputy_looks_after_is_listed_with_whose_it_is(self, office: Office) -> None:
        assert "王磊" not in office.say(ZHAO_MIN, "待办")
        office.say(LI_HUA, "请假 到 2026-12-01")
        listed = office.say(ZHAO_MIN, "待办")
        assert "王磊 等 李华 一句话" in listed
        assert "李华" not in office.say(LI_HUA, "待办")

    def test_help_counts_the_same_matters(self, office: Office) -> None:
        office.say(LI_HUA, "请假 到 2026-12-01")
        count = office.say(ZHAO_MIN, "待办").count("·")
        assert f"现在 {count} 件" in office.say(ZHAO_MIN, "帮助")

    def test_a_deputy_replies_by_name(self, office: Office) -> None:
        office.say(LI_HUA, "请假 到 2026-12-01")
        assert office.say(ZHAO_MIN, "/回复 王磊 我替李华看了") == SENT
        assert "赵敏" in office.card(WANG_LEI, "answered").words

    def test_a_deputy_never_sees_or_gives_the_answers_of_whom_they_stand_in_for(self, office: Office) -> None:
        office.say(LI_HUA, "请假 到 2026-12-01")
        assert "你的复盘" in office.say(ZHAO_MIN, "待办")
        assert office.say(ZHAO_MIN, "待办").count("你的复盘") == 1
        assert zh("reply.none_from", {"name": "李华"}) in office.say(ZHAO_MIN, "/回复 李华 好")

    def test_nobody_replies_to_themselves_as_a_deputy(self, found: Found) -> None:
        people = [replace(each, deputy_id=PersonId(WANG_LEI)) if each.person_id == LI_HUA else each for each in crew()]
        office = found(people=people)
        office.until(at("2026-11-27 17:00"))
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", REVIEW)
        office.say(LI_HUA, "请假 到 2026-12-01")
        assert office.say(WANG_LEI, "待办") == zh("todo.none")
        assert zh("reply.none_from", {"name": "王磊"}) in office.say(WANG_LEI, "/回复 王磊 好")


class TestWithoutSlash:
    @pytest.mark.parametrize(
        "words",
        [
            "请假 到 2026-12-01",
            "请假到12-01",
            "请假 11-30 到 12-01",
            "请假 明天",
            "请假从今天到12月1日",
            "leave to 2026-12-01",
            "Leave until 12-01",
            "leave today",
        ],
    )
    def test_leave_with_nothing_but_days_is_noted(self, asked: Office, words: str) -> None:
        asked.say(WANG_LEI, words)
        (entry,) = asked.history("leave.taken")
        assert entry.subject == WANG_LEI

    @pytest.mark.parametrize(
        "words",
        [
            "请假流程 12-01 上线了",
            "请假 到 12-01 的流程改好了",
            "请假的事",
            "leave it to me",
            "leave 12-01 as it is",
            "请假 下周",
        ],
    )
    def test_other_words_are_no_leave(self, asked: Office, words: str) -> None:
        assert "1/3" in asked.say(WANG_LEI, words)
        assert asked.history("leave.taken") == []

    def test_a_day_that_is_past_is_refused_with_an_example(self, asked: Office) -> None:
        assert "/请假" in asked.say(WANG_LEI, "请假 到 2020-01-01")

    @pytest.mark.parametrize("words", ["回复 王磊 我来找人", "reply 王磊 我来找人", "回复王磊 我来找人"])
    def test_a_reply_to_somebody_who_waits_needs_no_slash(self, asked: Office, words: str) -> None:
        asked.press(WANG_LEI, asked.card(WANG_LEI, "checkin"), "submit", REVIEW)
        assert asked.say(LI_HUA, words) == SENT

    def test_a_reply_to_a_name_nobody_waits_under_is_no_command(self, asked: Office) -> None:
        assert "1/3" in asked.say(LI_HUA, "回复 王磊 的评审")

    def test_where_any_words_are_an_answer_they_are_the_answer(self, asked: Office) -> None:
        asked.press(WANG_LEI, asked.card(WANG_LEI, "checkin"), "submit", REVIEW)
        asked.say(LI_HUA, "你好")
        for words in ("请假 到 2026-12-01", "回复 王磊 我来找人"):
            asked.say(LI_HUA, words)
        assert asked.history("leave.taken") + asked.history("reply.written") == []

    def test_where_an_option_is_wanted_they_are_obeyed(self, found: Found) -> None:
        office = found(MICRO)
        office.until(at("2026-11-27 17:00"))
        office.say(WANG_LEI, "在吗")
        office.say(WANG_LEI, "请假 到 2026-12-01")
        assert len(office.history("leave.taken")) == 1

    def test_a_text_of_days_without_end_is_read_in_no_time(self, asked: Office) -> None:
        assert "1/3" in asked.say(WANG_LEI, "请假 " + "1-11-" * 4_000 + "x")


class TestCommands:
    @pytest.mark.parametrize("words", ["帮助", "/帮助", "help", "/HELP", "／help"])
    def test_help_is_there_in_both_languages(self, asked: Office, words: str) -> None:
        assert "/请假" in asked.say(WANG_LEI, words)

    def test_open_matters_are_listed_with_their_times(self, asked: Office) -> None:
        asked.press(WANG_LEI, asked.card(WANG_LEI, "checkin"), "submit", REVIEW)
        listed = asked.say(LI_HUA, "/待办")
        assert zh("todo.lead", {"count": 2}) in listed
        assert "王磊 等你一句话" in listed
        assert zh("todo.none") in asked.say(WANG_LEI, "todo")

    def test_whoever_opens_the_chat_for_the_first_time_is_welcomed_once(self, found: Found) -> None:
        office = found()
        office.open_chat(WANG_LEI)
        office.open_chat(WANG_LEI)
        (welcome,) = office.chat(WANG_LEI)
        assert "王磊，你好" in welcome.words

    def test_whoever_only_looks_at_another_platform_hears_from_us_where_they_last_wrote(self, asked: Office) -> None:
        asked.join(WANG_LEI, "wecom")
        asked.open_chat(WANG_LEI, "wecom")
        assert asked.history("person.platform") == []
        asked.say_on("wecom", WANG_LEI, "帮助")
        (moved,) = asked.history("person.platform")
        assert moved.detail == {"platform": "wecom"}

    def test_whoever_was_never_asked_anything_is_welcomed_where_they_look(self, found: Found) -> None:
        office = found()
        office.join(WANG_LEI, "wecom")
        office.open_chat(WANG_LEI, "wecom")
        (moved,) = office.history("person.platform")
        assert moved.detail == {"platform": "wecom"}

    def test_answers_to_what_was_typed_come_at_night_too(self, asked: Office) -> None:
        asked.until(at("2026-11-28 03:00"))
        assert "/请假" in asked.say(WANG_LEI, "帮助")
