"""Small builders for values of the domain: each gives a whole, plausible value of one company, 示例科技.

Name what a test is about, leave the rest to the defaults, and use `dataclasses.replace` for a field that no parameter
names. Nothing here is random; `tests.strategies` draws at random and builds with these. The company works Monday to
Friday in Asia/Shanghai; public holidays are left out unless a test asks for `calendar("CN")`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from domain.cadences import Audience, Cadence, FollowUp, Owner, Round, Stage, stage_times
from domain.calendar import ClockKind, DayOff, Leave, QuietHours, WorkCalendar
from domain.cards import Button, Card, CardKey, Facts, Paragraph, Quote, Style, TextField, Tone
from domain.checkin import Checkin, Reply
from domain.duties import Act, Channel, Duty, Ladder, Pace, Rung, due_at
from domain.ids import CheckinId, DutyId, MessageId, OccurrenceId, OrgId, PersonId
from domain.messages import Body, Draft, Priority, SentCopy
from domain.people import Person, Role
from domain.policy import AttentionRules, OrgPolicy
from domain.questionnaire import Advice, AnswerOption, Answers, Question, QuestionKind, Questionnaire
from domain.recurrence import Recurrence

ORG = OrgId("acme")
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKEND = frozenset({5, 6})

WANG_LEI = PersonId("wanglei")
LI_HUA = PersonId("lihua")
CHEN_JING = PersonId("chenjing")
ZHAO_MIN = PersonId("zhaomin")
ADMIN = PersonId("admin")
"""The cast: Wang Lei answers to Li Hua, Chen Jing is their HRBP, Zhao Min stands above, the admin runs the bot."""


def at(wall: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """Return the instant (UTC) of a wall time written "2026-11-27 16:00" in a zone."""
    return datetime.fromisoformat(wall).replace(tzinfo=zone).astimezone(UTC)


NIGHT = QuietHours(time(20, 0), time(8, 30))
"""The quiet hours of the company, 20:00 to 08:30."""

FRIDAY = at("2026-11-27 16:00")
"""An ordinary Friday at 16:00 in Shanghai, with ordinary weeks around it."""


def hours(number: float) -> timedelta:
    """Return so many hours."""
    return timedelta(hours=number)


@cache
def calendar(country: str | None = None, off: tuple[date, ...] = (), work: tuple[date, ...] = ()) -> WorkCalendar:
    """Return a calendar with Saturday and Sunday off; "CN" adds the public holidays and make-up workdays."""
    return WorkCalendar.of(country, WEEKEND, off, work)


def leave(starts_on: str, ends_on: str = "") -> Leave:
    """Return a leave from one ISO date to another, both included; of one day if the end is left out."""
    return Leave(date.fromisoformat(starts_on), date.fromisoformat(ends_on or starts_on))


def pace(days_off: Sequence[Leave] = (), zone: ZoneInfo = SHANGHAI, work_calendar: WorkCalendar | None = None) -> Pace:
    """Return how time passes for a debtor."""
    return Pace(work_calendar or calendar(), zone, tuple(days_off))


def person(
    person_id: str = WANG_LEI,
    name: str = "王磊",
    *,
    manager: str | None = None,
    hrbp: str | None = None,
    deputy: str | None = None,
    department: str = "研发/平台",
    zone: str | None = None,
    active: bool = True,
) -> Person:
    """Return somebody who can be reached on Feishu and by mail."""
    return Person(
        ORG,
        PersonId(person_id),
        name,
        department=department,
        manager_id=PersonId(manager) if manager else None,
        hrbp_id=PersonId(hrbp) if hrbp else None,
        deputy_id=PersonId(deputy) if deputy else None,
        mail=f"{person_id}@example.com",
        zone=zone,
        platform="feishu",
        active=active,
    )


def staff() -> tuple[Person, ...]:
    """Return the cast as it works together; everybody reports up to Zhao Min."""
    return (
        person(WANG_LEI, "王磊", manager=LI_HUA, hrbp=CHEN_JING),
        person(LI_HUA, "李华", manager=ZHAO_MIN, hrbp=CHEN_JING),
        person(CHEN_JING, "陈静", manager=ZHAO_MIN, department="人力资源"),
        person(ZHAO_MIN, "赵敏", department=""),
        person(ADMIN, "管理员", department="信息部"),
    )


@dataclass(frozen=True, slots=True)
class Roll:
    """A `Directory` in memory.

    Attributes:
        people: By id.
        absent: Leave by person.
    """

    people: Mapping[PersonId, Person]
    absent: Mapping[PersonId, Sequence[Leave]] = field(default_factory=dict)

    def person(self, person_id: PersonId) -> Person | None:
        """See `Directory.person`."""
        return self.people.get(person_id)

    def away(self, person_id: PersonId, day: date) -> bool:
        """See `Directory.away`."""
        return any(days_off.covers(day) for days_off in self.absent.get(person_id, ()))


def roll(people: Iterable[Person] = (), absent: Mapping[PersonId, Sequence[Leave]] | None = None) -> Roll:
    """Return a directory of these people, or of the cast."""
    return Roll({known.person_id: known for known in people or staff()}, absent or {})


def remind(after: float, to: Role = Role.DEBTOR) -> Rung:
    """Return a rung that reminds in chat, so many hours after the opening."""
    return Rung(Act.REMIND, to, after=hours(after))


def escalate(after: float, to: Role = Role.HRBP) -> Rung:
    """Return a rung that escalates by chat and mail, so many hours after the opening."""
    return Rung(Act.ESCALATE, to, (Channel.CHAT, Channel.MAIL), after=hours(after))


def close(after: float) -> Rung:
    """Return a rung that gives up waiting, so many hours after the opening."""
    return Rung(Act.CLOSE, after=hours(after))


def ladder(*rungs: Rung, clock: ClockKind = ClockKind.WORKDAYS, due: timedelta | None = None) -> Ladder:
    """Return a ladder of these rungs; without any, the reply's: remind at 24 hours, tell the HRBP at 48."""
    return Ladder("reply", clock, rungs or (remind(24), escalate(48)), due)


