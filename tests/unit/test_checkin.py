"""Check-ins: answering, editing, skipping, missing; and what a reply makes of a later edit."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.checkin import Checkin, CheckinState, Reaction, Submission, miss, skip, submit
from domain.errors import Refused
from domain.questionnaire import Questionnaire
from tests.builders import FRIDAY, at, cadence, checkin, choice_question, hours, questionnaire, reply, review_answers
from tests.strategies import answers_to, checkins, lengths, questionnaires

DUE = at("2026-12-01 16:00")
AN_HOUR_LATER = FRIDAY + hours(1)
TICK = timedelta(microseconds=1)
EDITED = {**review_answers(), "action": "周二前谈妥加急通道"}


def _answered(now: datetime = AN_HOUR_LATER) -> Checkin:
    return submit(checkin(), review_answers(), now).checkin


def _replied() -> Checkin:
    return replace(_answered(), replied_at=FRIDAY + hours(3))


class TestAnswering:
    def test_the_first_answers_are_version_one_and_open_the_follow_up(self) -> None:
        done = submit(checkin(), review_answers(), FRIDAY + hours(1))
        assert (done.first, done.new_version, done.changed) == (True, False, True)
        assert (done.checkin.state, done.checkin.version) == (CheckinState.SUBMITTED, 1)
        assert (done.checkin.answers, done.checkin.submitted_at) == (review_answers(), FRIDAY + hours(1))

    def test_what_was_half_filled_in_is_forgotten(self) -> None:
        assert submit(replace(checkin(), draft={"result": "半句"}), review_answers(), FRIDAY).checkin.draft == {}

    @pytest.mark.parametrize("missing", ["result", "obstacle", "action"])
    def test_a_missing_required_answer_is_refused_with_the_question(self, missing: str) -> None:
        asked = {question.name: question.text for question in questionnaire().questions}
        with pytest.raises(Refused) as refused:
            submit(checkin(), {**review_answers(), missing: ""}, FRIDAY)
        assert (refused.value.key, refused.value.args_for_sentence) == ("answer.missing", {"question": asked[missing]})

    def test_an_orphaned_answer_is_not_kept(self) -> None:
        which = choice_question("which", "哪一类?", ("人手", "物料"), only_if=("blocked", ("v2",)))
        asked = questionnaire(choice_question("blocked", "有卡点吗?", ("没有", "有")), which)
        done = submit(checkin(cadence(asks=asked)), {"blocked": "v1", "which": "v2"}, FRIDAY)
        assert done.checkin.answers == {"blocked": "v1"}

    def test_a_check_in_without_questions_cannot_be_answered(self) -> None:
        silent = checkin(replace(cadence(), questionnaire=None))
        with pytest.raises(Refused) as refused:
            submit(silent, {}, FRIDAY)
        assert refused.value.key == "checkin.nothing_asked"


class TestLate:
    @pytest.mark.parametrize(("now", "late"), [(DUE - TICK, False), (DUE, False), (DUE + TICK, True)])
    def test_an_answer_is_late_after_the_due_instant_and_not_at_it(self, now: datetime, late: bool) -> None:
        assert submit(checkin(), review_answers(), now).checkin.late is late

    def test_without_a_due_instant_nothing_is_late(self) -> None:
        assert not submit(replace(checkin(), due_at=None), review_answers(), DUE + hours(9999)).checkin.late

    def test_an_edit_after_the_due_instant_does_not_make_it_late(self) -> None:
        assert not submit(_answered(), EDITED, DUE + hours(1)).checkin.late

    def test_an_edit_does_not_undo_that_it_was_late(self) -> None:
        assert submit(_answered(DUE + hours(1)), EDITED, DUE + hours(2)).checkin.late


class TestEditing:
    def test_before_the_reply_an_edit_replaces_the_answers(self) -> None:
        done = submit(_answered(), EDITED, FRIDAY + hours(2))
        assert (done.first, done.new_version, done.changed) == (False, False, True)
        assert (done.checkin.version, done.checkin.answers) == (1, EDITED)
        assert done.checkin.submitted_at == FRIDAY + hours(2)

    def test_after_the_reply_an_edit_becomes_a_new_version_that_waits_for_its_own(self) -> None:
        done = submit(_replied(), EDITED, FRIDAY + hours(4))
        assert (done.first, done.new_version, done.changed) == (False, True, True)
        assert (done.checkin.version, done.checkin.answers, done.checkin.replied_at) == (2, EDITED, None)

    def test_a_second_edit_after_the_reply_replaces_the_new_version(self) -> None:
        second = submit(_replied(), EDITED, FRIDAY + hours(4)).checkin
        assert submit(second, review_answers(), FRIDAY + hours(5)).checkin.version == 2

    @pytest.mark.parametrize("before", [_answered(), _replied()])
    def test_the_same_answers_again_change_nothing(self, before: Checkin) -> None:
        again = submit(before, review_answers(), DUE + hours(9))
        assert again == Submission(before, first=False, new_version=False, changed=False)

    def test_an_edit_with_an_answer_missing_is_refused(self) -> None:
        with pytest.raises(Refused):
            submit(_answered(), {"result": "只剩一句"}, FRIDAY + hours(2))


class TestSkippingAndMissing:
    def test_skipping_keeps_the_reason_and_what_was_half_filled_in(self) -> None:
        skipped = skip(replace(checkin(), draft={"result": "半句"}), "出差")
        assert (skipped.state, skipped.skip_reason, skipped.draft) == (
            CheckinState.SKIPPED,
            "出差",
            {"result": "半句"},
        )

    def test_skipping_after_the_answer_is_refused(self) -> None:
        with pytest.raises(Refused) as refused:
            skip(_answered(), "出差")
        assert refused.value.key == "checkin.skip_after_answer"

    @pytest.mark.parametrize("before", [skip(checkin(), "出差"), miss(checkin())])
    def test_what_was_skipped_or_missed_still_counts_when_answered(self, before: Checkin) -> None:
        done = submit(before, review_answers(), DUE + hours(1))
        assert (done.first, done.checkin.state, done.checkin.late) == (True, CheckinState.SUBMITTED, True)
        assert done.checkin.skip_reason == ""

    def test_only_what_is_open_is_missed(self) -> None:
        assert miss(checkin()).state is CheckinState.MISSED
        assert miss(_answered()) == _answered()
        assert miss(skip(checkin(), "出差")).state is CheckinState.SKIPPED

    def test_what_was_missed_can_still_be_skipped_with_a_reason(self) -> None:
        assert skip(miss(checkin()), "出差").state is CheckinState.SKIPPED


def test_a_reaction_counts_once() -> None:
    once = reply().react(Reaction.HELPFUL)
    assert once.react(Reaction.HELPFUL) == once
    assert once.react(Reaction.WILL_ACT).reactions == {Reaction.HELPFUL, Reaction.WILL_ACT}


class CheckinUnderAnyOrder(RuleBasedStateMachine):
    """One check-in, answered, edited, replied to, skipped and missed in any order."""

    @initialize(data=st.data(), asked=questionnaires(most=3))
    def ask(self, data: st.DataObject, asked: Questionnaire) -> None:
        self.asked = asked
        self.checkin = data.draw(checkins(asked))
        self.now = self.checkin.asked_at
        self.filed: list[dict[str, str | tuple[str, ...]]] = []
        self.replied_to: set[int] = set()
        self.late: bool | None = None

    @rule(step=lengths())
    def wait(self, step: timedelta) -> None:
        self.now += step

    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        before = self.checkin
        answers = data.draw(answers_to(self.asked))
        done = submit(before, answers, self.now)
        assert done.first == (not self.filed)
        if done.first:
            self.late = before.due_at is not None and self.now > before.due_at
        if not self.filed or done.new_version:
            self.filed.append(answers)
        self.filed[-1] = answers
        assert done.new_version == (done.changed and before.version in self.replied_to)
        assert done.checkin.submitted_at == (self.now if done.changed else before.submitted_at)
        self.checkin = done.checkin

    @precondition(lambda self: self.filed)
    @rule()
    def answer_the_same_again(self) -> None:
        again = submit(self.checkin, self.checkin.answers, self.now)
        assert again == Submission(self.checkin, first=False, new_version=False, changed=False)

    @precondition(lambda self: self.filed)
    @rule()
    def reply_to_it(self) -> None:
        self.checkin = replace(self.checkin, replied_at=self.now)
        self.replied_to.add(self.checkin.version)

    @rule()
    def try_to_skip(self) -> None:
        if self.filed:
            with pytest.raises(Refused):
                skip(self.checkin, "出差")
        else:
            self.checkin = skip(self.checkin, "出差")

    @rule()
    def let_the_ladder_close(self) -> None:
        self.checkin = miss(self.checkin)

    @invariant()
    def the_latest_version_holds_what_was_answered_last(self) -> None:
        assert self.checkin.version == len(self.filed)
        assert self.checkin.answers == (self.filed[-1] if self.filed else {})

    @invariant()
    def it_is_submitted_exactly_when_it_was_answered(self) -> None:
        assert (self.checkin.state is CheckinState.SUBMITTED) == bool(self.filed)

    @invariant()
    def it_waits_for_a_reply_to_its_latest_version_only(self) -> None:
        assert (self.checkin.replied_at is not None) == (self.checkin.version in self.replied_to)

    @invariant()
    def late_is_what_the_first_answer_was(self) -> None:
        assert self.checkin.late == bool(self.late)


TestCheckinUnderAnyOrder = CheckinUnderAnyOrder.TestCase
