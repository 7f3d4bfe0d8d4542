"""Cards: creating, delivering, updating; what is refused, what fails inside HTTP 200, and who sees what."""

from dataclasses import replace
from typing import Any

import pytest

from sandbox.dingtalk import CARD_TEMPLATE, Limits
from sandbox.dingtalk.card_instances import Cause
from sandbox.dingtalk.directory import union_id_of
from tests.contract.sandbox_dingtalk.harness import (
    APP,
    CARDS,
    HUA,
    LEI,
    OTHER_APP,
    WEI,
    Desk,
    card_body,
    open_desk,
    variables,
)

_BY_KEY = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}


def _map(**given: Any) -> dict[str, Any]:
    return {"cardParamMap": given}


def _shown(desk: Desk, user_id: str = LEI) -> dict[str, Any]:
    card: dict[str, Any] = desk.fake.messages_of(user_id)[-1]["card"]
    return card


async def test_a_card_is_created_and_delivered_in_one_call(desk: Desk) -> None:
    answer = await desk.deliver(card_body())
    (delivered,) = answer.body["result"]["deliverResults"]
    carrier = delivered.pop("carrierId")
    assert delivered == {"spaceType": "IM_ROBOT", "spaceId": LEI, "success": True, "errorMsg": ""}
    assert (answer.body["success"], answer.body["result"]["outTrackId"]) == (True, "card-1")
    (message,) = desk.fake.messages_of(LEI)
    assert (message["kind"], message["text"], message["version"], message["card"]["title"]) == (
        "card",
        None,
        1,
        "目标调整",
    )
    recall = {"robotCode": APP.client_id, "processQueryKeys": [carrier]}
    assert (await desk.call("POST", "/v1.0/robot/otoMessages/batchRecall", recall)).status == 200
    assert desk.fake.messages_of(LEI)[0]["recalled"] is True


async def test_two_steps_do_the_same(desk: Desk) -> None:
    body = card_body()
    address = {key: body.pop(key) for key in ("openSpaceId", "imRobotOpenDeliverModel")}
    created = await desk.call("POST", CARDS, body)
    assert created.body == {"success": True, "result": "card-1"}
    assert desk.fake.messages_of(LEI) == []
    delivered = await desk.call("POST", f"{CARDS}/deliver", {"outTrackId": "card-1", **address})
    assert [result["success"] for result in delivered.body["result"]] == [True]
    assert _shown(desk)["title"] == "目标调整"


_NO_MODEL = {"imRobotOpenSpaceModel": None}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outTrackId": ""}, "param.outTrackIdEmpty"),
        ({"openSpaceId": ""}, "param.openSpaceIdEmpty"),
        ({"openSpaceId": "IM_ROBOT.wanglei"}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//IM_ROBOT"}, "param.openSpaceIdInvalid"),
        ({"openSpaceId": "dtv1.card//IM_MOON.wanglei"}, "param.openSpaceIdInvalid"),
        ({"cardTemplateId": ""}, "param.cardTemplateIdEmpty"),
        ({"cardTemplateId": "foreign.schema"}, "param.templateNotExist"),
        ({"cardData": None}, "param.cardPublicDataEmpty"),
        ({"cardData": {}}, "param.invalid"),
        ({"cardData": {"cardParamMap": {"title": 3}}}, "param.invalid"),
        ({"cardData": {"cardParamMap": {"title": True}}}, "param.invalid"),
        ({"cardData": {"cardParamMap": {"buttons": []}}}, "param.invalid"),
        ({"cardData": {"cardParamMap": {"k" * 101: "x"}}}, "param.invalid"),
        ({"privateData": []}, "param.invalid"),
        ({"privateData": {"nobody": {"cardParamMap": {}}}}, "param.userIdNotExist"),
        ({"privateData": {LEI: {"cardParamMap": {"status": 1}}}}, "param.invalid"),
        (_NO_MODEL, "param.openSpaceModelInvalid"),
        ({"imRobotOpenDeliverModel": None}, "param.openDeliverModelEmpty"),
        ({"imRobotOpenDeliverModel": {"robotCode": "dingother"}}, "param.openDeliverModelError"),
        ({"callbackType": "SMOKE"}, "param.invalid"),
        ({"callbackType": "HTTP", "callbackRouteKey": "unknown"}, "param.invalid"),
        ({"userIdType": 3}, "param.invalid"),
    ],
)
async def test_a_bad_card_is_refused_and_nothing_is_kept(desk: Desk, changes: dict[str, Any], code: str) -> None:
    assert (await desk.deliver(card_body(**changes))).refusal == (400, code)
    assert desk.fake.messages_of(LEI) == []
    assert (await desk.deliver(card_body())).status == 200, "the id is still free"


