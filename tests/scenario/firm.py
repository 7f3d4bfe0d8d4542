"""A firm whose platform, directory, mail server and clock are in the test's hands; the bot takes callbacks over HTTP.

Where the town is the demo as its page drives it, this is the same bot as an operator runs it: in webhook mode, with a
company that people join and leave, and a platform that fails when told to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import Rhythm, Service
from bot.assemble import open_store, settings_of, words
from bot.clock import DemoClock, SystemClock
from bot.conductor import Conductor
from bot.web.callbacks import MAX_BODY_BYTES
from config.loader import load
from domain.ids import OrgId
from sandbox.company import Company, Department, User, derived_id
from sandbox.feishu import FakeApp, FeishuFake, Ingress, make_app
from sandbox.mail import Letter, MailCatcher
from storage.steering import HistoryEntry
from tests.scenario.town import face

ORG = OrgId("firm")
APP = FakeApp("cli_firm", "secret-of-the-firm", ingress=Ingress.WEBHOOK, encrypt_key="key-of-the-firm")

REPORTS = tuple(f"p{number:02}" for number in range(12))
"""Who answers to the lead."""

CONFIGURATION = """
org: {{id: firm, name: 小厂, timezone: Asia/Shanghai, admins: [{admin}]}}
storage: {{url: "sqlite:///{home}/firm.db"}}
people: {{source: feishu}}
platforms:
  feishu: {{mode: webhook, app_id: cli_firm, app_secret: secret-of-the-firm, base_url: "{feishu}",
           encrypt_key: key-of-the-firm, verification_token: verification-token-of-the-fake}}
mail: {{host: 127.0.0.1, port: {mail}, from: fupan@example.com, tls: none}}
"""


def company() -> Company:
    """Return a boss, a lead with twelve reports, a second lead, and HR."""
    mail = "{}@example.com".format
    reports = tuple(User(who, f"组员{who[1:]}", ("dev",), "lead", mail=mail(who)) for who in REPORTS)
    return Company(
        "小厂",
        (Department("dev", "研发", leader="lead", hrbps=("hr",)), Department("hr", "人事", leader="hr")),
        (
            User("boss", "老板", mail=mail("boss")),
            User("lead", "主管", ("dev",), "boss", mail=mail("lead")),
            User("second", "副主管", ("dev",), "boss", mail=mail("second")),
            User("hr", "人事", ("hr",), "boss", mail=mail("hr")),
            *reports,
        ),
    )


@dataclass(slots=True)
class Firm:
    """Plays people, the platform and the clock.

    Attributes:
        fake: The platform.
        service: The bot.
        conductor: Lets time pass.
        catcher: The mail server.
    """

    fake: FeishuFake
    service: Service
    conductor: Conductor
    catcher: MailCatcher

    async def until(self, local: str) -> None:
        """Let time pass until a wall time in Shanghai, written "2026-11-27 16:05"."""
        await self.conductor.advance_to(datetime.fromisoformat(f"{local}+08:00"))

    def chat(self, who: str) -> list[dict[str, Any]]:
        """Return what a person's chat shows, newest last."""
        return self.fake.messages_of(open_id(who))

    def saw(self, who: str, shown: str) -> list[dict[str, Any]]:
        """Return the messages of a chat on which certain words can be read."""
        return [message for message in self.chat(who) if shown in face(message)]

    async def press(
        self, who: str, message: Mapping[str, Any], action: str, form: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Press a button; returns the toast, or an empty object."""
        name = next(b["action"] for b in message["buttons"] if b["action"].split("__")[0] == action)
        result = await self.fake.click(open_id(who), message["id"], name, dict(form or {}))
        assert result.error is None, result
        await self.conductor.settle()
        return dict(result.toast or {}) if not isinstance(result.toast, str) else {"content": result.toast}

    async def say(self, who: str, text: str, reply_to: str | None = None) -> str:
        """Write to the bot; returns the face of the newest message after that."""
        await self.fake.say(open_id(who), text, reply_to)
        await self.conductor.settle()
        return face(self.chat(who)[-1])

    async def resign(self, who: str) -> None:
        """Somebody leaves the firm."""
        await self.fake.resign(open_id(who))
        await self.settle_directory()

    async def change(self, who: str, **changes: Any) -> None:
        """Somebody's entry in the directory changes."""
        await self.fake.change_user(replace(self.fake.user(open_id(who)), **changes))
        await self.settle_directory()

    async def settle_directory(self) -> None:
        """Wait until the bot has read the directory and done what follows from it."""
        await self.fake.idle()
        await self.service.sync_directories()
        await self.conductor.settle()

    async def history(self, kind: str) -> Sequence[HistoryEntry]:
        """Return what has happened, of one sort."""
        start = datetime.fromisoformat("2000-01-01T00:00+00:00")
        entries = await self.service.writer.run(lambda tx: tx.engine.history_after(ORG, start))
        return [entry for entry in entries if entry.kind == kind]

    def letters(self) -> Sequence[Letter]:
        """Return the mails that were sent."""
        return self.catcher.letters()


def open_id(who: str) -> str:
    """Return what the platform calls somebody."""
    return derived_id("ou_", who)


@asynccontextmanager
async def open_firm(home: Path, practices: str = "", start: str = "2026-11-27 15:50") -> AsyncIterator[Firm]:
    """Build a firm in a folder, again if it was built there before.

    Args:
        home: Where everything is kept.
        practices: What the configuration says beside connections.
        start: Wall time in Shanghai at which a new firm begins.
    """
    clock = DemoClock(home / "clock", datetime.fromisoformat(f"{start}+08:00"), SystemClock())
    async with AsyncExitStack() as stack:
        catcher = MailCatcher(home / "mail.db", clock.now)
        mail_port = await catcher.start()
        stack.push_async_callback(catcher.close)
        # Rates, too, run on the clock that leaps: the bot keeps its pace on it.
        fake = FeishuFake(str(home / "feishu.db"), clock.now, lambda: clock.now().timestamp(), Random(7), (APP,))
        if not fake.people():
            fake.load_company(company())
        feishu = await stack.enter_async_context(TestServer(make_app(fake)))
        stack.push_async_callback(fake.close)
        service = await stack.enter_async_context(_bot(home, practices, str(feishu.make_url("")), mail_port, clock))
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        service.routes(app)
        site = await stack.enter_async_context(TestServer(app))
        fake.configure(replace(APP, callback_url=str(site.make_url(f"/callback/feishu/{ORG}"))))
        conductor = Conductor(service, clock, ORG, "Asia/Shanghai", fake.idle, fake.run_due_retries)
        await conductor.settle()
        yield Firm(fake, service, conductor, catcher)


@asynccontextmanager
async def _bot(home: Path, practices: str, feishu: str, mail_port: int, clock: DemoClock) -> AsyncIterator[Service]:
    text = CONFIGURATION.format(home=home, feishu=feishu.rstrip("/"), mail=mail_port, admin=open_id("boss"))
    (home / "firm.yaml").write_text(text + practices, "utf-8")
    loaded = load(home / "firm.yaml", {})
    service = Service(open_store(loaded), words(), clock, owner="firm")
    await service.start(settings_of(loaded, clock, service.handle, service.quotas.tally), Rhythm())
    try:
        await service.sync_directories()
        yield service
    finally:
        await service.close()
