"""The error tree: everything raised on purpose hangs in it, as its docstring draws it, and carries what is needed."""

import importlib
import pkgutil
import re
from datetime import timedelta

import pytest

import domain
from domain import errors
from domain.errors import (
    BadRecurrence,
    FupanError,
    Malformed,
    NoOfficialCalendar,
    NotAuthentic,
    PlatformError,
    Refused,
    Throttled,
)


def _drawn_tree() -> set[tuple[str, str]]:
    """Return (class, parent) of every branch that the module's docstring draws."""
    parents = {0: "FupanError"}
    branches: set[tuple[str, str]] = set()
    for line in (errors.__doc__ or "").splitlines():
        if branch := re.match(r"^( {4,})[├└]── (\w+)", line):
            depth = len(branch.group(1)) // 4
            parents[depth] = branch.group(2)
            branches.add((branch.group(2), parents[depth - 1]))
    return branches


def _grown_tree(root: type[Exception]) -> set[tuple[str, str]]:
    branches: set[tuple[str, str]] = set()
    for child in root.__subclasses__():
        branches |= {(child.__name__, root.__name__)} | _grown_tree(child)
    return branches


def _domain_exceptions() -> set[type[Exception]]:
    modules = [importlib.import_module(f"domain.{found.name}") for found in pkgutil.iter_modules(domain.__path__)]
    defined = (value for module in modules for value in vars(module).values() if isinstance(value, type))
    return {value for value in defined if issubclass(value, Exception) and value.__module__.startswith("domain.")}


def test_every_error_of_the_domain_hangs_in_the_tree() -> None:
    found = _domain_exceptions()
    assert len(found) > 10
    assert all(issubclass(error, FupanError) for error in found)


def test_the_tree_is_drawn_as_it_has_grown() -> None:
    in_the_domain = {error.__name__ for error in _domain_exceptions()}
    grown = {branch for branch in _grown_tree(FupanError) if branch[0] in in_the_domain}
    assert _drawn_tree() == grown


def test_a_refusal_carries_the_sentence_and_its_values_and_nothing_else() -> None:
    refused = Refused("answer.missing", {"question": "下周的关键行动?"})
    assert (refused.key, refused.args_for_sentence) == ("answer.missing", {"question": "下周的关键行动?"})
    assert str(refused) == "answer.missing"


def test_a_refusal_without_values_has_none() -> None:
    assert Refused("checkin.nothing_asked").args_for_sentence == {}


@pytest.mark.parametrize("error", [NotAuthentic("signature"), Malformed("no event id")])
def test_a_rejected_message_says_why_in_words_that_are_safe_to_log(error: NotAuthentic | Malformed) -> None:
    assert str(error) == error.reason


def test_a_missing_calendar_names_country_and_year() -> None:
    missing = NoOfficialCalendar("CN", 2031)
    assert (missing.country, missing.year) == ("CN", 2031)
    assert "CN 2031" in str(missing)


def test_a_platform_that_throttles_says_when_to_come_back() -> None:
    throttled = Throttled("99991400", timedelta(seconds=3))
    assert (throttled.code, throttled.retry_after, throttled.hint) == ("99991400", timedelta(seconds=3), "")


@pytest.mark.parametrize(("hint", "shown"), [("", "60020"), ("加可信 IP", "60020 加可信 IP")])
def test_a_platform_error_shows_the_platforms_code_and_our_hint(hint: str, shown: str) -> None:
    assert str(PlatformError("60020", hint)) == shown


def test_whoever_delivers_catches_every_platforms_no_as_one() -> None:
    plain = [kind("60020") for kind in PlatformError.__subclasses__() if kind is not Throttled]
    for error in (Throttled("60020", timedelta(0)), *plain):
        with pytest.raises(PlatformError, match="60020"):
            raise error


def test_a_schedule_that_cannot_be_read_is_no_platforms_fault() -> None:
    assert not issubclass(BadRecurrence, PlatformError)