async def test_an_out_track_id_is_used_once_for_ever(desk: Desk) -> None:
    await desk.card()
    desk.clock.advance(days=400)
    assert (await desk.deliver(card_body(WEI))).refusal == (400, "param.cardAlreadyExist")
    assert (await desk.call("POST", CARDS, card_body())).refusal == (400, "param.cardAlreadyExist")
    assert len(desk.fake.messages_of(LEI)) == 1


async def test_an_unpublished_template_is_refused() -> None:
    async with open_desk(apps=(replace(APP, templates=(replace(CARD_TEMPLATE, published=False),)),)) as desk:
        assert (await desk.deliver(card_body())).refusal == (400, "param.templateUnpublished")


async def test_an_app_without_templates_has_no_cards() -> None:
    async with open_desk(apps=(replace(APP, templates=()),)) as desk:
        assert (await desk.deliver(card_body())).refusal == (400, "param.templateNotExist")


@pytest.mark.parametrize(
    "space",
    ["IM_ROBOT.nobody", "IM_ROBOT.cidnothing==", "IM_GROUP.wanglei", "IM_SINGLE.cid1==", "ONE_BOX.cid1=="],
)
async def test_a_wrong_space_fails_inside_http_200(desk: Desk, space: str) -> None:
    models: dict[str, Any] = {
        "imGroupOpenSpaceModel": {},
        "imGroupOpenDeliverModel": {},
        "imSingleOpenSpaceModel": {},
        "imSingleOpenDeliverModel": {},
        "topOpenSpaceModel": {},
        "topOpenDeliverModel": {},
    }
    answer = await desk.deliver(card_body(openSpaceId=f"dtv1.card//{space}", **models))
    (result,) = answer.body["result"]["deliverResults"]
    assert (answer.status, result["success"], result["errorMsg"]) == (200, False, "spaceId is illegal")


async def test_one_delivery_of_several_can_fail(desk: Desk) -> None:
    answer = await desk.deliver(card_body(openSpaceId=f"dtv1.card//im_robot.{LEI};IM_ROBOT.nobody"))
    assert [result["success"] for result in answer.body["result"]["deliverResults"]] == [True, False]


async def test_a_delivery_can_be_told_to_fail(desk: Desk) -> None:
    desk.fake.set_fault("undeliverable", user_id=LEI, code="robot is not visible")
    (result,) = (await desk.deliver(card_body())).body["result"]["deliverResults"]
    assert (result["success"], result["errorMsg"]) == (False, "robot is not visible")
    assert desk.fake.messages_of(LEI) == []
    assert (await desk.deliver(card_body())).refusal == (400, "param.cardAlreadyExist"), "the card was created"


async def test_people_outside_of_the_usable_range_get_no_cards() -> None:
    async with open_desk(apps=(replace(APP, usable_range=frozenset({WEI})),)) as desk:
        (result,) = (await desk.deliver(card_body())).body["result"]["deliverResults"]
        assert result["success"] is False


async def test_people_can_be_named_by_unionid(desk: Desk) -> None:
    union_id = union_id_of(desk.fake.user(LEI))
    private = {union_id: _map(status="只给你")}
    answer = await desk.deliver(card_body(union_id, userIdType=2, privateData=private))
    assert answer.body["result"]["deliverResults"][0]["success"] is True
    assert _shown(desk)["status"] == "只给你"
    assert (await desk.deliver(card_body(union_id, "card-2"))).body["result"]["deliverResults"][0]["success"] is False


async def test_a_group_card_stands_in_the_group(desk: Desk) -> None:
    group = desk.fake.add_group("研发群", [LEI, WEI])
    models: dict[str, Any] = {"imGroupOpenSpaceModel": {}, "imGroupOpenDeliverModel": {"robotCode": APP.client_id}}
    await desk.deliver(card_body(openSpaceId=f"dtv1.card//IM_GROUP.{group}", **models))
    assert [message["kind"] for message in desk.fake.messages_of_group(group, WEI)] == ["card"]
    assert desk.fake.messages_of(WEI) == []


