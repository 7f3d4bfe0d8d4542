"""DingTalk: settings that cannot work are refused where they are read, and none of them shows a secret."""

from typing import Any

import pytest

from adapters.dingtalk.settings import LABELS, DingTalkSettings, Mode
from domain.errors import Misconfigured

KEY = "a" * 43


def settings(**fields: Any) -> DingTalkSettings:
    return DingTalkSettings(**{"client_id": "dingabc", "client_secret": "top-secret"} | fields)


def test_two_lines_are_enough() -> None:
    made = settings()
    assert (made.mode, made.card_template, made.base_url) == (Mode.STREAM, "", "https://api.dingtalk.com")
    assert made.old_base_url == "https://oapi.dingtalk.com"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_secret": ""}, "client_secret"),
        ({"form_template": "f.schema"}, "card_template"),
        ({"event_token": "t"}, "event_aes_key"),
        ({"event_aes_key": KEY}, "event_token"),
        ({"event_token": "t", "event_aes_key": KEY[1:]}, "43"),
    ],
)
def test_what_cannot_work_is_refused_by_name(fields: dict[str, str], named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        settings(**fields)


def test_printing_shows_no_secret() -> None:
    made = settings(event_token="e-token", event_aes_key=KEY, proxy="http://me:password@proxy:1")
    assert not any(secret in repr(made) for secret in ("top-secret", "e-token", KEY, "password"))


def test_addresses_lose_their_last_slash() -> None:
    made = settings(base_url="https://api.dingtalk.io/", old_base_url="https://oapi.dingtalk.io/")
    assert (made.base_url, made.old_base_url) == ("https://api.dingtalk.io", "https://oapi.dingtalk.io")


def test_the_adapters_own_words_exist_in_both_languages_and_fall_back_to_chinese() -> None:
    assert settings(locale="en").labels == LABELS["en"]
    assert settings(locale="fr").labels == settings().labels == LABELS["zh-CN"]
    assert LABELS["zh-CN"].in_words == "文字填写"
    assert LABELS["en"].in_words == "In words"
