"""The firm that the crash tests happen to: who works there, what they are asked, and its configuration as files.

Ladders run on the clock of all hours and in seconds, nobody is ever too busy or asleep, every day is a workday: what
is left is the machinery.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.company import Company, User
from sandbox.feishu import FakeApp, Ingress

ORG = "town"
ZONE = ZoneInfo("Asia/Shanghai")
QUESTIONS = ("done", "next")
"""Two, because a set of answers can be typed in one message from two on."""

_KEY = "encrypt-key-of-the-town"

Part = Mapping[str, Any]

SAY_NOTHING: Part = {"clock": "elapsed", "due": "1h", "rungs": []}
"""A ladder on which nothing happens while a test lasts."""


@dataclass(frozen=True, slots=True)
class Firm:
    """Who works there and what they do.

    Attributes:
        staff: How many people below managers.
        managers: How many managers; people are dealt out to them in turn.
        hrbps: How many HRBPs; the same.
        cadences: As in the configuration.
        ladders: The same, beside the shipped ones.
        ingress: How events reach the bot.
    """

    staff: int
    managers: int = 1
    hrbps: int = 1
    cadences: Part = field(default_factory=dict)
    ladders: Part = field(default_factory=dict)
    ingress: Ingress = Ingress.WEBSOCKET

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of those below managers, in order."""
        return tuple(f"p{number:03}" for number in range(self.staff))

    @property
    def heads(self) -> tuple[str, ...]:
        """Ids of the managers."""
        return tuple(f"m{number}" for number in range(self.managers))

    @property
    def partners(self) -> tuple[str, ...]:
        """Ids of the HRBPs."""
        return tuple(f"h{number}" for number in range(self.hrbps))

    @property
    def everybody(self) -> tuple[str, ...]:
        """Ids of all who work there."""
        return (*self.partners, *self.heads, *self.people)

    def manager_of(self, person: str) -> str:
        """Whose report somebody is."""
        return self.heads[int(person[1:]) % self.managers]

    def partner_of(self, person: str) -> str:
        """Who is somebody's HRBP."""
        return self.partners[int(person[1:]) % self.hrbps]

    def company(self) -> Company:
        """The firm as Feishu knows it."""
        return Company("镇上", (), tuple(User(name, name) for name in self.everybody))

    def write(self, folder: Path, store_url: str, feishu_url: str, mail_port: int) -> Path:
        """Write the configuration; return its file."""
        path = folder / "fupan.yaml"
        (folder / "people.yaml").write_text(json.dumps({"people": self._listed()}), "utf-8")
        path.write_text(json.dumps(self._configuration(store_url, feishu_url, mail_port)), "utf-8")
        return path

    def app(self, callback_url: str) -> FakeApp:
        """The bot's app as Feishu knows it."""
        webhook = self.ingress is Ingress.WEBHOOK
        return FakeApp(
            app_id="cli_town",
            secret="secret-of-the-town",
            ingress=self.ingress,
            callback_url=callback_url if webhook else None,
            encrypt_key=_KEY if webhook else None,
        )

    def _listed(self) -> list[Part]:
        above = [{"id": each, "name": each} for each in (*self.partners, *self.heads)]
        below = [
            {"id": each, "name": each, "manager": self.manager_of(each), "hrbp": self.partner_of(each)}
            for each in self.people
        ]
        return [
            {**person, "mail": f"{person['id']}@example.com", "ids": {"feishu": User(person["id"], "").open_id}}
            for person in (*above, *below)
        ]

    def _configuration(self, store_url: str, feishu_url: str, mail_port: int) -> Part:
        app = self.app("")
        connection = {"app_id": app.app_id, "app_secret": app.secret, "mode": app.ingress.value, "base_url": feishu_url}
        sealed = {"encrypt_key": app.encrypt_key} if app.encrypt_key else {}
        questions = [{"name": name, "text": f"{name}?", "kind": "text"} for name in QUESTIONS]
        return {
            "org": {"id": ORG, "name": "镇上", "timezone": ZONE.key},
            "storage": {"url": store_url},
            "people": {"file": "people.yaml"},
            "calendar": {"country": None, "weekend": []},
            "quiet_hours": None,
            "attention": {"per_person_per_day": 100},
            "platforms": {"feishu": {**connection, **sealed}},
            "mail": {"host": "127.0.0.1", "port": mail_port, "from": "fupan@example.com", "tls": "none"},
            "ladders": {"patient": SAY_NOTHING, **self.ladders},
            "questionnaires": {"one": {"title": "两句话", "questions": questions}},
            "cadences": {name: {"audience": {"teams": self.heads}, **each} for name, each in self.cadences.items()},
        }


def asked_at(when: datetime, **more: Any) -> Part:
    """A practice that asks all people below managers one question at a minute; nothing follows but what `more` says.

    Args:
        when: Cut to the minute.
        more: Other keys of a cadence.
    """
    schedule = when.astimezone(ZONE).strftime("on %Y-%m-%d %H:%M")
    usual = {"questionnaire": "one", "ladder": None, "follow_up": None, "report": "none", "grace": "12h"}
    return {"when": schedule, **usual, **more}


def announced_at(instant: datetime) -> Part:
    """A practice whose announcement goes to everybody at an instant, to the second; nothing is asked for hours.

    Minutes are the finest that schedules know, but an announcement comes any number of seconds before.
    """
    fires_at = (instant + timedelta(hours=2)).replace(second=0, microsecond=0)
    before = f"{round((fires_at - instant).total_seconds())}s"
    return asked_at(fires_at, notice={"before": before, "to": "audience"}, title="预告")
