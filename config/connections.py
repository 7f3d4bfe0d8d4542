"""Answers for settings of platforms, mail and the directory: whether they fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from config.platform_schema import DingtalkPart, FeishuPart, PlatformsPart, WecomPart
from config.problems import Finding
from config.schema import MailPart, OrgFilePart, PeoplePart
from config.yaml_source import Node
from domain.duties import Channel

_DATABASE = re.compile(r"sqlite:///\S([^\x00-\x1f\x7f]*\S)?|postgresql(\+psycopg)?://\S+")
"""Folders and files may have blanks in their names; at the ends they would be slips of the hand."""


_WECOM_NEEDS = {
    "app": ("corp_id", "agent_id", "secret", "token", "aes_key"),
    "robot": ("bot_id", "robot_secret"),
}
_WECOM_ADDRESSES = {"app": "base_url", "robot": "robot_url"}


def connection_findings(file: OrgFilePart) -> Iterator[Finding]:
    """Tell what is wrong between the settings of an organisation's connections; never a value of one."""
    if not _DATABASE.fullmatch(file.storage.url.get_secret_value()):
        yield Finding(("storage", "url"), "is no address of a store", "sqlite:///PATH or postgresql://USER@HOST/NAME")
    if not _configured(file.platforms):
        yield Finding(("platforms",), "names no platform", ", ".join(PlatformsPart.model_fields))
    if file.platforms.feishu is not None:
        yield from (each.under("platforms", "feishu") for each in _feishu_findings(file.platforms.feishu))
    if file.platforms.wecom is not None:
        yield from (each.under("platforms", "wecom") for each in _wecom_findings(file.platforms.wecom))
    if file.platforms.dingtalk is not None:
        yield from (each.under("platforms", "dingtalk") for each in _dingtalk_findings(file.platforms.dingtalk))
    if file.mail is not None:
        yield from (each.under("mail") for each in _mail_findings(file.mail))


def platforms_in_order(content: Node) -> list[str]:
    """Return the names of the platforms that an organisation's document configures, rightly or not, as written."""
    written = content.get("platforms") if isinstance(content, dict) else None
    parts = written if isinstance(written, dict) else {}
    return [name for name, part in parts.items() if name in PlatformsPart.model_fields and part is not None]


def _configured(platforms: PlatformsPart) -> list[str]:
    return [name for name in PlatformsPart.model_fields if getattr(platforms, name) is not None]


def _feishu_findings(feishu: FeishuPart) -> Iterator[Finding]:
    if feishu.mode == "webhook" and feishu.encrypt_key is None:
        yield Finding(("mode",), "without encrypt_key anybody could call", "webhook with encrypt_key, or websocket")


def _wecom_findings(wecom: WecomPart) -> Iterator[Finding]:
    own = (*_WECOM_NEEDS[wecom.mode], _WECOM_ADDRESSES[wecom.mode])
    for key in _WECOM_NEEDS[wecom.mode]:
        if getattr(wecom, key) is None:
            yield Finding((key,), "is missing")
    for mode, keys in _WECOM_NEEDS.items():
        for key in (*keys, _WECOM_ADDRESSES[mode]):
            if mode != wecom.mode and key in wecom.model_fields_set and getattr(wecom, key) is not None:
                yield Finding((key,), f"belongs to mode: {mode}", f"for mode: {wecom.mode}: {', '.join(own)}")


def _dingtalk_findings(dingtalk: DingtalkPart) -> Iterator[Finding]:
    if dingtalk.robot_code not in (None, dingtalk.client_id):
        yield Finding(
            ("robot_code",), "is not the Client ID; a robot of an internal app has no other code", "client_id"
        )
    if dingtalk.form_template is not None and dingtalk.card_template is None:
        yield Finding(("form_template",), "needs card_template beside it", "both templates, card_template, or neither")
    pair = {"event_token": dingtalk.event_token, "event_aes_key": dingtalk.event_aes_key}
    for key, other in (tuple(pair), tuple(reversed(pair))):
        if pair[key] is not None and pair[other] is None:
            yield Finding((key,), f"is of no use without {other}", "event_token and event_aes_key, or neither")


def _mail_findings(mail: MailPart) -> Iterator[Finding]:
    if mail.user is not None and mail.password is None:
        yield Finding(("user",), "has no password", "user and password, or neither")
    if mail.user is None and mail.password is not None:
        yield Finding(("password",), "is nobody's", "user and password, or neither")


def source_findings(file: OrgFilePart) -> Iterator[Finding]:
    """Tell whether people come from a platform that is not there, or cannot tell; where platforms are right."""
    known = _configured(file.platforms)
    if file.people.source is not None and file.people.source not in known:
        allowed = ", ".join(known) or "one under platforms"
        yield Finding(("people", "source"), "is a platform that is not configured", allowed)

    if file.platforms.wecom is not None and file.platforms.wecom.mode == "robot":
        yield from (each.under("people") for each in _robot_findings(file.people))


def _robot_findings(people: PeoplePart) -> Iterator[Finding]:
    if people.source == "wecom":
        yield Finding(("source",), "a robot of WeCom cannot read the directory", "only file, or another platform")
    if people.file is None:
        yield Finding(("file",), "is missing; a robot of WeCom cannot read the directory", "a file with ids.wecom")


def unheard_findings(file: OrgFilePart) -> Iterator[Finding]:
    """Tell which rungs speak by mail alone, where no mail server is configured."""
    for name, ladder in file.ladders.items():
        for index, rung in enumerate(ladder.rungs):
            if file.mail is None and rung.by == (Channel.MAIL,):
                path = ("ladders", name, "rungs", index, "by")
                yield Finding(path, "nobody hears it without mail", "chat, or mail at the top")
