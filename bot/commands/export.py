"""`export`: everything the store holds about a person, for them to read (个人信息导出)."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.clock import SystemClock
from bot.commands.options import ConfigOption, OrgOption, PersonOption
from bot.commands.outcome import CommandFailed, ExitCode
from bot.commands.output import say, say_json
from bot.commands.personal_page import personal_page
from bot.commands.stores import opened, or_nobody, organisation
from config.loader import load
from domain.ids import PersonId
from storage.personal_records import export_person


def command(
    config: ConfigOption,
    org: OrgOption,
    person: PersonOption,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="A zip with the record as JSON and as a page; left out: JSON."),
    ] = None,
) -> None:
    """Print the record as JSON, or write it into a zip together with a page for reading."""
    if out is not None and out.exists():
        raise CommandFailed(f"{out} is there already; take another name", ExitCode.BAD_INPUT)
    loaded = load(config, os.environ)
    policy = organisation(loaded, org).policy
    with opened(loaded) as database, database.reading() as transaction:
        with or_nobody():
            record = export_person(transaction, policy.org_id, PersonId(person))
    if out is None:
        say_json(record)
        return
    page = personal_page(record, policy.zone, SystemClock().now())
    _write(out, record, page)
    say(f"{out}: record.json and record.html; it holds personal data, hand it to {record['person']['name']} only")


def _write(file: Path, record: dict[str, Any], page: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Made for the owner alone before anything is in it.
        file.touch(mode=0o600, exist_ok=False)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("record.json", json.dumps(record, ensure_ascii=False, indent=2))
            archive.writestr("record.html", page)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error.strerror}") from None
