"""How the process logs: one JSON object a line for machines, coloured lines for a person at a terminal, on stderr.

Every line has a constant `action` key; people read the rest. What people wrote and what proves identity never gets
into a line: keys that are named like it are dropped, and of exceptions that may quote a value only the class is told.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, ExcInfo, Processor

from domain.errors import FupanError

LEVELS = ("debug", "info", "warning", "error")
"""What `configure` takes, from much to little."""

OURS = ("adapters", "bot", "config", "domain", "handlers", "sandbox", "storage")
"""Loggers that follow the chosen level; libraries are heard from warnings on."""

PRIVATE = frozenset(
    {
        *("secret", "token", "password", "passwd", "credential", "authorization", "cookie", "signature"),
        *("text", "answer", "body", "bodies", "content", "draft", "words", "payload", "mail"),
    }
)
"""Words of a key, in the singular, that make it private. Counts of such things are named without them."""

PRIVATE_KEYS = re.compile(r"(^|_)(encrypt|encoding|aes|api|private|access)_?key$")
"""Keys of ciphers; the word alone also names the sentences of the catalogue."""

TELLING = (FupanError, OSError, TypeError, AttributeError, NameError, ImportError, RuntimeError)
"""Exceptions whose words hold names and numbers, never a person's text; of others the class alone is logged."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z_\W]+")


def configure(level: str, *, as_json: bool, stream: TextIO | None = None) -> None:
    """Send our log lines, and those of all libraries, to one stream.

    Args:
        level: One of `LEVELS`.
        as_json: One JSON object a line; otherwise lines for people, coloured where the stream is a terminal.
        stream: Where to; `None` is stderr.

    Raises:
        ValueError: The level is none of `LEVELS`.
    """
    if level not in LEVELS:
        raise ValueError(f"log level {level!r} is unknown; use one of {', '.join(LEVELS)}")
    target = stream or sys.stderr
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_PREPARING, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(target)
    rendering = _as_json() if as_json else _for_people(target)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=_PREPARING, processors=[ProcessorFormatter.remove_processors_meta, rendering]
        )
    )
    _route(handler, level.upper())


def _route(handler: logging.Handler, level: str) -> None:
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old.formatter, ProcessorFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    for name in OURS:
        logging.getLogger(name).setLevel(level)


def _as_json() -> Processor:
    return structlog.processors.JSONRenderer(
        lambda event, **_settings: json.dumps(event, ensure_ascii=False, default=_type_name)
    )


def _for_people(stream: TextIO) -> Processor:
    # Never with rich's tracebacks: they show local variables, and people's texts are among them.
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)


def _type_name(value: object) -> str:
    return f"<{type(value).__name__}>"


def with_action(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Give a library's line, which has no `action`, one made of the logger's name."""
    event.setdefault("action", f"library.{event.get('logger') or 'unknown'}")
    return event


def without_private(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Drop every key, at any depth, whose name says that people's words or a secret are behind it."""
    for key in [key for key in event if is_private(key)]:
        del event[key]
    for key, value in event.items():
        if isinstance(value, Mapping):
            event[key] = _cleaned(value)
    return event


def _cleaned(inside: Mapping[Any, Any]) -> Mapping[Any, Any]:
    kept = {key: value for key, value in inside.items() if not is_private(str(key))}
    return {key: _cleaned(value) if isinstance(value, Mapping) else value for key, value in kept.items()}


def is_private(key: str) -> bool:
    """Tell whether a key is named like something that must not be logged: `app_secret`, `bodyText`, `answers`."""
    words = [word.casefold() for word in _WORD.findall(key)]
    return any(word in PRIVATE or word.removesuffix("s") in PRIVATE for word in words) or bool(
        PRIVATE_KEYS.search("_".join(words))
    )


def _traceback_text(exc_info: ExcInfo) -> str:
    return "\n\nthis led to:\n\n".join(map(_told_with_frames, reversed(list(_roots(exc_info[1], set())))))


def _roots(error: BaseException, seen: set[int]) -> Iterator[BaseException]:
    """Yield an error, then those that led to it and those that it groups, nearest first."""
    if id(error) in seen:
        return
    seen.add(id(error))
    yield error
    led_to_it = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    grouped = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for each in (led_to_it, *grouped):
        if each is not None:
            yield from _roots(each, seen)


def _told_with_frames(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback (most recent call last):\n{frames}{_told(error)}"


def _told(error: BaseException) -> str:
    name = type(error).__name__
    return f"{name}: {error}" if isinstance(error, TELLING) and str(error) else name


_PREPARING: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    with_action,
    without_private,
    structlog.processors.ExceptionRenderer(_traceback_text),
)
