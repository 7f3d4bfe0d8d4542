"""Cards whose fields a platform cannot show, and platforms without sentences after a click: all is said in words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.cards import (
    IN_WORDS,
    Answer,
    Button,
    Card,
    CardKey,
    ChoiceField,
    Option,
    TextField,
    Toast,
    ToastKind,
)
from domain.events import FormValue, Origin, TextSaid
from domain.ids import PersonId
from domain.messages import Draft, Priority
from handlers import typed
from tests.builders import LI_HUA, WANG_LEI, at, person
from tests.unit.conftest import Found
from tests.unit.office import REVIEW, Office, Shown, crew, zh

MICRO = "cadences: {weekly: {preset: micro, when: 'FRI 16:00'}}"
MONTHLY = "cadences: {monthly: {preset: monthly}}"
MILESTONE = "cadences: {release: {preset: milestone, when: 'on 2026-11-27 10:00'}}"
BUTTON = zh("in_words.button")


@pytest.fixture
def asked(found: Found) -> Office:
    """An office an hour after Friday's card."""
    office = found()
    office.until(at("2026-11-27 17:00"))
    return office


def in_words(office: Office, who: str, shown: Shown, form: dict[str, FormValue] | None = None) -> str:
    """Press the button that stands in place of a card's fields; return the words of the newest message after that."""
    answer = office.click(who, shown.card.key, IN_WORDS, form, shown)
    assert answer.toast is not None, "a click always gets a sentence"
    return office.chat(who)[-1].words


def last(office: Office, who: str) -> str:
    return office.chat(who)[-1].words


class TestCheckins:
    def test_the_questions_come_one_by_one_and_the_last_answer_submits(self, asked: Office) -> None:
        card = asked.card(WANG_LEI, "checkin")
        assert in_words(asked, WANG_LEI, card).startswith("「本周复盘」\n1/3")
        assert "2/3" in asked.say(WANG_LEI, "上线了报表")
        assert "3/3" in asked.say(WANG_LEI, "测试环境不稳")
        assert "小结" in asked.say(WANG_LEI, "补上回归用例")
        assert "上线了报表" in asked.card(LI_HUA, "reply").words
        assert card.words == asked.card(WANG_LEI, "checkin").words, "the card that was clicked shows the report too"

    def test_the_click_is_told_where_the_question_is(self, asked: Office) -> None:
        card = asked.card(WANG_LEI, "checkin")
        answer = asked.click(WANG_LEI, card.card.key, IN_WORDS, shown=card)
        assert answer == Answer(Toast(ToastKind.INFO, zh("in_words.toast")))

    def test_pressing_again_goes_on_where_it_was_left(self, asked: Office) -> None:
        card = asked.card(WANG_LEI, "checkin")
        in_words(asked, WANG_LEI, card)
        asked.say(WANG_LEI, "上线了报表")
        assert "2/3" in in_words(asked, WANG_LEI, card)

    def test_what_the_card_could_take_is_not_asked_again(self, found: Found) -> None:
        office = found(MICRO)
        office.until(at("2026-11-27 17:00"))
        card = office.card(WANG_LEI, "checkin")
        assert "2/3" in in_words(office, WANG_LEI, card, {"progress": "A"})
        office.say(WANG_LEI, "2")
        assert "小结" in office.say(WANG_LEI, "3")

    def test_a_card_that_took_everything_is_submitted_at_once(self, found: Found) -> None:
        office = found(MICRO)
        office.until(at("2026-11-27 17:00"))
        card = office.card(WANG_LEI, "checkin")
        assert "小结" in in_words(office, WANG_LEI, card, {"progress": "A", "pace": "B", "support": "C"})

    def test_an_option_that_does_not_exist_is_refused_with_its_question(self, found: Found) -> None:
        office = found(MICRO)
        office.until(at("2026-11-27 17:00"))
        card = office.card(WANG_LEI, "checkin")
        answer = office.click(WANG_LEI, card.card.key, IN_WORDS, {"progress": "Z"}, card)
        assert answer.toast is not None
        assert "没有这个选项" in answer.toast.text

    def test_an_answer_that_leads_to_another_question_does_so_in_words_too(self, found: Found) -> None:
        office = found(MILESTONE)
        office.until(at("2026-11-27 10:05"))
        in_words(office, WANG_LEI, office.card(WANG_LEI, "checkin"))
        office.say(WANG_LEI, "v2")
        office.say(WANG_LEI, "回归全过")
        assert "差在哪里" in office.say(WANG_LEI, "要延期")
        assert "小结" in office.say(WANG_LEI, "差一个用例，12 月 4 日")

    def test_a_half_filled_form_is_asked_only_for_the_rest(self, found: Found) -> None:
        office = found(MILESTONE)
        office.until(at("2026-11-27 10:05"))
        card = office.card(WANG_LEI, "checkin")
        office.press(WANG_LEI, card, "submit", {"deliverable": "v2", "acceptance": "回归", "state": "late"})
        assert "差在哪里" in in_words(office, WANG_LEI, card)
        assert "小结" in office.say(WANG_LEI, "差一个用例，12 月 4 日")

    def test_what_was_submitted_can_be_changed_answer_by_answer(self, asked: Office) -> None:
        card = asked.card(WANG_LEI, "checkin")
        asked.press(WANG_LEI, card, "submit", REVIEW)
        asked.press(WANG_LEI, card, "edit")
        assert zh("typed.hint.keep", {"value": "上线了报表"}) in in_words(asked, WANG_LEI, card)
        asked.say(WANG_LEI, "跳过")
        asked.say(WANG_LEI, "没有了")
        asked.say(WANG_LEI, "skip")
        report = last(asked, WANG_LEI)
        assert "没有了" in report
        assert "上线了报表" in report
        assert "测试环境不稳" not in report

    def test_somebody_who_was_not_asked_is_told_so(self, asked: Office) -> None:
        card = asked.card(WANG_LEI, "checkin")
        answer = asked.click("stranger", card.card.key, IN_WORDS, shown=card)
        assert answer.toast == Toast(ToastKind.ERROR, zh("card.stranger"))
        late = CardKey("checkin", "a round that never was")
        assert asked.click(WANG_LEI, late, IN_WORDS).toast == Toast(ToastKind.WARNING, zh("checkin.not_yours"))