def duty(
    steps: Ladder | None = None,
    opened_at: datetime = FRIDAY,
    *,
    debtor: str = LI_HUA,
    about: str = WANG_LEI,
    kind: str = "reply",
    subject: str = "checkin-1",
    duty_id: str = "duty-1",
    due_pace: Pace | None = None,
) -> Duty:
    """Return an open duty, by default the reply that Li Hua owes Wang Lei since Friday 16:00."""
    chosen = steps or ladder()
    return Duty(
        ORG,
        DutyId(duty_id),
        kind,
        subject,
        PersonId(debtor),
        PersonId(about),
        chosen,
        opened_at,
        due_at(chosen, opened_at, due_pace or pace()),
    )


def text_question(name: str = "result", text: str = "本周最重要的成果?", max_length: int = 1000) -> Question:
    """Return a required question for free text."""
    return Question(name, text, max_length=max_length)


def choice_question(
    name: str = "pace",
    text: str = "这周的节奏?",
    labels: Sequence[str] = ("偏慢", "正好", "偏快"),
    *,
    kind: QuestionKind = QuestionKind.CHOICE,
    required: bool = True,
    only_if: tuple[str, tuple[str, ...]] | None = None,
    advice: Advice | None = None,
) -> Question:
    """Return a question whose options are stored as v1, v2 ... and scored 1, 2 ... in the order of their labels."""
    options = tuple(AnswerOption(f"v{n}", label, float(n)) for n, label in enumerate(labels, start=1))
    return Question(name, text, kind, options, required, only_if=only_if, advice=advice)


def questionnaire(*questions: Question) -> Questionnaire:
    """Return a questionnaire; without questions, the weekly review's three."""
    asked = questions or (
        text_question(),
        text_question("obstacle", "遇到的主要障碍?"),
        text_question("action", "下周的关键行动?"),
    )
    return Questionnaire("review", "本周复盘", asked, intro="三个问题,一分钟。写给自己,也会有人回你。")


def micro() -> Questionnaire:
    """Return the three choice questions of the micro retrospective."""
    return Questionnaire(
        "micro",
        "微复盘",
        (
            choice_question(advice=Advice("可以加一点速度", "节奏正合适", "先缓一缓")),
            choice_question("support", "得到的支持?", ("不够", "还行", "充分")),
            choice_question("goal", "目标清楚吗?", ("模糊", "大致清楚", "清楚")),
        ),
        intro="点三下就好,马上看到你的周报。",
    )


def review_answers() -> dict[str, str | tuple[str, ...]]:
    """Return complete answers to the weekly review."""
    return {"result": "新模具一次试产成功", "obstacle": "来料检验排队", "action": "与质检约定加急通道"}


def follow_up() -> FollowUp:
    """Return the reply that a manager owes."""
    reply = Questionnaire("reply", "回一句", (text_question("reply", "回一句具体的话"),))
    return FollowUp("reply", Owner.MANAGER, reply, ladder())


