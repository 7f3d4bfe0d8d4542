"""Is this a card that the platform would create? Checks schema 2.0 strictly and the older one tolerantly."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sandbox.feishu import card_schema as schema
from sandbox.feishu.card_components import SPECIAL
from sandbox.feishu.card_model import (
    BAD_IMAGE,
    BAD_JSON,
    BAD_NAME,
    BAD_PERSON,
    GONE_TAG,
    NO_TEMPLATE,
    TOO_MANY,
    CardFault,
    Element,
    References,
    as_list,
    as_object,
    elements_in,
    is_v2,
    one_of,
    only,
    submits,
)

_ELEMENT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,19}", re.ASCII)
_PERSON_TAG = re.compile(r"<(?:at|person)\s+(?:user_id|id)\s*=\s*[\"']?([^\"'\s/>]+)")
_MARKDOWN_IMAGE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")


def check_card(card: Mapping[str, Any], references: References) -> None:
    """Check a decoded card.

    Raises:
        CardFault: It would not be created.
    """
    if card.get("type") in ("template", "card") and "data" in card:
        raise CardFault(NO_TEMPLATE, "", "template or card entity does not exist", str(card["type"]))
    if is_v2(card):
        _Check(references).card(card)
    elif card.get("schema", "1.0") != "1.0":
        raise CardFault(BAD_JSON, "", "parse card json err", f"unknown schema: {card['schema']!r}")
    elif not isinstance(card.get("elements", []), list):
        raise CardFault(BAD_JSON, "ROOT -> elements", "parse card json err", "elements is not an array")


class _Check:
    """One walk through one card."""

    def __init__(self, references: References) -> None:
        self._references = references

    def card(self, card: Element) -> None:
        only(card, schema.CARD_ATTRIBUTES, "ROOT")
        self._config(as_object(card, "config", "ROOT"))
        only(as_object(card, "card_link", "ROOT"), schema.LINK_ATTRIBUTES, "ROOT -> card_link")
        self._header(as_object(card, "header", "ROOT"))
        body = as_object(card, "body", "ROOT")
        only(body, schema.BODY_ATTRIBUTES, "ROOT -> body")
        self._children(body, "elements", "ROOT -> body", 0, None)
        self._whole(card)

    def _config(self, config: Element) -> None:
        path = "ROOT -> config"
        only(config, schema.CONFIG_ATTRIBUTES, path)
        if config.get("update_multi", True) is not True:
            raise CardFault(BAD_JSON, path, "cards of schema V2 are always shared", "update_multi")
        one_of(config.get("width_mode", "default"), schema.WIDTHS, f"{path} -> width_mode")

    def _header(self, header: Element) -> None:
        path = "ROOT -> header"
        only(header, schema.HEADER_ATTRIBUTES, path)
        one_of(header.get("template", "default"), schema.TEMPLATES, f"{path} -> template")
        for key in ("title", "subtitle"):
            self._text(header.get(key), f"{path} -> {key}")
        self._icon(header.get("icon"), path)
        tags = as_list(header, "text_tag_list", path)
        if len(tags) > schema.MOST_TEXT_TAGS:
            raise CardFault(TOO_MANY, path, "text tag number over limit", str(len(tags)))
        for tag in tags:
            only(tag, schema.TEXT_TAG_ATTRIBUTES, f"{path} -> text_tag_list")
            self._text(tag.get("text"), f"{path} -> text_tag_list")

    def _children(self, parent: Element, key: str, path: str, depth: int, form: str | None) -> None:
        for index, child in enumerate(as_list(parent, key, path)):
            if not isinstance(child, dict) or not isinstance(child.get("tag"), str):
                raise CardFault(BAD_JSON, f"{path} -> {key} -> [{index}]", "parse card json err", "element without tag")
            self._element(child, f"{path} -> {key} -> [{index}](tag: {child['tag']})", depth, form)

    def _element(self, element: Element, path: str, depth: int, form: str | None) -> None:
        tag = element["tag"]
        self._known(element, tag, path)
        if tag in schema.CONTAINERS:
            depth += 1
            if depth > schema.MOST_CONTAINERS_DEEP:
                raise CardFault(TOO_MANY, path, "containers are nested too deep", str(depth))
        if tag in ("form", "table") and depth > (1 if tag == "form" else 0):
            raise CardFault(BAD_JSON, path, f"{tag} can only be placed at the root of the card", tag)
        if tag == "form":
            form = self._form(element, path)
        if form is not None and tag in schema.NAMED and not element.get("name"):
            raise CardFault(BAD_NAME, path, "name is required for components in a form", tag)
        self._parts(element, path)
        if tag in SPECIAL:
            SPECIAL[tag](element, path)
        for key in ("elements", "columns") if tag != "table" else ():
            self._children(element, key, path, depth, form)
        if tag == "checker":
            self._children(as_object(element, "button_area", path), "buttons", f"{path} -> button_area", depth, form)

    def _known(self, element: Element, tag: str, path: str) -> None:
        if tag in schema.GONE_FROM_V2:
            message = "cards of schema V2 no longer support this capability"
            raise CardFault(GONE_TAG, path, message, f"unsupported tag {tag}")
        if tag not in schema.COMPONENTS:
            raise CardFault(BAD_JSON, path, "parse card json err", f"not support tag: {tag}")
        only(element, schema.COMPONENTS[tag], path)
        for (owner, attribute), words in schema.WORDS.items():
            if owner == tag and attribute in element:
                one_of(element[attribute], words, f"{path} -> {attribute}")

    def _form(self, element: Element, path: str) -> str:
        if not element.get("name"):
            raise CardFault(BAD_NAME, path, "name is required for a form", "form")
        if not any(submits(each) for each in elements_in(element.get("elements"))):
            raise CardFault(BAD_JSON, path, "a form needs a button that submits it", str(element["name"]))
        return str(element["name"])

    def _parts(self, element: Element, path: str) -> None:
        for key in ("text", "placeholder", "label", "hover_tips", "disabled_tips", "alt", "title"):
            self._text(element.get(key), f"{path} -> {key}")
        self._icon(element.get("icon"), path)
        self._confirm(element.get("confirm"), f"{path} -> confirm")
        for behavior in as_list(element, "behaviors", path):
            kind = behavior.get("type") if isinstance(behavior, dict) else None
            one_of(kind, frozenset(schema.BEHAVIORS), f"{path} -> behaviors")
            only(behavior, schema.BEHAVIORS[str(kind)], f"{path} -> behaviors")
        if "img_key" in element:
            self._image(str(element["img_key"]), path)

    def _confirm(self, confirm: Any, path: str) -> None:
        if not confirm:
            return
        only(confirm, schema.CONFIRM_ATTRIBUTES, path)
        if not confirm.get("title"):
            raise CardFault(BAD_JSON, path, "title is required in confirm", "confirm")
        self._text(confirm["title"], f"{path} -> title")
        self._text(confirm.get("text"), f"{path} -> text")

    def _text(self, text: Any, path: str) -> None:
        if not text:
            return
        if not isinstance(text, dict) or text.get("tag", "plain_text") not in (*schema.TEXTS, "markdown"):
            raise CardFault(BAD_JSON, path, "parse card json err", "not a text object")
        if text.get("tag") == "markdown":
            return
        only(text, schema.TEXT_ATTRIBUTES, path)
        if not isinstance(text.get("content", ""), str):
            raise CardFault(BAD_JSON, path, "parse card json err", "content is not a string")

    def _icon(self, icon: Any, path: str) -> None:
        if icon:
            only(icon, schema.ICON_ATTRIBUTES, f"{path} -> icon")
            if icon.get("tag") == "custom_icon":
                self._image(str(icon.get("img_key", "")), f"{path} -> icon")

    def _image(self, key: str, path: str) -> None:
        if not self._references.has_image(key):
            raise CardFault(BAD_IMAGE, path, "card contains invalid image keys", f"image key {key}")

    def _whole(self, card: Element) -> None:
        elements = list(elements_in({"header": card.get("header"), "body": card.get("body")}))
        counted = [each for each in elements if each["tag"] not in ("standard_icon", "custom_icon")]
        if len(counted) > schema.MOST_ELEMENTS:
            raise CardFault(TOO_MANY, "", "element exceeds the limit", str(len(counted)))
        if sum(each["tag"] == "table" for each in elements) > schema.MOST_TABLES:
            raise CardFault(TOO_MANY, "", "card table number over limit", "table")
        _once([str(each["name"]) for each in elements if each["tag"] in (*schema.NAMED, "form") and each.get("name")])
        _once([str(each["element_id"]) for each in elements if each.get("element_id")])
        for each in elements:
            if "element_id" in each and not _ELEMENT_ID.fullmatch(str(each["element_id"])):
                raise CardFault(BAD_JSON, "", "element_id is invalid", str(each["element_id"]))
            self._mentions(each)

    def _mentions(self, element: Element) -> None:
        people = [str(element[key]) for key in ("user_id",) if element["tag"] == "person" and key in element]
        people += [str(only(each, frozenset({"id"}), "persons").get("id")) for each in as_list(element, "persons", "")]
        if element["tag"] in ("select_person", "multi_select_person"):
            options = (only(each, frozenset({"value"}), "options") for each in as_list(element, "options", ""))
            people += [str(option.get("value")) for option in options]
        if element["tag"] in ("markdown", "lark_md"):
            content = str(element.get("content", ""))
            people += [each for each in _PERSON_TAG.findall(content) if each != "all"]
            for key in _MARKDOWN_IMAGE.findall(content):
                self._image(key, "")
        for person in people:
            if not self._references.has_person(person):
                raise CardFault(BAD_PERSON, "", "There is an invalid user resource(at/person) in your card", person)


def _once(names: list[str]) -> None:
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise CardFault(BAD_NAME, "", "a name is used more than once", ", ".join(repeated))