class TestReplies:
    def _request(self, office: Office, who: str = WANG_LEI) -> Shown:
        office.press(who, office.card(who, "checkin"), "submit", REVIEW)
        return office.card(LI_HUA, "reply")

    def test_a_reply_is_asked_for_with_whom_it_is_for(self, asked: Office) -> None:
        assert "王磊" in in_words(asked, LI_HUA, self._request(asked))
        assert asked.say(LI_HUA, "我来找人") == zh("reply.toast.sent", {"name": "王磊"})
        assert "我来找人" in asked.card(WANG_LEI, "answered").words
        assert zh("reply.tag.done") in asked.card(LI_HUA, "reply").words

    def test_a_follow_up_of_several_questions_is_asked_question_by_question(self, found: Found) -> None:
        office = found(MONTHLY)
        office.until(at("2026-11-30 15:05"))
        month = {"completion": "4", "result": "上线", "obstacle": "人手", "support": "一台机器"}
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", month)
        assert "1/3 做得好的一件事" in in_words(office, LI_HUA, office.card(LI_HUA, "reply"))
        assert "2/3" in office.say(LI_HUA, "稳")
        assert zh("typed.hint.optional") in office.say(LI_HUA, "早点说")
        assert office.say(LI_HUA, "跳过") == zh("reply.toast.sent", {"name": "王磊"})
        assert "做得好的一件事：稳" in office.card(WANG_LEI, "answered").words

    def test_a_verdict_leads_to_its_reason_and_is_given_once(self, found: Found) -> None:
        office = found(MILESTONE)
        office.until(at("2026-11-27 10:05"))
        done = {"deliverable": "v2", "acceptance": "回归", "state": "done"}
        office.press(WANG_LEI, office.card(WANG_LEI, "checkin"), "submit", done)
        request = office.card(LI_HUA, "reply")
        in_words(office, LI_HUA, request)
        assert "差在哪里" in office.say(LI_HUA, "未通过")
        assert office.say(LI_HUA, "差一个用例") == zh("reply.toast.sent", {"name": "王磊"})
        again = office.click(LI_HUA, request.card.key, IN_WORDS, shown=request)
        assert again.toast == Toast(ToastKind.WARNING, zh("reply.toast.already"))
        assert len(office.cards(WANG_LEI, "answered")) == 1

    def test_whoever_got_the_card_forwarded_replies_to_nobody(self, asked: Office) -> None:
        request = self._request(asked)
        answer = asked.click("zhangwei", request.card.key, IN_WORDS, shown=request)
        assert answer.toast == Toast(ToastKind.WARNING, zh("reply.not_yours", {"manager": "李华"}))


