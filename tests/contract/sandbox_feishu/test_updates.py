"""Updating, editing, recalling and reading back messages; urgency, readers and images."""

import json
from io import BytesIO

import aiohttp
import pytest

from tests.contract.sandbox_feishu.harness import (
    APP,
    IM,
    LEI,
    OTHER_APP,
    WEI,
    Answer,
    Desk,
    checkin_card,
    open_desk,
    plain_card,
)

_PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
_SHARED_V1 = {"config": {"update_multi": True}, "elements": []}


async def test_a_patch_puts_a_new_card_in_place_and_every_version_is_kept(desk: Desk) -> None:
    message_id = await desk.card_id(LEI, plain_card("一"))
    answer = await desk.patch(message_id, plain_card("二"))
    assert answer.body == {"code": 0, "msg": "ok", "data": {}}
    (seen,) = desk.fake.messages_of(LEI)
    assert (seen["version"], seen["card"]) == (2, plain_card("二"))
    versions = desk.fake.versions(message_id)
    assert [(each.content, each.cause) for each in versions] == [
        (plain_card("一"), "sent"),
        (plain_card("二"), "patched"),
    ]


async def test_a_card_can_be_patched_for_just_under_fourteen_days(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    desk.clock.advance(days=13, hours=23, minutes=59)
    assert (await desk.patch(message_id, plain_card("二"))).code == 0
    desk.clock.advance(minutes=1)
    assert (await desk.patch(message_id, plain_card("三"))).refusal == (400, 230031)


async def test_a_recalled_card_is_not_patched(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    assert (await desk.call("DELETE", f"{IM}/messages/{message_id}")).code == 0
    assert desk.fake.messages_of(LEI)[0]["recalled"] is True
    assert (await desk.patch(message_id, plain_card("二"))).refusal == (400, 230011)


async def test_only_cards_are_patched(desk: Desk) -> None:
    message_id = (await desk.send_text(LEI)).data["message_id"]
    assert (await desk.patch(message_id, plain_card("二"))).refusal == (400, 230001)


async def test_a_persons_message_is_not_the_bots_to_change(desk: Desk) -> None:
    message_id = await desk.fake.say(LEI, "你好")
    path = f"{IM}/messages/{message_id}"
    text = {"msg_type": "text", "content": '{"text":"好"}'}
    assert (await desk.patch(message_id, plain_card("二"))).refusal == (400, 230027)
    assert (await desk.call("PUT", path, text)).refusal == (400, 230071)
    assert (await desk.call("DELETE", path)).refusal == (400, 230026)
    assert (await desk.call("GET", f"{path}/read_users", params={"user_id_type": "open_id"})).refusal == (400, 230012)
    assert (await desk.call("PATCH", f"{path}/urgent_app", {"user_id_list": [LEI]})).refusal == (400, 230012)


async def test_another_apps_message_is_not_found() -> None:
    async with open_desk(apps=(APP, OTHER_APP)) as desk:
        message_id = await desk.card_id(LEI)
        desk.become(OTHER_APP)
        assert (await desk.patch(message_id, plain_card("二"))).refusal == (400, 230001)


async def test_a_card_of_schema_two_does_not_become_one_of_schema_one(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    answer = await desk.patch(message_id, _SHARED_V1)
    assert answer.refusal == (400, 230099)
    assert "ErrCode: 200830" in answer.body["msg"]


async def test_an_old_card_must_be_shared_before_and_after_to_be_patched(desk: Desk) -> None:
    lone, shared = await desk.card_id(LEI, {"elements": []}), await desk.card_id(LEI, _SHARED_V1)
    assert (await desk.patch(lone, _SHARED_V1)).refusal == (400, 230001)
    assert (await desk.patch(shared, {"elements": []})).refusal == (400, 230001)
    assert (await desk.patch(shared, _SHARED_V1)).code == 0


async def test_a_bad_card_is_refused_in_a_patch_too(desk: Desk) -> None:
    message_id = await desk.card_id(LEI)
    bad = {"schema": "2.0", "body": {"elements": [{"tag": "note", "elements": []}]}}
    assert (await desk.patch(message_id, bad)).refusal == (400, 230099)
    assert (await desk.patch(message_id, plain_card("x" * 31_000))).refusal == (400, 230025)
    assert desk.fake.messages_of(LEI)[0]["version"] == 1


async def _edit(desk: Desk, message_id: str, content: str, msg_type: str = "text") -> Answer:
    body = {"msg_type": msg_type, "content": json.dumps({"text": content})}
    return await desk.call("PUT", f"{IM}/messages/{message_id}", body)


async def test_a_text_is_edited_twenty_times_and_no_more(desk: Desk) -> None:
    message_id = (await desk.send_text(LEI)).data["message_id"]
    for number in range(20):
        assert (await _edit(desk, message_id, str(number))).data["updated"] is True
    assert (await _edit(desk, message_id, "20")).refusal == (400, 230072)
    assert desk.fake.messages_of(LEI)[0]["text"] == "19"


async def test_a_card_is_not_edited_and_nothing_recalled_is(desk: Desk) -> None:
    card = await desk.card_id(LEI)
    assert (await _edit(desk, card, "x", "interactive")).refusal == (400, 230054)
    text = (await desk.send_text(LEI)).data["message_id"]
    await desk.call("DELETE", f"{IM}/messages/{text}")
    assert (await _edit(desk, text, "x")).refusal == (400, 230011)
    assert (await desk.call("DELETE", f"{IM}/messages/{text}")).refusal == (400, 230011)


async def test_after_a_day_nothing_is_recalled(desk: Desk) -> None:
    message_id = (await desk.send_text(LEI)).data["message_id"]
    desk.clock.advance(days=1)
    assert (await desk.call("DELETE", f"{IM}/messages/{message_id}")).refusal == (400, 230009)


async def test_a_message_is_read_back_and_a_recalled_one_without_its_content(desk: Desk) -> None:
    message_id = (await desk.send_text(LEI, "秘密")).data["message_id"]
    (item,) = (await desk.call("GET", f"{IM}/messages/{message_id}")).data["items"]
    assert (item["message_id"], item["deleted"]) == (message_id, False)
    await desk.call("DELETE", f"{IM}/messages/{message_id}")
    (item,) = (await desk.call("GET", f"{IM}/messages/{message_id}")).data["items"]
    assert item["deleted"] is True
    assert "秘密" not in item["body"]["content"]


async def test_a_chat_is_listed_page_by_page_within_a_span_of_seconds(desk: Desk) -> None:
    chat_id = (await desk.send_text(LEI, "0")).data["chat_id"]
    for number in range(1, 5):
        desk.clock.advance(seconds=10)
        desk.clock.wait(1)
        await desk.send_text(LEI, str(number))
    await desk.fake.say(LEI, "我")
    start = int(desk.clock.present.timestamp()) - 30
    params = {"container_id_type": "chat", "container_id": chat_id, "start_time": str(start), "page_size": "2"}
    seen: list[str] = []
    page = (await desk.call("GET", f"{IM}/messages", params=params)).data
    while True:
        seen += [json.loads(item["body"]["content"])["text"] for item in page["items"]]
        if not page["has_more"]:
            break
        page = (await desk.call("GET", f"{IM}/messages", params={**params, "page_token": page["page_token"]})).data
    assert seen == ["1", "2", "3", "4", "我"]
    assert page["items"][-1]["sender"]["id"] == LEI
    newest = (await desk.call("GET", f"{IM}/messages", params={**params, "sort_type": "ByCreateTimeDesc"})).data
    assert json.loads(newest["items"][0]["body"]["content"])["text"] == "我"


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"container_id_type": "chat", "container_id": "oc_nobody"}, 230002),
        ({"container_id_type": "thing"}, 99992402),
        ({"container_id_type": "chat", "container_id": "{chat}", "start_time": "gestern"}, 230001),
        ({"container_id_type": "chat", "container_id": "{chat}", "page_size": "51"}, 230001),
        ({"container_id_type": "chat", "container_id": "{chat}", "page_token": "x"}, 230001),
    ],
)
async def test_a_bad_listing_is_refused(desk: Desk, params: dict[str, str], code: int) -> None:
    chat_id = (await desk.send_text(LEI)).data["chat_id"]
    asked = {key: value.replace("{chat}", chat_id) for key, value in params.items()}
    assert (await desk.call("GET", f"{IM}/messages", params=asked)).refusal == (400, code)