def cadence(
    name: str = "weekly",
    when: str = "FRI 16:00",
    asks: Questionnaire | None = None,
    audience: Audience | None = None,
) -> Cadence:
    """Return the weekly review, which asks everybody and makes the manager owe a reply."""
    return Cadence(
        name,
        name.partition("@")[0],
        "本周复盘",
        Recurrence.parse(when),
        DayOff.EARLIER,
        audience or Audience(),
        grace=hours(12),
        questionnaire=asks or questionnaire(),
        answer_ladder=ladder(remind(24), close(48)),
        follow_up=follow_up(),
    )


def occurrence(of: Cadence | None = None, fires_at: datetime = FRIDAY, occurrence_id: str = "round-1") -> Round:
    """Return a round that is about to begin with its first stage, in Shanghai."""
    chosen = of or cadence()
    stage, begins_at = next(iter(stage_times(chosen, fires_at).items()), (Stage.DONE, None))
    wall = fires_at.astimezone(SHANGHAI)
    return Round(
        ORG,
        OccurrenceId(occurrence_id),
        chosen,
        wall.date(),
        wall.time(),
        SHANGHAI.key,
        chosen.recurrence.period(wall.date()),
        fires_at,
        stage,
        begins_at,
    )


def checkin(
    of: Cadence | None = None,
    person_id: str = WANG_LEI,
    asked_at: datetime = FRIDAY,
    checkin_id: str = "checkin-1",
) -> Checkin:
    """Return what somebody was just asked, due 48 hours of workdays later."""
    return Checkin(
        ORG,
        CheckinId(checkin_id),
        OccurrenceId("round-1"),
        of or cadence(),
        "2026-W48",
        PersonId(person_id),
        asked_at,
        due_at=due_at(ladder(remind(24), close(48)), asked_at, pace()),
    )


def reply(version: int = 1, text: str = "加急通道我去谈,周二给你信") -> Reply:
    """Return what Li Hua wrote to a version of Wang Lei's check-in on Friday at 19:00."""
    answers: Answers = {"reply": text}
    return Reply(ORG, "reply-1", CheckinId("checkin-1"), version, LI_HUA, answers, at("2026-11-27 19:00"))


def attention(
    per_day: int = 6,
    quiet: QuietHours | None = NIGHT,
    *,
    workdays_only: bool = True,
    digest_at: time = time(18, 0),
) -> AttentionRules:
    """Return rules with quiet nights and six messages a day."""
    return AttentionRules(quiet, per_day, workdays_only, digest_at)


def org_policy(*cadences: Cadence, zone: str = SHANGHAI.key, work_calendar: WorkCalendar | None = None) -> OrgPolicy:
    """Return the company's settings; without cadences, with the weekly review."""
    return OrgPolicy(
        ORG,
        "示例科技",
        zone,
        "zh-CN",
        work_calendar or calendar(),
        attention(),
        cadences=cadences or (cadence(),),
        admins=(ADMIN,),
    )


def card(key: CardKey | None = None, title: str = "王磊的本周复盘") -> Card:
    """Return the card on which a manager reads three answers and replies."""
    return Card(
        key or CardKey("reply", "duty-1"),
        title,
        "王磊 周五 16:05 交的复盘,等你一句话",
        Tone.ASK,
        "待回复",
        blocks=(
            Paragraph("周五 16:05 交的,到周二 16:05。"),
            Quote("本周最重要的成果?", "新模具一次试产成功"),
            Facts((("遇到的主要障碍?", "来料检验排队"),)),
        ),
        fields=(TextField("reply", "回一句具体的话"),),
        buttons=(
            Button("reply", "回一句", Style.MAIN, submits=True),
            Button("snooze", "今晚 18:00 提醒我"),
            Button("talked", "已当面聊过"),
        ),
    )


def draft(to: str = LI_HUA, body: Body | None = None, dedupe: str = "duty-1:0") -> Draft:
    """Return a reminder on its way into the outbox."""
    return Draft(PersonId(to), body or card(), Priority.REMINDER, dedupe, duty_id=DutyId("duty-1"))


def sent_copy(of: CardKey | None = None, person_id: str = LI_HUA, message_id: str = "message-1") -> SentCopy:
    """Return a card that lies in somebody's Feishu chat since Friday 16:05."""
    return SentCopy(
        MessageId(message_id),
        PersonId(person_id),
        "feishu",
        f"om_{message_id}",
        of or CardKey("reply", "duty-1"),
        FRIDAY + timedelta(minutes=5),
    )
