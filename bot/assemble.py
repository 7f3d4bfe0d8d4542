"""From a checked configuration to what a service is made from; and back again when the file changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import structlog
from pydantic import SecretStr

from adapters.dingtalk.settings import DingTalkSettings
from adapters.dingtalk.settings import Mode as DingTalkMode
from adapters.feishu.settings import FeishuSettings, Mode
from adapters.mail.settings import MailSettings, TlsMode
from adapters.wecom.robot_settings import RobotSettings
from adapters.wecom.settings import WeComSettings
from bot.app import Service, Settings
from bot.connections import (
    Connection,
    Handle,
    connect_dingtalk,
    connect_feishu,
    connect_mail,
    connect_wecom,
    connect_wecom_robot,
)
from bot.directory_sync import ConfiguredPeople
from bot.quota import Allowance
from config.catalogue import read_catalogue
from config.loader import Loaded
from config.organisation import LoadedOrg
from config.platform_schema import DingtalkPart, FeishuPart, WecomPart
from config.problems import ConfigErrors
from config.schema import MailPart
from config.watch import watch
from domain.errors import FupanError, StoreDown
from domain.ids import OrgId
from domain.ports import Catalogue, Clock, Tally
from storage.database import Database

log = structlog.get_logger(__name__)

Tallies = Callable[[OrgId, str], Tally]
"""Gives the counter of an organisation's app on a platform."""

STORE_WAIT_SECONDS = 2.0
"""Between tries to take over an edit while the store is down."""


class SeveralStores(FupanError):
    """The organisations of one process name different stores; one process serves one store."""


def words() -> Catalogue:
    """Return the sentences that are shipped."""
    return read_catalogue()


def store_url(loaded: Loaded) -> str:
    """Return where everything is kept.

    Raises:
        SeveralStores: The organisations do not agree.
    """
    urls = {org.storage_url for org in loaded.orgs}
    if len(urls) != 1:
        names = ", ".join(org.policy.org_id for org in loaded.orgs)
        raise SeveralStores(f"storage.url differs between {names}; give all the same, or run one process for each")
    return urls.pop()


def open_store(loaded: Loaded) -> Database:
    """Open the configured store and bring its tables up to date."""
    database = Database.open(store_url(loaded))
    database.migrate()
    return database


def settings_of(loaded: Loaded, clock: Clock, handle: Handle, tallies: Tallies) -> Settings:
    """Return what a service is made from.

    Args:
        loaded: The configuration.
        clock: The time.
        handle: Where events go.
        tallies: Gives the counter of an organisation's app on a platform.
    """
    return Settings(
        policies={org.policy.org_id: org.policy for org in loaded.orgs},
        people={org.policy.org_id: _people(org) for org in loaded.orgs},
        connections=[connection for org in loaded.orgs for connection in _connections(org, clock, handle, tallies)],
        allowances={of: calls for org in loaded.orgs for of, calls in _allowances(org).items()},
    )


def _connections(org: LoadedOrg, clock: Clock, handle: Handle, tallies: Tallies) -> list[Connection]:
    org_id, parts, found = org.policy.org_id, org.platforms, list[Connection]()
    if parts.feishu is not None:
        found.append(connect_feishu(org_id, feishu_settings(parts.feishu), clock, handle))
    if parts.wecom is not None:
        found.append(_wecom(org, parts.wecom, clock, handle))
    if parts.dingtalk is not None:
        settings, tally = dingtalk_settings(parts.dingtalk, org.policy.locale), tallies(org_id, "dingtalk")
        found.append(connect_dingtalk(org_id, settings, clock, handle, tally, org.public_url))
    # Two directories would make one person two: only one says who works here, the others are ways to reach them.
    found = [each if each.lane == org.people_source else replace(each, directory=None) for each in found]
    if org.mail is not None:
        found.append(connect_mail(org_id, mail_settings(org.mail), clock))
    return found


def _wecom(org: LoadedOrg, part: WecomPart, clock: Clock, handle: Handle) -> Connection:
    org_id, locale = org.policy.org_id, org.policy.locale
    if part.mode == "robot":
        return connect_wecom_robot(org_id, robot_settings(part, locale), clock, handle)
    return connect_wecom(org_id, wecom_settings(part, locale), clock)