class TestOtherForms:
    """The reason for skipping is such a form: a face that the check-in's card takes on in the chat."""

    def _skipping(self, office: Office) -> Shown:
        card = office.card(WANG_LEI, "checkin")
        office.press(WANG_LEI, card, "skip")
        assert "skip_yes" in card.actions
        return card

    def test_the_face_that_is_seen_is_what_is_asked(self, asked: Office) -> None:
        question = in_words(asked, WANG_LEI, self._skipping(asked))
        assert question.startswith(f"「{zh('checkin.skip.title')}」\n1/1 {zh('checkin.skip.why')}\n1. ")
        result = asked.say(WANG_LEI, "2")
        assert zh("checkin.toast.skipped") in result
        assert zh("checkin.skip.travel") in result
        assert asked.history("checkin.skipped")

    def test_changing_ones_mind_on_the_card_ends_the_asking(self, asked: Office) -> None:
        card = self._skipping(asked)
        in_words(asked, WANG_LEI, card)
        asked.press(WANG_LEI, card, "edit")
        asked.say(WANG_LEI, "2")
        assert asked.history("checkin.skipped") == []

    def test_stopping_leaves_everything_as_it_is(self, asked: Office) -> None:
        in_words(asked, WANG_LEI, self._skipping(asked))
        assert asked.say(WANG_LEI, "取消") == zh("typed.not_done")
        assert asked.history("checkin.skipped") == []

    def test_a_card_nobody_knows_any_more_is_said_so(self, asked: Office) -> None:
        answer = asked.click(WANG_LEI, CardKey("goal", "g1"), IN_WORDS)
        assert answer.toast == Toast(ToastKind.WARNING, zh("in_words.gone"))
        assert asked.click(WANG_LEI, None, IN_WORDS).toast == Toast(ToastKind.WARNING, zh("card.unknown"))


KEY = CardKey("goal", "g1")
FORM = Card(
    KEY,
    "改目标",
    "请看一眼",
    fields=(
        TextField("text", "新的目标？", initial="上线三个模块"),
        ChoiceField(
            "areas", "动哪些？", (Option("a", "范围"), Option("b", "日期"), Option("c", "标准")), multiple=True
        ),
        ChoiceField("weight", "多重要？", (Option("h", "很"), Option("l", "不太")), initial=("h",)),
        TextField("note", "还有要说的？", required=False, max_length=20),
    ),
    buttons=(
        Button("propose", "提出修改", submits=True),
        Button("drop", "放弃这个目标", confirm="放弃后要重新立，确定吗？"),
    ),
)
DECISION = Card(
    KEY,
    "批一下",
    "请看一眼",
    fields=(TextField("why", "一句理由", required=False),),
    buttons=(
        Button("approve", "同意", submits=True),
        Button("reject", "不同意", submits=True, confirm="不同意会退回给本人，确定吗？"),
    ),
)


@dataclass(slots=True)
class Desk:
    """Somebody at the chat with a card of a kind that no handler knows yet; what is pressed in the end is noted."""

    office: Office
    answer: Answer = field(default_factory=lambda: Answer(Toast(ToastKind.SUCCESS, "记下了")))
    pressed: list[tuple[CardKey, str, dict[str, FormValue]]] = field(default_factory=list)
    _number: int = 0

    def show(self, card: Card) -> Shown:
        """Let the card arrive."""
        self._number += 1
        with self.office.database.transaction() as transaction:
            draft = Draft(PersonId(WANG_LEI), card, Priority.PERSONAL, f"desk:{self._number}", asked=True)
            self.office.organisations.context(transaction, self.office.policy.org_id, self.office.now).store.outbox.put(
                draft
            )
        self.office.settle()
        return self.office.chat(WANG_LEI)[-1]

    def say(self, text: str, reply_to: Shown | None = None) -> str:
        """Type something; return the words of the newest message after that."""
        self._number += 1
        origin = Origin(self.office.policy.org_id, "feishu", f"desk-{self._number}", f"ou_{WANG_LEI}", self.office.now)
        event = TextSaid(origin, text, reply_to.external_id if reply_to else None)
        with self.office.database.transaction() as transaction:
            ctx = self.office.organisations.context(transaction, self.office.policy.org_id, self.office.now)
            typed.said(ctx, event, ctx.person(PersonId(WANG_LEI)), self._press)
        self.office.settle()
        return self.office.chat(WANG_LEI)[-1].words

    def _press(self, card: CardKey, action: str, form: object) -> Answer:
        assert isinstance(form, dict)
        self.pressed.append((card, action, form))
        return self.answer


