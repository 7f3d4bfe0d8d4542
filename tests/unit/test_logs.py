"""What a log line holds: always an action, never people's words or secrets; and where lines of libraries go."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import logs
from domain.errors import Refused


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Take back what `configure` changes for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.OURS}
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


class Lines:
    """A stream that remembers lines.

    Args:
        level: From which level on.
        as_json: In which form.
    """

    def __init__(self, level: str = "info", *, as_json: bool = True) -> None:
        self._stream = io.StringIO()
        logs.configure(level, as_json=as_json, stream=self._stream)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def only(self) -> dict[str, Any]:
        [line] = self.all
        return line


log = structlog.get_logger("bot.test")


def test_a_line_is_one_json_object_with_its_action() -> None:
    lines = Lines()
    log.info("serving 复盘", action="service.started", organisations=2)
    assert (
        lines.only.items()
        >= {
            "event": "serving 复盘",
            "action": "service.started",
            "organisations": 2,
            "level": "info",
            "logger": "bot.test",
        }.items()
    )
    assert "复盘" in lines.text
    assert lines.only["timestamp"].endswith("Z")


def test_people_read_a_line_with_the_same_parts() -> None:
    lines = Lines(as_json=False)
    log.info("serving", action="service.started", organisations=2)
    assert "serving" in lines.text
    assert "action=service.started" in lines.text
    assert "\x1b" not in lines.text


@pytest.mark.parametrize(
    "key",
    [
        *(
            "secret",
            "app_secret",
            "appSecret",
            "secrets",
            "token",
            "verification_token",
            "tenantAccessToken",
            "password",
        ),
        *(
            "text",
            "body",
            "rawBody",
            "answers",
            "answer",
            "draft",
            "content",
            "mail",
            "payload",
            "words",
            "Authorization",
        ),
        *("encrypt_key", "encryptKey", "aes_key", "api_key", "EncodingAESKey", "cookie", "signature", "credentials"),
    ],
)
def test_a_key_named_like_a_secret_or_like_words_is_dropped(key: str) -> None:
    lines = Lines()
    log.info("x", action="x", **{key: "nobody may see this"}, org="acme")
    assert "nobody may see this" not in lines.text
    assert key not in lines.only
    assert lines.only["org"] == "acme"


@pytest.mark.parametrize(
    "key", ["key", "code", "org", "lane", "message", "context", "pieces", "event_id", "answered", "tokenless"]
)
def test_other_keys_stay(key: str) -> None:
    lines = Lines()
    log.info("x", action="x", **{key: "seen"})
    assert lines.only.get(key) == "seen"


@given(depth=st.integers(1, 5), name=st.sampled_from(sorted(logs.PRIVATE)))
def test_private_keys_are_dropped_at_any_depth(depth: int, name: str) -> None:
    inside: dict[str, Any] = {name: "geheim", "count": 1}
    for _ in range(depth):
        inside = {"part": inside}
    kept = logs.without_private(None, "info", {"event": "x", **inside})
    assert "geheim" not in str(kept)
    assert "count" in str(kept)


def test_an_object_is_named_by_its_type_and_not_shown() -> None:
    lines = Lines()
    log.info("x", action="x", thing=Refused("a key", {"words": "geheim"}))
    assert lines.only["thing"] == "<Refused>"


def test_an_error_of_ours_tells_its_words() -> None:
    lines = Lines()
    _log_raised(Refused("checkin.gone"))
    assert lines.only["exception"].endswith("Refused: checkin.gone")
    assert "test_logs.py" in lines.only["exception"]


@pytest.mark.parametrize("as_json", [True, False])
def test_an_error_that_may_quote_a_value_tells_its_class_only(as_json: bool) -> None:
    lines = Lines(as_json=as_json)
    _log_raised(ValueError("invalid literal for int(): 'my diary'"))
    assert "ValueError" in lines.text
    assert "diary" not in lines.text


def test_what_led_to_an_error_is_told_first_in_the_same_way() -> None:
    lines = Lines()
    error = RuntimeError("outer")
    error.__cause__ = KeyError("my diary")
    _log_raised(error)
    text = lines.only["exception"]
    assert text.index("KeyError") < text.index("this led to") < text.index("RuntimeError: outer")
    assert "diary" not in text


def test_the_errors_of_a_group_are_told_one_by_one() -> None:
    lines = Lines()
    _log_raised(ExceptionGroup("several", [OSError(28, "No space left"), ValueError("my diary")]))
    assert "No space left" in lines.only["exception"]
    assert "ValueError" in lines.only["exception"]
    assert "diary" not in lines.only["exception"]


def test_errors_that_led_to_one_another_end() -> None:
    lines = Lines()
    first, second = RuntimeError("first"), RuntimeError("second")
    first.__cause__, second.__cause__ = second, first
    _log_raised(first)
    assert lines.only["exception"].count("RuntimeError") == 2


def _log_raised(error: Exception) -> None:
    try:
        raise error
    except Exception:
        log.exception("it failed", action="test.failed")


def test_nothing_below_the_level_is_written() -> None:
    lines = Lines("warning")
    log.info("quiet", action="x")
    log.warning("loud", action="x")
    assert [line["event"] for line in lines.all] == ["loud"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="debug, info, warning, error"):
        logs.configure("loud", as_json=True)


def test_libraries_are_heard_from_warnings_on_with_an_action_of_their_own() -> None:
    lines = Lines("debug")
    library = logging.getLogger("aiohttp.server")
    library.info("GET /callback?token=geheim")
    library.warning("something %s", "odd")
    assert (
        lines.only.items() >= {"event": "something odd", "action": "library.aiohttp.server", "level": "warning"}.items()
    )


def test_a_library_s_exception_is_cut_down_too() -> None:
    lines = Lines()
    typed = "my diary"
    try:
        int(typed)
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error handling request")
    assert "ValueError" in lines.only["exception"]
    assert "diary" not in lines.text


def test_warnings_of_python_are_lines_too() -> None:
    lines = Lines()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    assert "old" in lines.only["event"]
    assert lines.only["action"] == "library.py.warnings"


def test_what_is_bound_to_the_context_is_in_every_line() -> None:
    lines = Lines()
    with structlog.contextvars.bound_contextvars(org="acme", token="geheim"):
        log.info("x", action="x")
    assert lines.only["org"] == "acme"
    assert "geheim" not in lines.text


def test_configuring_again_replaces_the_first_stream() -> None:
    first, second = Lines(), Lines()
    log.info("x", action="x")
    assert first.text == ""
    assert second.only["event"] == "x"
