"""The vendor's API client finds the fake's HTTP face to be the real one's."""

import asyncio
import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from sandbox.company import derived_id
from tests.contract.sandbox_feishu.harness import APP, HUA, JING, LEI, Desk, checkin_card, open_desk, plain_card

pytestmark = [
    pytest.mark.vendor,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the vendor's own dependencies
]

MakeApi = Callable[[Desk], Any]
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def fresh_app(request: pytest.FixtureRequest) -> Any:
    """An app of its own for each test, because the vendor caches tokens by app id for the whole process."""
    return replace(APP, app_id=derived_id("cli_", request.node.name))


async def _within(deed: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(deed)


def _message(im: Any, msg_type: str, content: object, uuid: str) -> Any:
    body = im.CreateMessageRequestBody.builder().receive_id(LEI).msg_type(msg_type)
    body = body.content(json.dumps(content)).uuid(uuid).build()
    return im.CreateMessageRequest.builder().receive_id_type("open_id").request_body(body).build()


async def test_it_sends_replies_patches_reads_back_and_recalls(im: Any, api: MakeApi, fresh_app: Any) -> None:
    async with open_desk(apps=(fresh_app,)) as desk:
        messages = api(desk).im.v1.message
        sent = await _within(lambda: messages.create(_message(im, "interactive", checkin_card(), "u1")))
        assert (sent.code, sent.data.msg_type, sent.data.sender.id) == (0, "interactive", fresh_app.app_id)
        again = await _within(lambda: messages.create(_message(im, "interactive", checkin_card(), "u1")))
        assert again.data.message_id == sent.data.message_id

        body = im.ReplyMessageRequestBody.builder().msg_type("text").content('{"text":"好"}').build()
        request = im.ReplyMessageRequest.builder().message_id(sent.data.message_id).request_body(body).build()
        replied = await _within(lambda: messages.reply(request))
        assert (replied.code, replied.data.parent_id) == (0, sent.data.message_id)

        content = im.PatchMessageRequestBody.builder().content(json.dumps(plain_card("完成"))).build()
        patching = im.PatchMessageRequest.builder().message_id(sent.data.message_id).request_body(content).build()
        assert (await _within(lambda: messages.patch(patching))).code == 0
        assert desk.fake.messages_of(LEI)[0]["card"] == plain_card("完成")

        reading = im.GetMessageRequest.builder().message_id(sent.data.message_id).build()
        found = await _within(lambda: messages.get(reading))
        assert json.loads(found.data.items[0].body.content) == plain_card("完成")
        recall = im.DeleteMessageRequest.builder().message_id(replied.data.message_id).build()
        assert (await _within(lambda: messages.delete(recall))).code == 0
        assert desk.fake.messages_of(LEI)[1]["recalled"] is True


async def test_it_sends_asynchronously_urges_and_uploads(im: Any, api: MakeApi, fresh_app: Any) -> None:
    async with open_desk(apps=(fresh_app,)) as desk:
        client = api(desk)
        request = _message(im, "text", {"text": "你好"}, "u2")
        # Its asynchronous calls fetch the token with a blocking request, so they need a loop of their own too.
        sent = await _within(lambda: asyncio.run(client.im.v1.message.acreate(request)))
        assert sent.code == 0
        body = im.UrgentReceivers.builder().user_id_list([LEI]).build()
        urgent = im.UrgentAppMessageRequest.builder().message_id(sent.data.message_id).user_id_type("open_id")
        urged = await _within(lambda: client.im.v1.message.urgent_app(urgent.request_body(body).build()))
        assert (urged.code, desk.fake.messages_of(LEI)[0]["urgent"]) == (0, True)
        image = im.CreateImageRequestBody.builder().image_type("message").image(io.BytesIO(_PNG)).build()
        uploading = im.CreateImageRequest.builder().request_body(image).build()
        uploaded = await _within(lambda: client.im.v1.image.create(uploading))
        assert uploaded.code == 0, uploaded.msg
        assert desk.fake.image(uploaded.data.image_key) == _PNG


async def test_it_reads_people_and_departments_page_by_page(contact: Any, api: MakeApi, fresh_app: Any) -> None:
    async with open_desk(apps=(fresh_app,)) as desk:
        v3 = api(desk).contact.v3
        one = contact.GetUserRequest.builder().user_id(LEI).user_id_type("open_id").build()
        user = (await _within(lambda: v3.user.get(one))).data.user
        assert (user.name, user.leader_user_id, user.status.is_activated) == ("王磊", HUA, True)
        children = contact.ChildrenDepartmentRequest.builder().department_id("0").fetch_child(True).build()
        departments = (await _within(lambda: v3.department.children(children))).data.items
        assert [each.name for each in departments] == ["研发", "平台", "人力资源"]
        assert (departments[0].leader_user_id, departments[0].department_hrbps) == (HUA, [JING])
        names, token = [], ""
        while True:
            listing = contact.FindByDepartmentUserRequest.builder().department_id(departments[0].open_department_id)
            listing = listing.page_size(1).page_token(token) if token else listing.page_size(1)
            page = (await _within(partial(v3.user.find_by_department, listing.build()))).data
            names += [each.name for each in page.items]
            if not page.has_more:
                break
            token = page.page_token
        assert names == ["李华", "赵敏"]


async def test_a_refusal_reaches_its_caller_with_code_and_log_id(im: Any, api: MakeApi, fresh_app: Any) -> None:
    async with open_desk(apps=(fresh_app,)) as desk:
        desk.fake.set_fault("undeliverable", code=230013)
        request = _message(im, "text", {"text": "你好"}, "u3")
        refused = await _within(lambda: api(desk).im.v1.message.create(request))
        assert (refused.success(), refused.code, refused.raw.status_code) == (False, 230013, 400)
        assert refused.get_log_id()
