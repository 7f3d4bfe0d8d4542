"""The proof that a practice is configuration: an admin's own one, in YAML alone, with all that a shipped one has.

A hospital's pharmacy wants a stock round: on the last workday of the month the pharmacists of two wards say what is
running out, and for what runs out they say until when it lasts. Their HRBP owes them an answer of her own form within
three days, is reminded a day before and passed over to the admin afterwards. The pharmacy hears the outcome, and two
days before it is told to look into the cupboards. One ward does it on Fridays, one person not at all.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

from config.plan import plan
from domain.cadences import Audience, Cadence, Listener, Notice, Owner, Report, Scope, Section, Stage, Summary
from domain.calendar import ClockKind, DayOff
from domain.checkin import StoredAnswers
from domain.duties import Act, Channel, Duty, Ladder, Rung, due_at, fire, next_at
from domain.ids import DutyId, PersonId
from domain.people import Role
from domain.questionnaire import QuestionKind, fields_of, read_form, read_typed
from tests.builders import at, pace, person
from tests.unit.config_texts import loaded

TEXT = """
org: {id: hospital, name: 第一医院, admins: [qian]}
mail: {host: smtp.example.com, from: fupan@example.com}
ladders:
  supply:
    clock: elapsed
    due: 3d
    rungs:
      - {before: 1d, do: remind, to: debtor}
      - {after: 3d, do: escalate, to: admin, by: [chat, mail]}
      - {after: 6d, do: close}
questionnaires:
  stock:
    title: 药品盘点
    intro: 打开柜子看一眼，两题就好。
    questions:
      - {name: level, text: 库存怎么样？, kind: choice, shared: true, options: [充足, 偏少, 快用完]}
      - name: lasts
        text: 还能用几天，缺哪几样？
        kind: text
        shared: true
        max_length: 200
        only_if: {question: level, is: [偏少, 快用完]}
  supply_answer:
    title: 补货答复
    questions:
      - {name: arrives, text: 哪天到货？, kind: text, max_length: 40}
      - {name: meanwhile, text: 到货前怎么办？, kind: text, required: false}
cadences:
  stock_round:
    title: 月末盘点
    when: "last workday 10:00"
    if_day_off: earlier
    audience: {departments: [药房/一病区, 药房/二病区], except: {people: [sun]}}
    questionnaire: stock
    ladder: answer
    grace: 4h
    follow_up: {kind: supply, by: hrbp, questionnaire: supply_answer, ladder: supply}
    report: personal
    summary: {to: audience, sections: [counts, answers, open_duties], after: 1d}
    notice: {before: 2d, to: audience}
    agenda: [看一眼冷藏柜, 把快到期的放到前排]
overrides:
  - {department: 药房/二病区, cadences: {stock_round: {when: "FRI 10:00"}}}
