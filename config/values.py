"""Answers for single values of the configuration: how a duration, a time, a name or a schedule is written.

Every type also tells editors its form, through the JSON Schema that `config.json_schema` exports.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from config.problems import near
from domain.errors import BadRecurrence
from domain.recurrence import Recurrence
from domain.recurrence_text import ALLOWED as SCHEDULES

_UNITS = {
    **{"d": "days", "h": "hours", "m": "minutes", "s": "seconds"},
    **{"天": "days", "小时": "hours", "分钟": "minutes", "秒": "seconds"},
}
_UNIT = "|".join(_UNITS)
_PART = re.compile(rf"(\d{{1,6}}) ?({_UNIT}) ?")
_LONGEST = timedelta(days=366)
_LONGEST_TEXT = 40

AES_KEY_LENGTH = 43
"""Characters of an EncodingAESKey."""

DURATION_PATTERN = rf"^(\d{{1,6}} ?({_UNIT}) ?)+$"
WALL_TIME_PATTERN = r"^([01]?\d|2[0-3]):[0-5]\d$"
DATE_PATTERN = r"^\d{4}-\d{2}-\d{2}$"
NAME_PATTERN = r"^[A-Za-z一-鿿][A-Za-z0-9一-鿿_-]{0,39}$"
FIELD_NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_]{0,29}$"
DEPARTMENT_PATTERN = r"^[^/\s][^/]*(/[^/]+)*$"


def wrong(message: str, allowed: str = "") -> PydanticCustomError:
    """Return the error by which a validator refuses a value; the words reach the operator as they stand."""
    return PydanticCustomError("refused", "{message}", {"message": message, "allowed": allowed})


def shown(value: object) -> str:
    """Return a refused value for a message: short, and without what is inside it."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:39] + "…")
    return {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(value), str(value))


def read_duration(value: object) -> timedelta:
    """Read "24h", "2d", "30m", "90s", "1d12h" or "2 天", at most 366 days."""
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > _LONGEST_TEXT or not re.fullmatch(DURATION_PATTERN, text):
        raise wrong(f"{shown(value)} is no duration", "a number with its unit: 24h, 2d, 30m, 90s, 1d12h")
    total = sum((timedelta(**{_UNITS[unit]: int(count)}) for count, unit in _PART.findall(text)), timedelta(0))
    if total > _LONGEST:
        raise wrong(f"{text!r} is too long", "at most 366d")
    return total


def read_wall_time(value: object) -> time:
    """Read "16:05", from 00:00 to 23:59, without a zone."""
    if not isinstance(value, str) or not re.fullmatch(WALL_TIME_PATTERN, value.strip()):
        raise wrong(f"{shown(value)} is no time of day", "hours and minutes from 00:00 to 23:59, in quotes")
    hours, minutes = value.strip().split(":")
    return time(int(hours), int(minutes))


def read_day(value: object) -> date:
    """Read "2026-12-25"."""
    text = value.strip() if isinstance(value, str) else ""
    if not re.fullmatch(DATE_PATTERN, text):
        raise wrong(f"{shown(value)} is no date", "year-month-day, such as 2026-12-25")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong(f"there is no day {text}") from None


def check_schedule(text: str) -> str:
    """Refuse what `domain.recurrence.Recurrence.parse` cannot read."""
    try:
        Recurrence.parse(text)
    except BadRecurrence as error:
        raise wrong(str(error)) from None
    return text


def check_zone(name: str) -> str:
    """Refuse what is no IANA zone, with the nearest names."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near_names = near(name, available_timezones()) or near(f"Asia/{name}", available_timezones())
        raise wrong(f"{name!r} is no time zone{near_names}", "an IANA name such as Asia/Shanghai") from None
    return name


def check_address(value: str) -> str:
    """Refuse what is no web address; a slash at its end goes.

    Values of connections may come from the environment, so that no message repeats one.
    """
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise wrong("is no address", "http:// or https://, a host, perhaps a path")
    return value.rstrip("/")


def check_mail_address(value: str) -> str:
    """Refuse what is no mail address."""
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value):
        raise wrong("is no mail address", "name@example.com")
    return value


def check_proxy(value: SecretStr) -> SecretStr:
    """Refuse what is no address of an HTTP proxy; it may hold a password and is never repeated."""
    if not re.fullmatch(r"https?://[^\s/?#]+/?", value.get_secret_value()):
        raise wrong("is no address of a proxy", "http:// or https://, perhaps user:password@, a host and a port")
    return value


def check_secret(value: SecretStr) -> SecretStr:
    """Refuse what no platform gives out as a secret, such as a copy with a blank or a line's end; never repeat it."""
    allowed = "letters, digits and ASCII signs, as the console shows them"
    if not value.get_secret_value():
        raise wrong("is empty", allowed)
    if not re.fullmatch(r"[!-~]+", value.get_secret_value()):
        raise wrong("holds a blank or a sign that no such secret has", allowed)
    return value


