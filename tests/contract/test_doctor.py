"""`doctor` on a whole installation: the fakes of the sandbox as platform and mail server, a store of its own."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import create_engine, text

from adapters.http import HttpSession
from adapters.mail.settings import MailSettings, TlsMode
from bot.clock import SystemClock
from bot.commands.probing.examination import Finding, examine
from bot.commands.probing.mail import probe_mail
from bot.commands.probing.platforms import MOST_SKEW, probe_clock
from bot.commands.probing.store import LEAST_ROOM, probe_store
from config.loader import load
from domain.ports import Probe
from sandbox.mail import MailCatcher
from tests.command_line import SECRET, Here, configured
from tests.contract.doctor_site import open_site
from tests.contract.feishu_stub import SteppingClock, open_session
from tests.contract.feishu_tenant import APP, Tenant, open_tenant
from tests.living import migrated


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with open_tenant() as opened:
        yield opened


@pytest.fixture
async def mail() -> AsyncIterator[MailCatcher]:
    catcher = MailCatcher(None, SystemClock().now)
    await catcher.start()
    yield catcher
    await catcher.close()


@pytest.fixture
async def http() -> AsyncIterator[HttpSession]:
    async with open_session() as session:
        yield session


def installation(folder: Path, tenant: Tenant, mail: MailCatcher, people: str = "{source: feishu}") -> Path:
    """Write a configuration that talks to the fakes; its store is migrated."""
    file = configured(folder, f"mail: {{host: 127.0.0.1, port: {mail.port}, from: fupan@example.com, tls: none}}")
    told = file.read_text("utf-8").replace("{file: people.yaml}", people).replace(", admins: [zhaomin]", "")
    told = told.replace("cli_x", APP.app_id).replace(SECRET, APP.secret)
    file.write_text(told.replace("http://127.0.0.1:9", tenant.settings.base_url), "utf-8")
    migrated(f"sqlite:///{folder}/fupan.db")
    return file


async def examined(file: Path) -> dict[str, Probe]:
    steps: list[str] = []
    findings = [finding async for finding in examine(load(file, {}), SystemClock(), steps.append)]
    assert steps[0] == "store"
    assert all(isinstance(each, Finding) for each in findings)
    return {finding.probe.name: finding.probe for finding in findings}


async def test_an_installation_in_order_has_nothing_broken(tmp_path: Path, tenant: Tenant, mail: MailCatcher) -> None:
    probes = await examined(installation(tmp_path, tenant, mail))
    assert {name: probe for name, probe in probes.items() if not probe.ok} == {}
    expected = {"store.tables", "store.write", "mail.server", "people", "people.managers", "feishu.clock"}
    assert expected | {"feishu.token", "feishu.bot", "feishu.contacts", "feishu.socket"} <= set(probes)


async def test_nobody_is_written_to(tmp_path: Path, tenant: Tenant, mail: MailCatcher) -> None:
    await examined(installation(tmp_path, tenant, mail))
    assert mail.letters() == ()
    assert tenant.chat() == []


async def test_the_directory_is_judged_with_what_the_file_lays_over_it(
    tmp_path: Path, tenant: Tenant, mail: MailCatcher
) -> None:
    before = (await examined(installation(tmp_path, tenant, mail)))["people.deputies"].detail
    file = installation(tmp_path, tenant, mail, "{source: feishu, file: people.yaml}")
    leader = next(person for person in tenant.fake.people() if person["name"] == "李华")
    named = f"people:\n  - {{id: lihua, name: 李华, deputy: stand-in, ids: {{feishu: {leader['open_id']}}}}}\n"
    (tmp_path / "people.yaml").write_text(f"{named}  - {{id: stand-in, name: 替补}}\n", "utf-8")
    after = (await examined(file))["people.deputies"].detail
    assert "李华" in before
    assert "李华" not in after


async def test_a_wrong_secret_is_named(tmp_path: Path, tenant: Tenant, mail: MailCatcher) -> None:
    file = installation(tmp_path, tenant, mail)
    file.write_text(file.read_text("utf-8").replace(APP.secret, "wrong-one"), "utf-8")
    probes = await examined(file)
    assert not probes["feishu.token"].ok
    assert probes["feishu.token"].fix
    assert not probes["people"].ok
    assert "the directory cannot be read" in probes["people"].detail


async def test_an_app_that_may_see_nobody_is_a_fault(tmp_path: Path, tenant: Tenant, mail: MailCatcher) -> None:
    await tenant.fake.set_contact_range(frozenset())
    probes = await examined(installation(tmp_path, tenant, mail))
    assert not probes["feishu.contacts"].ok
    assert not probes["people"].ok
    assert "contact range" in probes["people"].fix


async def test_an_empty_leader_field_is_found_in_the_real_directory(
    tmp_path: Path, tenant: Tenant, mail: MailCatcher
) -> None:
    for person in tenant.fake.people():
        await tenant.fake.change_user(replace(tenant.fake.user(person["open_id"]), leader=None))
    assert not (await examined(installation(tmp_path, tenant, mail)))["people.managers"].ok


async def test_a_platform_that_nobody_reaches_is_told_with_its_address(tmp_path: Path, mail: MailCatcher) -> None:
    probes = await examined(configured(tmp_path))
    assert not probes["feishu.token"].ok
    assert "look whether this machine reaches http://127.0.0.1:9: base_url, proxy" in probes["feishu.token"].fix
    assert not probes["feishu.clock"].ok


async def test_a_mail_server_that_answers_is_fine(mail: MailCatcher) -> None:
    probe = await probe_mail(MailSettings("127.0.0.1", mail.port, "fupan@example.com", tls=TlsMode.NONE))
    assert probe.ok
    assert f"127.0.0.1:{mail.port} answers 250" in probe.detail


async def test_a_mail_server_without_tls_is_told_from_one_that_is_down(mail: MailCatcher) -> None:
    no_tls = await probe_mail(MailSettings("127.0.0.1", mail.port, "fupan@example.com", tls=TlsMode.STARTTLS))
    assert not no_tls.ok
    assert "mail.tls" in no_tls.fix
    down = await probe_mail(MailSettings("127.0.0.1", 9, "fupan@example.com", tls=TlsMode.NONE))
    assert not down.ok
    assert "mail.host" in down.fix


async def test_a_mail_server_that_takes_no_login_is_told_without_the_password(mail: MailCatcher) -> None:
    settings = MailSettings("127.0.0.1", mail.port, "fupan@example.com", "bot", "pa55word", TlsMode.NONE)
    probe = await probe_mail(settings)
    assert not probe.ok
    assert "pa55word" not in probe.detail + probe.fix


@asynccontextmanager
async def telling(date: str) -> AsyncIterator[str]:
    """A server whose answers bear that date, or none."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(headers={"Date": date})

    app = web.Application()
    app.router.add_route("*", "/", answer)
    async with TestServer(app) as server:
        yield str(server.make_url(""))


