"""The company of the benchmarks: its configuration as a file that is read as any other, and as many people as needed.

Everybody answers to somebody and leads at most eight; each HR business partner looks after one top-level department.
Nothing is drawn at random: person number n is the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from adapters.feishu.settings import FeishuSettings, Mode
from adapters.feishu.webhook import FeishuWebhook
from bot.app import Settings
from bot.connections import Connection
from config.loader import load
from domain.ids import OrgId, PersonId
from domain.messages import MAIL_LANE, Outgoing
from domain.people import Person
from domain.policy import OrgPolicy
from domain.ports import Abilities, Platform
from storage.database import Database

ORG = OrgId("bench")

BEFORE_ROUND = datetime(2026, 11, 27, 7, 59, 59, tzinfo=UTC)
"""One second before the weekly review of an ordinary Friday, 16:00 in Shanghai."""

ROUND = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
"""When the weekly review is asked."""

APP_ID, ENCRYPT_KEY, TOKEN = "cli_bench", "bench-encrypt-key", "bench-token"
FEISHU = FeishuSettings(APP_ID, "bench-secret", Mode.WEBHOOK, encrypt_key=ENCRYPT_KEY, verification_token=TOKEN)

REPORTS_EACH = 8
DEPARTMENTS = 40

CONFIGURATION = f"""
org: {{id: {ORG}, name: 示例科技, timezone: Asia/Shanghai, locale: zh-CN}}
platforms: {{feishu: {{mode: webhook, app_id: {APP_ID}, app_secret: bench-secret, encrypt_key: {ENCRYPT_KEY}}}}}
cadences: {{weekly: {{preset: review}}}}
"""

UNPACED = Abilities(calls_per_minute=60_000_000, calls_per_second=1_000_000, per_receiver_per_second=1_000_000)
"""A platform without a limit, so that our own work is what is measured."""


class SilentPlatform(Platform):
    """Takes every message at once and keeps none.

    Attributes:
        taken: How many it took.
    """

    def __init__(self, abilities: Abilities) -> None:
        self._abilities = abilities
        self.taken = 0

    @property
    def abilities(self) -> Abilities:
        """What it says it can do."""
        return self._abilities

    async def deliver(self, message: Outgoing) -> str:
        """Take a message and return an id made from ours, as if it now lay in somebody's chat."""
        self.taken += 1
        return f"om_{message.message_id}"


def policy(folder: Path) -> OrgPolicy:
    """Return the company's settings: the shipped weekly review, read from a file in that folder.

    Args:
        folder: Where the file may be written.
    """
    path = folder / "fupan.yaml"
    path.write_text(CONFIGURATION, "utf-8")
    return load(path, {}).orgs[0].policy


def settings(rules: OrgPolicy, platform: SilentPlatform) -> Settings:
    """Return what a service is made from: Feishu's callbacks in, the silent platform as its chat and mail out."""
    chat = Connection(ORG, "feishu", platform, FeishuWebhook(FEISHU, ORG), settings="feishu")
    mail = Connection(ORG, MAIL_LANE, platform, settings="mail")
    return Settings({ORG: rules}, {}, [chat, mail])


def person_id(number: int) -> PersonId:
    """Return the id of a person; ids sort as their numbers do."""
    return PersonId(f"p{number:07}")


def open_id(number: int) -> str:
    """Return a person's id on the platform."""
    return f"ou_{number:032x}"


def people(count: int) -> Iterator[Person]:
    """Yield so many people; the first one stands above all."""
    for number in range(count):
        department = number % DEPARTMENTS
        yield Person(
            ORG,
            person_id(number),
            f"员工{number}",
            department=f"部门{department}/组{number // DEPARTMENTS % 25}",
            manager_id=person_id((number - 1) // REPORTS_EACH) if number else None,
            hrbp_id=person_id(min(department, count - 1)),
            mail=f"p{number}@example.com",
            platform="feishu",
        )


def employ(database: Database, count: int) -> None:
    """Store so many people with their ids on the platform."""
    with database.transaction() as transaction:
        store = transaction.store(ORG)
        for number, person in enumerate(people(count)):
            store.people.save(person)
            store.people.bind("feishu", open_id(number), person.person_id)
