"""Access tokens: how long they live, when a new one comes, and every way of being refused."""

import pytest

from tests.contract.sandbox_feishu.harness import APP, CONTACT, LEI, SECRET, Desk

_TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"
_INFO = "/open-apis/bot/v3/info"


async def test_a_token_lives_for_two_hours_and_stands_at_the_top_level(desk: Desk) -> None:
    answer = await desk.login()
    assert answer.status == 200
    assert answer.body["expire"] == 7200
    assert answer.body["tenant_access_token"].startswith("t-")
    assert "data" not in answer.body


async def test_with_half_an_hour_left_the_same_token_comes_with_the_rest_of_its_life(desk: Desk) -> None:
    first = (await desk.login()).body
    desk.clock.advance(minutes=90)
    again = (await desk.login()).body
    assert again["tenant_access_token"] == first["tenant_access_token"]
    assert again["expire"] == 1800


async def test_in_the_last_half_hour_a_new_token_comes_and_the_old_one_still_works(desk: Desk) -> None:
    old = (await desk.login()).body["tenant_access_token"]
    desk.clock.advance(minutes=90, seconds=1)
    new = (await desk.login()).body
    assert new["tenant_access_token"] != old
    assert new["expire"] == 7200
    assert (await desk.call("GET", _INFO, token=f"Bearer {old}")).code == 0
    desk.clock.advance(minutes=30)
    assert (await desk.call("GET", _INFO, token=f"Bearer {old}")).refusal == (400, 99991663)
    assert (await desk.call("GET", _INFO, token=f"Bearer {new['tenant_access_token']}")).code == 0


async def test_the_app_access_token_call_returns_both_tokens(desk: Desk) -> None:
    body = {"app_id": APP.app_id, "app_secret": SECRET}
    answer = await desk.call("POST", "/open-apis/auth/v3/app_access_token/internal", body, token="")
    assert answer.body["app_access_token"] == answer.body["tenant_access_token"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"app_id": APP.app_id, "app_secret": "wrong"}, 10015),
        ({"app_id": "cli_nobody", "app_secret": SECRET}, 10014),
        ({"app_id": "", "app_secret": SECRET}, 10003),
        ({"app_id": 5, "app_secret": SECRET}, 10003),
        ({}, 10003),
    ],
)
async def test_bad_credentials_are_refused_with_http_200(desk: Desk, body: dict[str, object], code: int) -> None:
    answer = await desk.call("POST", _TOKEN_PATH, body, token="")
    assert answer.refusal == (200, code)
    assert "expire" not in answer.body


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", 99991661),
        ("Bearer ", 99991661),
        ("Bearer abc", 99991671),
        ("Bearer t-unknown", 99991663),
        ("Bearer u-user", 99991668),
        ("Bearer Bearer t-twice", 99991668),
    ],
)
async def test_a_bad_token_is_refused_with_http_400(desk: Desk, authorization: str, code: int) -> None:
    answer = await desk.call("GET", _INFO, token=authorization)
    assert answer.refusal == (400, code)


async def test_a_refusal_names_its_log_id_in_body_and_header(desk: Desk) -> None:
    answer = await desk.call("GET", f"{CONTACT}/users/{LEI}", token="Bearer t-unknown")
    assert answer.body["error"]["log_id"] == answer.headers["X-Tt-Logid"]


async def test_bot_info_stands_under_bot_and_not_under_data(desk: Desk) -> None:
    answer = await desk.call("GET", _INFO)
    assert answer.body["bot"]["app_name"] == APP.name
    assert answer.body["bot"]["open_id"] == desk.fake.bot_open_id(APP.app_id)
    assert answer.body["bot"]["activate_status"] == 2


async def test_an_expired_token_fault_makes_the_bot_fetch_another_one(desk: Desk) -> None:
    old = (await desk.login()).body["tenant_access_token"]
    desk.fake.set_fault("expired_token")
    assert (await desk.call("GET", _INFO, token=f"Bearer {old}")).refusal == (400, 99991663)
    assert (await desk.call("GET", _INFO, token=f"Bearer {old}")).refusal == (400, 99991663)
    new = (await desk.login()).body["tenant_access_token"]
    assert new != old
    assert (await desk.call("GET", _INFO, token=f"Bearer {new}")).code == 0
