"""What `doctor` says about one fault after the other, each made for real in an installation that was in order."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from bot.quota import month_of
from domain.cards import Button, Card
from domain.errors import Misconfigured, Undeliverable
from domain.messages import Call
from sandbox.dingtalk import CARD_TEMPLATE, FORM_TEMPLATE
from sandbox.dingtalk.settings import MAY_READ_DEPARTMENTS, MAY_SEND, MAY_USE_CARDS
from sandbox.feishu.settings import SCOPE_EMAIL, SCOPE_HRBP, SCOPE_ORGANIZE
from sandbox.wecom.settings import EGRESS_IP
from storage.database import Database
from storage.quotas import MonthOfCalls, add_calls
from tests.builders import ORG, at
from tests.contract.doctor_site import Ahead, Site, Still, open_site
from tests.contract.store_world import LATER
from tests.contract.wecom_tenant import DONE, row

Seed = Callable[[Site], Awaitable[None] | None]

EXPECTED_ADVICE = {"people.deputies", "people.managers", "people.mail", "calendar.2027"}
"""What could be better in the company of the demo."""

ALLOWED = 5000
"""API calls of a month in the free edition of DingTalk."""


@dataclass(frozen=True)
class Fault:
    """Something that is wrong.

    Attributes:
        title: What.
        platform: Where.
        seed: Makes it so.
        probe: Which probe tells it.
        words: What the fix, or what was seen, must name.
        ok: Whether the bot works all the same, so that it is advice.
    """

    title: str
    platform: str
    seed: Seed
    probe: str
    words: tuple[str, ...]
    ok: bool = False


def edited(old: str, new: str) -> Seed:
    """The configuration says something else."""
    return lambda site: site.change(old, new)


def console(**fields: Any) -> Seed:
    """The app is set otherwise in the platform's console."""
    return lambda site: site.configure(**fields)


def refused(path: str, code: Any) -> Seed:
    """The platform refuses calls of a path with a code."""
    return lambda site: site.fake.set_fault("refuse", None, code=code, path=path)


def misbehaving(kind: str, **values: Any) -> Seed:
    """The platform misbehaves."""
    return lambda site: site.fake.set_fault(kind, None, **values)


def running(by: timedelta) -> Seed:
    """Our clock is wrong."""

    def seed(site: Site) -> None:
        site.clock = Ahead(by)

    return seed


def winter_without_notice(site: Site) -> None:
    """It is December, and nobody has told the next year's holidays."""
    site.clock = Still(at("2089-12-15 12:00"))


async def no_leaders(site: Site) -> None:
    """Nobody's manager is maintained."""
    for each in site.fake.people():
        await site.change_user(each["user_id"], leader=None)


async def circle(site: Site) -> None:
    """A manager reports to somebody of their own team."""
    await site.change_user("lihua", leader="wanglei")


async def nobody_seen(site: Site) -> None:
    """The app may see nobody in the directory."""
    await site.fake.set_contact_range(frozenset())


async def nobody_visible(site: Site) -> None:
    """The app is visible to nobody."""
    await site.fake.set_visible_range(frozenset(), frozenset())


async def without_callbacks(site: Site) -> None:
    """A card with a button is refused, since no address for callbacks is set; it waits in the outbox."""
    site.configure(callback_url="")
    with pytest.raises(Misconfigured) as refusal:
        await site.tenant.client.deliver(row(Call.CARD, _card()))
    site.tried(refusal.value)


def _card() -> Card:
    return replace(DONE, buttons=(Button("again", "再写一次"),))


def given_up(site: Site) -> None:
    """The platform cannot reach somebody."""
    site.tried(Undeliverable("230013"))


def nobody_sends(site: Site) -> None:
    """A message is due, and no service runs."""
    site.waiting()
    site.clock = Still(LATER)


def used(calls: int) -> Seed:
    """So many calls of the month are used."""

    def seed(site: Site) -> None:
        database = Database.open(site.store_url)
        with database.transaction() as transaction:
            month = month_of(site.clock.now(), "Asia/Shanghai")
            add_calls(transaction, MonthOfCalls(ORG, "dingtalk", "api", month, calls))
        database.dispose()

    return seed


def no_tables(site: Site) -> None:
    """The store was never migrated."""
    (site.folder / "fupan.db").unlink()


def foreign_file(site: Site) -> None:
    """Something else lies where the store should be."""
    (site.folder / "fupan.db").write_text("no database at all", "utf-8")


