"""Lives a story on one platform: finds the way that the platform offers for each thing somebody does."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from aiohttp.test_utils import TestClient, TestServer

from bot.clock import DemoClock, SystemClock
from bot.demo import COMPANY, DEMO_FILES, stage_app
from sandbox.company import read_company
from tests.scenario.town import FRIDAY_AFTERNOON
from tests.stories.screenplay import Step

PLATFORMS = ("feishu", "wecom", "dingtalk")

ANSWERS: Mapping[str, Sequence[str]] = {
    "review": ("上线了报表", "测试环境不稳", "补上回归用例"),
    "micro": ("A 比预想的快", "B 刚好", "A 一说就有人接"),
}
OTHER_ANSWERS: Mapping[str, Sequence[str]] = {
    "review": ("报表改了两版", "接口人休假", "周一先过需求"),
    "micro": ("B 和计划差不多", "C 有点赶", "B 等一等能接上"),
}
ASKED = ("wanglei", "zhangwei", "hanmei", "lihua", "gaoyuan")
"""Whom the weekly check-in asks in a story: enough for what is told, so that three towns are soon lived through."""

IN_WORDS = ("文字填写",)
"""Labels of the button that stands in place of fields."""

_API = "/sandbox/api"
_ZONE = ZoneInfo("Asia/Shanghai")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SPAN = re.compile(r"\+(\d+)([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

Message = Mapping[str, Any]
Client = TestClient[Any, Any]


class Stage:
    """One town on one platform.

    Args:
        home: Where it is kept.
        platform: On which everybody is written to.
        preset: Under which the weekly check-in runs.
    """

    def __init__(self, home: Path, platform: str, preset: str) -> None:
        self._home = home
        self._platform = platform
        self._preset = preset
        self._client: Client | None = None
        self._names = {user.user_id: user.name for user in read_company(COMPANY).users}

    @asynccontextmanager
    async def open(self, settings: str) -> AsyncIterator[None]:
        """Build the town and keep it until the block ends."""
        self._furnish(settings)
        async with AsyncExitStack() as stack:
            self._stack = stack
            await self._begin()
            yield

    async def play(self, step: Step) -> None:
        """Do, or look at, what one line says."""
        if step.who:
            await self._act(step.who, step.words)
        elif step.words == "restart":
            await self._stack.aclose()
            await self._begin()
        else:
            await self._call("POST", "/clock", {"to": (await self._moment(step.words)).isoformat()})

    def history(self) -> list[tuple[str, ...]]:
        """Return what the store's history tells, without what differs from run to run: ids and seconds."""
        with closing(sqlite3.connect(self._home / "fupan.db")) as store:
            rows = store.execute("SELECT at, kind, subject, actor, detail FROM history ORDER BY at, place").fetchall()
        ids: dict[str, str] = {}
        told = [(_minute(at), kind, subject, actor or "", detail) for at, kind, subject, actor, detail in rows]
        lines = [tuple(_plain(part, ids, self._names) for part in row) for row in told if row[1] != "person.platform"]
        return sorted(lines)

    # The town

    def _furnish(self, settings: str) -> None:
        self._home.mkdir(parents=True)
        DemoClock(self._home / "clock", FRIDAY_AFTERNOON, SystemClock())
        shipped = yaml.safe_load((DEMO_FILES / "fupan.yaml").read_text("utf-8"))
        follow = {"follow_up": {"kind": "reply", "by": "manager", "questionnaire": "reply", "ladder": "reply"}}
        weekly = {"preset": self._preset, "when": "FRI 16:00", "audience": {"people": list(ASKED)}}
        weekly |= follow if self._preset == "micro" else {}
        shipped |= {"cadences": {"weekly": weekly}, "overrides": []} | (yaml.safe_load(settings) or {})
        (self._home / "fupan.yaml").write_text(yaml.safe_dump(shipped, allow_unicode=True), "utf-8")
        people = yaml.safe_load((DEMO_FILES / "people.yaml").read_text("utf-8"))["people"]
        pinned = [person | {"platform": self._platform} for person in people]
        (self._home / "people.yaml").write_text(yaml.safe_dump({"people": pinned}, allow_unicode=True), "utf-8")

    async def _begin(self) -> None:
        app = await self._stack.enter_async_context(stage_app(self._home))
        self._client = await self._stack.enter_async_context(TestClient(TestServer(app)))

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        assert self._client is not None
        async with self._client.request(method, f"{_API}{path}", json=body) as answer:
            payload = await answer.json()
            assert answer.status == 200, payload
            return payload

    async def _moment(self, words: str) -> datetime:
        now = datetime.fromisoformat((await self._call("GET", "/clock"))["now"]).astimezone(_ZONE)
        span = _SPAN.fullmatch(words)
        if span is not None:
            return now + timedelta(**{_UNITS[span[2]]: int(span[1])})
        _, day, time = words.split()
        hour, minute = map(int, time.split(":"))
        found = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        while found <= now or _DAYS[found.weekday()] != day:
            found += timedelta(days=1)
        return found

    # People

    async def _act(self, who: str, words: str) -> None:
        verb, _, rest = words.partition(" ")
        deed = {
            "answers": self._answers,
            "presses": self._presses,
            "types": self._types,
            "replies": self._replies,
            "fills": self._fills,
            "sees": self._sees,
            "hears": self._hears,
            "has": self._mail,
        }[verb]
        await deed(who, rest)

    async def _answers(self, who: str, how: str) -> None:
        answers = (OTHER_ANSWERS if "again" in how else ANSWERS)[self._preset]
        if how == "by typing":
            numbers = answers if self._preset == "review" else ["1", "2", "1"]
            lines = [f"{number}. {answer}" for number, answer in enumerate(numbers, start=1)]
            return await self._types(who, "\n".join(lines))
        await self._fill(who, answers, "交")

    async def _replies(self, who: str, rest: str) -> None:
        name, _, text = rest.removeprefix("to ").partition(": ")
        if name not in face(await self._newest(who, lambda m: _can_be_filled(m) and name in face(m))):
            raise AssertionError(f"{who} has nothing of {name} to reply to")
        await self._fill(who, (text,), "回一句", about=name)

    async def _fills(self, who: str, rest: str) -> None:
        await self._fill(who, [value.strip() for value in rest.split("|")], "")

    async def _fill(self, who: str, answers: Sequence[str], label: str, about: str = "") -> None:
        """Fill in the newest form about somebody: in its fields, else in words, one after the other."""
        message = await self._newest(who, lambda m: _can_be_filled(m) and about in face(m))
        asked = [field for field in message["inputs"]]
        if asked:
            form = {field["name"]: _value(field, answer) for field, answer in zip(asked, answers, strict=True)}
            submit = next(button for button in message["buttons"] if button["submits"])
            return await self._click(who, message, submit["action"], form)
        await self._press(who, message, _words_button(message)["label"])
        for answer in answers:
            await self._types(who, await self._option_or(who, answer))

    async def _option_or(self, who: str, answer: str) -> str:
        """Return the number under which the last question offers the answer, else the answer itself."""
        question = face((await self._messages(who))[-1])
        numbered = re.search(rf"^(\d+)\. {re.escape(answer)}$", question, re.MULTILINE)
        return numbered[1] if numbered else answer

    async def _presses(self, who: str, rest: str) -> None:
        rest, twice = (rest.removesuffix(" twice"), True) if rest.endswith(" twice") else (rest, False)
        label, _, titled = rest.partition(" on ")
        message = await self._newest(who, lambda m: titled in face(m) and _button(m, label) is not None, label)
        await asyncio.gather(*(self._press(who, message, label) for _ in range(1 + twice)))

    async def _press(self, who: str, message: Message, label: str) -> None:
        button = _button(message, label)
        if button is None:
            return await self._types(who, label)  # named on the card, to be typed
        await self._click(who, message, button["action"], {})

    async def _click(self, who: str, message: Message, action: str, form: Mapping[str, Any]) -> None:
        body = {"platform": self._platform, "message": message["id"], "action": action, "form": dict(form)}
        result = await self._call("POST", f"/people/{who}/act", body)
        assert result["error"] is None, result["error"]

    async def _types(self, who: str, text: str) -> None:
        await self._call("POST", f"/people/{who}/say", {"platform": self._platform, "text": text})

    async def _messages(self, who: str) -> Sequence[Message]:
        path = f"/people/{who}/messages?platform={self._platform}&peek=1"
        found: list[Message] = (await self._call("GET", path))["messages"]
        return [message for message in found if message["from"] == "bot"]

    async def _newest(self, who: str, fits: Any, named: str = "") -> Message:
        messages = await self._messages(who)
        found = next((message for message in reversed(messages) if fits(message)), None)
        found = found or next((m for m in reversed(messages) if named and named in face(m)), None)
        shown = "\n---\n".join(face(message) for message in messages)
        assert found is not None, f"{who} on {self._platform} has no such card; the chat:\n{shown}"
        return found

    # What is to be seen

    async def _sees(self, who: str, rest: str) -> None:
        unwanted = rest.startswith("no ")
        text = rest.removeprefix("no ")
        shown = "\n---\n".join(face(message) for message in await self._messages(who))
        assert (text in shown) is not unwanted, f"{who} on {self._platform}: {rest!r}; the chat:\n{shown}"

    async def _hears(self, who: str, rest: str) -> None:
        messages = await self._messages(who)
        shown = "\n---\n".join(map(face, messages))
        assert len(messages) == int(rest.split()[0]), f"{who} on {self._platform} heard {len(messages)}:\n{shown}"

    async def _mail(self, who: str, rest: str) -> None:
        mails = [mail for mail in (await self._call("GET", "/mail"))["mails"] if who in json.dumps(mail["to"])]
        if rest == "no mail":
            assert mails == []
            return
        text = rest.removeprefix("mail with ")
        shown = json.dumps(mails, ensure_ascii=False)
        assert text in shown, f"{who} has no mail with {text!r}: {shown}"


