"""Access tokens: who gets one, how long it opens what, and how it ends."""

import pytest

from sandbox.wecom import Limits
from tests.contract.sandbox_wecom.harness import APP, CORP, OTHER_APP, Clock, Desk, open_desk


async def test_everybody_who_asks_gets_the_same_token_with_what_is_left_of_its_life(desk: Desk) -> None:
    first = await desk.login()
    assert (first["errcode"], first["errmsg"], first["expires_in"]) == (0, "ok", 7200)
    desk.clock.advance(minutes=30)
    again = await desk.login()
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 5400)
    desk.clock.advance(minutes=90)
    renewed = await desk.login()
    assert renewed["access_token"] != first["access_token"]
    assert renewed["expires_in"] == 7200


@pytest.mark.parametrize(
    ("corp_id", "secret", "code"),
    [("", APP.secret, 41002), (CORP, "", 41004), ("ww0", APP.secret, 40013), (CORP, "wrong", 40001)],
)
async def test_wrong_credentials_have_their_codes(desk: Desk, corp_id: str, secret: str, code: int) -> None:
    assert (await desk.login(corp_id, secret))["errcode"] == code


async def test_many_wrong_secrets_block_the_right_one_for_an_hour() -> None:
    async with open_desk(limits=Limits(bad_secrets_per_hour=3)) as desk:
        assert [(await desk.login(secret="wrong"))["errcode"] for _ in range(4)] == [40001, 40001, 40001, 45009]
        assert (await desk.login())["errcode"] == 45009
        desk.clock.wait(3600)
        assert (await desk.login())["errcode"] == 0


async def test_a_missing_a_foreign_and_an_old_token_have_their_codes(desk: Desk) -> None:
    token = (await desk.login())["access_token"]
    assert (await desk.get("department/list", token=""))["errcode"] == 41001
    assert (await desk.get("department/list", token="nonsense"))["errcode"] == 40014
    desk.clock.advance(hours=2)
    assert (await desk.get("department/list", token=token))["errcode"] == 42001
    desk.clock.advance(days=2)
    await desk.login()
    assert (await desk.get("department/list", token=token))["errcode"] == 40014


@pytest.mark.parametrize(("kind", "code"), [("expired_token", 42001), ("invalid_token", 40014)])
async def test_a_token_can_end_before_its_time(desk: Desk, kind: str, code: int) -> None:
    token = (await desk.login())["access_token"]
    desk.fake.set_fault(kind)
    assert [(await desk.get("department/list", token=token))["errcode"] for _ in range(2)] == [code, code]
    renewed = (await desk.login())["access_token"]
    assert renewed != token
    assert (await desk.get("department/list", token=renewed))["errcode"] == 0


async def test_each_app_has_its_own_tokens(two: Desk) -> None:
    mine = (await two.login())["access_token"]
    theirs = (await two.login(secret=OTHER_APP.secret))["access_token"]
    assert mine != theirs
    body = {"touser": "wanglei", "msgtype": "text", "agentid": APP.agent_id, "text": {"content": "x"}}
    assert (await two.post("message/send", body, token=theirs))["errcode"] == 301002
    assert (await two.post("message/send", body, token=mine))["errcode"] == 0


async def test_calls_are_kept_with_who_made_them() -> None:
    async with open_desk(clock=Clock(seconds=5.0)) as desk:
        await desk.login(secret="wrong")
        await desk.send_text("wanglei|zhaomin")
        seen = [(each.method, each.path, each.code, each.agent_id, each.receivers) for each in desk.fake.calls]
        assert seen == [
            ("GET", "/cgi-bin/gettoken", 40001, -1, 0),
            ("GET", "/cgi-bin/gettoken", 0, -1, 0),
            ("POST", "/cgi-bin/message/send", 0, APP.agent_id, 2),
        ]
        assert {each.at_seconds for each in desk.fake.calls} == {5.0}
        assert desk.fake.calls[-1].msg_type == "text"
