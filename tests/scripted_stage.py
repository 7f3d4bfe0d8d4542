"""A demo stage that plays a script: people, one platform of cards, a conductor with a list of events, no bot.

For tests of the control API and of the page on their own. It fits the shapes of `sandbox.control_stage` and keeps a
record of what it was asked to do.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.control import Stage
from sandbox.mail import MailCatcher

FRIDAY = datetime(2026, 11, 27, 8, 5, tzinfo=UTC)
"""The script's first moment: a Friday, 16:05 in Shanghai."""

FIELD_KINDS = {
    "input": "text",
    "select_static": "select",
    "multi_select_static": "multi",
    "date_picker": "date",
    "checker": "check",
    "select_person": "person",
    "multi_select_person": "multi",
    "picker_time": "text",
    "picker_datetime": "text",
}

Answer = Callable[["ScriptedPlatform", str, str, str, dict[str, Any]], "Result"]


@dataclass(frozen=True, slots=True)
class Result:
    """What a press shows."""

    toast: str | Mapping[str, Any] | None = None
    card: Mapping[str, Any] | None = None
    error: str | None = None


class ScriptedPlatform:
    """One platform whose chats hold what the test puts there; a press answers as the test says."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._chats: dict[str, list[dict[str, Any]]] = {}
        self._faults: dict[str, dict[str, Any]] = {}
        self._listeners: list[Callable[[str], None]] = []
        self.clicks: list[tuple[str, str, str, dict[str, Any]]] = []
        self.said: list[tuple[str, str, str | None]] = []
        self.opened: Counter[str] = Counter()
        self.gone: set[str] = set()
        self.answer: Answer = lambda *_asked: Result(toast={"type": "success", "content": "收到"})
        self.gate: asyncio.Event | None = None

    def messages_of(self, external_id: str, /) -> Sequence[Mapping[str, Any]]:
        return list(self._chats.get(external_id, ()))

    def put(
        self, external_id: str, text: str = "", card: dict[str, Any] | None = None, *, mine: bool = False, **more: Any
    ) -> str:
        """Adds a message and tells the listeners; returns its id."""
        chat = self._chats.setdefault(external_id, [])
        message_id = f"om_{external_id.removeprefix('ou_')}_{len(chat) + 1}"
        sender = "me" if mine else "bot"
        message = {"id": message_id, "time": self._now().isoformat(), "from": sender, "version": 1, "recalled": False}
        chat.append({**message, **shown(text, card), **more})
        self._tell(external_id)
        return message_id

    def change(self, external_id: str, message_id: str, card: dict[str, Any] | None = None, **more: Any) -> None:
        """Updates a message in place; `native` is a card that nobody reads buttons from."""
        update = {**(shown("", card) if card else {}), **more}
        if "native" in update:
            update["card"] = update.pop("native")
        for message in self._chats[external_id]:
            if message["id"] == message_id:
                message.update({"version": message["version"] + 1, **update})
        self._tell(external_id)

    async def say(self, external_id: str, text: str, reply_to: str | None = None, /) -> str:
        if external_id in self.gone:
            raise ValueError("the person has left")
        self.said.append((external_id, text, reply_to))
        message_id = self.put(external_id, text, mine=True)
        self.put(external_id, f"听到了:{text}")
        return message_id

    async def open_chat(self, external_id: str, /) -> None:
        self.opened[external_id] += 1

    async def click(self, external_id: str, message_id: str, action: str, form: dict[str, Any], /) -> Result:
        self.clicks.append((external_id, message_id, action, form))
        if self.gate is not None:
            await self.gate.wait()
        result = self.answer(self, external_id, message_id, action, form)
        if result.card is not None:
            self.change(external_id, message_id, dict(result.card))
        return result

    def set_fault(self, kind: str, times: int, seconds: float, /) -> None:
        self._faults.pop(kind, None)
        if times:
            self._faults[kind] = {"kind": kind, "times": times, "seconds": seconds}

    def faults(self) -> Sequence[Mapping[str, Any]]:
        return list(self._faults.values())

    def clear_faults(self) -> None:
        self._faults.clear()

    def on_change(self, callback: Callable[[str], None], /) -> None:
        self._listeners.append(callback)

    def _tell(self, external_id: str) -> None:
        for listener in self._listeners:
            listener(external_id)


class ScriptedConductor:
    """A clock with a list of things that fall due; each may do something when played."""

    zone = "Asia/Shanghai"

    def __init__(self) -> None:
        self.time = FRIDAY
        self.script: list[tuple[datetime, str, Callable[[], object]]] = []
        self.settled = 0
        self.gate: asyncio.Event | None = None
        self.advancing = asyncio.Event()

    def now(self) -> datetime:
        return self.time

    def plan(self, after: timedelta, what: str, do: Callable[[], object] = lambda: None) -> None:
        self.script.append((FRIDAY + after, what, do))

    async def next_event(self) -> Mapping[str, str] | None:
        return min(self._listed(self.script), key=lambda event: event["at"], default=None)

    async def advance_to(self, instant: datetime, /) -> Sequence[Mapping[str, str]]:
        self.advancing.set()
        if self.gate is not None:
            await self.gate.wait()
        due = sorted((one for one in self.script if one[0] <= instant), key=lambda one: one[0])
        self.script = [one for one in self.script if one[0] > instant]
        for at, _what, do in due:
            self.time = at
            do()
        self.time = instant
        return list(self._listed(due))

    async def settle(self) -> None:
        self.settled += 1

    @staticmethod
    def _listed(script: Sequence[tuple[datetime, str, Callable[[], object]]]) -> Iterator[dict[str, str]]:
        return ({"at": at.isoformat(), "what": what} for at, what, _do in script)


@dataclass
class Script:
    """A stage and the parts that a test pulls."""

    stage: Stage
    platform: ScriptedPlatform
    conductor: ScriptedConductor
    mail: MailCatcher
    other: ScriptedPlatform | None = field(default=None)


def people() -> list[dict[str, Any]]:
    """A company of six, one of whom has a name that wants to be markup."""
    return [
        person("wanglei", "王磊", "研发/平台", "后端工程师", "employee", "lihua"),
        person("zhaomin", "赵敏", "研发/平台", "测试工程师", "employee", "lihua"),
        person("lihua", "李华", "研发/平台", "平台负责人", "manager", None),
        person("evil", "<img src=x onerror=alert(1)>", "市场", "<b>增长</b>", "employee", "lihua"),
        person("anna", "Anna Schmidt", "市场", "Designer", "employee", "lihua"),
        person("chenjing", "陈静", "人力资源", "HRBP", "hrbp", None),
    ]


def person(name_id: str, name: str, department: str, title: str, role: str, manager: str | None) -> dict[str, Any]:
    ids = {"feishu": f"ou_{name_id}"}
    described = {"id": name_id, "name": name, "department": department, "title": title, "role": role}
    return {**described, "manager": manager, "hrbp": None if role == "hrbp" else "chenjing", "ids": ids}


def make_script(*, with_other_platform: bool = False) -> Script:
    """A fresh stage; the mail catcher does not listen yet."""
    conductor = ScriptedConductor()
    platform = ScriptedPlatform(conductor.now)
    other = ScriptedPlatform(conductor.now) if with_other_platform else None
    mail = MailCatcher(None, conductor.now)
    everybody = people()
    if other is not None:
        everybody[0]["ids"]["dingtalk"] = "dt_wanglei"
    platforms = {"feishu": platform} if other is None else {"feishu": platform, "dingtalk": other}
    stage = Stage(platforms=platforms, people=everybody, mail=mail, conductor=conductor)
    return Script(stage, platform, conductor, mail, other)


def shown(text: str, card: dict[str, Any] | None) -> dict[str, Any]:
    """A message's content: the card with its buttons and inputs listed, as a fake lists them."""
    elements = list(walk(card["body"]["elements"])) if card else []
    buttons = [listed_button(one) for one in elements if one.get("tag") == "button"]
    inputs = [listed_input(one) for one in elements if one.get("tag") in FIELD_KINDS]
    kind = "card" if card else "text"
    return {"kind": kind, "text": text or None, "card": card, "buttons": buttons, "inputs": inputs}


