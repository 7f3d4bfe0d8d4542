"""What surrounds every call: the shape of errors, faults, rates, and bodies that are no good JSON."""

import asyncio
import json
import re

import aiohttp
import pytest

from sandbox.wecom import Limits
from tests.contract.sandbox_wecom.harness import APP, LEI, SYNC, Desk, open_desk

_SEND = {"touser": LEI, "msgtype": "text", "agentid": APP.agent_id, "text": {"content": "你好"}}


async def test_an_error_has_a_hint_the_callers_address_and_a_page(desk: Desk) -> None:
    answer = await desk.login(secret="wrong")
    assert re.fullmatch(
        r"invalid credential, hint: \[\d{24}\], from ip: 203\.0\.113\.7, more info at "
        r"https://open\.work\.weixin\.qq\.com/devtool/query\?e=40001",
        answer["errmsg"],
    )


async def test_an_untrusted_address_is_refused_everything_but_tokens_until_it_is_trusted(desk: Desk) -> None:
    desk.fake.set_fault("untrusted_ip", None)
    assert (await desk.login())["errcode"] == 0
    for _ in range(2):
        refused = await desk.send_text()
        assert refused["errcode"] == 60020
        assert refused["errmsg"].startswith("not allow to access from your ip, hint: [")
    desk.fake.set_fault("untrusted_ip", 0)
    assert (await desk.send_text())["errcode"] == 0


@pytest.mark.parametrize(("kind", "code"), [("throttle", 45009), ("busy", -1)])
async def test_the_next_calls_can_be_refused_before_they_take_effect(desk: Desk, kind: str, code: int) -> None:
    await desk.bearer()
    desk.fake.set_fault(kind, 2)
    assert [(await desk.send_text())["errcode"] for _ in range(3)] == [code, code, 0]
    assert desk.texts() == ["你好"]


async def test_any_code_can_be_ordered_for_a_path(desk: Desk) -> None:
    desk.fake.set_fault("refuse", code=45033, path="message/send")
    assert (await desk.get("department/list"))["errcode"] == 0
    assert (await desk.send_text())["errcode"] == 45033
    desk.fake.set_fault("refuse", code=-1, path="gettoken")
    assert (await desk.login())["errcode"] == -1
    with pytest.raises(ValueError, match="no code"):
        desk.fake.set_fault("refuse", code=1)
    with pytest.raises(ValueError, match="not a valid"):
        desk.fake.set_fault("nonsense")


@pytest.mark.parametrize(("kind", "arrives"), [("fail", False), ("fail_after", True)])
async def test_the_server_can_fail_before_and_after(desk: Desk, kind: str, arrives: bool) -> None:
    token = await desk.bearer()
    desk.fake.set_fault(kind, code=502)
    raw = json.dumps(_SEND, ensure_ascii=False).encode()
    async with desk.session.post(desk.url("message/send"), params={"access_token": token}, data=raw) as response:
        assert (response.status, response.content_type) == (502, "text/plain")
    assert desk.texts() == (["你好"] if arrives else [])
    assert desk.fake.calls[-1].status == 502


@pytest.mark.parametrize(("kind", "texts"), [("reset", []), ("reset_after", ["你好"])])
async def test_the_connection_can_break_before_and_after(desk: Desk, kind: str, texts: list[str]) -> None:
    await desk.bearer()
    desk.fake.set_fault(kind)
    with pytest.raises(aiohttp.ClientError):
        await desk.send_text()
    assert desk.texts() == texts
    assert (desk.fake.calls[-1].status, desk.fake.calls[-1].code) == (0, None)


@pytest.mark.parametrize(("kind", "late_effect"), [("delay", False), ("delay_before", True)])
async def test_an_answer_or_its_effect_can_be_late(desk: Desk, kind: str, late_effect: bool) -> None:
    await desk.bearer()
    present, changed = asyncio.get_running_loop().time, []
    desk.fake.on_change(lambda _: changed.append(present()))
    desk.fake.set_fault(kind, 1, 0.1)
    start = present()
    await desk.send_text()
    waited_before, waited_after = changed[0] - start, present() - changed[0]
    assert (waited_before if late_effect else waited_after) >= 0.1


async def test_faults_tell_what_is_still_to_happen_and_can_be_cleared(desk: Desk) -> None:
    desk.fake.set_fault("throttle", 3)
    desk.fake.set_fault("throttle", 2)
    desk.fake.set_fault("delay", 1, 2.0)
    assert [(each["kind"], each["times"], each["seconds"]) for each in desk.fake.faults()] == [
        ("throttle", 2, 0.0),
        ("delay", 1, 2.0),
    ]
    desk.fake.set_fault("delay", 0)
    desk.fake.clear_faults()
    assert desk.fake.faults() == []


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", 40058),
        (b"[]", 40058),
        (b"\xff", 40058),
        (b'{"touser": "\\ud800"}', 40058),
        (b'{"touser":"wanglei","msgtype":"text","agentid":1000002,"text":{"content":"\\u4f60"}}', 40033),
        (b'{"touser":"wanglei","msgtype":"text","agentid":1000002,"text":{"content":"\\\\u4f60\\n"}}', 0),
        (b"", 40056),
    ],
)
async def test_bodies_that_are_no_raw_utf8_json_object_are_refused(desk: Desk, raw: bytes, code: int) -> None:
    assert (await desk.post("message/send", raw))["errcode"] == code


async def test_escapes_can_be_allowed() -> None:
    async with open_desk(limits=Limits(escapes_refused=False)) as desk:
        raw = b'{"touser":"wanglei","msgtype":"text","agentid":1000002,"text":{"content":"\\u4f60"}}'
        assert (await desk.post("message/send", raw))["errcode"] == 0
        assert desk.texts() == ["你"]


@pytest.mark.parametrize("path", ["message/send", "message/recall", "message/update_template_card"])
async def test_get_where_post_is_documented_is_refused(desk: Desk, path: str) -> None:
    assert (await desk.get(path))["errcode"] == 40063


async def test_each_api_has_a_rate_for_the_company_but_sending_has_none() -> None:
    async with open_desk(limits=Limits(api_per_minute=2, api_per_hour=3)) as desk:
        assert [(await desk.get("department/list"))["errcode"] for _ in range(3)] == [0, 0, 45009]
        assert (await desk.get("agent/get", agentid="1000002"))["errcode"] == 0
        assert {(await desk.send_text())["errcode"] for _ in range(5)} == {0}
        desk.clock.wait(60)
        assert [(await desk.get("department/list"))["errcode"] for _ in range(2)] == [0, 45009]


async def test_the_contact_sync_assistant_reads_ids_only() -> None:
    async with open_desk(apps=(APP, SYNC)) as desk:
        assert (await desk.post("user/list_id", {}))["errcode"] == 48002
        desk.become(SYNC)
        assert (await desk.get("user/list", department_id="1"))["errcode"] == 48009
        assert (await desk.send_text())["errcode"] == 48002
        assert (await desk.get("department/simplelist"))["errcode"] == 0
        assert (await desk.post("user/list_id", {}))["errcode"] == 0
        assert (await desk.get("getcallbackip"))["ip_list"] == ["127.0.0.1"]
