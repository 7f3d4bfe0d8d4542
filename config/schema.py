"""Answers for how an organisation's file is written as a whole; practices stand in `config.practice_schema`.

Every key is optional but the platform's. Values for connections (`storage`, `platforms`, `mail`, `public_url`) may be
``${NAME}`` of the environment, alone or within a text, or ``file:`` and the path of a file that holds the value.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, SecretStr

from config.platform_schema import FeishuPart as FeishuPart
from config.platform_schema import PlatformName, PlatformsPart
from config.practice_schema import CadencePart, LadderPart, Part, QuestionnairePart
from config.values import Address, Day, Department, MailAddress, Name, PersonRef, WallTime, Zone, matching

Locale = Literal["zh-CN", "en"]
WeekdayName = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]

DEFAULT_STORE = "sqlite:///var/fupan.db"
STORES: list[JsonValue] = [DEFAULT_STORE, "postgresql://fupan:${PG_PASSWORD}@db/fupan"]


class OrgPart(Part):
    """Who the organisation is."""

    id: Annotated[str, AfterValidator(matching(r"[a-z0-9][a-z0-9_-]{0,31}", "id", "1 to 32 of a-z, 0-9, _ and -"))] = (
        "main"
    )
    """Its key in the store and in addresses; never change it later."""
    name: Annotated[str, Field(max_length=60)] = ""
    """As people call it."""
    timezone: Zone = "Asia/Shanghai"
    """For people without their own."""
    locale: Locale = "zh-CN"
    """For people without their own; also the language of the presets and of what is shipped beside them."""
    admins: tuple[PersonRef, ...] = ()
    """Who is told when something needs a human."""


class StoragePart(Part):
    """Where everything is kept."""

    url: Annotated[SecretStr, Field(json_schema_extra={"default": DEFAULT_STORE, "examples": STORES})] = SecretStr(
        DEFAULT_STORE
    )
    """`sqlite:///` and a path, or `postgresql://` user, host and database."""


class PeoplePart(Part):
    """Where people come from: a platform's directory, a file, or both. Left out: that of the platform written first.

    With both, the file says what the directory does not (deputies, HRBPs, mail) and wins where they differ.
    """

    source: PlatformName | None = None
    """The platform whose directory is read; there is one directory, also where the bot speaks on several platforms."""
    file: Annotated[str, Field(min_length=1)] | None = None
    """A file of people; its path is counted from this file's folder."""


class CalendarPart(Part):
    """Which days are workdays (调休 included, where the country publishes it)."""

    country: Annotated[str, Field(min_length=2, max_length=3)] | None = "CN"
    """ISO 3166-1 code in capitals; `null`: no public holidays."""
    weekend: tuple[WeekdayName, ...] = ("SAT", "SUN")
    """Days of the week on which nobody works."""
    off: tuple[Day, ...] = ()
    """More days off."""
    work: tuple[Day, ...] = ()
    """More workdays."""
    confirmed_years: tuple[Annotated[int, Field(ge=2000, le=2200)], ...] = ()
    """Years whose `off` and `work` repeat an official notice that the shipped data does not have yet."""


class QuietPart(Part):
    """When nothing is said unasked (免打扰)."""

    start: Annotated[WallTime, Field(alias="from")]
    """From when, local."""
    end: Annotated[WallTime, Field(alias="to")]
    """Until when; earlier than `from` means the next morning."""
    workdays_only: bool = True
    """Whether days off are quiet as a whole."""


class AttentionPart(Part):
    """How much may be said unasked."""

    per_person_per_day: Annotated[int, Field(ge=1, le=100)] | None = None
    """Messages to one person on a local day, the digest included; more are folded into the digest."""
    digest_at: WallTime | None = None
    """When the digest comes, local."""


class MailPart(Part):
    """The server that takes mail for escalations by mail."""

    host: Annotated[str, Field(min_length=1)]
    """Its name."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Its port."""
    user: str | None = None
    """Whom to log in as; left out: no login."""
    password: Annotated[SecretStr, Field(min_length=1)] | None = None
    """The password of `user`."""
    sender: Annotated[MailAddress, Field(alias="from")]
    """The address that mail comes from."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` (port 587), `tls` from the first byte (port 465), or `none` within a trusted network."""


class OverridePart(Part):
    """Other settings for a part of the organisation. Exactly one of `department`, `team` and `person`.

    The most specific wins: organisation < department < deeper department < team < person. Of quiet hours and attention
    each setting is taken from the most specific override that writes it. A practice in a department starts from the
    departments above it, in a team or for a person from the organisation's.
    """

    department: Department | None = None
    """A department with all below it."""
    team: PersonRef | None = None
    """A manager, for the direct reports."""
    person: PersonRef | None = None
    """One person."""
    cadences: dict[Name, CadencePart | None] = Field(default_factory=dict)
    """What is written here replaces what the practice says; `null` turns it off."""
    quiet_hours: QuietPart | None = None
    """Instead of less specific ones, as a whole; `null`: no quiet hours."""
    attention: AttentionPart | None = None
    """Each key instead of less specific ones."""


class PracticesPart(Part):
    """Everything that says what is asked when, and how people are treated."""

    quiet_hours: QuietPart | None = None
    """When nothing is said unasked; `null`: never quiet. Left out: 20:00 to 08:30, and days off."""
    attention: AttentionPart | None = None
    """How much may be said unasked. Left out: 6 messages a day, the digest at 18:00."""
    ladders: dict[Name, LadderPart] = Field(default_factory=dict)
    """Ladders (催办与升级) by name; one of a shipped name replaces it."""
    questionnaires: dict[Name, QuestionnairePart] = Field(default_factory=dict)
    """Questionnaires (问卷) by name; one of a shipped name replaces it."""
    cadences: dict[Name, CadencePart | None] | None = None
    """Practices by name. Left out: `weekly` with the preset `review`. `null` for a name turns it off."""


class OrgFilePart(PracticesPart):
    """The configuration of one organisation."""

    org: OrgPart = OrgPart()
    """Who it is."""
    storage: StoragePart = StoragePart()
    """Where everything is kept."""
    people: PeoplePart = PeoplePart()
    """Where people come from."""
    calendar: CalendarPart = CalendarPart()
    """Workdays."""
    platforms: PlatformsPart = PlatformsPart()
    """The chat platforms, at least one. Whoever has ids on several is written to on the one that is written first here,
    unless the file of people says `platform` for them."""
    mail: MailPart | None = None
    """For escalations by mail; left out: they come by chat."""
    overrides: tuple[OverridePart, ...] = ()
    """Other settings for departments, teams or persons."""
    public_url: Address | None = None
    """Where people's browsers reach the bot; left out: no links in cards."""
