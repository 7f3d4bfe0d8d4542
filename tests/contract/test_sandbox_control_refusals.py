"""The demo's control API under bad input: every refusal names the place and what is allowed, and nothing happens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.control import add_routes
from tests import sample_cards
from tests.scripted_stage import FRIDAY, Script, make_script

Client = TestClient[web.Request, web.Application]

POSTS = ("/people/wanglei/say", "/people/wanglei/open", "/people/wanglei/act", "/clock", "/faults")


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    script = make_script(with_other_platform=True)
    script.platform.put("ou_wanglei", card=sample_cards.every_input())
    yield script
    await script.mail.close()


@pytest.fixture
async def client(script: Script) -> AsyncIterator[Client]:
    app = web.Application()
    add_routes(app, script.stage)
    async with TestClient(TestServer(app)) as client:
        yield client


async def refused(client: Client, path: str, body: Any, status: int = 400) -> dict[str, str]:
    async with client.post(f"/sandbox/api{path}", data=body if isinstance(body, bytes) else json.dumps(body)) as answer:
        assert answer.status == status, await answer.text()
        error: dict[str, str] = (await answer.json())["error"]
        return error


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"text": NaN}', b'{"text": "\\ud800"}', b"1" * 5000],
    ids=["empty", "cut", "no utf-8", "deep", "NaN", "lone surrogate", "huge number"],
)
async def test_a_body_that_is_no_json_is_refused(client: Client, path: str, body: bytes) -> None:
    error = await refused(client, path, body)
    assert error["field"] == "body"
    assert "JSON" in error["message"]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("body", [[], "text", 1, None, True])
async def test_a_body_that_is_no_object_is_refused(client: Client, path: str, body: Any) -> None:
    error = await refused(client, path, body)
    assert error["field"] == "body"
    assert "object" in error["message"]


@pytest.mark.parametrize("path", POSTS)
async def test_an_unknown_key_is_refused_and_the_known_ones_are_listed(client: Client, path: str) -> None:
    error = await refused(client, path, {"plattform": "feishu"})
    assert error["field"] == "plattform"
    assert "allowed: " in error["message"]


async def test_a_body_beyond_all_measure_is_not_read(client: Client) -> None:
    error = await refused(client, "/people/wanglei/say", b"x" * 300_000, 413)
    assert error["field"] == "body"


@pytest.mark.parametrize("verb", ["say", "open", "act"])
async def test_an_unknown_person_is_not_found_and_the_known_ones_are_listed(client: Client, verb: str) -> None:
    error = await refused(client, f"/people/nobody/{verb}", {}, 404)
    assert error["field"] == "id"
    assert "wanglei, zhaomin" in error["message"]


@pytest.mark.parametrize(
    ("person", "platform", "status"),
    [("wanglei", "telegram", 400), ("wanglei", 7, 400), ("wanglei", ["feishu"], 400), ("zhaomin", "dingtalk", 404)],
    ids=["unknown", "a number", "a list", "not on it"],
)
async def test_a_platform_that_the_person_is_not_on_is_refused(
    client: Client, person: str, platform: object, status: int
) -> None:
    error = await refused(client, f"/people/{person}/say", {"platform": platform, "text": "x"}, status)
    assert error["field"] == "platform"
    assert "feishu" in error["message"]


async def test_reading_the_chat_on_a_foreign_platform_is_refused_too(client: Client) -> None:
    async with client.get("/sandbox/api/people/wanglei/messages?platform=telegram") as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["field"] == "platform"


@pytest.mark.parametrize("text", [None, "", " \n\t", 7, ["x"], "x" * 10_001])
async def test_a_text_that_nobody_could_send_is_refused(client: Client, script: Script, text: object) -> None:
    error = await refused(client, "/people/wanglei/say", {"text": text})
    assert error == {"field": "text", "message": "must be a text of 1 to 10000 characters that is not blank"}
    assert script.platform.said == []


async def test_a_reply_to_a_message_of_another_chat_is_refused(client: Client, script: Script) -> None:
    foreign = script.platform.put("ou_lihua", "别人的")
    error = await refused(client, "/people/wanglei/say", {"text": "x", "reply_to": foreign}, 404)
    assert error["field"] == "reply_to"
    assert "om_wanglei_1" in error["message"]
    assert script.platform.said == []


async def test_what_the_platforms_client_would_not_let_a_person_do_is_refused(client: Client, script: Script) -> None:
    script.platform.gone.add("ou_wanglei")
    error = await refused(client, "/people/wanglei/say", {"text": "x"})
    assert error["field"] == "id"
    assert "the person has left" in error["message"]


@pytest.mark.parametrize(
    ("change", "field", "hint", "status"),
    [
        ({"message": None}, "message", "text", 400),
        ({"message": "om_gone"}, "message", "om_wanglei_1", 404),
        ({"action": None}, "action", "save", 404),
        ({"action": "delete_everything"}, "action", "save, clear", 404),
        ({"form": []}, "form", "title", 400),
        ({"form": {"titel": "x"}}, "form.titel", "title, why", 400),
        ({"form": {"title": "x" * 41}}, "form.title", "at most 40", 400),
        ({"form": {"title": 7}}, "form.title", "text", 400),
        ({"form": {"why": "help"}}, "form.why", "clear, help, time", 400),
        ({"form": {"why": ["fame"]}}, "form.why", "clear, help, time", 400),
        ({"form": {"why": [["help"]]}}, "form.why", "clear, help, time", 400),
        ({"form": {"mood": "awful"}}, "form.mood", "fine", 400),
        ({"form": {"mood": None}}, "form.mood", "fine", 400),
        ({"form": {"due": "11.12.2026"}}, "form.due", "YYYY-MM-DD", 400),
        ({"form": {"due": 20261211}}, "form.due", "YYYY-MM-DD", 400),
        ({"form": {"public": "yes"}}, "form.public", "true or false", 400),
    ],
    ids=lambda given: json.dumps(given)[:40] if isinstance(given, dict) else None,
)
async def test_a_press_that_no_client_could_make_is_refused(
    client: Client, script: Script, change: dict[str, object], field: str, hint: str, status: int
) -> None:
    act = {"platform": "feishu", "message": "om_wanglei_1", "action": "save", "form": {}}
    error = await refused(client, "/people/wanglei/act", {**act, **change}, status)
    assert error["field"] == field
    assert hint in error["message"]
    assert script.platform.clicks == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"advance": "1h", "to": "next"}, "body"),
        ({"advance": "1 h"}, "advance"),
        ({"advance": "-1h"}, "advance"),
        ({"advance": "0h"}, "advance"),
        ({"advance": "1w"}, "advance"),
        ({"advance": "٣h"}, "advance"),
        ({"advance": 24}, "advance"),
        ({"advance": None}, "advance"),
        ({"advance": "93d"}, "advance"),
        ({"advance": "99999d"}, "advance"),
        ({"to": "2026-11-27T16:00"}, "to"),
        ({"to": "2026-11-27T16:00+08:00"}, "to"),
        ({"to": "2027-11-27T16:00+08:00"}, "to"),
        ({"to": "0001-01-01T00:00+14:00"}, "to"),
        ({"to": "tomorrow"}, "to"),
        ({"to": 5}, "to"),
        ({"to": ["next"]}, "to"),
        ({"to": "next"}, "to"),
    ],
    ids=lambda given: json.dumps(given) if isinstance(given, dict) else None,
)
async def test_the_clock_neither_goes_back_nor_guesses(
    client: Client, script: Script, body: dict[str, object], field: str
) -> None:
    error = await refused(client, "/clock", body)
    assert error["field"] == field
    assert any(hint in error["message"] for hint in ("24h", "2026-11-27", "advance"))
    assert script.conductor.time == FRIDAY


async def test_a_refusal_to_go_back_says_what_the_earliest_instant_is(client: Client) -> None:
    error = await refused(client, "/clock", {"to": "2026-11-20T16:00+08:00"})
    assert "2026-11-27T08:05:00+00:00 (now)" in error["message"]


@pytest.mark.parametrize(
    ("body", "field", "hint"),
    [
        ({}, "kind", "throttle, fail, delay"),
        ({"kind": "explode"}, "kind", "throttle, fail, delay"),
        ({"kind": ["fail"]}, "kind", "throttle, fail, delay"),
        ({"platform": "mail", "kind": "delay"}, "kind", "throttle, fail"),
        ({"platform": "fax", "kind": "fail"}, "platform", "feishu, dingtalk, mail"),
        ({"kind": "fail", "times": -1}, "times", "0 to 1000"),
        ({"kind": "fail", "times": 1001}, "times", "0 to 1000"),
        ({"kind": "fail", "times": True}, "times", "0 to 1000"),
        ({"kind": "fail", "times": "3"}, "times", "0 to 1000"),
        ({"kind": "delay", "seconds": 61}, "seconds", "0 to 60"),
        ({"kind": "delay", "seconds": None}, "seconds", "0 to 60"),
    ],
    ids=lambda given: json.dumps(given) if isinstance(given, dict) else None,
)
async def test_a_fault_that_does_not_exist_is_refused(
    client: Client, script: Script, body: dict[str, object], field: str, hint: str
) -> None:
    error = await refused(client, "/faults", body)
    assert error["field"] == field
    assert hint in error["message"]
    assert script.platform.faults() == []


@pytest.mark.parametrize("number", ["1", "0", "-1", "x", "9" * 30, "%D9%A3"])
async def test_the_html_of_a_mail_that_is_not_there_is_not_found(client: Client, number: str) -> None:
    async with client.get(f"/sandbox/api/mail/{number}/body") as answer:
        assert answer.status == 404
        assert (await answer.json())["error"]["field"] == "id"


# who may call

FOREIGN_HOSTS = [
    "example.com",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "192.168.1.5:8080",
    "[::2]",
    "[::1",
    "",
    "a b",
]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["/people", "/clock", "/mail", "/faults", "/stream", "/people/wanglei/messages"])
async def test_a_name_that_is_not_this_machines_is_refused(client: Client, host: str, path: str) -> None:
    async with client.get(f"/sandbox/api{path}", headers={"Host": host}) as answer:
        assert answer.status == 403
        assert (await answer.json())["error"]["field"] == "Host"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.8.8.8", "[::1]:8080", "demo.localhost"]
)
async def test_every_name_of_this_machine_is_welcome(client: Client, host: str) -> None:
    async with client.get("/sandbox/api/people", headers={"Host": host}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("origin", ["https://example.com", "null", "http://127.0.0.1.example.com", ""])
async def test_a_page_of_another_site_cannot_post(client: Client, script: Script, origin: str) -> None:
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    async with client.post("/sandbox/api/people/wanglei/say", data='{"text":"x"}', headers=headers) as answer:
        assert answer.status == 403
    assert script.platform.said == []


# anything at all

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["platform", "text", "reply_to", "message", "action", "form", "advance", "to", "kind", "times", "seconds"]
)
WORDS = st.sampled_from(["feishu", "mail", "om_wanglei_1", "save", "mood", "fail", "1h", "next", "x"]) | JSON
BODIES = st.dictionaries(KEYS, WORDS, max_size=4).map(lambda body: json.dumps(body).encode()) | st.binary(max_size=60)


@given(path=st.sampled_from(POSTS), body=BODIES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_posted_is_answered_with_json_and_never_with_a_server_error(
    client: Client, path: str, body: bytes
) -> None:
    async with client.post(f"/sandbox/api{path}", data=body) as answer:
        assert answer.status in {200, 400, 404}
        payload = await answer.json()
    if answer.status != 200:
        assert payload["error"]["field"]
        assert payload["error"]["message"]
