"""A whole installation for the doctor: a platform, a mail server, a store, a running service, and its configuration.

A test breaks one thing of it for real and looks at what the doctor says.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.smtp import SMTP, AuthResult

from adapters.webhook import MAX_BODY_BYTES, Webhook
from adapters.wecom.settings import WeComSettings
from adapters.wecom.webhook import WeComWebhook
from bot.clock import SystemClock
from bot.commands.probing.examination import examine
from bot.meter import Meter
from bot.retry import outcome_of
from bot.web.callbacks import Callbacks, add_routes
from config.loader import load
from domain.cards import Answer
from domain.errors import PlatformError
from domain.events import Inbound
from domain.ids import OrgId
from domain.ports import Clock, Probe
from sandbox.company import derived_id
from sandbox.dingtalk import CARD_TEMPLATE, FORM_TEMPLATE
from sandbox.mail import MailCatcher
from storage.database import Database
from tests.builders import ORG, WANG_LEI, person
from tests.contract import dingtalk_tenant, feishu_tenant, wecom_stub, wecom_tenant
from tests.contract.store_world import LATER, claim, company, message, put, record, reserve
from tests.living import migrated

_TENANTS: dict[str, Callable[[], Any]] = {
    "feishu": feishu_tenant.open_tenant,
    "wecom": wecom_tenant.open_tenant,
    "dingtalk": dingtalk_tenant.open_tenant,
}

_PLATFORMS = {
    "feishu": f'{{app_id: {feishu_tenant.APP.app_id}, app_secret: "{feishu_tenant.APP.secret}", base_url: "%s"}}',
    "wecom": (
        f'{{corp_id: {wecom_stub.CORP}, agent_id: {wecom_stub.AGENT_ID}, secret: "{wecom_stub.SECRET}", '
        f'token: "{wecom_stub.TOKEN}", aes_key: "{wecom_stub.AES_KEY}", base_url: "%s"}}'
    ),
    "dingtalk": (
        f'{{client_id: {dingtalk_tenant.APP.client_id}, client_secret: "{dingtalk_tenant.APP.client_secret}", '
        f"card_template: {CARD_TEMPLATE.template_id}, form_template: {FORM_TEMPLATE.template_id}, "
        'base_url: "%s", old_base_url: "%s"}'
    ),
}


@dataclass
class Ahead:
    """A clock that runs ahead of the real one."""

    by: timedelta

    def now(self) -> datetime:
        """See the port."""
        return SystemClock().now() + self.by


@dataclass
class Still:
    """A clock that stands still."""

    at: datetime

    def now(self) -> datetime:
        """See the port."""
        return self.at


@dataclass
class Site:
    """An installation.

    Attributes:
        folder: Where its files are.
        platform: The platform's name.
        tenant: The fake tenant with the adapter beside it.
        mail: The mail server.
        stack: Ends with the test.
        clock: By which the doctor looks.
        served: The WeCom app as the running service knows it.
    """

    folder: Path
    platform: str
    tenant: Any
    mail: MailCatcher
    stack: AsyncExitStack
    clock: Clock = field(default_factory=SystemClock)
    served: WeComSettings | None = None

    @property
    def fake(self) -> Any:
        """The platform."""
        return self.tenant.fake

    @property
    def file(self) -> Path:
        """The organisation's file."""
        return self.folder / "acme.yaml"

    @property
    def store_url(self) -> str:
        """The store."""
        return f"sqlite:///{self.folder}/fupan.db"

    def external(self, who: str) -> str:
        """Return somebody's id on the platform."""
        return derived_id("ou_", who) if self.platform == "feishu" else who

    def change(self, old: str, new: str, file: str = "acme.yaml") -> None:
        """Edit a file; what is replaced must be there."""
        path = self.folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    async def change_user(self, who: str, **fields: Any) -> None:
        """Change somebody's entry in the platform's directory."""
        await self.fake.change_user(replace(self.fake.user(self.external(who)), **fields))

    def configure(self, **fields: Any) -> None:
        """Change the app's settings in the platform's console."""
        self.fake.configure(replace(self.fake.app(), **fields))

    def waiting(self) -> None:
        """Let a message to Wang Lei wait in the outbox since Friday."""
        database = Database.open(self.store_url)
        with company(database) as store:
            store.people.save(replace(person(), platform=self.platform))
            store.people.bind(self.platform, self.external(WANG_LEI), WANG_LEI)
        put(database, message(WANG_LEI))
        database.dispose()

    def tried(self, error: PlatformError) -> None:
        """Let such a message meet a refusal."""
        self.waiting()
        database = Database.open(self.store_url)
        (lane,) = claim(database)
        for found in reserve(database, lane):
            assert record(database, lane, outcome_of(found.outgoing, error, LATER))
        database.dispose()

    async def examined(self) -> dict[str, Probe]:
        """Return what the doctor finds, by the probes' names."""
        loaded = load(self.file, {})
        return {each.probe.name: each.probe async for each in examine(loaded, self.clock, lambda _step: None)}

    def webhook(self, platform: str, org_id: OrgId) -> Webhook | None:
        """What the running service has at an address."""
        ours = self.served is not None and (platform, org_id) == ("wecom", ORG)
        return WeComWebhook(self.served, org_id) if self.served is not None and ours else None

    async def mail_server(self, *, takes_login: bool, takes_sender: bool) -> None:
        """Put a stricter mail server in place of the catcher."""
        loop = asyncio.get_running_loop()
        says = AuthResult(success=takes_login, handled=False)

        def connection() -> SMTP:
            return SMTP(_Strict(takes_sender), authenticator=lambda *_: says, auth_require_tls=False, loop=loop)

        server = await loop.create_server(connection, "127.0.0.1", 0)
        self.stack.callback(server.close)
        port = server.sockets[0].getsockname()[1]
        login = "user: fupan, password: pa55word"
        self.change(f"port: {self.mail.port}", f"port: {port}, {login}")


