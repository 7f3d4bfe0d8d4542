"""Ladders: rungs in the order in which they fire, each with one time and somebody to hear it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.ladders import ladder_findings, ladder_of
from config.practice_schema import LadderPart
from domain.calendar import ClockKind
from domain.duties import Act, Channel, Duty, Ladder, Rung, next_at, rung_at
from domain.ids import DutyId, PersonId
from domain.people import Role
from tests.builders import FRIDAY, ORG, pace
from tests.unit.config_texts import loaded, problems

rungs = st.builds(
    lambda back, hours, do: {"before" if back else "after": f"{hours}h", "do": do, "to": "hrbp"},
    st.booleans(),
    st.integers(0, 96),
    st.sampled_from(["remind", "escalate", "notify", "close"]),
)
ladders = st.builds(
    lambda clock, due, steps: LadderPart.model_validate(
        {"clock": clock, "rungs": steps} | ({"due": f"{due}h"} if due else {})
    ),
    st.sampled_from(["workdays", "elapsed"]),
    st.integers(0, 96),
    st.lists(rungs, max_size=4),
)


def ladder(written: str) -> Ladder:
    return loaded_ladder(f"{{{written}}}")


def loaded_ladder(flow: str) -> Ladder:
    settings = loaded(f"ladders: {{own: {flow}}}\ncadences: {{weekly: {{preset: review, ladder: own}}}}\n")
    found = settings.policy.cadences[0].answer_ladder
    assert found is not None
    return found


def told(rungs_flow: str, more: str = "") -> list[str]:
    return [
        each.removeprefix("org.yaml:3: ladders.own")
        for each in problems(f"ladders: {{own: {{{more}rungs: {rungs_flow}}}}}")
    ]


class TestMeaning:
    def test_a_ladder_becomes_the_domains_value(self) -> None:
        steps = "{before: 6h, do: remind}, {after: 3d, do: escalate, to: hrbp, by: [chat, mail]}"
        assert ladder(f"clock: elapsed, due: 2d, rungs: [{steps}]") == Ladder(
            "own",
            ClockKind.ELAPSED,
            (
                Rung(Act.REMIND, Role.DEBTOR, (Channel.CHAT,), before=timedelta(hours=6)),
                Rung(Act.ESCALATE, Role.HRBP, (Channel.CHAT, Channel.MAIL), after=timedelta(days=3)),
            ),
            due=timedelta(days=2),
        )

    def test_left_out_the_clock_runs_on_workdays_and_rungs_remind_the_debtor_in_chat(self) -> None:
        found = ladder("rungs: [{after: 24h, do: remind}]")
        assert found.clock is ClockKind.WORKDAYS
        assert found.rungs == (Rung(Act.REMIND, Role.DEBTOR, (Channel.CHAT,), after=timedelta(hours=24)),)

    def test_one_channel_may_be_written_without_a_list(self) -> None:
        assert ladder("rungs: [{after: 24h, do: remind, by: chat}]").rungs[0].by == (Channel.CHAT,)

    def test_a_ladder_may_have_no_rungs(self) -> None:
        assert ladder("due: 24h").rungs == ()


class TestOrder:
    @pytest.mark.parametrize(
        "flow",
        [
            "[{after: 24h, do: remind}, {after: 48h, do: close}]",
            "[{after: 24h, do: remind}, {after: 24h, do: notify, to: hrbp}]",
            "[{before: 24h, do: remind}, {after: 48h, do: escalate, to: hrbp}]",
            "[{before: 36h, do: remind}, {before: 12h, do: remind}, {after: 48h, do: close}]",
            "[{before: 90h, do: remind}, {after: 48h, do: close}]",
            "[]",
        ],
    )
    def test_rungs_that_fire_one_after_the_other_are_right(self, flow: str) -> None:
        assert told(flow) == []

    @pytest.mark.parametrize(
        "flow",
        [
            "[{after: 48h, do: remind}, {after: 24h, do: remind}]",
            "[{after: 30h, do: remind}, {before: 24h, do: remind}, {after: 48h, do: close}]",
            "[{before: 12h, do: remind}, {before: 36h, do: remind}, {after: 48h, do: close}]",
        ],
    )
    def test_a_rung_that_would_fire_before_the_one_above_is_refused(self, flow: str) -> None:
        assert told(flow) == [
            ".rungs[1]: fires before the rung above it; allowed: rungs in the order in which they fire"
        ]

    def test_nothing_may_stand_below_a_rung_that_closes(self) -> None:
        (only,) = told("[{after: 24h, do: close}, {after: 48h, do: remind}]")
        assert only.startswith(".rungs[0].do: closes, and then nothing below it fires")

    @given(ladders)
    def test_a_ladder_without_findings_never_goes_back(self, part: LadderPart) -> None:
        if list(ladder_findings(part)):
            return
        duty = Duty(
            ORG, DutyId("d"), "answer", "s", PersonId("a"), PersonId("b"), ladder_of("own", part), FRIDAY, FRIDAY
        )
        times = [rung_at(duty, step, pace()) for step in range(len(part.rungs))]
        if part.clock is ClockKind.ELAPSED:
            assert times == sorted(time for time in times if time is not None)
        assert next_at(duty, pace()) == (times[0] if times else None)


class TestRungs:
    @pytest.mark.parametrize("flow", ["[{do: remind}]", "[{do: remind, after: 24h, before: 1h}]"])
    def test_a_rung_has_exactly_one_time(self, flow: str) -> None:
        assert told(flow) == [".rungs[0]: needs a time; allowed: exactly one of after and before"]

    def test_nobody_escalates_to_the_one_who_owes(self) -> None:
        (only,) = told("[{after: 48h, do: escalate}]")
        assert only == ".rungs[0].to: escalates to the one who owes; allowed: about, manager, hrbp or admin"

    def test_before_needs_a_time_to_count_back_from(self) -> None:
        (only,) = told("[{before: 2h, do: remind}]")
        assert "counts back from a due time that the ladder does not have" in only
        assert told("[{before: 2h, do: remind}]", "due: 24h, ") == []

    def test_a_due_time_of_nothing_is_refused(self) -> None:
        (only,) = told("[]", "due: 0s, ")
        assert only == ".due: nobody can do anything in no time; allowed: more than 0s"

    def test_a_rung_by_mail_alone_needs_a_mail_server(self) -> None:
        flow = "[{after: 24h, do: remind, by: mail}]"
        assert told(flow) == [".rungs[0].by: nobody hears it without mail; allowed: chat, or mail at the top"]
        mail = "mail: {host: smtp.example.com, from: a@example.com}"
        assert problems(f"ladders: {{own: {{rungs: {flow}}}}}\n{mail}") == []

    def test_while_the_mail_server_is_wrong_nothing_is_told_about_it(self) -> None:
        flow = "[{after: 24h, do: remind, by: mail}]"
        found = problems(f"ladders: {{own: {{rungs: {flow}}}}}\nmail: {{host: smtp.example.com}}")
        assert [each.split(": ")[1] for each in found] == ["mail.from"]
