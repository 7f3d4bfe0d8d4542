"""Answers for settings of platforms, mail and the directory: whether they fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from config.problems import Finding
from config.schema import FeishuPart, MailPart, OrgFilePart, PeoplePart, PlatformsPart
from domain.duties import Channel

_DATABASE = re.compile(r"(sqlite:///|postgresql(\+psycopg)?://)\S+")


def connection_findings(file: OrgFilePart) -> Iterator[Finding]:
    """Tell what is wrong between the settings of an organisation's connections; never a value of one."""
    if not _DATABASE.fullmatch(file.storage.url.get_secret_value()):
        yield Finding(("storage", "url"), "is no address of a store", "sqlite:///PATH or postgresql://USER@HOST/NAME")
    if not configured_platforms(file.platforms):
        yield Finding(("platforms",), "names no platform", ", ".join(PlatformsPart.model_fields))
    if file.platforms.feishu is not None:
        yield from (each.under("platforms", "feishu") for each in _feishu_findings(file.platforms.feishu))
    if file.mail is not None:
        yield from (each.under("mail") for each in _mail_findings(file.mail))
    yield from (each.under("people") for each in _people_findings(file.people, file.platforms))


def configured_platforms(platforms: PlatformsPart) -> list[str]:
    """Return the names of the platforms that are configured, in the order of the schema."""
    return [name for name in PlatformsPart.model_fields if getattr(platforms, name) is not None]


def _feishu_findings(feishu: FeishuPart) -> Iterator[Finding]:
    if feishu.mode == "webhook" and feishu.encrypt_key is None:
        yield Finding(("mode",), "without encrypt_key anybody could call", "webhook with encrypt_key, or websocket")


def _mail_findings(mail: MailPart) -> Iterator[Finding]:
    if mail.user is not None and mail.password is None:
        yield Finding(("user",), "has no password", "user and password, or neither")
    if mail.user is None and mail.password is not None:
        yield Finding(("password",), "is nobody's", "user and password, or neither")


def _people_findings(people: PeoplePart, platforms: PlatformsPart) -> Iterator[Finding]:
    if people.source is not None and people.source not in configured_platforms(platforms):
        yield Finding(("source",), "is a platform that is not configured", "a platform under platforms")


def unheard_findings(file: OrgFilePart) -> Iterator[Finding]:
    """Tell which rungs speak by mail alone, where no mail server is configured."""
    for name, ladder in file.ladders.items():
        for index, rung in enumerate(ladder.rungs):
            if file.mail is None and rung.by == (Channel.MAIL,):
                path = ("ladders", name, "rungs", index, "by")
                yield Finding(path, "nobody hears it without mail", "chat, or mail at the top")