def walk(elements: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every element with those inside it, in reading order."""
    for element in elements:
        yield element
        yield from walk([*element.get("elements", ()), *element.get("columns", ())])


def listed_button(element: dict[str, Any]) -> dict[str, Any]:
    links = [one["default_url"] for one in element.get("behaviors", ()) if one["type"] == "open_url"]
    return {
        "action": element.get("name", element["text"]["content"]),
        "label": element["text"]["content"],
        "style": element.get("type", "default"),
        "disabled": element.get("disabled", False),
        "submits": element.get("form_action_type") == "submit",
        "confirm": element.get("confirm"),
        "link": links[0] if links else None,
    }


def listed_input(element: dict[str, Any]) -> dict[str, Any]:
    options = element.get("options", ())
    return {
        "name": element["name"],
        "kind": FIELD_KINDS[element["tag"]],
        "label": element.get("label", element.get("placeholder", element.get("text", {"content": ""})))["content"],
        "placeholder": element.get("placeholder", {"content": ""})["content"],
        "required": element.get("required", False),
        "multiline": element.get("input_type") == "multiline_text",
        "max_length": element.get("max_length", 1000) if element["tag"] == "input" else None,
        "options": [
            {"value": one["value"], "label": one.get("text", {"content": one["value"]})["content"]} for one in options
        ],
        "initial": element.get("default_value"),
    }
