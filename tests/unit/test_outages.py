"""An operator is told once that a way out fails, and once that it works again."""

from __future__ import annotations

from datetime import timedelta

from structlog.testing import capture_logs

from bot.outages import Outages, Way
from domain.errors import ContentRefused, Misconfigured, PlatformDown, PlatformError, Throttled, Undeliverable
from domain.ids import OrgId

WECOM, MAIL = Way(OrgId("acme"), "wecom"), Way(OrgId("acme"), "mail")
DOWN = PlatformDown("timeout")


def said(*noted: tuple[Way, list[PlatformError | None]]) -> list[tuple[str, str]]:
    """Return what is logged when calls end so: action and lane."""
    outages = Outages()
    with capture_logs() as logs:
        for way, outcomes in noted:
            outages.note(way, outcomes)
    return [(line["action"], line["lane"]) for line in logs]


def test_many_failures_are_said_once() -> None:
    assert said((WECOM, [DOWN, DOWN]), (WECOM, [DOWN])) == [("delivery.down", "wecom")]


def test_it_is_said_once_that_it_works_again() -> None:
    told = said((WECOM, [DOWN]), (WECOM, [None, None]), (WECOM, [None]))
    assert told == [("delivery.down", "wecom"), ("delivery.up", "wecom")]


def test_each_way_is_told_apart() -> None:
    assert said((WECOM, [DOWN]), (MAIL, [None]), (MAIL, [Misconfigured("535")])) == [
        ("delivery.down", "wecom"),
        ("delivery.down", "mail"),
    ]


def test_what_concerns_one_message_or_one_reader_is_no_outage() -> None:
    single = [Undeliverable("81013"), ContentRefused("45002"), Throttled("45009", timedelta(seconds=1))]
    assert said((WECOM, [*single])) == []


def test_ways_that_are_gone_are_forgotten() -> None:
    outages = Outages()
    outages.note(WECOM, [DOWN])
    outages.note(MAIL, [DOWN])
    outages.forget([(OrgId("acme"), "mail")])
    assert outages.count == 1
