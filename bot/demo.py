"""The demo: fake platforms, mail catcher, bot and page in one process, with everything kept in one folder.

Killing it at any moment loses nothing: the bot's store, the fakes' chats, the mails and the clock are all on disk.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from bot.app import Rhythm, Service
from bot.assemble import open_store, settings_of, watch_configuration, words
from bot.clock import DemoClock, SystemClock
from bot.conductor import Conductor
from bot.service import announce, until_stopped
from bot.web.callbacks import MAX_BODY_BYTES
from config.loader import load
from domain.calendar import WorkCalendar, local_instant
from domain.ids import OrgId
from domain.ports import Clock
from sandbox import control
from sandbox.company import Company, read_company
from sandbox.control_stage import Stage
from sandbox.feishu import FakeApp, FeishuFake, make_app
from sandbox.mail import MailCatcher
from sandbox.people import people_of

log = structlog.get_logger(__name__)

ORG = OrgId("demo")
ZONE = "Asia/Shanghai"
APP = FakeApp(app_id="cli_demo", secret="demo-secret-of-the-fake")  # noqa: S106 - the fake's own, worth nothing elsewhere
BEFORE_CARD = timedelta(minutes=10)
"""How long before Friday's card a fresh demo begins."""

DEMO_FILES = Path(__file__).parent.parent / "sandbox" / "demo"
COMPANY = Path(__file__).parent.parent / "sandbox" / "company.yaml"


def first_instant(clock: Clock) -> datetime:
    """Return when a fresh demo begins: shortly before 15:00 of the next Friday that is a workday."""
    calendar = WorkCalendar.of("CN", frozenset({5, 6}), (), ())
    day = clock.now().astimezone(ZoneInfo(ZONE)).date()
    while day.strftime("%a") != "Fri" or not calendar.is_workday(day):
        day += timedelta(days=1)
    return local_instant(day, datetime.min.time().replace(hour=15), ZoneInfo(ZONE)) - BEFORE_CARD


async def run(host: str, port: int, folder: Path, fresh: bool) -> None:
    """Run the demo until it is told to stop.

    Args:
        host: Where the page listens; loopback.
        port: The page's port.
        folder: Where everything is kept.
        fresh: Whether to forget an earlier demo.
    """
    home = folder / "demo"
    if fresh and home.exists():
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(stage_app(home))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=3.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, host, port).start()
        announce(f"复盘 Fupan 的演示在 http://{host}:{port}  (Ctrl-C 停止; 数据在 {home})")
        await until_stopped()


@asynccontextmanager
async def stage_app(home: Path) -> AsyncIterator[web.Application]:
    """Build the whole demo in a folder and yield its page's application; take it down afterwards."""
    clock = DemoClock(home / "clock", first_instant(SystemClock()), SystemClock())
    company = read_company(COMPANY)
    async with AsyncExitStack() as stack:
        mail = MailCatcher(home / "mail.db", clock.now)
        mail_port = await mail.start()
        stack.push_async_callback(mail.close)
        fake = await stack.enter_async_context(_fake_feishu(home, clock, company))
        service, conductor = await stack.enter_async_context(_bot(home, clock, fake, mail_port))
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        service.routes(app)
        stage = Stage(platforms={"feishu": fake.feishu}, people=people_of(company), mail=mail, conductor=conductor)
        control.add_routes(app, stage)
        yield app


@dataclass(frozen=True, slots=True)
class _Fake:
    feishu: FeishuFake
    url: str


@asynccontextmanager
async def _fake_feishu(home: Path, clock: Clock, company: Company) -> AsyncIterator[_Fake]:
    chance = random.Random(clock.now().timestamp())  # noqa: S311 - the fake's dice, nothing secret
    fake = FeishuFake(str(home / "feishu.db"), clock.now, time.monotonic, chance, (APP,))
    if not fake.people():
        fake.load_company(company)
    runner = web.AppRunner(make_app(fake), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield _Fake(fake, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()
        await fake.close()


@asynccontextmanager
async def _bot(home: Path, clock: DemoClock, fake: _Fake, mail_port: int) -> AsyncIterator[tuple[Service, Conductor]]:
    environment = {
        "DEMO_STORE": f"sqlite:///{home / 'fupan.db'}",
        "DEMO_FEISHU_URL": fake.url,
        "DEMO_FEISHU_SECRET": APP.secret,
        "DEMO_MAIL_PORT": str(mail_port),
    }
    path = _configuration(home)
    loaded = load(path, environment)
    service = Service(open_store(loaded), words(), clock, owner="demo")
    conductor = Conductor(service, clock, ORG, ZONE, fake.feishu.idle, fake.feishu.run_due_retries)
    await service.start(settings_of(loaded, clock, service.handle), Rhythm())
    watching = asyncio.create_task(watch_configuration(path, environment, loaded, service), name="watch")
    try:
        await service.sync_directories()
        yield service, conductor
    finally:
        watching.cancel()
        await asyncio.wait({watching})
        await service.close()


def _configuration(home: Path) -> Path:
    for name in ("fupan.yaml", "people.yaml"):
        if not (home / name).exists():
            shutil.copyfile(DEMO_FILES / name, home / name)
    return home / "fupan.yaml"