async def test_who_opened_the_chat_has_read_it(desk: Desk) -> None:
    message_id = (await desk.send_text(LEI)).data["message_id"]
    path, params = f"{IM}/messages/{message_id}/read_users", {"user_id_type": "open_id"}
    assert (await desk.call("GET", path, params=params)).data["items"] == []
    desk.clock.advance(minutes=1)
    await desk.fake.open_chat(LEI)
    (reader,) = (await desk.call("GET", path, params=params)).data["items"]
    assert (reader["user_id"], reader["timestamp"]) == (LEI, str(int(desk.clock.present.timestamp() * 1000)))
    desk.clock.advance(days=7)
    assert (await desk.call("GET", path, params=params)).refusal == (400, 230033)


async def test_a_message_becomes_urgent_for_the_person_in_its_chat_only(desk: Desk) -> None:
    message_id = (await desk.send_text(LEI)).data["message_id"]
    path = f"{IM}/messages/{message_id}/urgent_app"
    answer = await desk.call("PATCH", path, {"user_id_list": [LEI, WEI]}, params={"user_id_type": "open_id"})
    assert answer.data == {"invalid_user_id_list": [WEI]}
    assert desk.fake.messages_of(LEI)[0]["urgent"] is True
    assert (await desk.call("PATCH", path, {"user_id_list": []})).refusal == (400, 99992402)
    await desk.call("DELETE", f"{IM}/messages/{message_id}")
    assert (await desk.call("PATCH", path, {"user_id_list": [LEI]})).refusal == (400, 230011)


