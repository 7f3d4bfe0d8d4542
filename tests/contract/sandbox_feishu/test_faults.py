"""Misbehaving API calls: each switch, how often it works, and whom it concerns."""

import asyncio
import json

import aiohttp
import pytest

from sandbox.control_faults import KINDS
from sandbox.control_stage import PlatformFake
from sandbox.feishu import FaultKind, FeishuFake
from sandbox.feishu.refusals import CATALOGUE
from tests.contract.sandbox_feishu.harness import APP, CONTACT, IM, LEI, WEI, Desk, plain_card

_INFO = "/open-apis/bot/v3/info"
_SEND = f"{IM}/messages"


async def test_every_code_can_be_met_with_its_status_on_any_call(desk: Desk) -> None:
    for code, (status, sentence) in CATALOGUE.items():
        desk.clock.wait(1)
        desk.fake.set_fault("refuse", code=code)
        answer = await desk.call("GET", _INFO)
        assert answer.refusal == (status, code)
        assert answer.body["msg"].startswith(sentence.split("{")[0].removesuffix(", ext="))
        assert (await desk.call("GET", _INFO)).code == 0


async def test_a_throttled_call_tells_how_long_to_wait(desk: Desk) -> None:
    desk.fake.set_fault("throttle", 2, 3.0)
    answers = [await desk.call("GET", _INFO) for _ in range(3)]
    assert [answer.refusal for answer in answers] == [(429, 99991400), (429, 99991400), (200, 0)]
    assert answers[0].headers["x-ogw-ratelimit-reset"] == "3"


async def test_a_burst_of_chat_limits_has_no_reset_header(desk: Desk) -> None:
    message_id = await desk.card_id(WEI)
    desk.fake.set_fault("chat_rate", 2)
    sent, patched = await desk.send_text(LEI), await desk.patch(message_id, plain_card("二"))
    assert [sent.refusal, patched.refusal] == [(400, 230020)] * 2
    assert "x-ogw-ratelimit-reset" not in sent.headers
    assert (await desk.send_text(LEI)).code == 0


async def test_a_missing_scope_is_named_after_the_called_api(desk: Desk) -> None:
    desk.fake.set_fault("scope_missing")
    answer = await desk.call("GET", f"{CONTACT}/scopes")
    assert answer.refusal == (400, 99991672)
    assert "contact:contact.base:readonly" in answer.body["msg"]


async def test_a_used_up_quota_lasts_until_it_is_switched_off(desk: Desk) -> None:
    desk.fake.set_fault("quota", None)
    assert [(await desk.call("GET", _INFO)).code for _ in range(3)] == [99991403] * 3
    desk.fake.clear_faults()
    assert (await desk.call("GET", _INFO)).code == 0


@pytest.mark.parametrize(("kind", "stored"), [("fail", 0), ("fail_after", 1)])
@pytest.mark.parametrize("code", [500, 502])
async def test_a_server_error_comes_before_or_after_the_message_is_stored(
    desk: Desk, kind: str, stored: int, code: int
) -> None:
    desk.fake.set_fault(kind, code=code)
    body = {"receive_id": LEI, "msg_type": "text", "content": '{"text":"x"}', "uuid": "u"}
    path = f"{_SEND}?receive_id_type=open_id"
    status, text = await desk.raw("POST", path, body)
    assert (status, text) == (code, "the server failed")
    assert len(desk.fake.messages_of(LEI)) == stored
    assert json.loads((await desk.raw("POST", path, body))[1])["code"] == 0
    assert len(desk.fake.messages_of(LEI)) == 1
    assert [(call.status, call.code) for call in desk.fake.calls if call.uuid == "u"] == [(code, None), (200, 0)]


@pytest.mark.parametrize(("kind", "stored"), [("reset", 0), ("reset_after", 1)])
async def test_a_reset_comes_before_or_after_the_message_is_stored(desk: Desk, kind: str, stored: int) -> None:
    await desk.bearer()
    desk.fake.set_fault(kind)
    with pytest.raises(aiohttp.ClientConnectionError):
        await desk.send_text(LEI, uuid="u")
    assert len(desk.fake.messages_of(LEI)) == stored
    assert (await desk.send_text(LEI, uuid="u")).code == 0
    assert len(desk.fake.messages_of(LEI)) == 1
    assert [(call.status, call.code) for call in desk.fake.calls if call.uuid == "u"] == [(0, None), (200, 0)]


async def test_a_late_answer_follows_an_effect_that_came_at_once(desk: Desk) -> None:
    await desk.bearer()
    seen = asyncio.Event()
    desk.fake.on_change(lambda _: seen.set())
    desk.fake.set_fault("delay", 1, 0.05)
    sending = asyncio.create_task(desk.send_text(LEI))
    await seen.wait()
    assert not sending.done()
    assert (await sending).code == 0


async def test_while_a_message_is_being_sent_its_uuid_is_busy(desk: Desk) -> None:
    await desk.bearer()
    desk.fake.set_fault("delay_before", 1, 0.2)
    answers = await asyncio.gather(desk.send_text(LEI, uuid="u"), desk.send_text(LEI, uuid="u"))
    assert sorted(answer.code for answer in answers) == [0, 230049]
    assert len(desk.fake.messages_of(LEI)) == 1


async def test_a_fault_may_concern_one_path_only(desk: Desk) -> None:
    desk.fake.set_fault("throttle", path="/messages")
    assert (await desk.call("GET", _INFO)).code == 0
    assert (await desk.send_text(LEI)).status == 429


async def test_token_calls_are_met_only_where_they_are_named(desk: Desk) -> None:
    desk.fake.set_fault("fail")
    assert (await desk.login()).code == 0
    desk.fake.clear_faults()
    desk.fake.set_fault("fail", path="tenant_access_token")
    path, body = "/open-apis/auth/v3/tenant_access_token/internal", {"app_id": APP.app_id, "app_secret": APP.secret}
    async with desk.session.post(desk.url(path), json=body) as response:
        assert response.status == 500


async def test_what_is_still_to_happen_is_told_and_can_be_switched_off(desk: Desk) -> None:
    fake = desk.fake
    fake.set_fault("throttle", 2, 1.5)
    fake.set_fault("repeat")
    assert [(each["kind"], each["times"], each["seconds"]) for each in fake.faults()] == [
        ("throttle", 2, 1.5),
        ("repeat", 1, 0.0),
    ]
    fake.set_fault("throttle", 5, 1.5)
    assert [each["times"] for each in fake.faults() if each["kind"] == "throttle"] == [5]
    fake.set_fault("throttle", 0)
    assert [each["kind"] for each in fake.faults()] == ["repeat"]
    json.dumps(fake.faults())


async def test_an_unknown_kind_or_code_is_refused(desk: Desk) -> None:
    with pytest.raises(ValueError, match="storm"):
        desk.fake.set_fault("storm")
    with pytest.raises(ValueError, match="catalogue"):
        desk.fake.set_fault("refuse", code=7)
    with pytest.raises(ValueError, match="catalogue"):
        desk.fake.set_fault("undeliverable", code=7)


async def test_the_demo_page_can_control_this_fake(desk: Desk) -> None:
    def fits(fake: FeishuFake) -> PlatformFake:
        return fake

    assert fits(desk.fake).faults() == []
    assert set(KINDS) <= {kind.value for kind in FaultKind}
