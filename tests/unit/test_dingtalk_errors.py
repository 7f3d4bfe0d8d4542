"""DingTalk: every error code that the vendor documents has a meaning, and unknown ones a sensible one."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dingtalk.errors import (
    BAN,
    CARD_EXISTS,
    KNOWN,
    TEMPLATE_CODES,
    TOKEN_CODES,
    code_of,
    html_instead,
    refusal,
    refused_receiver,
    refuses_token,
)
from domain.errors import (
    ContentRefused,
    Misconfigured,
    PlatformDown,
    PlatformError,
    TargetGone,
    Throttled,
    Undeliverable,
)

FORBIDDEN = "Forbidden.AccessDenied."

DOCUMENTED = {
    "tokens (dingtalk.md 3)": [
        *("invalidClientIdOrSecret", "invalid.client", "unsupported.grant.type", "unauthorized.client", "server.error"),
        *("InvalidAuthentication", "invalidAccessToken", "40014", "40001", "42001", "33001", "88", "41001", "15"),
        *(f"{FORBIDDEN}AccessTokenPermissionDenied", f"{FORBIDDEN}IpNotInWhiteList", "60011", "60020", "50002"),
        "Missingbody",
    ],
    "messages (dingtalk.md 4.2)": [
        *("invalidParameter.robotCode.empty", "invalidParameter.robotCode.notExsit"),
        *("invalidParameter.robotCode.invalid", "invalidParameter.userIds.empty", "invalidParameter.userIds.overMax"),
        *("invalidParameter.userId.empty", "invalidParameter.msgKey.empty", "invalidParameter.msgKey.invalid"),
        *("invalidParameter.msgParam.invalid", "invalidParameter.msgParam.tooLong", "invalidParameter.param.invalid"),
        *("invalidParameter.msg.unsupport", "invalidParameter.msgBody.invalid", "invalidParameter.token.invalid"),
        *("token.notExisted", "staffId.notExisted", "template.not.existed", "template.stopped", "robot.oto.notExist"),
        *("chatbotId.notAllow.sendOTO", "bot.stopped", "contain.notAllowed.text", "resource.not.found"),
        *("miss.param.actionCardTobtnsToactionUrl", "group.disbanded", "too.many.people", "too.many.group"),
        *("send.too.fast", "send.byToken.tooFast", "system.error"),
    ],
    "reading and recalling (dingtalk.md 4.4, 4.5)": [
        *("processQueryKey.expireTime", "invalid.processQueryKey", "invalidParameter.processQueryKey.missing"),
        *("unknown.send.result", "invalidParameter.processQueryKeys.overMax", "robot.processQueryKey.expired"),
        *("not.allowed.robotCode", "notRevoke.all.messages"),
    ],
    "contacts (dingtalk.md 6.2)": ["60121", "33012", "60003", "400002", "40068", "40069"],
    "DING (dingtalk.md 6.4)": ["toomuch.msg", "ding.serverquota.insufficient"],
    "cards (dingtalk.md 7)": [
        *("param.empty", "param.outTrackIdEmpty", "param.openSpaceIdEmpty", "param.openSpaceIdInvalid"),
        *("param.openDeliverModelEmpty", "param.openDeliverModelError", "param.cardTemplateIdEmpty"),
        *("param.cardPublicDataEmpty", "param.userIdEmpty", "param.userIdNotExist", "param.contentUnsafe"),
        *("param.openSpaceModelInvalid", "param.cardNotExist", CARD_EXISTS, "param.templateNotExist"),
        *("param.templateUnpublished", "param.invalid", "system.busy", "param.cardDataAndPrivateDataBothEmpty"),
        *("param.callbackRouteKeyEmpty", "param.callbackUrlEmpty", "system.updateCallbackFailed"),
        "param.callbackRouteKeyExist",
    ],
    "the gateway (dingtalk.md 9.1)": ["authFailed"],
    "limits (dingtalk.md 11)": [
        *("90020", f"{FORBIDDEN}ApiCountLimitForOrg", f"{FORBIDDEN}QpsLimitForAppkeyAndApi", "90018"),
        *(f"{FORBIDDEN}QpsLimitForApi", "90002", f"{FORBIDDEN}QpmLimitForAppkeyAndApi", "1111", "130101", "410100"),
        "20001",
    ],
}

RETRY_TABLE = {
    Throttled: [
        *(f"{FORBIDDEN}QpsLimitForAppkeyAndApi", f"{FORBIDDEN}QpsLimitForApi", f"{FORBIDDEN}QpsLimitForSomethingNew"),
        *(f"{FORBIDDEN}QpmLimitForAppkeyAndApi", "90018", "90002", "send.too.fast", "send.byToken.tooFast"),
    ],
    PlatformDown: ["system.busy", "system.error", "-1", "15", "88", *sorted(TOKEN_CODES)],
    Undeliverable: ["staffId.notExisted", "param.userIdNotExist", "60121"],
    Misconfigured: [
        *(f"{FORBIDDEN}AccessTokenPermissionDenied", f"{FORBIDDEN}IpNotInWhiteList", "template.stopped", "authFailed"),
        *(*sorted(TEMPLATE_CODES), f"{FORBIDDEN}ApiCountLimitForOrg", "90020", "20001"),
    ],
    ContentRefused: [
        *("param.contentUnsafe", "contain.notAllowed.text", "invalidParameter.msgParam.tooLong", CARD_EXISTS),
        "miss.param.somethingNew",
    ],
    TargetGone: ["param.cardNotExist"],
}


def refused(code: object, status: int = 400, attempts: int = 0, **payload: Any) -> PlatformError:
    return refusal(status, {}, {"code": code, "message": ""} | payload, attempts)


@pytest.mark.parametrize("code", [code for codes in DOCUMENTED.values() for code in codes])
def test_every_documented_code_has_a_meaning(code: str) -> None:
    assert code in KNOWN


def test_no_code_has_two_meanings() -> None:
    groups = {id(group): group for group in KNOWN.values()}.values()
    assert sum(len(set(group.codes)) for group in groups) == len(KNOWN)


@pytest.mark.parametrize(
    ("error", "code"), [(error, code) for error, codes in RETRY_TABLE.items() for code in codes], ids=str
)
def test_the_retry_table_holds(error: type[PlatformError], code: str) -> None:
    made = refused(code)
    assert type(made) is error
    assert made.code == code


@pytest.mark.parametrize("code", sorted(KNOWN))
def test_every_setting_that_is_wrong_comes_with_what_to_do(code: str) -> None:
    made = refused(code)
    assert made.hint or not isinstance(made, Misconfigured)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((500, PlatformDown), (502, PlatformDown), (504, PlatformDown), (408, PlatformDown), (200, PlatformDown)),
        *((401, Misconfigured), (403, Misconfigured), (404, Misconfigured), (302, Misconfigured)),
        *((400, ContentRefused), (429, Throttled)),
    ],
)
def test_an_unknown_code_means_what_its_status_means(status: int, error: type[PlatformError]) -> None:
    assert type(refused("brand.new", status)) is error
    assert refused("brand.new", status).code == "brand.new"


def test_an_answer_without_a_code_bears_its_status() -> None:
    assert refusal(504, {}, {}).code == "http-504"


class TestCodes:
    @pytest.mark.parametrize(
        ("payload", "code"),
        [
            ({"code": "authFailed"}, "authFailed"),
            ({"errcode": 60011}, "60011"),
            ({"errcode": "60011"}, "60011"),
            ({"errcode": -1}, "-1"),
            ({"errcode": 0}, ""),
            ({"errcode": "0"}, ""),
            ({"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u"}, "1111"),
            ({"errcode": None}, ""),
            ({"code": 5}, ""),
            ({}, ""),
        ],
    )
    def test_both_generations_and_the_guard_before_them_are_understood(
        self, payload: dict[str, Any], code: str
    ) -> None:
        assert code_of(payload) == code

    @pytest.mark.parametrize(
        "payload",
        [
            {"code": "InvalidAuthentication", "message": "不合法的access_token"},
            {"code": "invalidAccessToken"},
            {"errcode": 40014},
            {"errcode": 42001},
            {"errcode": 88, "sub_code": "40014", "sub_msg": "不合法的access_token"},
            {"errcode": 88, "sub_code": "", "sub_msg": "invalid access token"},
        ],
    )
    def test_a_token_that_ended_is_known_in_every_form(self, payload: dict[str, Any]) -> None:
        assert refuses_token(payload)

    @pytest.mark.parametrize(
        "payload",
        [
            {"errcode": 88, "sub_code": "", "sub_msg": ""},
            {"errcode": 88, "sub_code": "60011", "sub_msg": "没有调用该接口的权限"},
            {"errcode": 88},
            {"errcode": 41001},
            {"code": f"{FORBIDDEN}AccessTokenPermissionDenied"},
            {"code": f"{FORBIDDEN}IpNotInWhiteList"},
            {"errcode": 60011},
            {"errcode": 60020},
            {"errcode": 50002},
            {},
        ],
    )
    def test_nothing_else_is_taken_for_one(self, payload: dict[str, Any]) -> None:
        assert not refuses_token(payload)


class TestHints:
    def test_the_missing_permissions_are_named(self) -> None:
        detail = {"requiredScopes": ["qyapi_robot_sendmsg", "Card.Instance.Write"]}
        made = refused(f"{FORBIDDEN}AccessTokenPermissionDenied", 403, accessdenieddetail=detail, requestid="r-1")
        assert "qyapi_robot_sendmsg, Card.Instance.Write" in made.hint
        assert "r-1" in made.hint

    def test_the_inner_code_of_the_old_gateway_is_named(self) -> None:
        made = refusal(200, {}, {"errcode": 88, "sub_code": "isp.top-remote-connection-timeout", "request_id": "r"})
        assert isinstance(made, PlatformDown)
        assert "isp.top-remote-connection-timeout" in made.hint

    @pytest.mark.parametrize("detail", [None, [], {}, {"requiredScopes": "x"}, {"requiredScopes": [1, None]}])
    def test_details_of_any_shape_are_survived(self, detail: object) -> None:
        made = refused(f"{FORBIDDEN}AccessTokenPermissionDenied", accessdenieddetail=detail)
        assert isinstance(made, Misconfigured)

    def test_the_platforms_own_words_are_not_repeated(self) -> None:
        made = refused("param.contentUnsafe", message="本周上线了报表")
        assert "报表" not in str(made)


class TestWaiting:
    def wait(self, code: str, attempts: int = 0) -> timedelta:
        error = refused(code, 403, attempts)
        assert isinstance(error, Throttled)
        return error.retry_after

    def test_too_many_calls_a_second_wait_a_second_and_longer_with_each_try(self) -> None:
        waits = [self.wait(f"{FORBIDDEN}QpsLimitForAppkeyAndApi", attempts) for attempts in range(20)]
        assert waits[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]
        assert waits[-1] == timedelta(minutes=1)

    @pytest.mark.parametrize(
        ("code", "wait"),
        [
            (f"{FORBIDDEN}QpmLimitForAppkeyAndApi", timedelta(minutes=1)),
            ("130101", timedelta(minutes=10)),
            ("1111", BAN),
        ],
    )
    def test_longer_blocks_are_waited_out(self, code: str, wait: timedelta) -> None:
        assert self.wait(code) == wait

    def test_somebody_who_was_written_to_too_often_is_left_alone_for_minutes(self) -> None:
        error = refused_receiver("flowControlledStaffIdList", 0)
        assert isinstance(error, Throttled)
        assert error.retry_after == timedelta(minutes=5)
        assert isinstance(refused_receiver("invalidStaffIdList", 0), Undeliverable)


class TestPages:
    @pytest.mark.parametrize("status", [200, 302, 403, 405])
    def test_a_page_for_people_is_a_ban_and_waited_out(self, status: int) -> None:
        error = html_instead(status, b"\n<!doctype html><html>punish</html>")
        assert isinstance(error, Throttled)
        assert error.retry_after == BAN

    @pytest.mark.parametrize(("status", "body"), [(502, b"<html>bad gateway</html>"), (404, b"<html>"), (200, b"oops")])
    def test_other_pages_say_no_more_than_their_status(self, status: int, body: bytes) -> None:
        assert html_instead(status, body) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.integers(200, 599), JSON, JSON, JSON, JSON)
def test_any_answer_is_an_error_of_our_tree(status: int, code: Any, errcode: Any, detail: Any, sub: Any) -> None:
    payload = {"code": code, "errcode": errcode, "accessdenieddetail": detail, "sub_code": sub, "requestid": sub}
    assert isinstance(refusal(status, {}, payload), PlatformError)
    assert refuses_token(payload) in (True, False)