def other_release(site: Site) -> None:
    """The tables are another release's."""
    engine = create_engine(site.store_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()


def mail_login(site: Site) -> Awaitable[None]:
    """The mail server refuses the password."""
    return site.mail_server(takes_login=False, takes_sender=True)


def mail_sender(site: Site) -> Awaitable[None]:
    """The mail server takes no mail from our address."""
    return site.mail_server(takes_login=True, takes_sender=False)


def other_token(site: Site) -> None:
    """The running service has another Token than the configuration."""
    assert site.served is not None
    site.served = replace(site.served, token="AnotherToken")


def not_served(site: Site) -> None:
    """The running service does not know this app."""
    site.served = None


SECRET = 'app_secret: "app-secret"'
FAULTS = [
    # Feishu: the app
    Fault("a wrong app secret", "feishu", edited(SECRET, 'app_secret: "wrong"'), "feishu.token", ("app_secret",)),
    Fault("a missing scope", "feishu", console(scopes=frozenset()), "feishu.contacts", ("scopes: contact:", "publish")),
    Fault("no bot ability", "feishu", refused("bot/v3/info", 230006), "feishu.bot", ("bot ability", "应用能力")),
    Fault("a disabled app", "feishu", refused("bot/v3/info", 99991662), "feishu.bot", ("disabled", "admin")),
    Fault(
        "an IP that is not listed", "feishu", refused("contact/v3/scopes", 99991401), "feishu.contacts", ("IP 白名单",)
    ),
    Fault("a used-up quota", "feishu", misbehaving("quota"), "feishu.bot", ("monthly quota", "费用中心")),
    Fault("no long connection", "feishu", misbehaving("endpoint", code=403), "feishu.socket", ("长连接",)),
    Fault("an empty contact range", "feishu", nobody_seen, "feishu.contacts", ("contact range", "通讯录权限范围")),
    Fault(
        "no answer at all", "feishu", edited("http://", "http://127.0.0.1:9/"), "feishu.token", ("base_url", "proxy")
    ),
    # Feishu: the people
    Fault("an empty leader field", "feishu", no_leaders, "people.managers", ("直属上级", "通讯录字段权限")),
    Fault("people in a circle", "feishu", circle, "people.circle", ("直属上级", "李华", "王磊")),
    Fault("no HRBP anywhere", "feishu", lambda site: _without_hrbps(site), "people.hrbps", ("HRBP", "people file")),
    Fault("no mail anywhere", "feishu", lambda site: _without_mail(site), "people.mail", ("mail addresses",)),
    Fault(
        "an HRBP without mail", "wecom", lambda site: _hrbp_unheard(site), "people.escalation_mail", ("吴丹",), ok=True
    ),
    Fault("an id that nobody has", "feishu", lambda site: _stranger(site), "people.ids", ("ids.feishu",), ok=True),
    Fault("an admin whom nobody knows", "feishu", edited("[wudan]", "[nobody]"), "people.admins", ("org.admins",)),
    # This machine
    Fault("a clock ahead", "feishu", running(timedelta(seconds=120)), "feishu.clock", ("NTP",)),
    Fault("a clock behind", "dingtalk", running(timedelta(seconds=-120)), "dingtalk.clock", ("NTP",)),
    Fault("no holidays for next year", "feishu", winter_without_notice, "calendar.2090", ("calendar.confirmed_years",)),
    Fault("a store without tables", "feishu", no_tables, "store.tables", ("migrate",), ok=True),
    Fault("a store of another release", "feishu", other_release, "store.tables", ("9999",), ok=True),
    Fault("a file that is no store", "feishu", foreign_file, "store", ("storage.url",)),
    # Mail
    Fault("a wrong mail password", "feishu", mail_login, "mail.server", ("mail.user", "mail.password")),
    Fault("a refused sender", "feishu", mail_sender, "mail.server", ("mail.from",)),
    Fault("no TLS", "feishu", edited("tls: none", "tls: starttls"), "mail.server", ("mail.tls",)),
    Fault("no mail server", "feishu", lambda site: _no_mail_server(site), "mail.server", ("mail.host",)),
    # What the store remembers
    Fault("a message that nobody sends", "feishu", nobody_sends, "messages.lag", ("60 minutes", "serve"), ok=True),
    Fault("a dead letter", "feishu", given_up, "messages.dead", ("230013", "可用范围", "--resend"), ok=True),
    Fault("somebody unreachable", "feishu", given_up, "people.unreachable", ("wanglei", "可用范围"), ok=True),
    Fault("cards without callbacks", "wecom", without_callbacks, "messages.refused", ("43012", "设置API接收")),
    Fault("80 % of the quota", "dingtalk", used(ALLOWED * 4 // 5), "dingtalk.quota.api", ("用量管理",), ok=True),
    Fault("all of the quota", "dingtalk", used(ALLOWED), "dingtalk.quota.api", ("用量管理", "allowance")),
    # WeCom
    Fault("a wrong secret", "wecom", edited('secret: "top-secret"', 'secret: "wrong"'), "wecom.token", ("Secret",)),
    Fault("a wrong company", "wecom", edited("corp_id: ww", "corp_id: wx"), "wecom.token", ("我的企业",)),
    Fault("another app's id", "wecom", edited("agent_id: 1000002", "agent_id: 1000003"), "wecom.agent", ("agent_id",)),
    Fault("an untrusted IP", "wecom", misbehaving("untrusted_ip"), "wecom.agent", ("60020", EGRESS_IP, "企业可信IP")),
    Fault("a closed app", "wecom", console(is_closed=True), "wecom.agent", ("switched off", "启用")),
    Fault("an empty visible range", "wecom", nobody_visible, "wecom.agent", ("可见范围",)),
    Fault("an address nobody tells", "wecom", edited("public_url:", "#"), "wecom.address", ("/wecom/acme",), ok=True),
    Fault("an address nobody serves", "wecom", lambda site: _unserved(site), "wecom.address", ("reverse proxy",)),
    Fault("another app's address", "wecom", not_served, "wecom.address", ("404", "proxy")),
    Fault("other callback keys", "wecom", other_token, "wecom.address", ("aes_key", "设置API接收")),
    # DingTalk
    Fault("a wrong secret", "dingtalk", edited('"app-secret"', '"wrong"'), "dingtalk.token", ("client_secret",)),
    Fault("no Stream", "dingtalk", misbehaving("open", status=401), "dingtalk.stream", ("凭证与基础信息",)),
    Fault(
        "no permission for contacts",
        "dingtalk",
        lambda site: _without(site, MAY_READ_DEPARTMENTS),
        "dingtalk.contacts",
        ("权限管理", "publish"),
    ),
    Fault(
        "no permission to send",
        "dingtalk",
        lambda site: _without(site, MAY_SEND),
        "dingtalk.robot",
        ("permissions: qyapi_robot_sendmsg",),
    ),
    Fault(
        "no permission for cards",
        "dingtalk",
        lambda site: _without(site, MAY_USE_CARDS),
        "dingtalk.card_template",
        ("permissions: Card.Instance.Write",),
    ),
    Fault(
        "a robot that is off", "dingtalk", refused("readStatus", "bot.stopped"), "dingtalk.robot", ("版本管理与发布",)
    ),
    Fault("a month used up", "dingtalk", misbehaving("quota", path="/v1.0/robot"), "dingtalk.robot", ("used up",)),
    Fault("no template", "dingtalk", console(templates=()), "dingtalk.card_template", ("import", "卡片平台")),
    Fault(
        "an unpublished template",
        "dingtalk",
        console(templates=(CARD_TEMPLATE, replace(FORM_TEMPLATE, published=False))),
        "dingtalk.form_template",
        ("publish",),
    ),
]


def _without_hrbps(site: Site) -> None:
    site.configure(scopes=site.fake.app().scopes - {SCOPE_HRBP, SCOPE_ORGANIZE})
    site.change(", hrbp: wudan", "", "people.yaml")


def _without_mail(site: Site) -> None:
    site.configure(scopes=site.fake.app().scopes - {SCOPE_EMAIL})
    for who in ("wudan", "gaoyuan"):
        site.change(f", mail: {who}@example.com", "", "people.yaml")


def _no_mail_server(site: Site) -> None:
    site.change(f"port: {site.mail.port}", "port: 9")


def _hrbp_unheard(site: Site) -> None:
    site.change(", mail: wudan@example.com", "", "people.yaml")


def _stranger(site: Site) -> None:
    site.change(site.external("gaoyuan"), "ou_of_another_app", "people.yaml")


def _unserved(site: Site) -> None:
    site.change('public_url: "http://127.0.0.1:', 'public_url: "http://127.0.0.1:9/')


def _without(site: Site, permission: str) -> None:
    site.configure(permissions=site.fake.app().permissions - {permission})


@pytest.mark.parametrize("platform", ["feishu", "wecom", "dingtalk"])
async def test_an_installation_in_order_has_nothing_broken(tmp_path: Path, platform: str) -> None:
    async with open_site(tmp_path, platform) as site:
        probes = await site.examined()
    assert {name: probe for name, probe in probes.items() if not probe.ok} == {}
    assert {name for name, probe in probes.items() if probe.fix} <= EXPECTED_ADVICE
    assert {f"{platform}.token", f"{platform}.clock", "messages.dead", "people.ids", "store.room"} <= set(probes)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.platform}: {fault.title}")
async def test_a_fault_is_named_with_its_fix(tmp_path: Path, fault: Fault) -> None:
    async with open_site(tmp_path, fault.platform) as site:
        made = fault.seed(site)
        if made is not None:
            await made
        probe = (await site.examined())[fault.probe]
    assert probe.ok is fault.ok
    assert probe.fix
    assert [word for word in fault.words if word not in f"{probe.detail} {probe.fix}"] == []


@pytest.mark.parametrize("name", sorted({fault.probe for fault in FAULTS} - {"store"}))
def test_every_probe_that_finds_a_fault_stands_in_the_operator_s_table(name: str) -> None:
    platform, _, rest = name.partition(".")
    spelled = {name, f"PLATFORM.{rest}", "calendar.YEAR" if platform == "calendar" else name}
    table = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
    assert any(f"`{each}`" in table for each in spelled)


def test_there_are_more_faults_than_were_asked_for() -> None:
    assert len({fault.title for fault in FAULTS}) >= 50
    assert {fault.platform for fault in FAULTS} == {"feishu", "wecom", "dingtalk"}
