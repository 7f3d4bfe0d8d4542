"""Labels of buttons typed to the bot, alone, in answer to a card or with a reference: they are clicks, or answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import LI_HUA, WANG_LEI, at, person
from tests.unit.conftest import Found
from tests.unit.office import REVIEW, Office, crew, zh

MICRO = "cadences: {weekly: {preset: micro, when: 'FRI 16:00'}}"
SENT = zh("reply.toast.sent", {"name": "王磊"})


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


class TestLabels:
    """A text that equals the label of a button is that click (ADR 0015)."""

    def test_a_typed_label_does_what_the_button_does(self, asked: Office) -> None:
        assert "再提醒你" in asked.say(WANG_LEI, zh("checkin.button.later"))
        assert asked.history("duty.snoozed")

    @pytest.mark.parametrize("words", [" 晚点再说 ", "晚点再说\n"])
    def test_blanks_around_it_do_not_matter(self, asked: Office, words: str) -> None:
        assert "再提醒你" in asked.say(WANG_LEI, words)

    def test_upper_and_lower_case_do_not_matter(self, found: Found) -> None:
        office = found(people=[replace(each, locale="en") for each in crew()])
        office.until(at("2026-11-27 17:00"))
        assert "remind you" in office.say(WANG_LEI, "LATER")

    def test_the_new_face_comes_as_a_card_on_which_one_can_go_on(self, asked: Office) -> None:
        assert zh("checkin.skip.why") in asked.say(WANG_LEI, zh("checkin.button.skip"))
        assert zh("checkin.skip.why") in asked.say(WANG_LEI, zh("checkin.skip.yes"))
        assert zh("checkin.toast.skipped") in asked.say(WANG_LEI, "1")
        assert asked.history("checkin.skipped")

    def test_a_button_that_sends_fields_along_asks_for_them_first(self, asked: Office) -> None:
        assert "1/3" in asked.say(WANG_LEI, zh("checkin.button.submit"))
        for words in ("甲", "乙", "丙"):
            asked.say(WANG_LEI, words)
        assert "甲" in asked.card(LI_HUA, "reply").words

    def test_labels_of_the_face_that_a_click_gave_the_card_are_known(self, asked: Office) -> None:
        card = asked.card(WANG_LEI, "checkin")
        asked.press(WANG_LEI, card, "skip")
        assert zh("checkin.button.submit") in asked.say(WANG_LEI, zh("checkin.skip.no"))

    def test_labels_of_a_face_that_came_later_are_known(self, asked: Office) -> None:
        """The report's button; the card was changed by an update, not by a click on it."""
        asked.say(WANG_LEI, "1. 甲\n2. 乙\n3. 丙")
        assert zh("checkin.toast.edit") in asked.say(WANG_LEI, zh("checkin.button.edit"))

    def test_a_label_that_the_card_has_lost_still_gets_a_true_sentence(self, asked: Office) -> None:
        asked.press(WANG_LEI, asked.card(WANG_LEI, "checkin"), "submit", REVIEW)
        assert zh("checkin.toast.already") in asked.say(WANG_LEI, zh("checkin.button.later"))

    def test_the_newest_card_that_has_it_is_meant(self, asked: Office) -> None:
        for who in (WANG_LEI, "zhangwei"):
            asked.press(who, asked.card(who, "checkin"), "submit", REVIEW)
            asked.until(asked.now + timedelta(minutes=1))
        assert "张伟" in asked.say(LI_HUA, zh("reply.button.in_person"))
        assert len(asked.history("duty.waived")) == 1
        assert zh("reply.tag.done") in asked.card(LI_HUA, "reply").words

    def test_a_card_that_is_quoted_is_meant_however_old_it_is(self, asked: Office) -> None:
        prompt = asked.card(WANG_LEI, "checkin")
        asked.until(at("2027-01-06 12:00"))
        assert asked.say(WANG_LEI, zh("checkin.button.skip"), reply_to=prompt).count(zh("checkin.skip.why")) == 1

    def test_without_saying_which_a_card_of_15_days_is_not_meant(self, found: Found) -> None:
        """The newest is the reminder of Monday, the 30th of November, at 16:00."""
        office = found("cadences: {weekly: {preset: review, when: 'on 2026-11-27 16:00'}}")
        office.until(at("2026-12-14 15:00"))
        assert zh("checkin.skip.why") in office.say(WANG_LEI, zh("checkin.button.skip"))
        office.until(at("2026-12-15 15:00"))
        assert zh("checkin.skip.why") not in office.say("zhangwei", zh("checkin.button.skip"))

    def test_somebody_elses_card_is_never_meant(self, asked: Office) -> None:
        asked.press(WANG_LEI, asked.card(WANG_LEI, "checkin"), "submit", REVIEW)
        request = asked.card(LI_HUA, "reply")
        for quoted in (None, request):
            asked.say("zhangwei", zh("reply.button.in_person"), reply_to=quoted)
            asked.say("zhangwei", f"{zh('reply.button.in_person')} #{request.external_id[-6:]}", reply_to=quoted)
        assert asked.history("duty.waived") == []

    def test_a_digest_can_be_opened_by_its_label(self, found: Found) -> None:
        office = found("attention: {per_person_per_day: 3}\n")
        office.until(at("2026-11-27 17:00"))
        for who in (WANG_LEI, "zhangwei", "liuyang"):
            office.press(who, office.card(who, "checkin"), "submit", REVIEW)
        office.until(at("2026-11-27 18:30"))
        assert office.cards(LI_HUA, "digest")
        before = len(office.cards(LI_HUA, "reply"))
        office.say(LI_HUA, zh("digest.button.open"))
        assert len(office.cards(LI_HUA, "reply")) > before


