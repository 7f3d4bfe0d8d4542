"""Clicks on every card at every age: always a true sentence, never two effects.

One town a platform lives three weeks. At each checkpoint somebody presses, twice at once, a button of each sort of card
that has one of `AGES` by then; the cards of one Friday are many, so that every age finds fresh ones to press.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.contract.adapters.hands import Hands
from tests.stories.screenplay import Step
from tests.stories.stage import Stage, face

AGES = (timedelta(0), timedelta(minutes=30), timedelta(hours=25), timedelta(hours=73), timedelta(days=15))

SLACK = timedelta(minutes=9)
"""How far an age may be off: a card that waited for its turn is younger than its round."""

SETTINGS = """
cadences:
  weekly: {preset: review, when: FRI 16:00, audience: {departments: [研发]}}
  monday: {preset: monday, audience: {departments: [研发]}}
"""
ANSWERING = ("wanglei", "zhangwei", "liuyang", "huangbo", "yangfan", "hejie", "guofeng")
REPLYING = (("lihua", "王磊"), ("zhaomin", "杨帆"))

CHECKIN = {
    "feishu": "提交复盘/晚点再说/这次跳过",
    "wecom": "文字填写/晚点再说/这次跳过",
    "dingtalk": "提交复盘/晚点再说/这次跳过",
}
"""The buttons of Friday's card, pressed at every age on every platform; other cards are pressed while there are any."""

_OWN_REFUSALS = frozenset({"expired", "disabled", "gone"})
"""What the platform's client says by itself of a card that is too old, or has another face by now."""