def face(message: Message) -> str:
    """Return all words that a message shows, on any platform."""
    labels = [str(button["label"]) for button in message["buttons"]]
    return "\n".join([*_words(message.get("card")), str(message.get("text") or ""), *labels])


def _words(part: Any) -> list[str]:
    if isinstance(part, Mapping):
        return [word for value in part.values() for word in _words(value)]
    if isinstance(part, list):
        return [word for each in part for word in _words(each)]
    return [part] if isinstance(part, str) else []


def _can_be_filled(message: Message) -> bool:
    live = [button for button in message["buttons"] if not button["disabled"]]
    has_form = bool(message["inputs"]) and any(button["submits"] for button in live)
    return has_form or any(button["label"] in IN_WORDS for button in live)


def _words_button(message: Message) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(button for button in message["buttons"] if button["label"] in IN_WORDS)
    return found


def _button(message: Message, label: str) -> Mapping[str, Any] | None:
    live = (button for button in message["buttons"] if not button["disabled"])
    return next((button for button in live if button["label"] == label), None)


def _value(field: Mapping[str, Any], answer: str) -> Any:
    options = {option["label"]: option["value"] for option in field["options"] or ()}
    value = next((value for label, value in options.items() if label and answer.startswith(label.rstrip("…"))), None)
    chosen = options.get(answer, value) if options else answer
    return [chosen] if field["kind"] == "multi" else chosen


def _minute(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6, _ZONE).strftime("%m-%d %H:%M")


_ID = re.compile(r"\b0[0-9a-f]{31}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b")
_SECONDS = re.compile(r"(T\d\d:\d\d):\d\d(\.\d+)?")


def _plain(part: str, ids: dict[str, str], names: Mapping[str, str]) -> str:
    """Return a text without ids of this run and without seconds."""
    return _SECONDS.sub(r"\1", _ID.sub("<id>", part))