class TestLabelsInConversation:
    def test_where_any_words_are_an_answer_a_label_is_one_too(self, asked: Office) -> None:
        asked.say(WANG_LEI, "你好")
        assert "2/3" in asked.say(WANG_LEI, zh("checkin.button.later"))
        asked.say(WANG_LEI, "乙")
        asked.say(WANG_LEI, "丙")
        assert _answers_of(asked)["result"] == zh("checkin.button.later")

    def test_a_label_with_a_reference_is_a_click_all_the_same_and_the_question_stays(self, asked: Office) -> None:
        asked.say(LI_HUA, "你好")
        asked.press(WANG_LEI, asked.card(WANG_LEI, "checkin"), "submit", REVIEW)
        request = asked.card(LI_HUA, "reply")
        label = zh("reply.button.in_person")
        assert zh("reply.tag.done") in asked.say(LI_HUA, f"{label} #{request.external_id[-6:]}")
        assert "2/3" in asked.say(LI_HUA, "上线了报表")

    def test_a_click_on_the_card_that_is_being_asked_ends_the_asking(self, asked: Office) -> None:
        prompt = asked.card(WANG_LEI, "checkin")
        asked.say(WANG_LEI, "你好")
        asked.say(WANG_LEI, zh("checkin.button.later"), reply_to=prompt)
        assert "1/3" in asked.say(WANG_LEI, "上线了报表")

    def test_where_an_option_is_wanted_a_label_that_is_none_is_a_click(self, found: Found) -> None:
        office = found(MICRO)
        office.until(at("2026-11-27 17:00"))
        office.say(WANG_LEI, "在吗")
        assert zh("checkin.skip.why") in office.say(WANG_LEI, zh("checkin.button.skip"))

    def test_an_option_goes_before_a_label_of_the_same_words(self, found: Found) -> None:
        labels = [zh("checkin.button.later"), zh("checkin.button.skip")]
        question = f"{{name: a, text: 怎么样？, kind: choice, options: {labels}}}"
        own = f"questionnaires: {{q: {{title: 一题, questions: [{question}]}}}}"
        office = found(own + "\ncadences: {weekly: {title: 一题, when: 'FRI 16:00', questionnaire: q}}")
        office.until(at("2026-11-27 17:00"))
        office.say(WANG_LEI, "在吗")
        assert "小结" in office.say(WANG_LEI, labels[0])

    def test_pressing_submit_again_in_words_asks_the_open_question_again(self, asked: Office) -> None:
        prompt = asked.card(WANG_LEI, "checkin")
        asked.say(WANG_LEI, "你好")
        asked.say(WANG_LEI, "甲")
        assert "2/3" in asked.say(WANG_LEI, zh("checkin.button.submit"), reply_to=prompt)


class TestReferences:
    """Links that send a text add the end of the message's own id."""

    @pytest.mark.parametrize("form", ["{} #{}", "{}#{}", "{} ＃{}", "{}　#{} "])
    def test_a_reference_tells_which_card(self, asked: Office, form: str) -> None:
        for who in (WANG_LEI, "zhangwei"):
            asked.press(who, asked.card(who, "checkin"), "submit", REVIEW)
        (about_wang,) = asked.saw(LI_HUA, "王磊 的")
        text = form.format(zh("reply.button.in_person"), about_wang.external_id[-6:].upper())
        assert "王磊" in asked.say(LI_HUA, text)
        assert "张伟" not in asked.saw(LI_HUA, zh("reply.tag.done"))[-1].words

    def test_a_label_on_a_card_that_has_changed_since_gets_its_true_sentence(self, asked: Office) -> None:
        prompt = asked.card(WANG_LEI, "checkin")
        asked.press(WANG_LEI, prompt, "submit", REVIEW)
        told = asked.say(WANG_LEI, f"{zh('checkin.button.skip')} #{prompt.external_id[-6:]}")
        assert zh("checkin.toast.already") in told

    def test_other_words_with_a_reference_are_words_about_that_card(self, asked: Office) -> None:
        asked.press(WANG_LEI, asked.card(WANG_LEI, "checkin"), "submit", REVIEW)
        request = asked.card(LI_HUA, "reply")
        assert asked.say(LI_HUA, f"我来找人 #{request.external_id[-6:]}") == SENT
        assert "#" not in asked.card(WANG_LEI, "answered").words

    def test_the_button_for_answering_in_words_is_known_in_every_language(self, asked: Office) -> None:
        prompt = asked.card(WANG_LEI, "checkin")
        for label in ("文字填写", "In words"):
            assert "1/3" in asked.say(WANG_LEI, f"{label} #{prompt.external_id[-6:]}")

    def test_a_number_that_is_no_card_of_theirs_belongs_to_the_words(self, asked: Office) -> None:
        others = asked.card("zhangwei", "checkin").external_id[-6:]
        asked.say(WANG_LEI, "你好")
        asked.say(WANG_LEI, f"修好了 #{others}")
        asked.say(WANG_LEI, "修好了 #123456")
        asked.say(WANG_LEI, "丙")
        assert _answers_of(asked) == {"result": f"修好了 #{others}", "obstacle": "修好了 #123456", "next": "丙"}
