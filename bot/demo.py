"""The demo: fake platforms, mail catcher, bot and page in one process, with everything kept in one folder.

Killing it at any moment loses nothing: the bot's store, the fakes' chats, the mails and the clock are all on disk.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from bot.app import Rhythm, Service
from bot.assemble import open_store, settings_of, words
from bot.clock import DemoClock, SystemClock
from bot.conductor import Conductor
from bot.demo_home import holding
from bot.demo_platforms import FakePlatforms, fake_platforms, served
from bot.edits import Edits
from bot.service import announce, until_stopped
from bot.web.callbacks import MAX_BODY_BYTES
from config.loader import Loaded, load
from config.problems import ConfigErrors
from config.watch import watch
from domain.calendar import WorkCalendar, local_instant
from domain.ids import OrgId
from domain.ports import Clock
from sandbox import control
from sandbox.company import read_company
from sandbox.control_stage import Stage
from sandbox.mail import MailCatcher
from sandbox.people import people_of

log = structlog.get_logger(__name__)

ORG = OrgId("demo")
OWNER = "demo"
ZONE = "Asia/Shanghai"
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
    async with AsyncExitStack() as stack:
        # Before anything is built: nobody waits for a demo that then cannot be shown.
        door = stack.enter_context(socket.create_server((host, port), family=_family(host)))
        home = stack.enter_context(holding(folder, fresh=fresh))
        app = await stack.enter_async_context(stage_app(home))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=3.0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, door).start()
        announce(_invitation(host, port, home))
        await until_stopped()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _invitation(host: str, port: int, home: Path) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - shown, not bound
    page = f"复盘演示 · The Fupan demo: http://{shown}:{port}"
    return f"{page}\nCtrl-C 停止，数据在 {home} · Ctrl-C stops it, its data are in {home}"


@asynccontextmanager
async def stage_app(home: Path) -> AsyncIterator[web.Application]:
    """Build the whole demo in a folder and yield its page's application; take it down afterwards."""
    clock = DemoClock(home / "clock", first_instant(SystemClock()), SystemClock())
    company = read_company(COMPANY)
    async with AsyncExitStack() as stack:
        mail = MailCatcher(home / "mail.db", clock.now)
        mail_port = await mail.start()
        stack.push_async_callback(mail.close)
        fakes = await stack.enter_async_context(fake_platforms(home, clock, company))
        bot = await stack.enter_async_context(_bot(home, clock, fakes, mail_port))
        door = web.Application(client_max_size=MAX_BODY_BYTES)
        bot.service.routes(door)
        fakes.call_back_at(f"{await served(stack, door)}/callback/{{platform}}/{ORG}")
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        bot.service.routes(app)
        control.add_routes(app, Stage(fakes.by_name, people_of(company), mail, bot.conductor, bot.edits))
        yield app


@dataclass(frozen=True, slots=True)
class _Bot:
    service: Service
    conductor: Conductor
    edits: Edits


@asynccontextmanager
async def _bot(home: Path, clock: DemoClock, fakes: FakePlatforms, mail_port: int) -> AsyncIterator[_Bot]:
    environment = {
        **fakes.environment(),
        "DEMO_STORE": f"sqlite:///{home / 'fupan.db'}",
        "DEMO_MAIL_PORT": str(mail_port),
    }
    path = _configuration(home)
    loaded = load(path, environment)
    store = open_store(loaded)
    with store.transaction() as transaction:
        transaction.engine.free_lanes(OWNER)  # an earlier life of the demo may have been killed while sending
    service = Service(store, words(), clock, owner=OWNER)
    conductor = Conductor(service, clock, ORG, ZONE, fakes.idle, fakes.run_due_retries)
    edits = Edits(path, clock.now)
    await service.start(settings_of(loaded, clock, service.handle, service.quotas.tally), Rhythm())
    watching = asyncio.create_task(_watch(path, environment, loaded, service, edits), name="watch")
    try:
        await service.sync_directories()
        yield _Bot(service, conductor, edits)
    finally:
        watching.cancel()
        await asyncio.wait({watching})
        await service.close()


async def _watch(path: Path, environment: Mapping[str, str], running: Loaded, service: Service, edits: Edits) -> None:
    async def changed(found: Loaded | ConfigErrors) -> None:
        if isinstance(found, Loaded):
            await service.apply(settings_of(found, service.clock, service.handle, service.quotas.tally))
        else:
            for problem in found.errors:
                log.error("the edit was refused; what ran goes on", action="config.refused", at=str(problem))
        edits.heard(found)

    await watch(path, environment, running, changed)


def _configuration(home: Path) -> Path:
    for name in ("fupan.yaml", "people.yaml"):
        if not (home / name).exists():
            shutil.copyfile(DEMO_FILES / name, home / name)
    return home / "fupan.yaml"
