"""What tests of the handlers ask for: an office of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime

import pytest

from domain.people import Person
from tests.stores import Databases
from tests.unit.config_texts import loaded
from tests.unit.office import OPENING, Office, crew, opened_office

Found = Callable[..., Office]


@pytest.fixture
def found(sqlite_databases: Databases) -> Iterator[Found]:
    """A function that founds an office: by a configuration's text, its people, and the first instant."""
    with ExitStack() as stack:

        def build(configuration: str = "", people: Iterable[Person] | None = None, now: datetime = OPENING) -> Office:
            policy = loaded(ORG_TEXT + configuration).policy
            staff = crew() if people is None else people
            return stack.enter_context(opened_office(sqlite_databases, policy, now, staff))

        yield build


ORG_TEXT = "org: {id: acme, name: 示例科技, admins: [admin]}\n"
