"""Feishu: the adapter and the sandbox's fake server, written apart after the same documents, understand each other."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.feishu.api import FeishuApi
from adapters.feishu.client import MESSAGES
from adapters.feishu.directory import FeishuDirectory
from adapters.feishu.settings import FeishuSettings, Mode
from adapters.feishu.socket import FeishuSocket
from adapters.feishu.webhook import FeishuWebhook
from adapters.webhook import HttpAnswer, Immediate
from domain.cards import (
    Answer,
    Card,
    Quote,
    Toast,
    ToastKind,
    Tone,
)
from domain.errors import Malformed, Misconfigured, NotAuthentic, PlatformDown, TargetGone, Throttled, Undeliverable
from domain.events import CardClicked, ChatOpened, DirectoryChanged, TextSaid
from domain.messages import Call
from sandbox.company import User, derived_id
from sandbox.feishu import FakeApp, Ingress, State
from tests.contract.feishu_tenant import APP, DONE, KEY, LI, LIMIT, ORG, WANG, Tenant, open_tenant, row


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with open_tenant() as opened:
        yield opened


class TestSending:
    async def test_every_part_of_a_card_is_accepted_and_shown(self, tenant: Tenant) -> None:
        message_id = await tenant.sent()
        (shown,) = tenant.chat()
        assert (shown["id"], shown["kind"], shown["version"]) == (message_id, "card", 1)
        assert [each["label"] for each in shown["buttons"]] == ["提交复盘", "晚点再说", "这周跳过"]
        assert [each["name"] for each in shown["inputs"]] == ["result", "next", "mood", "tags"]

    @pytest.mark.parametrize("tone", list(Tone))
    async def test_every_tone_has_a_colour_that_the_platform_knows(self, tenant: Tenant, tone: Tone) -> None:
        assert await tenant.client.deliver(row(body=Card(KEY, "t", "s", tone, "状态")))

    async def test_a_card_that_had_to_be_cut_or_thinned_out_is_accepted(self, tenant: Tenant) -> None:
        quotes = tuple(Quote(f"第 {number} 条", "很长的一段话" * 200) for number in range(60))
        assert await tenant.client.deliver(row(body=Card(KEY, "t", "s", blocks=quotes)))

    async def test_the_same_row_sent_twice_is_one_message(self, tenant: Tenant) -> None:
        assert await tenant.sent() == await tenant.sent()
        assert len(tenant.chat()) == 1

    async def test_a_row_whose_answer_was_lost_is_still_one_message(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("reset_after", path=MESSAGES)
        with pytest.raises(PlatformDown):
            await tenant.sent()
        await tenant.sent()
        assert len(tenant.chat()) == 1

    async def test_a_text_arrives_without_markup(self, tenant: Tenant) -> None:
        await tenant.client.deliver(row(Call.TEXT, '<at user_id="all"></at> 周五见'))
        assert tenant.chat()[0]["text"].replace("\u200b", "") == '<at user_id="all"></at> 周五见'

    async def test_a_sent_card_gets_a_new_face(self, tenant: Tenant) -> None:
        message_id = await tenant.sent()
        await tenant.client.deliver(row(Call.UPDATE, DONE, target=message_id))
        (shown,) = tenant.chat()
        assert (shown["version"], shown["buttons"]) == (2, [])

    async def test_an_old_card_can_no_longer_be_changed(self, tenant: Tenant) -> None:
        message_id = await tenant.sent()
        tenant.clock.advance(timedelta(days=15))
        with pytest.raises(TargetGone):
            await tenant.client.deliver(row(Call.UPDATE, DONE, target=message_id))

    async def test_throttling_says_how_long_to_wait(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("throttle", seconds=3)
        with pytest.raises(Throttled) as throttled:
            await tenant.sent()
        assert throttled.value.retry_after == timedelta(seconds=3)
        tenant.fake.set_fault("chat_rate")
        with pytest.raises(Throttled) as throttled:
            await tenant.sent()
        assert throttled.value.code == "230020"

    async def test_more_than_five_messages_a_second_to_one_person_are_throttled(self, tenant: Tenant) -> None:
        many = [tenant.client.deliver(row(Call.TEXT, "好", message_id=f"m{number}")) for number in range(12)]
        results = await asyncio.gather(*many, return_exceptions=True)
        assert sum(isinstance(result, str) for result in results) == 5
        assert all(isinstance(result, str | Throttled) for result in results)

    @pytest.mark.parametrize("code", [230013, 230029, 230035, 230053])
    async def test_somebody_who_cannot_be_reached_is_told_from_a_fault(self, tenant: Tenant, code: int) -> None:
        tenant.fake.set_fault("undeliverable", code=code)
        with pytest.raises(Undeliverable):
            await tenant.sent()

    async def test_a_stranger_cannot_be_reached(self, tenant: Tenant) -> None:
        with pytest.raises(Undeliverable):
            await tenant.client.deliver(row(Call.TEXT, "好", to=derived_id("ou_", "nobody")))

    async def test_an_expired_token_is_renewed_in_passing(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("expired_token")
        await tenant.sent()
        tokens = [each for each in tenant.fake.calls if each.path.endswith("internal")]
        assert len(tokens) == 2

    async def test_a_token_is_renewed_in_its_last_half_hour(self, tenant: Tenant) -> None:
        for _ in range(10):
            await tenant.client.bot_info()
            tenant.clock.advance(timedelta(minutes=31))
        tokens = [each for each in tenant.fake.calls if each.path.endswith("internal")]
        assert len(tokens) == 4

    async def test_a_missing_scope_is_named(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("scope_missing")
        with pytest.raises(Misconfigured, match="im:message"):
            await tenant.sent()


class TestLongConnection:
    async def test_a_message_is_heard_and_acknowledged(self, tenant: Tenant) -> None:
        async with tenant.listening():
            await tenant.fake.say(WANG, "本周上线了报表")
        (said,) = tenant.core.heard
        assert isinstance(said, TextSaid)
        assert (said.text, said.origin.actor, said.reply_to) == ("本周上线了报表", WANG, None)
        assert [each.state for each in tenant.fake.deliveries()] == [State.DONE]
        assert tenant.fake.complaints == []

    async def test_a_quoted_card_is_named(self, tenant: Tenant) -> None:
        message_id = await tenant.sent()
        async with tenant.listening():
            await tenant.fake.say(WANG, "长一点的回答", reply_to=message_id)
        said = tenant.core.heard[-1]
        assert isinstance(said, TextSaid)
        assert said.reply_to == message_id

    async def test_a_filled_in_form_comes_back_and_the_card_turns(self, tenant: Tenant) -> None:
        message_id = await tenant.sent()
        async with tenant.listening():
            form = {"result": "上线了报表", "mood": "3", "tags": ["a", "b"]}
            result = await tenant.fake.click(WANG, message_id, "提交复盘", form)
        assert result.error is None
        assert result.toast == {"type": "success", "content": "已提交"}
        clicked = tenant.core.heard[-1]
        assert isinstance(clicked, CardClicked)
        assert (clicked.card, clicked.action, clicked.message) == (KEY, "submit", message_id)
        assert clicked.form == {"result": "上线了报表", "next": "发布", "mood": "3", "tags": ("a", "b")}
        assert tenant.chat()[0]["buttons"] == []
        assert tenant.fake.complaints == []

    async def test_required_fields_are_demanded_from_those_who_submit_and_from_nobody_else(
        self, tenant: Tenant
    ) -> None:
        message_id = await tenant.sent()
        async with tenant.listening():
            refused = await tenant.fake.click(WANG, message_id, "提交复盘", {"mood": "3"})
            passed = await tenant.fake.click(WANG, message_id, "晚点再说", {})
        assert refused.error == "required: result"
        assert passed.error is None
        assert [each.action for each in tenant.core.heard if isinstance(each, CardClicked)] == ["later"]

    async def test_a_sentence_alone_leaves_the_card_as_it_is(self, tenant: Tenant) -> None:
        tenant.core.answer = Answer(Toast(ToastKind.WARNING, "还差一项"))
        message_id = await tenant.sent()
        async with tenant.listening():
            result = await tenant.fake.click(WANG, message_id, "这周跳过", {})
        assert result.toast == {"type": "warning", "content": "还差一项"}
        assert tenant.chat()[0]["version"] == 1

    @pytest.mark.parametrize("fault", ["card_frame", "no_token"])
    async def test_odd_clicks_are_heard_too(self, tenant: Tenant, fault: str) -> None:
        message_id = await tenant.sent()
        async with tenant.listening():
            tenant.fake.set_fault(fault)
            result = await tenant.fake.click(WANG, message_id, "晚点再说", {})
        assert result.error is None

    async def test_pieces_in_reverse_order_are_put_together(self, tenant: Tenant) -> None:
        async with tenant.listening():
            tenant.fake.set_fault("fragments", size=100, reverse=True)
            await tenant.fake.say(WANG, "字" * 500)
        assert isinstance(tenant.core.heard[0], TextSaid)
        assert len(tenant.core.heard[0].text) == 500

    async def test_an_event_that_failed_comes_again_under_the_same_key(self, tenant: Tenant) -> None:
        tenant.core.failures = 1
        async with tenant.listening():
            await tenant.fake.say(WANG, "你好")
            assert tenant.fake.deliveries()[0].state is State.RETRY
            tenant.clock.advance(timedelta(seconds=15))
            await tenant.fake.run_due_retries()
        first, second = tenant.core.heard
        assert first.origin.event_id == second.origin.event_id
        assert tenant.fake.deliveries()[0].state is State.DONE

    async def test_what_happened_during_a_gap_is_heard_after_it(self, tenant: Tenant) -> None:
        async with tenant.listening():
            await tenant.fake.disconnect()
            await tenant.fake.say(WANG, "在断线时说的")
            await asyncio.wait_for(tenant.core.came.wait(), LIMIT)
            await tenant.fake.idle()
        assert isinstance(tenant.core.heard[0], TextSaid)

    async def test_too_many_connections_alert_an_admin(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("handshake", code=1000040350, times=1)
        socket = FeishuSocket(
            tenant.settings,
            tenant.http,
            tenant.clock,
            tenant.core.handle,
            org_id=ORG,
            chance=lambda: 0.0,
            alert=tenant.alert,
        )
        running = asyncio.create_task(socket.run())
        await asyncio.wait_for(tenant.alerted.wait(), LIMIT)
        await socket.close()
        assert running.cancelled()
        assert "50" in str(tenant.alerts[0])

    async def test_the_chat_opened_somebody_hired_and_somebody_gone_are_told(self, tenant: Tenant) -> None:
        async with tenant.listening():
            await tenant.fake.open_chat(WANG)
            await tenant.fake.hire(User("new", "新人", ("rd",)))
            await tenant.fake.resign(WANG)
        opened, hired, gone = tenant.core.heard
        assert isinstance(opened, ChatOpened)
        assert isinstance(hired, DirectoryChanged)
        assert isinstance(gone, DirectoryChanged)
        assert (hired.left, gone.left) == ((), (WANG,))


class TestWebhook:
    @pytest.fixture
    async def refusals(self, tenant: Tenant) -> AsyncIterator[list[Exception]]:
        """The app's address takes callbacks in; what is refused is listed."""
        refused: list[Exception] = []
        settings = FeishuSettings(APP.app_id, APP.secret, Mode.WEBHOOK, encrypt_key="k-1", verification_token="v-token")
        webhook = FeishuWebhook(settings, ORG)

        async def callback(request: web.Request) -> web.Response:
            try:
                call = webhook.receive(request.headers, request.query, await request.read(), tenant.clock.now())
            except NotAuthentic as error:
                refused.append(error)
                return web.Response(status=401)
            except Malformed as error:
                refused.append(error)
                return web.Response(status=400)
            if isinstance(call, Immediate):
                return _response(call.answer)
            return _response(call.reply(await tenant.core.handle(call.inbound)))

        app = web.Application()
        app.router.add_post("/callback", callback)
        async with TestServer(app) as server:
            url = str(server.make_url("/callback"))
            tenant.fake.configure(
                FakeApp(
                    APP.app_id,
                    APP.secret,
                    ingress=Ingress.WEBHOOK,
                    callback_url=url,
                    encrypt_key="k-1",
                    verification_token="v-token",
                )
            )
            yield refused

    async def test_the_console_accepts_the_address(self, tenant: Tenant, refusals: list[Exception]) -> None:
        assert await tenant.fake.verify_url()
        assert refusals == []

    async def test_an_encrypted_click_is_answered_with_the_new_card(
        self, tenant: Tenant, refusals: list[Exception]
    ) -> None:
        message_id = await tenant.sent()
        result = await tenant.fake.click(WANG, message_id, "提交复盘", {"result": "好", "mood": "1"})
        assert (result.error, result.toast) == (None, {"type": "success", "content": "已提交"})
        clicked = tenant.core.heard[0]
        assert isinstance(clicked, CardClicked)
        assert (clicked.card, clicked.action, clicked.form["result"]) == (KEY, "submit", "好")
        assert tenant.chat()[0]["buttons"] == []
        assert refusals == []

    async def test_an_encrypted_message_is_heard(self, tenant: Tenant, refusals: list[Exception]) -> None:
        await tenant.fake.say(WANG, "你好")
        assert isinstance(tenant.core.heard[0], TextSaid)
        assert tenant.fake.deliveries()[0].state is State.DONE
        assert refusals == []

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("wrong_signature", NotAuthentic),
            ("no_signature", NotAuthentic),
            ("wrong_token", NotAuthentic),
            ("bad_padding", Malformed),
        ],
    )
    async def test_what_is_forged_is_refused_and_the_platforms_own_repetition_heard(
        self, tenant: Tenant, refusals: list[Exception], fault: str, error: type[Exception]
    ) -> None:
        tenant.fake.set_fault(fault)
        await tenant.fake.say(WANG, "你好")
        assert [type(each) for each in refusals] == [error]
        assert tenant.core.heard == []
        tenant.clock.advance(timedelta(seconds=15))
        await tenant.fake.run_due_retries()
        assert len(tenant.core.heard) == 1