_NO_DEEDS = frozenset({"person.platform", "event.stranger"})
"""Entries of the history that no button makes; and putting off, which leaves a duty in the same state however often it
is asked for at one moment."""

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A button to be pressed; `sort` names all buttons of its card."""

    who: str
    message: Message
    button: Mapping[str, Any]
    age: timedelta
    sort: str

    def __str__(self) -> str:
        return f"{self.who} presses {self.button['label']!r} after {self.age} on:\n{face(self.message)}"


class Presser(Stage):
    """A stage on which everything of an age is pressed twice.

    Args:
        home: Where it is kept.
        platform: On which everybody is written to.
    """

    def __init__(self, home: Path, platform: str) -> None:
        super().__init__(home, platform, "review")
        self._store_path = home / "fupan.db"
        self._done: set[str] = set()
        self._pressed: Counter[str] = Counter()
        self.ages: dict[str, set[timedelta]] = {}

    async def press_what_is_due(self) -> None:
        """Press, all at once and each twice, one button of each sort of card that has one of the ages now."""
        targets = await self._targets()
        before, chats = self._deeds(), {target.who: await self._messages(target.who) for target in targets}
        presses = [asyncio.gather(self._acted(target), self._acted(target)) for target in targets]
        pairs = await asyncio.gather(*presses)
        deeds = self._deeds() - before
        assert all(times == 1 for times in deeds.values()), f"done twice: {deeds}"
        for target, results in zip(targets, pairs, strict=True):
            self._note(target)
            said = (await self._messages(target.who))[len(chats[target.who]) :]
            _judge(target, results, [face(message) for message in said], deeds)

    def _note(self, target: Target) -> None:
        self._done.add(target.message["id"])
        self._pressed[target.sort] += 1
        self.ages.setdefault(target.sort, set()).add(target.age)

    async def _targets(self) -> Sequence[Target]:
        found: dict[str, Target] = {}
        now = datetime.fromisoformat((await self._call("GET", "/clock"))["now"])
        for who in self._names:
            for message in await self._messages(who):
                buttons = [each for each in message["buttons"] if not each["disabled"] and not each["link"]]
                sort = "/".join(each["label"] for each in buttons)
                age = _age(now - datetime.fromisoformat(message["time"]))
                if not buttons or age is None or age in self.ages.get(sort, ()):
                    continue
                if message["id"] not in self._done and sort not in found:
                    button = buttons[self._pressed[sort] % len(buttons)]
                    found[sort] = Target(who, message, button, age, sort)
        return list(found.values())

    async def _acted(self, target: Target) -> Mapping[str, Any]:
        submits = target.button["submits"]
        form = dict(_filled(target.message["inputs"])) if submits else {}
        body = {"platform": self._platform, "message": target.message["id"], "action": target.button["action"]}
        async with self._page().request(
            "POST", f"/sandbox/api/people/{target.who}/act", json=body | {"form": form}
        ) as answer:
            result: dict[str, Any] = await answer.json()
        # The page itself knows that a button is gone once the first press has changed the card.
        return result if answer.status == 200 else {"error": "gone", "toast": None, "card": None}

    def _page(self) -> Any:
        assert self._client is not None
        return self._client

    def _deeds(self) -> Counter[tuple[str, ...]]:
        with closing(sqlite3.connect(self._store_path)) as store:
            versions = store.execute("SELECT 'version', checkin_id FROM checkin_version").fetchall()
            replies = store.execute("SELECT 'reply', checkin_id FROM reply").fetchall()
            history = store.execute("SELECT kind, subject, coalesce(actor, '') FROM history").fetchall()
        return Counter([*versions, *replies, *(row for row in history if row[0] not in _NO_DEEDS)])


class ClickContract:
    """What a click is answered with."""

    hands: ClassVar[Hands]

    async def test_every_click_at_every_age_is_answered_and_nothing_is_done_twice(self, tmp_path: Path) -> None:
        stage = Presser(tmp_path / "town", self.hands.platform)
        async with stage.open(SETTINGS):
            for step in _steps():
                if step is None:
                    await stage.press_what_is_due()
                else:
                    await stage.play(step)
        assert set().union(*stage.ages.values()) == set(AGES)
        assert stage.ages[CHECKIN[self.hands.platform]] == set(AGES)


def _steps() -> Iterator[Step | None]:
    """Yield what happens; `None` is a checkpoint."""
    yield Step("", "until Fri 16:00")
    yield from (Step(who, "answers") for who in ANSWERING)
    yield from (Step(who, f"replies to {name}: 先把环境修好") for who, name in REPLYING)
    yield Step("", "+2m")  # within a minute WeCom does not say again what it has said, also if somebody asks again
    yield None
    yield from (Step("", "+28m"), None, Step("", "+1d"), Step("", "+30m"), Step("", "restart"), None)
    yield from (Step("", "+2d"), None, Step("", "until Tue 16:02"), None, Step("", "+30m"), None)
    yield from (Step("", "+1d"), Step("", "+30m"), None, Step("", "+2d"), Step("", "restart"), None)
    yield from (Step("", "until Sat 16:02"), Step("", "+7d"), Step("", "restart"), None)


def _age(exact: timedelta) -> timedelta | None:
    return next((age for age in AGES if abs(exact - age) <= SLACK), None)


def _filled(inputs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    for field in inputs:
        values = [option["value"] for option in field["options"] or () if option["value"]]
        one = values[0] if values else "写了一句"
        yield field["name"], [one] if field["kind"] == "multi" else one


def _judge(
    target: Target, results: Sequence[Mapping[str, Any]], said: Sequence[str], deeds: Counter[tuple[str, ...]]
) -> None:
    """Hold what one person was told against what they did."""
    for result in results:
        assert result["error"] is None or result["error"] in _OWN_REFUSALS, f"{target}\n{result['error']}"
        assert any([result["toast"], result["card"], result["error"], *said]), f"{target}\nand hears nothing at all"
    moods = {result["toast"]["type"] for result in results if result["toast"]}
    done = [deed for deed in deeds if deed[-1] == target.who]
    if target.button["submits"] and "success" in moods:
        assert done, f"{target}\nwas told that it is done, and nothing was done"
    if moods and moods <= {"warning", "error"}:
        assert not done, f"{target}\nwas told that it cannot be done, and it was done: {done}"
