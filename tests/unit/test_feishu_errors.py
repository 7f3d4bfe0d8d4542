"""Feishu: every error code that the vendor documents has a meaning, and unknown ones a sensible one."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from adapters.feishu.errors import KNOWN, TOKEN_CODES, refusal
from domain.errors import (
    ContentRefused,
    Misconfigured,
    PlatformDown,
    PlatformError,
    TargetGone,
    Throttled,
    Undeliverable,
)

DOCUMENTED = {
    "tokens and general (feishu.md 2)": [
        *(10003, 10014, 10015, 99991661, 99991662, 99991663, 99991664, 99991665, 99991668, 99991671, 99991672),
        *(99991673, 99991677, 99991679, 99991400, 99991401, 99991403, 99991543, 99992351, 99992360, 99992361),
        *(99992364, 99992402, 9499, 2200),
    ],
    "messages (feishu.md 3)": [
        *(18121, 230001, 230002, 230006, 230009, 230011, 230012, 230013, 230015, 230017, 230018, 230019, 230020),
        *(230022, 230023, 230024, 230025, 230026, 230027, 230028, 230029, 230031, 230034, 230035, 230036, 230038),
        *(230049, 230052, 230053, 230054, 230055, 230075, 230098, 230099, 230100, 230110, 232009, 200830),
        *(10002, 11101, *range(11203, 11212), 11223, 11227, 11231, 11232, 11233, 11235, 11246, 11247, 11312),
        *(234001, 234002, 234006, 234007, 234010, 234011, 234039),
    ],
    "contacts (feishu.md 4)": [40001, 40003, 40004, 40011, 40012, 40014, 41012, 41050, 42008, 43010],
    "cards (feishu.md 5)": [
        *(200861, 11310, 200530, 200550, 100290, 200380, 200381, 200570, 200621, 200732, 200737, 200914, 200915),
        *(200340, 200341, 200342, 200343, 200345, 200346, 200347, 200671, 200672, 200673, 200080, 300000, 108002),
        *(11311, 100000, 100030, 200000, 200310, 200320, 300020, 300030, 300040, 300090),
        *(200740, 200750, 200770, 200810, 200860, *range(300301, 300308), 300317),
    ],
    "limits (feishu.md 8)": [99991400, 230020, 11232, 9499, 11020, 11021],
}

RETRY_TABLE = {
    Throttled: [99991400, 230020, 11232, 230049, 18121],
    PlatformDown: [2200, 40003, *TOKEN_CODES],
    Undeliverable: [230013, 230029, 230034, 230035, 230053, 230038, 99992360, 99992361, 99992364, 99992351],
    Misconfigured: [99991672, 230006, 230027, 99991401, 99991403, 99991543, 10003, 10014, 230002],
    ContentRefused: [230022, 230025, 230028, 230099, 230001, 99992402],
    TargetGone: [230011, 230110, 230031, 232009],
}


def refused(code: object, status: int = 400, headers: dict[str, str] | None = None, **payload: Any) -> PlatformError:
    return refusal(status, CIMultiDict(headers or {}), {"code": code, "msg": ""} | payload)


@pytest.mark.parametrize("code", [code for codes in DOCUMENTED.values() for code in codes])
def test_every_documented_code_has_a_meaning(code: int) -> None:
    assert code in KNOWN


def test_no_code_has_two_meanings() -> None:
    groups = {id(group): group for group in KNOWN.values()}.values()
    assert sum(len(set(group.codes)) for group in groups) == len(KNOWN)


@pytest.mark.parametrize(
    ("error", "code"), [(error, code) for error, codes in RETRY_TABLE.items() for code in codes], ids=str
)
def test_the_retry_table_holds(error: type[PlatformError], code: int) -> None:
    made = refused(code)
    assert type(made) is error
    assert made.code.split("/")[0] == str(code)


@pytest.mark.parametrize("code", sorted(KNOWN))
def test_every_setting_that_is_wrong_comes_with_what_to_do(code: int) -> None:
    made = refused(code)
    assert made.hint or not isinstance(made, Misconfigured)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((500, PlatformDown), (502, PlatformDown), (408, PlatformDown), (200, PlatformDown)),
        *((401, Misconfigured), (403, Misconfigured), (404, Misconfigured), (302, Misconfigured)),
        *((400, ContentRefused), (429, Throttled)),
    ],
)
def test_an_unknown_code_means_what_its_status_means(status: int, error: type[PlatformError]) -> None:
    assert type(refused(123456789, status)) is error
    assert refused(123456789, status).code == "123456789"


def test_an_answer_without_a_code_bears_its_status() -> None:
    assert refusal(502, {}, {}).code == "http-502"


def test_too_many_requests_is_known_by_status_or_by_words() -> None:
    assert isinstance(refused(230001, 429), Throttled)
    assert isinstance(refused(9499, msg="too many request"), Throttled)
    assert isinstance(refused(9499, msg="Bad Request"), ContentRefused)


class TestWaiting:
    def wait(self, headers: dict[str, str], attempts: int = 0) -> timedelta:
        error = refusal(429, CIMultiDict(headers), {"code": 99991400}, attempts)
        assert isinstance(error, Throttled)
        return error.retry_after

    def test_the_platform_says_how_long(self) -> None:
        assert self.wait({"X-Ogw-Ratelimit-Reset": "3"}) == timedelta(seconds=3)

    @pytest.mark.parametrize("said", ["", "soon", "0", "-5", "nan"])
    def test_where_it_does_not_the_wait_grows_with_each_try(self, said: str) -> None:
        waits = [self.wait({"x-ogw-ratelimit-reset": said} if said else {}, attempts) for attempts in range(20)]
        assert waits[0] == timedelta(milliseconds=500)
        assert waits[1] == 2 * waits[0]
        assert waits == sorted(waits)
        assert waits[-1] == timedelta(minutes=1)

    @pytest.mark.parametrize("said", ["1e30", "inf", "99999999"])
    def test_no_wait_is_longer_than_an_hour(self, said: str) -> None:
        assert self.wait({"x-ogw-ratelimit-reset": said}) == timedelta(hours=1)


def test_a_refused_card_tells_the_sub_code() -> None:
    msg = "Failed to create card content, ext=ErrCode: 200550; ErrPath: ROOT; ErrMsg: chart spec is invalid; "
    assert refused(230099, msg=msg).code == "230099/200550"


def test_a_missing_scope_is_named_with_the_log_id() -> None:
    violations = [{"type": "action_scope_required", "subject": "im:message:send_as_bot"}, "odd", {"type": "x"}]
    hint = refused(99991672, error={"permission_violations": violations, "log_id": "2025"}).hint
    assert "scopes: im:message:send_as_bot;" in hint
    assert hint.endswith("log id 2025")
    assert refused(99991672, headers={"x-tt-logid": "abc"}).hint.endswith("log id abc")


values = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.integers(), max_size=2)


@given(st.integers(100, 599), values, values, values | st.dictionaries(st.text(max_size=9), values, max_size=2))
def test_any_answer_becomes_an_error(status: int, code: object, msg: object, error: object) -> None:
    assert isinstance(refusal(status, {}, {"code": code, "msg": msg, "error": error}), PlatformError)
