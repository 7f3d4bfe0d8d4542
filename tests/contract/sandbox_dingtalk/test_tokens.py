"""Access tokens: the three ways to get one, how long it lives, and what a wrong one is told on either host."""

from dataclasses import replace
from typing import Any

import pytest

from tests.contract.sandbox_dingtalk.harness import APP, OTHER_APP, ROBOT, SECRET, Desk

_UNIFIED = {"client_id": APP.client_id, "client_secret": SECRET, "grant_type": "client_credentials"}


async def test_a_token_lives_two_hours_and_is_given_again_meanwhile(desk: Desk) -> None:
    first = (await desk.login()).body
    assert (len(first["accessToken"]), first["expireIn"]) == (32, 7200)
    desk.clock.advance(minutes=119)
    assert (await desk.login()).body["accessToken"] == first["accessToken"]


async def test_asking_again_prolongs_a_token_and_expiry_brings_a_new_one(desk: Desk) -> None:
    first = (await desk.login()).body["accessToken"]
    desk.clock.advance(minutes=119)
    await desk.login()
    desk.clock.advance(minutes=119)
    desk.token, desk.token_from = first, desk.clock.present
    assert (await desk.send("wanglei")).status == 200
    desk.clock.advance(minutes=121)
    assert (await desk.login()).body["accessToken"] != first


@pytest.mark.parametrize("app", [OTHER_APP, replace(APP, client_secret="wrong"), replace(APP, client_secret="")])
async def test_wrong_credentials_are_refused(desk: Desk, app: Any) -> None:
    assert (await desk.login(app)).refusal == (400, "invalidClientIdOrSecret")


async def test_the_token_call_takes_json_only(desk: Desk) -> None:
    form = {"appKey": APP.client_id, "appSecret": SECRET}
    assert (await desk.request("POST", "/v1.0/oauth2/accessToken", data=form)).refusal == (400, "Missingbody")
    text = await desk.request(
        "POST", "/v1.0/oauth2/accessToken", data="[1]", headers={"Content-Type": "application/json"}
    )
    assert text.refusal == (400, "Missingbody")


async def test_the_old_and_the_unified_call_give_the_same_token(desk: Desk) -> None:
    token = (await desk.login()).body["accessToken"]
    keys = {"appkey": APP.client_id, "appsecret": SECRET}
    old = await desk.request("GET", "/gettoken", params=keys)
    assert old.body == {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200}
    unified = await desk.request("POST", f"/v1.0/oauth2/{desk.fake.world.corp_id}/token", json=_UNIFIED)
    assert unified.body == {"access_token": token, "expires_in": 7200}


@pytest.mark.parametrize(
    ("corp", "changes", "refusal"),
    [
        ("", {"grant_type": "password"}, (400, "unsupported.grant.type")),
        ("", {"client_secret": "wrong"}, (400, "invalid.client")),
        ("dingother", {}, (401, "unauthorized.client")),
    ],
)
async def test_the_unified_call_refuses(desk: Desk, corp: str, changes: dict[str, str], refusal: Any) -> None:
    path = f"/v1.0/oauth2/{corp or desk.fake.world.corp_id}/token"
    assert (await desk.request("POST", path, json={**_UNIFIED, **changes})).refusal == refusal


async def test_the_old_call_refuses_with_a_number_and_http_200(desk: Desk) -> None:
    refused = await desk.request("GET", "/gettoken", params={"appkey": APP.client_id, "appsecret": "wrong"})
    assert refused.refusal == (200, 40096)


@pytest.mark.parametrize("token", [None, "", "nonsense"])
async def test_the_new_host_refuses_a_missing_or_wrong_token_alike(desk: Desk, token: str | None) -> None:
    headers = {} if token is None else {"x-acs-dingtalk-access-token": token}
    refused = await desk.request("POST", f"{ROBOT}/oToMessages/batchSend", json={}, headers=headers)
    assert refused.refusal == (400, "InvalidAuthentication")
    assert refused.body["message"] == "不合法的access_token"


@pytest.mark.parametrize(("token", "code"), [("", 41001), ("nonsense", 40014)])
async def test_the_old_host_tells_a_missing_token_from_a_wrong_one(desk: Desk, token: str, code: int) -> None:
    refused = await desk.request("POST", "/topapi/v2/user/get", json={}, params={"access_token": token})
    assert refused.refusal == (200, code)


async def test_a_revoked_token_is_refused_until_a_new_one_is_asked_for(desk: Desk) -> None:
    before = await desk.bearer()
    desk.fake.revoke_tokens()
    assert (await desk.send("wanglei")).refusal == (400, "InvalidAuthentication")
    desk.token = ""
    assert (await desk.send("wanglei")).status == 200
    assert desk.token != before


async def test_a_token_can_be_revoked_in_mid_flight(desk: Desk) -> None:
    desk.fake.set_fault("expired_token")
    assert (await desk.send("wanglei")).refusal == (400, "InvalidAuthentication")
    assert (await desk.send("wanglei")).refusal == (400, "InvalidAuthentication"), "the token is gone for good"
    assert desk.fake.messages_of("wanglei") == []


async def test_token_calls_are_not_counted(desk: Desk) -> None:
    await desk.login()
    assert desk.fake.used("api_call") == 0