async def test_a_clock_that_agrees_is_fine(http: HttpSession) -> None:
    clock = SteppingClock()
    async with telling(f"{clock.now():%a, %d %b %Y %H:%M:%S} GMT") as address:
        assert (await probe_clock("feishu.clock", http, address, clock)).ok


@pytest.mark.parametrize(("by", "sense"), [(MOST_SKEW * 2, "ahead of"), (-MOST_SKEW * 2, "behind")])
async def test_a_clock_that_runs_apart_is_a_fault(http: HttpSession, by: timedelta, sense: str) -> None:
    clock = SteppingClock()
    async with telling(f"{clock.now() - by:%a, %d %b %Y %H:%M:%S} GMT") as address:
        probe = await probe_clock("feishu.clock", http, address, clock)
    assert not probe.ok
    assert f"120 s {sense} http" in probe.detail
    assert "NTP" in probe.fix


@pytest.mark.parametrize("date", ["yesterday", "Fri, 27 Nov 2026 08:00:00", "Fri, 99 Nov 2026 08:00:00 GMT"])
async def test_a_server_that_does_not_tell_the_time_is_no_fault(http: HttpSession, date: str) -> None:
    async with telling(date) as address:
        probe = await probe_clock("feishu.clock", http, address, SteppingClock())
    assert probe.ok
    assert probe.fix


