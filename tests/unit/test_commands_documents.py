"""`schema` and `openapi`: documents for programs, which must not drift from what there really is."""

import json
import re
from typing import Any

import pytest
from aiohttp import web

from bot.clock import SystemClock
from bot.commands.openapi import service_document, with_sandbox
from bot.meter import Meter
from bot.web import callbacks, probes
from domain.cards import Answer
from domain.events import Inbound
from domain.ids import OrgId
from sandbox.control import make_routes
from sandbox.control_stream import Changes
from tests.command_line import Here
from tests.scripted_stage import make_script

METHODS = {"get", "post", "put", "delete", "patch"}


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs commands in this process."""
    return Here(capsys)


def test_the_schema_knows_every_section(here: Here) -> None:
    assert here("schema") == 0
    schema = json.loads(here.out)
    assert {"org", "storage", "people", "calendar", "platforms", "cadences", "ladders"} <= set(schema["properties"])
    assert schema["$schema"].startswith("https://json-schema.org/")


def test_the_schema_of_a_file_of_people_is_there_too(here: Here) -> None:
    assert here("schema", "--people") == 0
    assert list(json.loads(here.out)["properties"]) == ["people"]


def test_the_document_is_openapi_of_this_release(here: Here) -> None:
    assert here("openapi") == 0
    document = json.loads(here.out)
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"].count(".") >= 2
    assert not [path for path in document["paths"] if path.startswith("/sandbox")]


def test_the_demo_s_routes_are_there_when_asked_for(here: Here) -> None:
    assert here("openapi", "--sandbox") == 0
    assert "/sandbox/api/clock" in json.loads(here.out)["paths"]


@pytest.mark.parametrize("document", [service_document(), with_sandbox(service_document())])
def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        found: Any = document
        for part in reference.split("/"):
            found = found[part]
        assert found


@pytest.mark.parametrize("document", [service_document(), with_sandbox(service_document())])
def test_every_route_says_what_it_is_for_under_a_name_of_its_own(document: dict[str, Any]) -> None:
    operations = [
        operation for item in document["paths"].values() for method, operation in item.items() if method in METHODS
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    known = {tag["name"] for tag in document["tags"]}
    for operation in operations:
        assert operation["summary"].endswith(".")
        assert set(operation["tags"]) <= known
        assert all(len(status) == 3 for status in operation["responses"])


def described(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, item in document["paths"].items() for method in item if method in METHODS}


def test_the_service_has_exactly_these_routes() -> None:
    app = web.Application()
    callbacks.add_routes(app, callbacks.Callbacks(_no_webhook, _never, SystemClock(), Meter()))
    probes.add_routes(app, probes.Probes(_always_ready, _measure_nothing, Meter()))
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert described(service_document()) == served


def test_the_demo_has_exactly_these_control_routes() -> None:
    served = {(route.method, route.path) for route in make_routes(make_script().stage, Changes())}
    document = with_sandbox(service_document())
    assert {each for each in described(document) if each[1].startswith("/sandbox")} == served


def _no_webhook(_platform: str, _org_id: OrgId, /) -> None:
    return None


async def _never(_event: Inbound) -> Answer:
    raise AssertionError


async def _always_ready() -> str:
    return ""


async def _measure_nothing() -> None:
    return None