@dataclass
class _Strict:
    """A mail server that may refuse senders; no mail ever comes as far as its text."""

    takes_sender: bool

    async def handle_MAIL(  # noqa: N802 # aiosmtpd's name
        self, _server: object, _session: object, envelope: Any, address: str, _options: object
    ) -> str:
        """Take a sender or not."""
        if not self.takes_sender:
            return "553 5.7.1 Sender address rejected: not owned by user"
        envelope.mail_from = address
        return "250 OK"


async def _nothing(_event: Inbound) -> Answer:
    return Answer()


@asynccontextmanager
async def open_site(folder: Path, platform: str) -> AsyncIterator[Site]:
    """An installation in order."""
    async with AsyncExitStack() as stack:
        tenant = await stack.enter_async_context(_TENANTS[platform]())
        mail = MailCatcher(None, SystemClock().now)
        await mail.start()
        stack.push_async_callback(mail.close)
        site = Site(folder, platform, tenant, mail, stack)
        if platform == "wecom":
            site.served = tenant.settings
        callbacks = Callbacks(site.webhook, _nothing, SystemClock(), Meter())
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        add_routes(app, callbacks)
        service = await stack.enter_async_context(TestServer(app))
        _write(site, str(service.make_url("")).rstrip("/"))
        migrated(site.store_url)
        yield site


def _write(site: Site, public_url: str) -> None:
    address = site.tenant.url if site.platform == "dingtalk" else site.tenant.settings.base_url
    ids = {who: f"ids: {{{site.platform}: {site.external(who)}}}" for who in ("wudan", "gaoyuan")}
    (site.folder / "people.yaml").write_text(
        f"""\
people:
  - {{id: wudan, name: 吴丹, mail: wudan@example.com, {ids["wudan"]}}}
  - {{id: gaoyuan, name: 高远, hrbp: wudan, mail: gaoyuan@example.com, {ids["gaoyuan"]}}}
""",
        "utf-8",
    )
    site.file.write_text(
        f"""\
org: {{id: {ORG}, name: 示例科技, admins: [wudan]}}
storage: {{url: "{site.store_url}"}}
people: {{source: {site.platform}, file: people.yaml}}
platforms:
  {site.platform}: {_PLATFORMS[site.platform].replace("%s", address)}
mail: {{host: 127.0.0.1, port: {site.mail.port}, from: fupan@example.com, tls: none}}
public_url: "{public_url}"
""",
        "utf-8",
    )
