"""What a message may contain, per type: needed members, byte limits, media; cards are checked in `cards`.

Rules: wecom.md section 4. Over-long texts are cut off silently, at a whole character; a complaint tells it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.wecom.cards import check_card, oddities
from sandbox.wecom.media import has_media
from sandbox.wecom.refusals import Refusal
from sandbox.wecom.settings import MOST_BYTES_OF_TEXT
from sandbox.wecom.world import World

Content = dict[str, Any]

_TITLE_BYTES = 128
_DESCRIPTION_BYTES = 512
_URL_BYTES = 2048
_MOST_ARTICLES = 8


def read_content(world: World, body: Mapping[str, Any]) -> tuple[str, Content]:
    """The type and the content of a message, cut where the platform cuts.

    Raises:
        Refusal: 40008 for another type, else what is wrong with the content.
    """
    msg_type = body.get("msgtype")
    if not isinstance(msg_type, str) or msg_type not in _READERS:
        raise Refusal(40008)
    given = body.get(msg_type)
    if not isinstance(given, Mapping):
        raise Refusal(44004 if msg_type in ("text", "markdown") else 40058)
    return msg_type, _READERS[msg_type](world, dict(given))


def shown_text(msg_type: str, content: Mapping[str, Any]) -> str:
    """What a person reads of a message that is no template card."""
    if msg_type in ("text", "markdown"):
        return str(content["content"])
    if msg_type == "textcard":
        return f"{content['title']}\n{content['description']}"
    if msg_type == "news":
        return "\n".join(str(article["title"]) for article in content["articles"])
    return f"[{msg_type}]"


def cut(world: World, text: str, most_bytes: int, what: str) -> str:
    """A text as the platform keeps it: whole characters within so many bytes of UTF-8."""
    raw = text.encode()
    if len(raw) <= most_bytes:
        return text
    world.complain(f"{what} of {len(raw)} bytes was cut after {most_bytes}")
    return raw[:most_bytes].decode(errors="ignore")


def _text(world: World, given: Content) -> Content:
    content = given.get("content")
    if not isinstance(content, str) or not content:
        raise Refusal(44004)
    return {**given, "content": cut(world, content, MOST_BYTES_OF_TEXT, "content")}


def _textcard(world: World, given: Content) -> Content:
    title, description = _needed(given, "title", 41016), _needed(given, "description", 41033)
    url = _needed(given, "url", 41010)
    if "://" not in url or len(url.encode()) > _URL_BYTES:
        raise Refusal(40035)
    return {
        **given,
        "title": cut(world, title, _TITLE_BYTES, "title"),
        "description": cut(world, description, _DESCRIPTION_BYTES, "description"),
    }


def _news(world: World, given: Content) -> Content:
    articles = given.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= _MOST_ARTICLES:
        raise Refusal(40058)
    for article in articles:
        if not isinstance(article, Mapping):
            raise Refusal(40058)
        _needed(article, "title", 41016)
        if not (article.get("url") or article.get("appid")):
            raise Refusal(41010)
    kept = [{**article, "title": cut(world, article["title"], _TITLE_BYTES, "title")} for article in articles]
    return {**given, "articles": kept}


def _media(world: World, given: Content) -> Content:
    if not has_media(world, _needed(given, "media_id", 41006)):
        raise Refusal(40007)
    return given


def _template_card(world: World, given: Content) -> Content:
    check_card(given)
    for oddity in oddities(given, is_update=False):
        world.complain(oddity)
    return given


def _needed(given: Mapping[str, Any], key: str, code: int) -> str:
    value = given.get(key)
    if not isinstance(value, str) or not value:
        raise Refusal(code)
    return value


_READERS: Mapping[str, Callable[[World, Content], Content]] = {
    "text": _text,
    "markdown": _text,
    "textcard": _textcard,
    "news": _news,
    "image": _media,
    "file": _media,
    "voice": _media,
    "video": _media,
    "template_card": _template_card,
}