@pytest.fixture
def desk(found: Found) -> Desk:
    """A desk on an ordinary Thursday, before any round."""
    return Desk(found())


class TestAnyCard:
    def test_every_field_is_asked_in_its_order_and_the_button_sends_all_along(self, desk: Desk) -> None:
        desk.show(FORM)
        assert desk.say("提出修改").startswith("「改目标」\n1/4 新的目标？")
        assert "2/4 动哪些？\n1. 范围\n2. 日期\n3. 标准" in desk.say("上线四个模块")
        assert "3/4" in desk.say("1 3")
        assert zh("typed.hint.optional") in desk.say("不太")
        assert desk.say("下周再细说") == "记下了"
        form = {"text": "上线四个模块", "areas": ("a", "c"), "weight": "l", "note": "下周再细说"}
        assert desk.pressed == [(KEY, "propose", form)]

    def test_what_the_card_had_filled_in_is_kept_by_passing_it_over(self, desk: Desk) -> None:
        desk.show(FORM)
        assert zh("typed.hint.keep", {"value": "上线三个模块"}) in desk.say(BUTTON)
        desk.say("跳过")
        assert zh("typed.hint.keep", {"value": "很"}) in desk.say("日期")
        desk.say("-")
        desk.say("pass")
        assert desk.pressed == [(KEY, "propose", {"text": "上线三个模块", "areas": ("b",), "weight": "h"})]

    def test_the_new_face_comes_as_a_card_with_the_sentence_on_it(self, desk: Desk) -> None:
        desk.answer = Answer(Toast(ToastKind.SUCCESS, "记下了"), Card(KEY, "等主管看", "已提出"))
        desk.show(DECISION)
        desk.say("同意")
        desk.say("跳过")
        newest = desk.office.chat(WANG_LEI)[-1]
        assert newest.card.title == "等主管看"
        assert "记下了" in newest.words

    def test_an_answer_too_long_is_refused_and_its_question_stays_open(self, desk: Desk) -> None:
        desk.show(FORM)
        for words in ("提出修改", "跳过", "1", "1"):
            desk.say(words)
        assert "最多 20 个字" in desk.say("长" * 21)
        assert desk.say("短一点") == "记下了"

    def test_of_several_buttons_the_last_question_is_which(self, desk: Desk) -> None:
        desk.show(DECISION)
        desk.say(BUTTON)
        assert f"{zh('typed.which')}\n1. 同意\n2. 不同意" in desk.say("想清楚了")
        assert desk.say("1") == "记下了"
        assert desk.pressed == [(KEY, "approve", {"why": "想清楚了"})]

    def test_a_button_that_asks_whether_one_is_sure_does_so_in_words(self, desk: Desk) -> None:
        desk.show(FORM)
        assert desk.say("放弃这个目标") == f"「改目标」\n放弃后要重新立，确定吗？\n{zh('typed.hint.sure')}"
        assert desk.pressed == []
        assert desk.say("是") == "记下了"
        assert desk.pressed == [(KEY, "drop", {})]

    @pytest.mark.parametrize("words", ["不", "no", "取消", "算了"])
    def test_whoever_is_not_sure_has_done_nothing(self, desk: Desk, words: str) -> None:
        desk.show(FORM)
        desk.say("放弃这个目标")
        assert desk.say(words) == zh("typed.not_done")
        assert desk.pressed == []

    def test_whatever_is_no_yes_is_no_yes(self, desk: Desk) -> None:
        desk.show(FORM)
        desk.say("放弃这个目标")
        assert "确定吗" in desk.say("是不是要等一等")
        assert desk.pressed == []

    def test_whether_one_is_sure_is_asked_last(self, desk: Desk) -> None:
        desk.show(DECISION)
        desk.say(BUTTON)
        desk.say("不合适")
        assert "退回给本人" in desk.say("不同意")
        assert desk.say("好") == "记下了"
        assert desk.pressed == [(KEY, "reject", {"why": "不合适"})]

    def test_it_can_be_finished_though_the_card_shows_something_else_by_now(self, desk: Desk) -> None:
        shown = desk.show(DECISION)
        desk.say("同意")
        desk.office.click(WANG_LEI, KEY, "whatever", shown=shown)
        with desk.office.database.transaction() as transaction:
            outbox = transaction.store(desk.office.policy.org_id).outbox
            outbox.note_face(shown.external_id, PersonId(WANG_LEI), Card(KEY, "已了结", "已了结"))
        assert desk.say("就这样") == "记下了"

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.sampled_from(["提出修改", BUTTON, "1", "跳过", "", "是", "不同意"]) | st.text(max_size=30), max_size=8
        )
    )
    def test_whatever_is_typed_gets_an_answer_and_nothing_half_filled_is_pressed(
        self, desk: Desk, texts: list[str]
    ) -> None:
        desk.pressed.clear()
        for card in (FORM, DECISION):
            desk.show(card)
        for text in texts:
            before = len(desk.office.chat(WANG_LEI))
            desk.say(text)
            assert len(desk.office.chat(WANG_LEI)) == before + 1
        for _, action, form in desk.pressed:
            assert action != "propose" or {"text", "areas", "weight"} <= set(form)
        desk.say("取消")


