"""wechatpy's API client finds the fake's HTTP face to be the real one's."""

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.sandbox_wecom import sample_cards as cards
from tests.contract.sandbox_wecom.harness import APP, HUA, LEI, MIN, WEI, Desk

pytestmark = [
    pytest.mark.vendor,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of the library's own dependencies
]

MakeClient = Callable[[Desk], Any]
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


async def _within(deed: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(deed)


async def test_it_logs_in_once_and_sends_every_kind_it_knows(desk: Desk, client: MakeClient) -> None:
    api = client(desk)
    sent = await _within(lambda: api.message.send_text(APP.agent_id, [LEI, "Nobody"], "你好"))
    assert (sent["errcode"], sent["invaliduser"]) == (0, "nobody")
    await _within(lambda: api.message.send_markdown(APP.agent_id, [LEI], "**徽章**"))
    await _within(lambda: api.message.send_text_card(APP.agent_id, [LEI], "审批", "请看", "https://bot.example.com/a"))
    uploaded = await _within(lambda: api.media.upload("image", ("a.png", io.BytesIO(_PNG), "image/png")))
    await _within(lambda: api.message.send_image(APP.agent_id, [LEI], uploaded["media_id"]))
    assert desk.texts() == ["你好", "**徽章**", "审批\n请看", "[image]"]
    assert [call.path for call in desk.fake.calls].count("/cgi-bin/gettoken") == 1


async def test_it_sends_a_card_as_a_raw_message(desk: Desk, client: MakeClient) -> None:
    card = {**cards.checkin(), "task_id": "ci-1"}
    message = {"msgtype": "template_card", "template_card": card}
    sent = await _within(lambda: client(desk).message.send(APP.agent_id, [LEI, MIN], msg=message))
    assert sent["response_code"]
    assert [desk.card(user) for user in (LEI, MIN)] == [card, card]


async def test_it_walks_the_directory(desk: Desk, client: MakeClient) -> None:
    api = client(desk)
    departments = await _within(lambda: api.department.get())
    assert [(each["id"], each["name"]) for each in departments] == [
        (1, "示例科技"),
        (2, "研发"),
        (3, "平台"),
        (4, "人力资源"),
    ]
    people = await _within(lambda: api.user.list(3))
    assert [(each["userid"], each["direct_leader"]) for each in people] == [(LEI, [HUA]), (WEI, [HUA])]
    assert (await _within(lambda: api.user.get(LEI)))["name"] == "王磊"
    assert (await _within(lambda: api.agent.get(APP.agent_id)))["name"] == APP.name


@pytest.mark.parametrize("kind", ["expired_token", "invalid_token"])
async def test_it_renews_a_token_that_the_fake_ends(desk: Desk, client: MakeClient, kind: str) -> None:
    api = client(desk)
    await _within(api.fetch_access_token)
    desk.fake.set_fault(kind)
    assert (await _within(lambda: api.message.send_text(APP.agent_id, [LEI], "你好")))["errcode"] == 0
    assert desk.texts() == ["你好"]


async def test_a_refusal_reaches_its_caller_with_its_code(desk: Desk, client: MakeClient, mistakes: Any) -> None:
    api = client(desk)
    desk.fake.set_fault("untrusted_ip")
    with pytest.raises(mistakes.WeChatClientException) as refused:
        await _within(lambda: api.message.send_text(APP.agent_id, [LEI], "你好"))
    assert refused.value.errcode == 60020
    desk.fake.set_fault("throttle")
    with pytest.raises(mistakes.APILimitedException):
        await _within(lambda: api.message.send_text(APP.agent_id, [LEI], "你好"))