"""
POLICY = loaded(TEXT).policy
DAY = timedelta(days=1)


def stock_round(name: str = "stock_round") -> Cadence:
    found = POLICY.cadence(name)
    assert found is not None
    return found


def answered(answers: StoredAnswers) -> list[str]:
    questionnaire = stock_round().questionnaire
    assert questionnaire is not None
    return [question.name for question in questionnaire.asked(answers)]


def test_it_stands_beside_nothing_that_was_shipped() -> None:
    assert [cadence.name for cadence in POLICY.cadences] == ["stock_round", "stock_round@department:药房/二病区"]
    assert {cadence.family for cadence in POLICY.cadences} == {"stock_round"}


def test_its_time_audience_report_and_summary_are_the_admins() -> None:
    own = stock_round()
    assert (str(own.recurrence), own.if_day_off, own.title) == ("last workday 10:00", DayOff.EARLIER, "月末盘点")
    wards = Scope(("药房/一病区", "药房/二病区"))
    assert own.audience == Audience(wards, without=(Scope(("药房/二病区",), (), (PersonId("sun"),)),))
    assert (own.report, own.grace) == (Report.PERSONAL, timedelta(hours=4))
    sections = (Section.COUNTS, Section.ANSWERS, Section.OPEN_DUTIES)
    assert own.summary == Summary(Listener.AUDIENCE, sections, DAY)
    assert own.notice == Notice(2 * DAY, Listener.AUDIENCE)
    assert own.agenda == ("看一眼冷藏柜", "把快到期的放到前排")


def test_everybody_is_in_the_round_of_their_ward_and_nobody_in_two() -> None:
    def rounds(person_id: str, department: str) -> list[str]:
        who = person(person_id, department=department)
        return [cadence.name for cadence in POLICY.cadences if cadence.audience.holds(who)]

    assert rounds("zhou", "药房/一病区") == ["stock_round"]
    assert rounds("wu", "药房/二病区/夜班") == ["stock_round@department:药房/二病区"]
    assert rounds("sun", "药房/一病区") == []
    assert rounds("zheng", "检验科") == []


def test_its_questions_are_asked_filled_in_and_typed_like_any_other() -> None:
    questionnaire = stock_round().questionnaire
    assert questionnaire is not None
    assert answered({}) == ["level"]
    assert answered({"level": "快用完"}) == ["level", "lasts"]
    assert [field.label for field in fields_of(questionnaire.questions, {})] == [
        "1. 库存怎么样？",
        "2. 还能用几天，缺哪几样？",
    ]
    assert read_form(questionnaire, {"level": "偏少", "lasts": " 三天 "}) == {"level": "偏少", "lasts": "三天"}
    assert read_form(questionnaire, {"level": "充足", "lasts": "三天"}) == {"level": "充足"}
    assert read_typed(questionnaire, "1") == {"level": "充足"}


def test_the_answer_opens_a_duty_of_its_own_kind_with_its_own_form_and_ladder() -> None:
    follow_up = stock_round().follow_up
    assert follow_up is not None
    assert (follow_up.kind, follow_up.by) == ("supply", Owner.HRBP)
    arrives, meanwhile = follow_up.questionnaire.questions
    assert (arrives.kind, arrives.max_length, meanwhile.required) == (QuestionKind.TEXT, 40, False)
    assert follow_up.ladder == Ladder(
        "supply",
        ClockKind.ELAPSED,
        (
            Rung(Act.REMIND, before=DAY),
            Rung(Act.ESCALATE, Role.ADMIN, (Channel.CHAT, Channel.MAIL), after=3 * DAY),
            Rung(Act.CLOSE, after=6 * DAY),
        ),
        due=3 * DAY,
    )


def test_the_duty_climbs_its_ladder_to_the_end() -> None:
    follow_up = stock_round().follow_up
    assert follow_up is not None
    opened = at("2026-11-30 15:00")
    due = due_at(follow_up.ladder, opened, pace())
    duty = Duty(
        POLICY.org_id, DutyId("d"), follow_up.kind, "s", PersonId("h"), PersonId("z"), follow_up.ladder, opened, due
    )
    climbed = []
    while (moment := next_at(duty, pace())) is not None:
        fired = fire(duty, moment, pace())
        assert fired.rung is not None
        climbed.append((moment - opened, fired.rung.act))
        duty = fired.duty
        if fired.rung.act is Act.CLOSE:
            break
    assert due == opened + 3 * DAY
    assert climbed == [(2 * DAY, Act.REMIND), (3 * DAY, Act.ESCALATE), (6 * DAY, Act.CLOSE)]


def test_the_plan_shows_its_notice_its_question_and_its_summary() -> None:
    found = plan(POLICY, ["Asia/Shanghai"], at("2026-11-26 00:00"), at("2026-12-02 00:00"))
    shown = [(each.local.strftime("%m-%d %H:%M"), each.stage, each.cadence.partition("@")[2]) for each in found]
    other = "department:药房/二病区"
    assert shown == [
        ("11-27 10:00", Stage.ASK, other),
        ("11-28 10:00", Stage.NOTICE, ""),
        ("11-28 10:00", Stage.SUMMARY, other),
        ("11-30 10:00", Stage.ASK, ""),
        ("12-01 10:00", Stage.SUMMARY, ""),
    ]
    assert found[0].local.tzinfo == ZoneInfo("Asia/Shanghai")