async def test_an_update_overwrites_the_whole_map_by_default(desk: Desk) -> None:
    await desk.card()
    answer = await desk.update("card-1", cardData=_map(status="已同意"))
    assert answer.body == {"success": True, "result": True}
    assert (_shown(desk)["status"], _shown(desk)["title"], _shown(desk)["buttons"]) == ("已同意", "", [])


async def test_an_update_by_key_keeps_the_rest(desk: Desk) -> None:
    await desk.card()
    await desk.update("card-1", cardData=_map(status="已同意"), cardUpdateOptions=_BY_KEY)
    assert (_shown(desk)["status"], _shown(desk)["title"]) == ("已同意", "目标调整")
    assert desk.fake.messages_of(LEI)[0]["version"] == 2


async def test_private_data_win_for_their_owner_alone(desk: Desk) -> None:
    await desk.deliver(card_body(openSpaceId=f"dtv1.card//IM_ROBOT.{LEI};IM_ROBOT.{HUA}"))
    await desk.update("card-1", privateData={HUA: _map(status="轮到你")}, cardUpdateOptions=_BY_KEY)
    await desk.update("card-1", cardData=_map(status="等待"), cardUpdateOptions=_BY_KEY)
    assert (_shown(desk, HUA)["status"], _shown(desk)["status"]) == ("轮到你", "等待")
    await desk.update("card-1", privateData={HUA: _map()})
    assert _shown(desk, HUA)["status"] == "等待"


async def test_every_face_is_remembered_with_its_cause(desk: Desk) -> None:
    await desk.card()
    desk.clock.advance(minutes=5)
    await desk.update("card-1", cardData=_map(status="一"), cardUpdateOptions=_BY_KEY)
    versions = desk.fake.versions("card-1", LEI)
    assert [(each.version, each.cause, each.variables["status"]) for each in versions] == [
        (1, Cause.DELIVERED, "open"),
        (2, Cause.UPDATED, "一"),
    ]
    assert versions[1].at_ms - versions[0].at_ms == 300_000


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"outTrackId": "", "cardData": _map()}, "param.outTrackIdEmpty"),
        ({"outTrackId": "unknown", "cardData": _map()}, "param.cardNotExist"),
        ({"outTrackId": "card-1"}, "param.cardDataAndPrivateDataBothEmpty"),
        ({"outTrackId": "card-1", "cardData": _map(status=1)}, "param.invalid"),
        ({"outTrackId": "card-1", "privateData": {"nobody": _map()}}, "param.userIdNotExist"),
    ],
)
async def test_a_bad_update_is_refused_and_changes_nothing(desk: Desk, body: dict[str, Any], code: str) -> None:
    await desk.card()
    assert (await desk.call("PUT", CARDS, body)).refusal == (400, code)
    assert desk.fake.messages_of(LEI)[0]["version"] == 1


async def test_another_apps_card_does_not_exist() -> None:
    async with open_desk(apps=(APP, OTHER_APP)) as desk:
        await desk.card()
        desk.become(OTHER_APP)
        assert (await desk.update("card-1", cardData=_map(status="x"))).refusal == (400, "param.cardNotExist")


async def test_cards_are_updated_without_a_limit_of_time(desk: Desk) -> None:
    await desk.card()
    desk.clock.advance(days=300)
    assert (await desk.update("card-1", cardData=_map(**variables(status="晚")))).status == 200


@pytest.mark.parametrize("call", ["create", "update"])
async def test_the_content_review_refuses_cards(desk: Desk, call: str) -> None:
    if call == "update":
        await desk.card()
    desk.fake.set_fault("content_unsafe")
    answer = await (desk.update("card-1", cardData=_map(status="x")) if call == "update" else desk.deliver(card_body()))
    assert answer.refusal == (400, "param.contentUnsafe")


async def test_undeclared_variables_are_complained_of_but_drawn_nowhere(desk: Desk) -> None:
    await desk.card(cardData=_map(**variables(colour="red")))
    assert "['colour']" in desk.fake.complaints[0]
    assert "colour" not in _shown(desk)