def check_aes_key(value: SecretStr) -> SecretStr:
    """Refuse what is no EncodingAESKey: base64 of 32 bytes without its last sign, in letters and digits alone.

    WeCom and DingTalk use the same form (developer.work.weixin.qq.com 90968; open.dingtalk.com, event subscription).
    """
    text = value.get_secret_value()
    allowed = f"{AES_KEY_LENGTH} letters and digits, as the console shows them"
    if len(text) != AES_KEY_LENGTH:
        raise wrong(f"has {len(text)} characters", allowed)
    if not re.fullmatch(r"[A-Za-z0-9]*", text):
        raise wrong("holds a sign that is neither letter nor digit", allowed)
    return value


def matching(pattern: str, what: str, allowed: str) -> Callable[[str], str]:
    """Return a validator that admits texts of a pattern and says in words what else is expected."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise wrong(f"{shown(value)} is no {what}", allowed)
        return value

    return check


_NAME_RULE = "1 to 40 letters, digits, _ or -, beginning with a letter"
_FIELD_RULE = "1 to 30 ASCII letters, digits or _, beginning with a letter"
_DEPARTMENT_RULE = "names from the top joined by /, such as 研发/平台"

Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": DURATION_PATTERN,
            "description": "A length of time with its unit: d, h, m, s (天, 小时, 分钟, 秒).",
            "examples": ["24h", "2d", "30m", "90s"],
        }
    ),
]
WallTime = Annotated[
    time,
    BeforeValidator(read_wall_time),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": WALL_TIME_PATTERN,
            "description": "Hours and minutes on the wall, 00:00 to 23:59, in the zone of whoever is meant.",
            "examples": ["20:00", "08:30"],
        }
    ),
]
Day = Annotated[
    date,
    BeforeValidator(read_day),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": DATE_PATTERN,
            "description": "A local date, year-month-day.",
            "examples": ["2026-12-25"],
        }
    ),
]
Schedule = Annotated[
    str,
    AfterValidator(check_schedule),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"\d{1,2}[:：]\d{2}",
            "description": "When: days by a rule, then a time of day, in each person's own zone.",
            "examples": list(SCHEDULES),
        }
    ),
]
Zone = Annotated[
    str,
    AfterValidator(check_zone),
    WithJsonSchema({"type": "string", "description": "IANA name of a time zone.", "examples": ["Asia/Shanghai"]}),
]
Name = Annotated[
    str,
    AfterValidator(matching(NAME_PATTERN, "name", _NAME_RULE)),
    WithJsonSchema({"type": "string", "pattern": NAME_PATTERN, "description": f"A name: {_NAME_RULE}."}),
]
FieldName = Annotated[
    str,
    AfterValidator(matching(FIELD_NAME_PATTERN, "name for this", _FIELD_RULE)),
    WithJsonSchema({"type": "string", "pattern": FIELD_NAME_PATTERN, "description": f"A key: {_FIELD_RULE}."}),
]
Department = Annotated[
    str,
    AfterValidator(matching(DEPARTMENT_PATTERN, "department", _DEPARTMENT_RULE)),
    WithJsonSchema({"type": "string", "pattern": DEPARTMENT_PATTERN, "description": f"A path: {_DEPARTMENT_RULE}."}),
]
Address = Annotated[str, AfterValidator(check_address)]
"""A web address, kept without a slash at its end."""

MailAddress = Annotated[str, AfterValidator(check_mail_address)]
"""An address for mail, without a name."""

Secret = Annotated[SecretStr, Field(json_schema_extra={"minLength": 1}), AfterValidator(check_secret)]
"""What a platform's console gives out; no message repeats it."""

AesKey = Annotated[SecretStr, AfterValidator(check_aes_key)]
"""The key by which WeCom and DingTalk encrypt callbacks."""

ProxyAddress = Annotated[SecretStr, AfterValidator(check_proxy)]
"""Through which calls go; secret, because it may hold a password."""

TemplateId = Annotated[
    str, AfterValidator(matching(r"[!-~]{1,200}", "template's id", "the id as the console shows it"))
]
"""Id of a card's template."""

PersonRef = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
"""A person's id as the people file gives it."""

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30)]
"""The head of a card; on phones about 12 Chinese characters are seen."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""One line for people to read."""

Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, max_length=600)]
"""Some lines for people to read."""


def listed(value: object) -> object:
    """Take a lone value as a list of one, so that ``by: chat`` is as good as ``by: [chat]``."""
    return [value] if isinstance(value, str) else value