async def test_two_hundred_unread_urgent_messages_are_the_most(desk: Desk) -> None:
    ids = []
    for _ in range(201):
        ids.append((await desk.send_text(LEI)).data["message_id"])
        desk.clock.wait(1)
    for message_id in ids:
        desk.clock.wait(1)
        last = await desk.call("PATCH", f"{IM}/messages/{message_id}/urgent_app", {"user_id_list": [LEI]})
        assert last.code == 0 or message_id == ids[-1]
    assert last.refusal == (400, 230023)


async def _upload(desk: Desk, image: bytes | None, image_type: str = "message") -> Answer:
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("image_type", image_type)
    if image is not None:
        form.add_field("image", BytesIO(image), filename="a.png")
    headers = {"Authorization": await desk.bearer()}
    async with desk.session.post(desk.url(f"{IM}/images"), data=form, headers=headers) as response:
        return Answer(response.status, await response.json(), response.headers)


async def test_an_uploaded_image_can_be_sent_and_shown_on_a_card(desk: Desk) -> None:
    key = (await _upload(desk, _PNG)).data["image_key"]
    assert desk.fake.image(key) == _PNG
    assert desk.fake.image("img_v2_nobody") is None
    assert (await desk.send(LEI, "image", {"image_key": key})).code == 0
    alt = {"tag": "plain_text", "content": "徽章"}
    card = {"schema": "2.0", "body": {"elements": [{"tag": "img", "img_key": key, "alt": alt}]}}
    assert (await desk.send_card(LEI, card)).code == 0


@pytest.mark.parametrize(
    ("image", "image_type", "code"),
    [
        (_PNG, "poster", 234001),
        (None, "message", 234001),
        (b"", "message", 234010),
        (b"text", "message", 234011),
        (_PNG + bytes(10 * 1024 * 1024), "message", 234006),
    ],
)
async def test_a_bad_image_is_refused(desk: Desk, image: bytes | None, image_type: str, code: int) -> None:
    assert (await _upload(desk, image, image_type)).refusal == (400, code)


async def test_the_listener_hears_of_every_visible_change(desk: Desk) -> None:
    heard: list[str] = []
    desk.fake.on_change(heard.append)
    message_id = await desk.card_id(LEI, checkin_card())
    await desk.patch(message_id, plain_card("二"))
    await desk.call("DELETE", f"{IM}/messages/{message_id}")
    await desk.fake.say(WEI, "你好")
    assert heard == [LEI, LEI, LEI, WEI]