def _response(answer: HttpAnswer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": answer.content_type})


class TestDirectory:
    async def test_everybody_is_read_with_manager_partner_and_department(self, tenant: Tenant) -> None:
        directory = FeishuDirectory(FeishuApi(tenant.settings, tenant.http, tenant.clock))
        people = {person.external_id: person async for page in directory.read() for person in page}
        assert set(people) == {each["open_id"] for each in tenant.fake.people()}
        wang = people[WANG]
        assert (wang.name, wang.department, wang.title) == ("王磊", "研发/平台", "后端工程师")
        assert (wang.manager, wang.hrbp) == (LI, derived_id("ou_", "chenjing"))
        assert (wang.mail, wang.active) == ("wanglei@example.com", True)
        assert people[derived_id("ou_", "huangbo")].dotted == derived_id("ou_", "zhouting")
        boss = people[derived_id("ou_", "gaoyuan")]
        assert (boss.manager, boss.department, boss.hrbp) == ("", "", "")

    async def test_only_those_in_the_contact_range_are_read(self, tenant: Tenant) -> None:
        await tenant.fake.set_contact_range(frozenset({"wanglei", "lihua"}))
        directory = FeishuDirectory(FeishuApi(tenant.settings, tenant.http, tenant.clock))
        people = {person.external_id async for page in directory.read() for person in page}
        assert people == {WANG, LI}

    async def test_a_reading_that_is_throttled_goes_on(self, tenant: Tenant) -> None:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        tenant.fake.set_fault("throttle", times=3, seconds=2, path="contact")
        directory = FeishuDirectory(FeishuApi(tenant.settings, tenant.http, tenant.clock), sleep)
        assert len([person async for page in directory.read() for person in page]) == len(tenant.fake.people())
        assert waits == [2, 2, 2]


async def test_an_admin_sees_that_all_is_well(tenant: Tenant) -> None:
    probes = await tenant.client.probe()
    assert [each.name for each in probes if not each.ok] == []
    bot = await tenant.client.bot_info()
    assert (bot.open_id, bot.enabled) == (tenant.fake.bot_open_id(APP.app_id), True)
