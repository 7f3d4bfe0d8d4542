"""Reading what apps say about cards: variables, people, spaces (dingtalk.md sections 7.1 to 7.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.dingtalk.calls import ApiCall
from sandbox.dingtalk.card_face import problems_of
from sandbox.dingtalk.faults import FaultKind
from sandbox.dingtalk.refusals import refusal
from sandbox.dingtalk.settings import MOST_BYTES_OF_KEY, FakeDingTalkApp, Template
from sandbox.dingtalk.world import World

SPACE_PREFIX = "dtv1.card//"

SPACE_MODELS: Mapping[str, tuple[str, str]] = {
    "IM_ROBOT": ("imRobotOpenSpaceModel", "imRobotOpenDeliverModel"),
    "IM_GROUP": ("imGroupOpenSpaceModel", "imGroupOpenDeliverModel"),
    "IM_SINGLE": ("imSingleOpenSpaceModel", "imSingleOpenDeliverModel"),
    "ONE_BOX": ("topOpenSpaceModel", "topOpenDeliverModel"),
}
"""The member that describes a space at creation, and the one that describes the delivery to it."""

_ALWAYS_KNOWN = {"sys_full_json_obj"}
_OPTIONS = ("updateCardDataByKey", "updatePrivateDataByKey")


def track_id(call: ApiCall) -> str:
    """`outTrackId`.

    Raises:
        Refusal: `param.outTrackIdEmpty`.
    """
    found = call.text("outTrackId")
    if not found:
        raise refusal("param.outTrackIdEmpty")
    return found


def template_of(call: ApiCall) -> Template:
    """The named template of the calling app.

    Raises:
        Refusal: `param.cardTemplateIdEmpty`, `param.templateNotExist`, `param.templateUnpublished`.
    """
    template_id = call.text("cardTemplateId")
    if not template_id:
        raise refusal("param.cardTemplateIdEmpty")
    template = call.app.template(template_id)
    if template is None:
        raise refusal("param.templateNotExist")
    if not template.published:
        raise refusal("param.templateUnpublished")
    return template


def public_variables(world: World, template: Template, call: ApiCall) -> dict[str, str] | None:
    """`cardData.cardParamMap`, None where there is none.

    Raises:
        Refusal: `param.invalid` where a value is no string, `param.contentUnsafe` by the content review.
    """
    if call.body.get("cardData") is None:
        return None
    variables = param_map(world, template, call.body["cardData"])
    if world.faults.take(FaultKind.CONTENT_UNSAFE):
        raise refusal("param.contentUnsafe")
    return variables


def private_variables(world: World, template: Template, call: ApiCall) -> dict[str, dict[str, str]]:
    """`privateData` by `userid`, whichever type of id the app used.

    Raises:
        Refusal: `param.invalid`, `param.userIdNotExist`.
    """
    given = call.body.get("privateData")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise refusal("param.invalid", "privateData must be an object")
    found = {}
    for key, value in given.items():
        user = world.directory.resolve(key, user_id_type(call))
        if user is None:
            raise refusal("param.userIdNotExist")
        found[user.user_id] = param_map(world, template, value)
    return found


def user_id_type(call: ApiCall) -> int:
    """`userIdType`, by default 1.

    Raises:
        Refusal: `param.invalid`.
    """
    found = call.body.get("userIdType", 1)
    if found not in (1, 2) or isinstance(found, bool):
        raise refusal("param.invalid", "userIdType is 1 or 2")
    return int(found)


def param_map(world: World, template: Template, data: Any) -> dict[str, str]:
    """The variables in an object with `cardParamMap`.

    Raises:
        Refusal: `param.invalid`.
    """
    given = data.get("cardParamMap") if isinstance(data, dict) else None
    if not isinstance(given, dict):
        raise refusal("param.invalid", "cardParamMap must be an object")
    problem = map_problem(world, given)
    if problem:
        raise refusal("param.invalid", problem)
    strangers = sorted(set(given) - set(template.variables) - _ALWAYS_KNOWN)
    if strangers:
        world.complain(f"the template {template.template_id} declares no variables {strangers}")
    for sentence in problems_of(given):
        world.complain(sentence)
    return dict(given)


def map_problem(world: World, given: Mapping[str, Any]) -> str:
    """What is wrong with a `cardParamMap`, empty where nothing is."""
    longest = world.limits.card_value_bytes
    for key, value in given.items():
        if not isinstance(value, str):
            return f"the value of {key} must be a string"
        if len(key.encode()) > MOST_BYTES_OF_KEY:
            return "a key is too long"
        if longest is not None and len(value.encode()) > longest:
            return f"the value of {key} is too long"
    return ""


def by_key_options(options: Any) -> tuple[bool, bool]:
    """Whether public and private variables are merged by key; the default is to overwrite them whole."""
    given = options if isinstance(options, dict) else {}
    return given.get(_OPTIONS[0]) is True, given.get(_OPTIONS[1]) is True


def spaces_of(call: ApiCall) -> list[tuple[str, str]]:
    """The addresses in `openSpaceId` as pairs of type and id.

    Raises:
        Refusal: `param.openSpaceIdEmpty`, `param.openSpaceIdInvalid`.
    """
    address = call.text("openSpaceId")
    if not address:
        raise refusal("param.openSpaceIdEmpty")
    if not address.startswith(SPACE_PREFIX):
        raise refusal("param.openSpaceIdInvalid")
    found = []
    for part in address.removeprefix(SPACE_PREFIX).split(";"):
        kind, dot, space_id = part.partition(".")
        # The platform's own example writes the type in lower case.
        if not dot or not space_id or kind.upper() not in SPACE_MODELS:
            raise refusal("param.openSpaceIdInvalid")
        found.append((kind.upper(), space_id))
    return found


def check_models(call: ApiCall, kinds: list[str], created_with: tuple[str, ...]) -> None:
    """Check that every addressed space has its model of creation and of delivery; surplus ones do not matter.

    Raises:
        Refusal: `param.openSpaceModelInvalid`, `param.openDeliverModelEmpty`, `param.openDeliverModelError`.
    """
    for kind in kinds:
        if kind not in created_with:
            raise refusal("param.openSpaceModelInvalid", SPACE_MODELS[kind][0])
        model = call.body.get(SPACE_MODELS[kind][1])
        if model is None:
            raise refusal("param.openDeliverModelEmpty", SPACE_MODELS[kind][1])
        if not isinstance(model, dict) or not _own_robot(call.app, model):
            raise refusal("param.openDeliverModelError", SPACE_MODELS[kind][1])


def space_models(call: ApiCall) -> tuple[str, ...]:
    """The types of the spaces that a card is created for."""
    return tuple(kind for kind, (model, _) in SPACE_MODELS.items() if isinstance(call.body.get(model), dict))


def last_message(call: ApiCall, kind: str, variables: Mapping[str, str]) -> str:
    """The line that the list of chats shows: `lastMessageI18n`, else the card's title."""
    model = call.body.get(SPACE_MODELS[kind][0])
    lines = model.get("lastMessageI18n") if isinstance(model, dict) else None
    if isinstance(lines, dict) and lines:
        return str(lines.get("ZH_CN") or next(iter(lines.values())))
    return variables.get("title", "")


def _own_robot(app: FakeDingTalkApp, model: Mapping[str, Any]) -> bool:
    # The vendor's own client leaves the robot's code out for 1:1 chats.
    return bool(model.get("robotCode", app.client_id) == app.client_id)