async def test_a_speaking_link_in_a_cards_body_is_complained_of(desk: Desk) -> None:
    await desk.card(cardData=_map(**variables(body="[好](dtmd://dingtalkclient/sendMessage?content=x)")))
    assert desk.fake.complaints == ["a card's body has a dtmd link, which does nothing there"]
    assert all(button["kind"] == "button" for button in desk.fake.messages_of(LEI)[0]["buttons"])


async def test_long_values_are_refused_only_where_the_limit_is_set() -> None:
    long = _map(**variables(body="长" * 400))
    async with open_desk() as desk:
        assert (await desk.deliver(card_body(cardData=long))).status == 200
    async with open_desk(limits=Limits(card_value_bytes=1024)) as desk:
        assert (await desk.deliver(card_body(cardData=long))).refusal == (400, "param.invalid")


async def test_streaming_replaces_or_lengthens_one_variable(desk: Desk) -> None:
    await desk.card()
    frame = {"outTrackId": "card-1", "guid": "g", "key": "body", "isFinalize": False, "isError": False}
    await desk.call("PUT", "/v1.0/card/streaming", {**frame, "content": "一", "isFull": True})
    await desk.call("PUT", "/v1.0/card/streaming", {**frame, "content": "二", "isFull": False})
    assert (_shown(desk)["body"], _shown(desk)["title"]) == ("一二", "目标调整")
    refused = await desk.call("PUT", "/v1.0/card/streaming", {**frame, "content": 3})
    assert refused.refusal == (400, "param.invalid")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"callbackRouteKey": ""}, (400, "param.callbackRouteKeyEmpty")),
        ({"callbackUrl": ""}, (400, "param.callbackUrlEmpty")),
        ({"callbackUrl": "https://example.invalid/other"}, (500, "param.callbackRouteKeyExist")),
        ({"callbackUrl": "https://example.invalid/other", "forceUpdate": True}, (200, None)),
        ({"apiSecret": "another"}, (200, None)),
    ],
)
async def test_an_address_for_clicks_is_registered(desk: Desk, changes: dict[str, Any], refusal: Any) -> None:
    path = "/v1.0/card/callbacks/register"
    body = {"callbackRouteKey": "fupan", "callbackUrl": "https://example.invalid/card", "apiSecret": "s"}
    first = await desk.call("POST", path, body)
    assert first.body["result"] == {"callbackUrl": "https://example.invalid/card", "apiSecret": "s"}
    assert (await desk.call("POST", path, {**body, **changes})).refusal == refusal


async def test_a_carrier_id_tells_who_has_read_the_card(desk: Desk) -> None:
    carrier = (await desk.deliver(card_body())).body["result"]["deliverResults"][0]["carrierId"]
    await desk.fake.open_chat(LEI)
    query = {"robotCode": APP.client_id, "processQueryKey": carrier}
    answer = await desk.call("GET", "/v1.0/robot/oToMessages/readStatus", params=query)
    assert [each["readStatus"] for each in answer.body["messageReadInfoList"]] == ["READ"]


async def test_a_card_that_is_delivered_twice_stands_in_the_chat_twice_with_one_face(desk: Desk) -> None:
    await desk.card()
    address = {"openSpaceId": f"dtv1.card//IM_ROBOT.{LEI}", "imRobotOpenDeliverModel": {}}
    assert (await desk.call("POST", f"{CARDS}/deliver", {"outTrackId": "card-1", **address})).status == 200
    await desk.update("card-1", cardData=_map(status="x"), cardUpdateOptions=_BY_KEY)
    assert [message["version"] for message in desk.fake.messages_of(LEI)] == [2, 2]


async def test_private_data_can_precede_the_delivery(desk: Desk) -> None:
    await desk.deliver(card_body(privateData={LEI: _map(tag="给你"), HUA: _map(tag="给他")}))
    assert (_shown(desk)["tag"], desk.fake.messages_of(LEI)[0]["version"]) == ("给你", 1)
    await desk.update("card-1", privateData={HUA: _map(tag="新")})
    assert desk.fake.messages_of(HUA) == []
    assert desk.fake.messages_of(LEI)[0]["version"] == 1
    address = {"openSpaceId": f"dtv1.card//IM_ROBOT.{HUA}", "imRobotOpenDeliverModel": {}}
    await desk.call("POST", f"{CARDS}/deliver", {"outTrackId": "card-1", **address})
    assert (_shown(desk, HUA)["tag"], desk.fake.messages_of(HUA)[0]["version"]) == ("新", 1)