def test_a_store_is_probed_by_writing(store_url: str) -> None:
    migrated(store_url)
    names = [probe.name for probe in probe_store(store_url) if probe.ok and not probe.fix]
    assert names == ["store.tables", "store.write", *(["store.room"] if store_url.startswith("sqlite") else [])]


def test_a_disk_that_is_nearly_full_is_told_before_messages_fail(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fupan.db"
    migrated(url)
    looked_at: list[Path] = []

    def free(folder: Path) -> int:
        looked_at.append(folder)
        return LEAST_ROOM - 1

    room = {probe.name: probe for probe in probe_store(url, free)}["store.room"]
    assert room.ok
    assert "make room" in room.fix
    assert looked_at == [tmp_path]


def test_a_store_without_tables_is_advice_and_gets_none(store_url: str) -> None:
    [probe] = probe_store(store_url)
    assert probe.ok
    assert "migrate" in probe.fix
    [again] = probe_store(store_url)
    assert again == probe


def test_a_store_of_another_release_is_told(store_url: str) -> None:
    migrated(store_url)
    engine = create_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    probe = next(iter(probe_store(store_url)))
    assert probe.ok
    assert "revision 9999, this release wants" in probe.detail


def test_a_store_that_cannot_be_reached_is_broken() -> None:
    [probe] = probe_store("postgresql://fupan:pa55word@127.0.0.1:9/fupan")
    assert not probe.ok
    assert "storage.url" in probe.fix
    assert "pa55word" not in probe.detail


def test_a_file_that_is_no_store_is_broken(tmp_path: Path) -> None:
    (tmp_path / "fupan.db").write_text("no database at all", "utf-8")
    [probe] = probe_store(f"sqlite:///{tmp_path}/fupan.db")
    assert not probe.ok


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs commands in this process."""
    return Here(capsys)


def test_the_command_fails_if_anything_is_broken(here: Here, tmp_path: Path) -> None:
    assert here("doctor", "--config", configured(tmp_path)) == 1
    lines = here.out.splitlines()
    [failed] = [number for number, line in enumerate(lines) if line.startswith("FAIL") and "feishu.token" in line]
    assert lines[failed + 1].strip().startswith("-> look whether this machine reaches")
    assert "probes failed" in here.err
    assert SECRET not in here.out + here.err


def test_a_secret_that_is_not_in_the_environment_is_named_with_its_line(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = configured(tmp_path)
    file.write_text(file.read_text("utf-8").replace(SECRET, "${FUPAN_TEST_SECRET}"), "utf-8")
    monkeypatch.delenv("FUPAN_TEST_SECRET", raising=False)
    assert here("doctor", "--config", file) == 2
    assert f"{file}:5: platforms.feishu.app_secret: " in here.err
    assert "FUPAN_TEST_SECRET" in here.err
    monkeypatch.setenv("FUPAN_TEST_SECRET", "")
    assert here("doctor", "--config", file) == 2
    assert "platforms.feishu.app_secret" in here.err


def test_the_command_speaks_json_too(here: Here, tmp_path: Path) -> None:
    assert here("doctor", "--config", configured(tmp_path), "--json") == 1
    probes = json.loads(here.out)
    assert {"organisation", "name", "ok", "detail", "fix"} == set(probes[0])
    assert all(probe["ok"] or probe["fix"] for probe in probes)


async def test_what_an_examination_uses_of_a_month_s_calls_is_counted(tmp_path: Path) -> None:
    """Whether robot and templates work is asked by calls that DingTalk counts; so they must be in our sums too."""
    async with open_site(tmp_path, "dingtalk") as site:
        used = site.fake.used("api_call")
        await site.examined()
        used = site.fake.used("api_call") - used
        quota = (await site.examined())["dingtalk.quota.api"]
    assert used > 0
    assert quota.detail.startswith(f"{used} of 5000 used this month")
