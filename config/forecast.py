"""Answers for how much of a platform's monthly allowance (调用量) the practices would use, month by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.organisation import LoadedOrg
from config.plan import PlannedMoment, plan
from config.platform_schema import PlatformsPart
from config.roll import Roll
from config.round_costs import Tariff, Use, stage_cost
from domain.cadences import Cadence, Stage
from domain.calendar import local_instant
from domain.policy import OrgPolicy

DINGTALK_BATCH = 20
"""Receivers of one call of DingTalk's `oToMessages/batchSend`."""

WARN_PERCENT = 80
"""The share of an allowance from which on a warning is given."""

Costs = Mapping[tuple[str, Stage, str], Use]


@dataclass(frozen=True, slots=True)
class MonthOfUse:
    """A calendar month in the organisation's zone.

    Attributes:
        month: Its first day.
        tariff: What is counted how, and included.
        practices: Use by the name of the practice's variant; only of those that do something in the month.
    """

    month: date
    tariff: Tariff
    practices: Mapping[str, Use]

    @property
    def total(self) -> Use:
        """Everything together."""
        return sum(self.practices.values(), Use())

    def warnings(self) -> Iterator[str]:
        """Tell which allowances the month would use up, or nearly, and what helps."""
        tariff, total = self.tariff, self.total
        for what, used, included in (("API calls", total.calls, tariff.api), ("pushes", total.pushes, tariff.push)):
            if included and 100 * used >= WARN_PERCENT * included:
                yield (
                    f"{tariff.platform}: {self.month:%Y-%m} would use {used} of {included} {what} at worst "
                    f"({share(used, included)}); {_remedy(tariff)}"
                )


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an organisation would use of all its platforms' allowances.

    Attributes:
        months: By platform, then in the order of time.
        unsized: Platforms with an allowance for which nobody told how many people there are.
    """

    months: tuple[MonthOfUse, ...]
    unsized: tuple[str, ...]


def forecast_of(org: LoadedOrg, people: int | None, first: date, last: date) -> Forecast:
    """Return the forecast for an organisation.

    Args:
        org: Its settings.
        people: How many people there are on each platform; `None` to count those of a file that names everybody.
        first: The first day, in the organisation's zone.
        last: The last day, included.
    """
    months: list[MonthOfUse] = []
    unsized: list[str] = []
    for tariff in tariffs_of(org.platforms):
        roll = _roll(org, tariff, people)
        if roll is None:
            unsized.append(tariff.platform)
        else:
            months += forecast(org.policy, roll, tariff, first, last)
    return Forecast(tuple(months), tuple(unsized))


def _roll(org: LoadedOrg, tariff: Tariff, people: int | None) -> Roll | None:
    if people is not None:
        return Roll.guess(people, org.policy.zone, tariff.platform)
    if org.people is None or org.people_source is not None:
        return None
    return Roll.of((each.person for each in org.people), org.policy.zone)


def share(used: int, included: int) -> str:
    """Return a use as a share of an allowance that has a limit: "43 %", rounded down."""
    return f"{100 * used // included} %"


def tariffs_of(platforms: PlatformsPart) -> list[Tariff]:
    """Return the tariffs of those configured platforms that have an allowance."""
    part = platforms.dingtalk
    if part is None or not (part.allowance.api or part.allowance.push):
        return []
    cards, forms = part.card_template is not None, part.form_template is not None
    return [Tariff("dingtalk", part.allowance.api, part.allowance.push, DINGTALK_BATCH, cards, forms)]


def forecast(policy: OrgPolicy, roll: Roll, tariff: Tariff, first: date, last: date) -> list[MonthOfUse]:
    """Return the expected use in every calendar month that a span of days touches; each month is taken whole.

    Args:
        policy: The organisation's settings.
        roll: Who there is, on whatever platform.
        tariff: The platform's; only what goes through it counts.
        first: The first day, in the organisation's zone.
        last: The last day, included.
    """
    costs = _costs(_counted(policy, roll), roll, tariff)
    found: list[MonthOfUse] = []
    month = first.replace(day=1)
    while month <= last:
        following = (month + timedelta(days=31)).replace(day=1)
        start, end = _midnight(month, policy.zone), _midnight(following, policy.zone)
        found.append(MonthOfUse(month, tariff, _used(plan(policy, roll.zones(), start, end), costs)))
        month = following
    return found


def _midnight(day: date, zone: str) -> datetime:
    return local_instant(day, time.min, ZoneInfo(zone))


def _counted(policy: OrgPolicy, roll: Roll) -> Sequence[Cadence]:
    """Return the variants to count: where people are only a number, each practice asks all of them just once."""
    if not roll.guessed:
        return policy.cadences
    return list({cadence.family: cadence for cadence in reversed(policy.cadences)}.values())


def _costs(cadences: Sequence[Cadence], roll: Roll, tariff: Tariff) -> Costs:
    stages = (Stage.NOTICE, Stage.ASK, Stage.SUMMARY)
    return {
        (cadence.name, stage, zone): stage_cost(cadence, stage, zone, roll, tariff)
        for cadence in cadences
        for stage in stages
        for zone in roll.zones()
    }


def _used(moments: Sequence[PlannedMoment], costs: Costs) -> dict[str, Use]:
    used: dict[str, Use] = {}
    for moment in moments:
        cost = costs.get((moment.cadence, moment.stage, moment.zone), Use())
        if not moment.skipped and cost != Use():
            used[moment.cadence] = used.get(moment.cadence, Use()) + cost
    return used


def _remedy(tariff: Tariff) -> str:
    if not tariff.forms:
        return "with form_template an answer is one push; or set allowance to what your edition includes"
    return "ask fewer people or less often, or set allowance to what your edition includes"