def _allowances(org: LoadedOrg) -> Mapping[Allowance, int]:
    part = org.platforms.dingtalk
    if part is None:
        return {}
    months = {"api": part.allowance.api, "push": part.allowance.push}
    return {Allowance(org.policy.org_id, "dingtalk", kind): most for kind, most in months.items() if most}


def feishu_settings(part: FeishuPart) -> FeishuSettings:
    """Return the adapter's settings of a configured Feishu app."""
    return FeishuSettings(
        app_id=part.app_id,
        app_secret=part.app_secret.get_secret_value(),
        mode=Mode(part.mode),
        base_url=part.base_url,
        encrypt_key=part.encrypt_key.get_secret_value() if part.encrypt_key else "",
        verification_token=part.verification_token.get_secret_value() if part.verification_token else "",
        proxy=part.proxy.get_secret_value() if part.proxy else None,
    )


def wecom_settings(part: WecomPart, locale: str) -> WeComSettings:
    """Return the adapter's settings of a configured WeCom app."""
    return WeComSettings(
        corp_id=part.corp_id or "",
        agent_id=part.agent_id or 0,
        secret=_told(part.secret),
        token=_told(part.token),
        aes_key=_told(part.aes_key),
        base_url=part.base_url,
        proxy=part.proxy.get_secret_value() if part.proxy else None,
        locale=locale,
    )


def robot_settings(part: WecomPart, locale: str) -> RobotSettings:
    """Return the adapter's settings of a configured robot of WeCom."""
    return RobotSettings(
        bot_id=part.bot_id or "",
        secret=_told(part.robot_secret),
        address=part.robot_url,
        proxy=part.proxy.get_secret_value() if part.proxy else None,
        locale=locale,
    )


def _told(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def dingtalk_settings(part: DingtalkPart, locale: str) -> DingTalkSettings:
    """Return the adapter's settings of a configured DingTalk app."""
    return DingTalkSettings(
        client_id=part.client_id,
        client_secret=part.client_secret.get_secret_value(),
        mode=DingTalkMode(part.mode),
        card_template=part.card_template or "",
        form_template=part.form_template or "",
        base_url=part.base_url,
        old_base_url=part.old_base_url,
        locale=locale,
        event_token=part.event_token.get_secret_value() if part.event_token else "",
        event_aes_key=part.event_aes_key.get_secret_value() if part.event_aes_key else "",
        proxy=part.proxy.get_secret_value() if part.proxy else None,
    )


def mail_settings(part: MailPart) -> MailSettings:
    """Return the adapter's settings of a configured mail server."""
    return MailSettings(
        host=part.host,
        port=part.port,
        sender=part.sender,
        user=part.user or "",
        password=part.password.get_secret_value() if part.password else "",
        tls=TlsMode(part.tls),
    )


def _people(org: LoadedOrg) -> ConfiguredPeople:
    listed = org.people or ()
    return ConfiguredPeople(
        complete=org.people is not None and org.people_source is None,
        people=[each.person for each in listed],
        identities={(platform, own): each.person.person_id for each in listed for platform, own in each.ids.items()},
        pinned=frozenset(each.person.person_id for each in listed if each.pinned),
    )


async def watch_configuration(path: Path, environment: Mapping[str, str], running: Loaded, service: Service) -> None:
    """Apply every good edit of the configuration; a bad one is logged with its lines and changes nothing."""

    async def changed(found: Loaded | ConfigErrors) -> None:
        if isinstance(found, ConfigErrors):
            for problem in found.errors:
                log.error(
                    "the edit was refused; the running configuration stays", action="config.refused", at=str(problem)
                )
            return
        await _take_over(settings_of(found, service.clock, service.handle, service.quotas.tally), service)
        log.info("the configuration was taken over", action="config.applied", organisations=len(found.orgs))

    await watch(path, environment, running, changed)


async def _take_over(settings: Settings, service: Service) -> None:
    """Apply settings as soon as the store can be written: an edit made during an outage must not end the watching."""
    while True:
        try:
            return await service.apply(settings)
        except StoreDown as error:
            log.warning(
                "the store is down; the edit is taken over once it is back",
                action="config.store_down",
                error=type(error).__name__,
            )
        await asyncio.sleep(STORE_WAIT_SECONDS)
