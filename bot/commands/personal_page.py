"""A person's record as a page that can be read without any program but a browser."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined

TEMPLATE = Path(__file__).parent / "pages" / "personal_page.html.j2"


def personal_page(record: Mapping[str, Any], zone: str, now: datetime) -> str:
    """Return the page.

    Args:
        record: What `storage.personal_records.export_person` returned.
        zone: IANA name of the organisation's zone, in which instants are shown.
        now: UTC; printed as the date of the page.
    """
    # Everything is escaped: the record is made of what people typed.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    local = ZoneInfo(record["person"]["zone"] or zone)

    def shown(instant: str | None) -> str:
        return f"{datetime.fromisoformat(instant).astimezone(local):%Y-%m-%d %H:%M}" if instant else ""

    environment.filters["local"] = shown
    environment.filters["words"] = _words
    template = environment.from_string(TEMPLATE.read_text("utf-8"))
    return template.render(record=record, zone=local.key, made=shown(now.isoformat()))


def _words(answer: object) -> str:
    return "、".join(map(str, answer)) if isinstance(answer, list | tuple) else str(answer)