class TestSilence:
    def _later(self, office: Office, *, silent: bool) -> Answer:
        card = office.card(WANG_LEI, "checkin")
        return office.click(WANG_LEI, card.card.key, "later", shown=card, silent=silent)

    def test_where_no_sentence_is_shown_after_a_click_it_comes_as_a_message(self, asked: Office) -> None:
        answer = self._later(asked, silent=True)
        assert answer.toast is not None
        assert last(asked, WANG_LEI) == answer.toast.text

    def test_where_it_is_shown_it_is_not_said_twice(self, asked: Office) -> None:
        before = len(asked.chat(WANG_LEI))
        self._later(asked, silent=False)
        assert len(asked.chat(WANG_LEI)) == before

    def test_a_new_face_tells_enough(self, asked: Office) -> None:
        before = len(asked.chat(WANG_LEI))
        card = asked.card(WANG_LEI, "checkin")
        asked.click(WANG_LEI, card.card.key, "submit", REVIEW, card, silent=True)
        assert len(asked.chat(WANG_LEI)) == before

    def test_a_refusal_is_heard_too_and_a_repetition_is_not_heard_again(self, asked: Office) -> None:
        for _ in range(2):
            asked.click(WANG_LEI, CardKey("nothing", "x"), "y", event_id="one click", silent=True)
        assert [each.words for each in asked.saw(WANG_LEI, zh("card.unknown"))] == [zh("card.unknown")]

    def test_asking_in_words_needs_no_further_sentence(self, asked: Office) -> None:
        before = len(asked.chat(WANG_LEI))
        card = asked.card(WANG_LEI, "checkin")
        assert asked.click(WANG_LEI, card.card.key, IN_WORDS, shown=card, silent=True) == Answer()
        assert len(asked.chat(WANG_LEI)) == before + 1
        assert "1/3" in last(asked, WANG_LEI)

    def test_at_night_the_sentence_comes_at_once_for_it_was_asked_for(self, asked: Office) -> None:
        asked.until(at("2026-11-28 03:00"))
        before = len(asked.chat(WANG_LEI))
        self._later(asked, silent=True)
        assert len(asked.chat(WANG_LEI)) == before + 1


class TestStrangers:
    def test_a_click_of_somebody_unknown_is_answered_and_noted_for_the_admin(self, asked: Office) -> None:
        card = asked.card(WANG_LEI, "checkin")
        answer = asked.click("stranger", card.card.key, "submit", {"result": "密码是 123"}, card, silent=True)
        assert answer.toast == Toast(ToastKind.ERROR, zh("card.stranger"))
        (entry,) = asked.history("event.stranger")
        assert (entry.subject, entry.detail) == ("ou_stranger", {})
        assert asked.chat("stranger") == []

    def test_a_click_of_somebody_who_has_left_changes_nothing(self, asked: Office) -> None:
        card = asked.card(WANG_LEI, "checkin")
        asked.leave(WANG_LEI)
        answer = asked.click(WANG_LEI, card.card.key, "submit", REVIEW, card)
        assert answer.toast == Toast(ToastKind.ERROR, zh("card.stranger"))
        assert asked.history("checkin.submitted") == []


class TestLanguage:
    def test_the_way_to_answer_and_to_stop_is_told_in_the_readers_language(self, found: Found) -> None:
        english = replace(person("max", "Max", manager=LI_HUA), locale="en")
        office = found(people=[*crew(), english])
        office.until(at("2026-11-27 17:00"))
        assert 'Send "cancel" to stop' in in_words(office, "max", office.card("max", "checkin"))
        assert office.say("max", "stop").startswith("Fine")
