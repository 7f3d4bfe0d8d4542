"""WeCom: every error code that the vendor documents has a meaning, and unknown ones a sensible one."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wecom.errors import KNOWN, TOKEN_CODES, refusal
from domain.errors import (
    ContentRefused,
    Misconfigured,
    PlatformDown,
    PlatformError,
    TargetGone,
    Throttled,
    Undeliverable,
)

DOCUMENTED = [
    *(-1, 40001, 40003, 40031, 46004, 60111, 60021, *range(40004, 40010), 44001, 45001, 45007, 40008, 40013, 41002),
    *(41004, 40014, 42001, 41001, 40029, 40032, 82002, 82003, 40033, 40035, 40058, 40063, 40056, 301002, 42014),
    *(42015, 42016, *range(42017, 42021), 42022, *range(42027, 42032), 42033, *range(42035, 42048), 42049, 42050),
    *(42051, 42052, 43004, 43012, 44004, 45002, 45009, 45033, 46003, 48002, 48006, 50003, 48009, 50001, 50002),
    *(60011, 60020, 60123, 60003, 60140, 81012, 82001, 81013, 82004, 85002, 86001, *range(86003, 86009), 86101),
    *(86207, 86215, 86216, 86217, 93000, 93006, 846605, 846608, 853006),
]
"""The table of wecom.md 15."""

REACTIONS = {
    Throttled: [45009, 45033],
    PlatformDown: [-1, *TOKEN_CODES, 60003, 60123],
    Undeliverable: [40003, 40031, 46004, 60111, 60021, 81013, 43004, 93006],
    Misconfigured: [
        *(40001, 40013, 41002, 41004, 40056, 301002, 43012, 48002, 48006, 50003, 48009, 50001, 60011, 60020, 93000),
    ],
    ContentRefused: [40008, 40032, 40033, 42014, 42033, 42047, 44004, 45002, 81012, 82001, 82004, 85002, 86008],
    TargetGone: [42015, 42016, 42022, 42052, 60140],
}


def refused(code: object, message: object = "", attempts: int = 0, status: int = 200) -> PlatformError:
    return refusal(status, {"errcode": code, "errmsg": message}, attempts)


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_has_a_meaning(code: int) -> None:
    assert code in KNOWN


def test_no_code_has_two_meanings() -> None:
    groups = {id(group): group for group in KNOWN.values()}.values()
    assert sum(len(set(group.codes)) for group in groups) == len(KNOWN)


@pytest.mark.parametrize(
    ("error", "code"), [(error, code) for error, codes in REACTIONS.items() for code in codes], ids=str
)
def test_each_code_leads_to_its_reaction(error: type[PlatformError], code: int) -> None:
    made = refused(code)
    assert type(made) is error
    assert made.code == str(code)


@pytest.mark.parametrize("code", sorted(KNOWN))
def test_every_setting_that_is_wrong_comes_with_what_to_do(code: int) -> None:
    made = refused(code)
    assert made.hint or not isinstance(made, Misconfigured)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        *((41016, ContentRefused), (40099, ContentRefused), (42099, ContentRefused), (82099, ContentRefused)),
        *((301099, PlatformDown), (99, PlatformDown), (-7, PlatformDown), (670000, PlatformDown)),
    ],
)
def test_an_unknown_code_means_what_its_neighbours_mean(code: int, error: type[PlatformError]) -> None:
    assert type(refused(code)) is error


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((500, PlatformDown), (502, PlatformDown), (408, PlatformDown), (200, PlatformDown), (429, Throttled)),
        *((401, Misconfigured), (403, Misconfigured), (404, Misconfigured), (302, Misconfigured)),
        *((400, ContentRefused), (413, ContentRefused)),
    ],
)
def test_an_answer_without_a_code_means_what_its_status_means(status: int, error: type[PlatformError]) -> None:
    made = refusal(status, {})
    assert type(made) is error
    assert made.code == f"http-{status}"


SEEN = (
    "not allow to access from your ip, hint: [1795316400123456789012346], from ip: 203.0.113.7, "
    "more info at https://open.work.weixin.qq.com/devtool/query?e=60020"
)


class TestHints:
    def test_an_untrusted_address_is_named_with_where_to_enter_it(self) -> None:
        made = refused(60020, SEEN)
        assert isinstance(made, Misconfigured)
        assert made.hint.startswith("enter 203.0.113.7 as 企业可信IP")
        assert made.hint.endswith("; hint 1795316400123456789012346")

    @pytest.mark.parametrize(
        ("said", "address"), [("from ip: 2001:db8::7, more", "2001:db8::7"), ("from ip:10.0.0.1", "10.0.0.1")]
    )
    def test_addresses_are_found_in_other_spellings(self, said: str, address: str) -> None:
        assert f"enter {address} as" in refused(60020, said).hint

    def test_without_an_address_the_page_is_still_named(self) -> None:
        assert "企业可信IP" in refused(60020, "no").hint

    def test_what_support_asks_for_is_kept_and_nothing_else_of_the_foreign_text(self) -> None:
        made = refused(40035, "invalid parameter of zhangsan, hint: [17], from ip: 203.0.113.7, more info at x")
        assert made.hint == "hint 17"


class TestWaiting:
    def waits(self, code: int) -> list[timedelta]:
        errors = [refused(code, attempts=attempts) for attempts in range(25)]
        assert all(isinstance(error, Throttled) for error in errors)
        return [error.retry_after for error in errors if isinstance(error, Throttled)]

    def test_a_frequency_limit_is_waited_out_by_the_window(self) -> None:
        waits = self.waits(45009)
        assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
        assert waits[-1] == timedelta(hours=1)

    def test_too_many_at_once_wait_a_moment(self) -> None:
        assert self.waits(45033)[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]


values = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.integers(), max_size=2)


@given(st.integers(100, 599), values, values)
def test_any_answer_becomes_an_error(status: int, code: object, message: object) -> None:
    assert isinstance(refused(code, message, status=status), PlatformError)
