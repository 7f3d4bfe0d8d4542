"""The demo's control API used well; `test_sandbox_control_refusals` has what it refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from sandbox.control import add_routes
from sandbox.control_stream import Changes
from tests import sample_cards
from tests.scripted_stage import FRIDAY, Result, Script, make_script

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def script() -> AsyncIterator[Script]:
    script = make_script(with_other_platform=True)
    await script.mail.start()
    yield script
    await script.mail.close()


@pytest.fixture
async def client(script: Script) -> AsyncIterator[Client]:
    app = web.Application()
    add_routes(app, script.stage)
    async with TestClient(TestServer(app)) as client:
        yield client


async def get(client: Client, path: str) -> dict[str, Any]:
    async with client.get(f"/sandbox/api{path}") as response:
        assert response.status == 200, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer


async def post(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    async with client.post(f"/sandbox/api{path}", json=body) as response:
        assert response.status == 200, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer


async def unread(client: Client, person: str) -> int:
    people = (await get(client, "/people"))["people"]
    return int(next(one["unread"] for one in people if one["id"] == person))


# people


async def test_people_come_with_everything_the_stage_knows_of_them(client: Client, script: Script) -> None:
    answer = await get(client, "/people")
    assert [one["id"] for one in answer["people"]] == [one["id"] for one in script.stage.people]
    assert answer["people"][0] | script.stage.people[0] == answer["people"][0]
    assert answer["platforms"] == ["feishu", "dingtalk"]


async def test_unread_counts_what_the_bot_wrote_since_the_chat_was_last_looked_at(
    client: Client, script: Script
) -> None:
    assert await unread(client, "wanglei") == 0
    script.platform.put("ou_wanglei", "一")
    script.platform.put("ou_wanglei", "二")
    assert await unread(client, "wanglei") == 2
    await get(client, "/people/wanglei/messages?platform=feishu")
    assert await unread(client, "wanglei") == 0
    script.platform.put("ou_wanglei", "三")
    assert await unread(client, "wanglei") == 1
    assert await unread(client, "lihua") == 0


async def test_unread_does_not_count_ones_own_words(client: Client, script: Script) -> None:
    script.platform.put("ou_wanglei", "我说的", mine=True)
    assert await unread(client, "wanglei") == 0


async def test_unread_is_told_for_each_platform_and_as_a_sum(client: Client, script: Script) -> None:
    assert script.other is not None
    script.platform.put("ou_wanglei", "飞书")
    script.other.put("dt_wanglei", "钉钉")
    await get(client, "/people/wanglei/messages?platform=feishu")
    wanglei = (await get(client, "/people"))["people"][0]
    assert wanglei["unread_by"] == {"feishu": 0, "dingtalk": 1}
    assert wanglei["unread"] == 1


async def test_a_person_comes_with_the_newest_message_of_all_their_platforms(client: Client, script: Script) -> None:
    assert script.other is not None
    script.platform.put("ou_wanglei", "旧的")
    script.conductor.time += timedelta(hours=1)
    script.other.put("dt_wanglei", "新的" + "很长" * 100)
    wanglei, zhaomin, *_rest = (await get(client, "/people"))["people"]
    assert wanglei["last"]["text"].startswith("新的很长")
    assert len(wanglei["last"]["text"]) == 60
    assert zhaomin["last"] is None


@pytest.mark.parametrize(
    ("card", "shown"),
    [
        (sample_cards.weekly(), "本周复盘"),
        ({**sample_cards.weekly(), "config": {"summary": {"content": "周五三问"}}}, "周五三问"),
        ({"body": {"elements": []}, "config": None, "header": "odd"}, ""),
    ],
    ids=["title", "summary", "neither"],
)
async def test_a_card_is_previewed_by_its_summary_or_its_title(
    client: Client, script: Script, card: dict[str, Any], shown: str
) -> None:
    script.platform.put("ou_wanglei", card=card)
    assert (await get(client, "/people"))["people"][0]["last"]["text"] == shown


async def test_a_recalled_message_is_not_previewed(client: Client, script: Script) -> None:
    message = script.platform.put("ou_wanglei", "说错了")
    script.platform.change("ou_wanglei", message, recalled=True)
    assert (await get(client, "/people"))["people"][0]["last"]["text"] == ""


# chats


async def test_messages_are_what_the_person_sees_newest_last_with_buttons_and_inputs(
    client: Client, script: Script
) -> None:
    script.platform.put("ou_wanglei", "你好")
    script.platform.put("ou_wanglei", card=sample_cards.weekly())
    answer = await get(client, "/people/wanglei/messages?platform=feishu")
    assert (answer["person"], answer["platform"]) == ("wanglei", "feishu")
    assert answer["messages"] == [dict(one) for one in script.platform.messages_of("ou_wanglei")]
    card = answer["messages"][1]
    assert [button["action"] for button in card["buttons"]] == ["submit", "later", "skip"]
    assert [field["name"] for field in card["inputs"]] == ["result", "obstacle", "next"]


async def test_without_a_platform_the_first_one_of_the_person_is_meant(client: Client) -> None:
    assert (await get(client, "/people/wanglei/messages"))["platform"] == "feishu"


async def test_what_a_person_says_reaches_the_platform_and_the_answer_is_there_after_settling(
    client: Client, script: Script
) -> None:
    said = {"platform": "feishu", "text": "  这周\n还行  "}
    answer = await post(client, "/people/wanglei/say", said)
    assert script.platform.said == [("ou_wanglei", "  这周\n还行  ", None)]
    assert script.conductor.settled == 1
    assert answer["id"] == answer["messages"][0]["id"]
    assert [message["from"] for message in answer["messages"]] == ["me", "bot"]
    assert await unread(client, "wanglei") == 0


async def test_a_reply_names_the_message_it_replies_to(client: Client, script: Script) -> None:
    asked = script.platform.put("ou_wanglei", "怎么样?")
    await post(client, "/people/wanglei/say", {"text": "还行", "reply_to": asked})
    assert script.platform.said == [("ou_wanglei", "还行", asked)]


async def test_opening_a_chat_tells_the_platform_and_gives_the_chat(client: Client, script: Script) -> None:
    script.platform.put("ou_wanglei", "你好")
    answer = await post(client, "/people/wanglei/open", {"platform": "feishu"})
    assert script.platform.opened == {"ou_wanglei": 1}
    assert len(answer["messages"]) == 1
    assert await unread(client, "wanglei") == 0


async def test_a_press_carries_the_form_and_brings_toast_card_and_the_chat_as_it_is_then(
    client: Client, script: Script
) -> None:
    message = script.platform.put("ou_wanglei", card=sample_cards.weekly())
    done = sample_cards.submitted({"result": "上线了"})
    script.platform.answer = lambda *_asked: Result({"type": "success", "content": "收到"}, done)
    form = {"result": "上线了", "obstacle": "没有", "next": "灰度"}
    act = {"platform": "feishu", "message": message, "action": "submit", "form": form}
    answer = await post(client, "/people/wanglei/act", act)
    assert script.platform.clicks == [("ou_wanglei", message, "submit", form)]
    assert script.conductor.settled == 1
    assert answer["toast"] == {"type": "success", "content": "收到"}
    assert answer["error"] is None
    assert answer["card"] == answer["messages"][0]["card"] == done
    assert answer["messages"][0]["version"] == 2


@pytest.mark.parametrize(
    ("toast", "shown"),
    [
        (None, None),
        ("收到", {"type": "info", "content": "收到"}),
        ({"type": "warning", "content": "晚了"}, {"type": "warning", "content": "晚了"}),
        ({"content": "收到", "i18n": {"en_us": "ok"}}, {"type": "info", "content": "收到"}),
    ],
    ids=["none", "text", "typed", "without a type"],
)
async def test_a_toast_always_has_a_type_and_a_text(
    client: Client, script: Script, toast: str | dict[str, Any] | None, shown: dict[str, str] | None
) -> None:
    message = script.platform.put("ou_wanglei", card=sample_cards.reminder("王磊"))
    script.platform.answer = lambda *_asked: Result(toast=toast)
    answer = await post(client, "/people/wanglei/act", {"message": message, "action": "now"})
    assert answer["toast"] == shown


async def test_a_press_that_the_client_shows_as_failed_is_told_as_an_error(client: Client, script: Script) -> None:
    message = script.platform.put("ou_wanglei", card=sample_cards.reminder("王磊"))
    script.platform.answer = lambda *_asked: Result(error="200341")
    answer = await post(client, "/people/wanglei/act", {"message": message, "action": "now"})
    assert (answer["error"], answer["card"], answer["toast"]) == ("200341", None, None)


async def test_an_input_that_stands_alone_is_acted_on_by_its_own_name(client: Client, script: Script) -> None:
    message = script.platform.put("ou_wanglei", card=sample_cards.every_input())
    act = {"message": message, "action": "mood", "form": {"mood": "fine"}}
    await post(client, "/people/wanglei/act", act)
    assert script.platform.clicks[0][2:] == ("mood", {"mood": "fine"})


async def test_every_kind_of_input_takes_its_kind_of_value(client: Client, script: Script) -> None:
    message = script.platform.put("ou_wanglei", card=sample_cards.every_input())
    form = {"title": "x" * 40, "why": ["help", "time"], "due": "2026-12-11", "who": "ou_lihua", "public": True}
    await post(client, "/people/wanglei/act", {"message": message, "action": "save", "form": form})
    empty = {"title": "", "why": [], "due": "", "who": "", "public": False, "mood": ""}
    await post(client, "/people/wanglei/act", {"message": message, "action": "save", "form": empty})
    assert [click[3] for click in script.platform.clicks] == [form, empty]


# the clock


async def test_the_clock_shows_the_time_here_and_in_utc_and_what_comes_next(client: Client, script: Script) -> None:
    script.conductor.plan(timedelta(hours=24), "提醒 李华")
    answer = await get(client, "/clock")
    assert answer["now"] == "2026-11-27T08:05:00+00:00"
    assert answer["local"] == "2026-11-27T16:05:00+08:00"
    assert (answer["zone"], answer["weekday"]) == ("Asia/Shanghai", 5)
    assert answer["next"] == {"at": "2026-11-28T08:05:00+00:00", "what": "提醒 李华"}
    assert (answer["busy"], answer["log"]) == (False, [])


@pytest.mark.parametrize(
    ("body", "passed"),
    [
        ({"advance": "24h"}, timedelta(hours=24)),
        ({"advance": "1h"}, timedelta(hours=1)),
        ({"advance": "30m"}, timedelta(minutes=30)),
        ({"advance": "2d"}, timedelta(days=2)),
        ({"advance": "92d"}, timedelta(days=92)),
        ({"to": "2026-11-27T18:00+08:00"}, timedelta(hours=1, minutes=55)),
        ({"to": "2026-11-27T08:05Z"}, timedelta(0)),
        ({"to": "next"}, timedelta(hours=48)),
    ],
    ids=lambda given: json.dumps(given) if isinstance(given, dict) else None,
)
async def test_time_passes_by_a_step_to_an_instant_or_to_what_comes_next(
    client: Client, script: Script, body: dict[str, str], passed: timedelta
) -> None:
    script.conductor.plan(timedelta(hours=48), "升级")
    answer = await post(client, "/clock", body)
    assert script.conductor.time == FRIDAY + passed
    assert answer["now"] == (FRIDAY + passed).isoformat()


async def test_moving_the_clock_plays_all_that_falls_due_in_order_and_returns_when_it_is_done(
    client: Client, script: Script
) -> None:
    script.conductor.plan(timedelta(hours=48), "升级", lambda: script.platform.put("ou_chenjing", "升级"))
    script.conductor.plan(timedelta(hours=24), "提醒", lambda: script.platform.put("ou_lihua", "提醒"))
    answer = await post(client, "/clock", {"advance": "3d"})
    assert [event["what"] for event in answer["played"]] == ["提醒", "升级"]
    assert script.conductor.settled == 1
    assert answer["next"] is None
    assert await unread(client, "chenjing") == 1


async def test_what_was_played_stays_in_the_log(client: Client, script: Script) -> None:
    for hours, what in ((1, "一"), (2, "二")):
        script.conductor.plan(timedelta(hours=hours), what)
        await post(client, "/clock", {"to": "next"})
    assert [event["what"] for event in (await get(client, "/clock"))["log"]] == ["一", "二"]


async def test_something_overdue_is_next_and_does_not_turn_the_clock_back(client: Client, script: Script) -> None:
    script.conductor.plan(timedelta(hours=-1), "早该发生")
    answer = await post(client, "/clock", {"to": "next"})
    assert script.conductor.time == FRIDAY
    assert [event["what"] for event in answer["played"]] == ["早该发生"]


async def test_two_callers_who_move_the_clock_at_once_move_it_one_after_the_other(
    client: Client, script: Script
) -> None:
    script.conductor.gate = asyncio.Event()
    moves = [asyncio.create_task(post(client, "/clock", {"advance": "24h"})) for _ in range(2)]
    await asyncio.wait_for(script.conductor.advancing.wait(), timeout=10)
    assert (await get(client, "/clock"))["busy"] is True
    script.conductor.gate.set()
    await asyncio.gather(*moves)
    assert script.conductor.time == FRIDAY + timedelta(hours=48)
    assert (await get(client, "/clock"))["busy"] is False


# mail and faults


async def send_mail(script: Script, html: str | None = None) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "bot@example.com", "chenjing@example.com", "升级"
    message.set_content("麻烦看一眼。")
    if html is not None:
        message.add_alternative(html, subtype="html")
    await aiosmtplib.send(message, hostname="127.0.0.1", port=script.mail.port)


async def test_caught_mail_is_listed_newest_last(client: Client, script: Script) -> None:
    await send_mail(script)
    await send_mail(script, "<p>看一眼</p>")
    first, second = (await get(client, "/mail"))["mails"]
    assert (first["subject"], first["to"], first["html"]) == ("升级", ["chenjing@example.com"], None)
    assert first["text"].strip() == "麻烦看一眼。"
    assert (second["id"], second["html"].strip()) == (2, "<p>看一眼</p>")


async def test_a_mails_html_comes_with_a_policy_that_lets_it_do_nothing(client: Client, script: Script) -> None:
    await send_mail(script, "<script>alert(1)</script><p>看一眼</p>")
    async with client.get("/sandbox/api/mail/1/body") as response:
        policy = response.headers["Content-Security-Policy"]
        assert "看一眼" in await response.text()
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy


async def test_faults_are_switched_on_counted_and_switched_off(client: Client, script: Script) -> None:
    answer = await post(client, "/faults", {"platform": "feishu", "kind": "throttle", "times": 3, "seconds": 5})
    throttle = {"platform": "feishu", "kind": "throttle", "times": 3, "seconds": 5.0}
    assert answer["faults"] == (await get(client, "/faults"))["faults"] == [throttle]
    assert answer["kinds"]["feishu"] == ["throttle", "fail", "delay", "repeat", "reorder"]
    answer = await post(client, "/faults", {"platform": "feishu", "kind": "throttle", "times": 0})
    assert answer["faults"] == []


async def test_a_fault_without_further_words_happens_once_to_the_first_platform(client: Client) -> None:
    answer = await post(client, "/faults", {"kind": "fail"})
    assert answer["faults"] == [{"platform": "feishu", "kind": "fail", "times": 1, "seconds": 2.0}]


async def test_the_mail_server_can_be_told_to_refuse_for_now_and_for_good(client: Client, script: Script) -> None:
    await post(client, "/faults", {"platform": "mail", "kind": "throttle", "times": 1})
    await post(client, "/faults", {"platform": "mail", "kind": "fail", "times": 2})
    assert script.mail.refusals() == (451, 550, 550)
    answer = await post(client, "/faults", {"platform": "mail", "kind": "throttle", "times": 0})
    assert script.mail.refusals() == (550, 550)
    assert answer["faults"] == [{"platform": "mail", "kind": "fail", "times": 2, "seconds": 0}]


async def test_deleting_faults_makes_everybody_behave(client: Client, script: Script) -> None:
    await post(client, "/faults", {"platform": "feishu", "kind": "fail"})
    await post(client, "/faults", {"platform": "mail", "kind": "fail"})
    async with client.delete("/sandbox/api/faults") as response:
        assert (await response.json())["faults"] == []
    assert (script.platform.faults(), script.mail.refusals()) == ([], ())


# the stream


async def next_change(response: ClientResponse) -> dict[str, Any]:
    """Reads the stream up to and with its next change."""
    while True:
        line = await asyncio.wait_for(response.content.readline(), timeout=10)
        assert line, "the stream ended"
        if line.startswith(b"data: "):
            change: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
            return change


async def test_the_stream_tells_whose_chat_changed(client: Client, script: Script) -> None:
    async with client.get("/sandbox/api/stream") as response:
        assert response.content_type == "text/event-stream"
        assert await response.content.readline() == b"retry: 1000\n"
        script.platform.put("ou_lihua", "提醒")
        assert await next_change(response) == {"people": ["lihua"], "mail": False, "clock": False, "faults": False}


async def test_the_stream_tells_of_mail_clock_and_faults(client: Client, script: Script) -> None:
    async with client.get("/sandbox/api/stream") as response:
        await response.content.readline()
        await send_mail(script)
        assert (await next_change(response))["mail"] is True
        await post(client, "/faults", {"kind": "fail"})
        assert (await next_change(response))["faults"] is True
        await post(client, "/clock", {"advance": "1h"})
        assert (await next_change(response))["clock"] is True


async def test_changes_that_gather_while_a_page_is_slow_come_as_one(client: Client, script: Script) -> None:
    async with client.get("/sandbox/api/stream") as response:
        await response.content.readline()
        for person in ("ou_wanglei", "ou_lihua", "ou_wanglei", "ou_nobody"):
            script.platform.put(person, "…")
        assert (await next_change(response))["people"] == ["lihua", "wanglei"]


async def test_a_quiet_stream_shows_that_it_is_alive_and_ends_when_its_page_goes() -> None:
    changes, ended = Changes(keep_alive_seconds=0.01), asyncio.Event()

    async def watched(request: web.Request) -> web.StreamResponse:
        response = await changes.stream(request)
        ended.set()
        return response

    app = web.Application()
    app.add_routes([web.get("/stream", watched)])
    # Not aiohttp's test server: that one cancels the handlers of callers who leave, which a real one does not.
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/stream") as response:
            await response.content.readuntil(b": still here\n")
            assert not ended.is_set()
        await asyncio.wait_for(ended.wait(), timeout=10)
    await runner.cleanup()


async def test_an_open_stream_does_not_hold_up_the_shutdown(script: Script) -> None:
    app = web.Application()
    add_routes(app, script.stage)
    async with TestClient(TestServer(app)) as client, client.get("/sandbox/api/stream") as response:
        await response.content.readline()
        await asyncio.wait_for(client.server.close(), timeout=5)
        assert b"event" not in await response.content.read()


# the page's files


async def test_the_page_comes_with_a_policy_that_allows_only_its_own_files(client: Client) -> None:
    async with client.get("/") as response:
        assert response.content_type == "text/html"
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("main.js", "text/javascript"), ("style.css", "text/css"), ("icon.svg", "image/svg+xml")],
)
async def test_the_pages_files_are_served_with_their_type(client: Client, name: str, content_type: str) -> None:
    async with client.get(f"/static/{name}") as response:
        assert (response.status, response.content_type) == (200, content_type)
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/static/__init__.py", "/static/../mail.py", "/static/%2e%2e/mail.py", "/static/"])
async def test_nothing_but_the_pages_files_is_served(client: Client, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 404
