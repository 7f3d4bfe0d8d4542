"""DingTalk: our adapter against the sandbox's fake, which others wrote after the same pages of the vendor."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.dingtalk.api import DingTalkApi
from adapters.dingtalk.cards import CREATE_AND_DELIVER
from adapters.dingtalk.directory import DingTalkDirectory
from adapters.dingtalk.robot import BATCH_SEND
from adapters.dingtalk.settings import Mode
from adapters.dingtalk.webhook import DingTalkWebhook
from adapters.webhook import HttpAnswer, Immediate
from domain.cards import IN_WORDS, Answer, Button, Card, Quote, Toast, ToastKind, Tone
from domain.errors import (
    ContentRefused,
    Malformed,
    Misconfigured,
    NotAuthentic,
    PlatformDown,
    PlatformError,
    TargetGone,
    Throttled,
    Undeliverable,
)
from domain.events import CardClicked, DirectoryChanged, Ignored, TextSaid
from domain.messages import Call
from sandbox.company import User
from sandbox.dingtalk import CARD_TEMPLATE, FORM_TEMPLATE, FakeDingTalkApp, Limits, State
from tests.contract.dingtalk_tenant import APP, DONE, KEY, LI, LIMIT, ORG, RICH, WANG, Tenant, open_tenant, row
from tests.contract.feishu_line import Sleeper

BARE = replace(RICH, fields=(), buttons=(Button("ok", "已处理"),))


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with open_tenant() as opened:
        yield opened


class TestSendingWords:
    async def test_a_card_is_a_message_with_links_that_speak(self, tenant: Tenant) -> None:
        await tenant.plain.deliver(row())
        (shown,) = tenant.chat()
        assert shown["kind"] == "text"
        assert [each["label"] for each in shown["buttons"]] == ["文字填写", "晚点再说", "这周跳过"]

    async def test_a_tapped_link_comes_in_as_its_label_with_the_rows_reference(self, tenant: Tenant) -> None:
        await tenant.plain.deliver(row())
        (shown,) = tenant.chat()
        async with tenant.listening():
            for link in shown["buttons"]:
                assert (await tenant.fake.click(WANG, shown["id"], link["action"], {})).error is None
        assert [each.text for each in tenant.core.heard if isinstance(each, TextSaid)] == [
            "文字填写 #abcdef",
            "晚点再说 #abcdef",
            "这周跳过 #abcdef",
        ]
        assert {each.origin.actor for each in tenant.core.heard} == {WANG}

    async def test_twenty_people_are_one_call(self, tenant: Tenant) -> None:
        receivers = [each["userid"] for each in tenant.fake.people()][:20]
        messages = [row(to=each, message_id=f"m-{each}") for each in receivers]
        results = await tenant.plain.deliver_batch(messages)
        assert len(set(map(str, results))) == len(receivers) > 5
        assert all(isinstance(each, str) for each in results)
        assert len([each for each in tenant.fake.calls if each.path == BATCH_SEND]) == 1
        assert tenant.fake.used("api_call") == tenant.tally.calls["api"] == 1

    async def test_somebody_unknown_among_several_is_told_apart(self, tenant: Tenant) -> None:
        first, second, third = await tenant.plain.deliver_batch([row(to=each) for each in (WANG, "nobody", LI)])
        assert isinstance(first, str)
        assert isinstance(second, Undeliverable)
        assert isinstance(third, str)

    async def test_somebody_unknown_alone_is_too(self, tenant: Tenant) -> None:
        with pytest.raises(Undeliverable):
            await tenant.plain.deliver(row(to="nobody"))

    async def test_somebody_written_to_too_often_is_left_alone(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("flow_control", user_id=LI)
        first, second = await tenant.plain.deliver_batch([row(to=each) for each in (WANG, LI)])
        assert isinstance(first, str)
        assert isinstance(second, Throttled)
        assert second.retry_after >= timedelta(minutes=1)

    async def test_a_text_arrives_as_it_is(self, tenant: Tenant) -> None:
        await tenant.plain.deliver(row(Call.TEXT, "**周五**见 [x](y)"))
        assert tenant.chat()[0]["text"] == "**周五**见 [x](y)"

    async def test_a_card_that_had_to_be_cut_is_accepted(self, tenant: Tenant) -> None:
        quotes = tuple(Quote(f"第 {number} 条", "很长的一段话" * 200) for number in range(60))
        assert await tenant.plain.deliver(row(body=Card(KEY, "t", "s", blocks=quotes)))


class TestSendingCards:
    async def test_a_form_is_shown_with_its_fields_and_buttons(self, tenant: Tenant) -> None:
        await tenant.sent()
        (shown,) = tenant.chat()
        assert (shown["kind"], shown["version"], shown["card"]["template"]) == ("card", 1, "form")
        assert {each["label"] for each in shown["buttons"]} == {"提交复盘", "晚点再说", "这周跳过"}
        assert [each["name"] for each in shown["inputs"]] == ["result", "next", "mood", "tags"]

    @pytest.mark.parametrize("tone", list(Tone))
    async def test_a_card_of_every_tone_is_accepted(self, tenant: Tenant, tone: Tone) -> None:
        await tenant.sent(Card(KEY, "t", "s", tone, "状态"))
        assert tenant.chat()[0]["card"]["template"] == "card"

    async def test_the_same_row_sent_twice_is_one_card(self, tenant: Tenant) -> None:
        assert await tenant.rich.deliver(row()) == await tenant.rich.deliver(row())
        assert len(tenant.chat()) == 1

    @pytest.mark.parametrize("fault", ["reset_after", "gateway_timeout"])
    async def test_a_card_whose_answer_was_lost_is_still_one(self, tenant: Tenant, fault: str) -> None:
        tenant.fake.set_fault(fault, path=CREATE_AND_DELIVER)
        with pytest.raises(PlatformDown):
            await tenant.rich.deliver(row())
        await tenant.rich.deliver(row())
        assert len(tenant.chat()) == 1

    async def test_a_sent_card_gets_a_new_face(self, tenant: Tenant) -> None:
        await tenant.sent()
        await tenant.rich.deliver(row(Call.UPDATE, DONE, target="m00abcdef.form"))
        (shown,) = tenant.chat()
        assert (shown["version"], shown["buttons"], shown["inputs"]) == (2, [], [])
        await tenant.rich.deliver(row(Call.UPDATE, RICH, target="m00abcdef.form"))
        assert [each["name"] for each in tenant.chat()[0]["inputs"]] == ["result", "next", "mood", "tags"]

    async def test_a_card_that_never_was_cannot_be_changed(self, tenant: Tenant) -> None:
        with pytest.raises(TargetGone):
            await tenant.rich.deliver(row(Call.UPDATE, DONE, target="never"))

    async def test_a_card_that_is_not_shown_is_said_in_words(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("undeliverable")
        external_id = await tenant.rich.deliver(row())
        assert external_id.endswith(f":{WANG}")
        assert [each["kind"] for each in tenant.chat()] == ["text"]
        assert [each.code for each in tenant.alerts] == ["card-not-shown"]

    @pytest.mark.parametrize("code", ["param.templateNotExist", "param.templateUnpublished"])
    async def test_a_template_that_is_not_there_leaves_words(self, tenant: Tenant, code: str) -> None:
        template = replace(CARD_TEMPLATE, published=False)
        kept = (template,) if code.endswith("Unpublished") else ()
        tenant.fake.configure(replace(APP, templates=kept))
        await tenant.rich.deliver(row(body=BARE))
        assert tenant.chat()[0]["kind"] == "text"
        assert [each.code for each in tenant.alerts] == [code]

    async def test_unsafe_content_is_refused(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("content_unsafe")
        with pytest.raises(ContentRefused):
            await tenant.rich.deliver(row())


class TestShortVariables:
    @pytest.fixture
    async def tenant(self) -> AsyncIterator[Tenant]:
        async with open_tenant(Limits(card_value_bytes=1024)) as opened:
            yield opened

    async def test_where_the_documents_are_kept_to_long_cards_are_words_and_long_faces_short(
        self, tenant: Tenant
    ) -> None:
        long = replace(BARE, blocks=(Quote("成果", "雨" * 500),))
        await tenant.rich.deliver(row(body=long))
        assert str(tenant.chat()[0]["text"]).count("雨") == 500
        await tenant.rich.deliver(row(body=BARE, message_id="m2"))
        await tenant.rich.deliver(row(Call.UPDATE, long, target="m2"))
        assert tenant.chat()[1]["version"] == 2


class TestRefusals:
    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("throttle", Throttled),
            ("fail", PlatformDown),
            ("gateway_timeout", PlatformDown),
            ("reset", PlatformDown),
            ("permission", Misconfigured),
            ("quota", Misconfigured),
            ("ban_page", Throttled),
        ],
    )
    @pytest.mark.parametrize("body", [RICH, "好"])
    async def test_each_fault_is_what_it_means(
        self, tenant: Tenant, fault: str, error: type[PlatformError], body: Card | str
    ) -> None:
        tenant.fake.set_fault(fault)
        with pytest.raises(error):
            await tenant.rich.deliver(row(Call.CARD if isinstance(body, Card) else Call.TEXT, body))

    async def test_a_missing_permission_is_named(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("permission")
        with pytest.raises(Misconfigured, match="qyapi_robot_sendmsg"):
            await tenant.plain.deliver(row())

    async def test_more_than_twenty_calls_a_second_are_throttled_and_not_counted(self, tenant: Tenant) -> None:
        many = [tenant.plain.deliver(row(Call.TEXT, "好", message_id=f"m{number}")) for number in range(25)]
        results = await asyncio.gather(*many, return_exceptions=True)
        assert sum(isinstance(each, str) for each in results) == 20
        assert all(isinstance(each, str | Throttled) for each in results)
        assert tenant.fake.used("api_call") == tenant.tally.calls["api"] == 20

    async def test_a_revoked_token_is_renewed_in_passing(self, tenant: Tenant) -> None:
        await tenant.plain.deliver(row())
        tenant.fake.revoke_tokens()
        await tenant.plain.deliver(row())
        assert len([each for each in tenant.fake.calls if each.path.endswith("accessToken")]) == 2

    async def test_a_token_is_renewed_before_it_ends(self, tenant: Tenant) -> None:
        for _ in range(10):
            await tenant.plain.deliver(row(Call.TEXT, "好"))
            tenant.clock.advance(timedelta(minutes=31))
        assert not [each for each in tenant.fake.calls if each.status in (400, 401)]


class TestStream:
    async def test_a_message_is_heard_and_acknowledged(self, tenant: Tenant) -> None:
        async with tenant.listening():
            await tenant.fake.say(WANG, "本周上线了报表")
        (said,) = tenant.core.heard
        assert isinstance(said, TextSaid)
        assert (said.text, said.origin.actor) == ("本周上线了报表", WANG)
        assert [each.state for each in tenant.fake.deliveries()] == [State.DONE]
        assert tenant.fake.complaints == []
        assert tenant.fake.used("push") == tenant.tally.calls["push"] == 1

    async def test_words_of_other_kinds_are_heard_too(self, tenant: Tenant) -> None:
        voice = {"msgtype": "audio", "content": {"recognition": "语音说的", "downloadCode": "c", "duration": 4000}}
        rich = {"msgtype": "richText", "content": {"richText": [{"text": "图文"}, {"type": "picture"}]}}
        async with tenant.listening():
            await tenant.fake.send(WANG, "语音", voice)
            await tenant.fake.send(WANG, "图文", rich)
        assert [each.text for each in tenant.core.heard if isinstance(each, TextSaid)] == ["语音说的", "图文"]

    async def test_a_group_is_not_listened_to_and_a_stranger_is_one(self, tenant: Tenant) -> None:
        group = tenant.fake.add_group("平台组", [WANG, LI])
        async with tenant.listening():
            await tenant.fake.say_in_group(group, WANG, "在吗")
            tenant.fake.set_fault("no_sender")
            await tenant.fake.say(WANG, "我是谁")
        in_group, stranger = tenant.core.heard
        assert isinstance(in_group, Ignored)
        assert isinstance(stranger, TextSaid)
        assert stranger.origin.actor == ""

    async def test_withheld_words_alert_an_admin(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("no_text")
        async with tenant.listening():
            await tenant.fake.say(WANG, "你好")
        assert isinstance(tenant.core.heard[0], Ignored)
        assert [each.code for each in tenant.alerts] == ["20001"]

    async def test_a_filled_in_form_comes_back_and_the_card_turns(self, tenant: Tenant) -> None:
        message_id = await tenant.sent()
        async with tenant.listening():
            form = {"result": "上线了报表", "mood": "1", "tags": ["a", "b"]}
            submit = next(each["action"] for each in tenant.chat()[0]["buttons"] if each["submits"])
            result = await tenant.fake.click(WANG, message_id, submit, form)
        assert result.error is None
        (clicked,) = tenant.core.heard
        assert isinstance(clicked, CardClicked)
        assert (clicked.card, clicked.action, clicked.message) == (KEY, "submit", "m00abcdef.form")
        assert clicked.silent
        assert {name: clicked.form[name] for name in form} == {
            "result": "上线了报表",
            "mood": "1",
            "tags": ("a", "b"),
        }
        (shown,) = tenant.chat()
        assert (shown["buttons"], shown["inputs"]) == ([], [])
        assert tenant.fake.complaints == []

    async def test_a_button_beside_the_form_needs_no_fields(self, tenant: Tenant) -> None:
        message_id = await tenant.sent()
        tenant.core.answer = Answer(Toast(ToastKind.INFO, "好"))
        async with tenant.listening():
            later = next(each["action"] for each in tenant.chat()[0]["buttons"] if each["label"] == "晚点再说")
            assert (await tenant.fake.click(WANG, message_id, later, {})).error is None
        (clicked,) = tenant.core.heard
        assert isinstance(clicked, CardClicked)
        assert (clicked.card, clicked.action) == (KEY, "later")
        assert tenant.chat()[0]["version"] == 1

    async def test_a_card_without_a_form_leads_to_words(self, tenant: Tenant) -> None:
        client = tenant.client(card_template=CARD_TEMPLATE.template_id)
        await client.deliver(row())
        (shown,) = tenant.chat()
        async with tenant.listening():
            await tenant.fake.click(WANG, shown["id"], shown["buttons"][0]["action"], {})
        (clicked,) = tenant.core.heard
        assert isinstance(clicked, CardClicked)
        assert (clicked.card, clicked.action) == (KEY, IN_WORDS)

    async def test_two_clicks_on_one_button_are_two(self, tenant: Tenant) -> None:
        await tenant.rich.deliver(row(body=BARE))
        tenant.core.answer = Answer()
        (shown,) = tenant.chat()
        async with tenant.listening():
            for _ in range(2):
                await tenant.fake.click(WANG, shown["id"], shown["buttons"][0]["action"], {})
        first, second = tenant.core.heard
        assert first.origin.event_id != second.origin.event_id

    async def test_a_click_that_takes_long_is_acknowledged_and_its_face_follows(self, tenant: Tenant) -> None:
        message_id = await tenant.sent()
        async with tenant.listening():
            tenant.core.gate.clear()
            later = next(each["action"] for each in tenant.chat()[0]["buttons"] if each["label"] == "晚点再说")
            result = await tenant.fake.click(WANG, message_id, later, {})
            assert (result.error, tenant.chat()[0]["version"]) == (None, 1)
            tenant.core.gate.set()
        assert (tenant.chat()[0]["version"], tenant.chat()[0]["buttons"]) == (2, [])

    async def test_a_click_that_failed_is_told_to_whoever_clicked(self, tenant: Tenant) -> None:
        message_id = await tenant.sent()
        tenant.core.failures = 1
        async with tenant.listening():
            later = next(each["action"] for each in tenant.chat()[0]["buttons"] if each["label"] == "晚点再说")
            assert (await tenant.fake.click(WANG, message_id, later, {})).error is not None

    async def test_an_event_that_failed_comes_again_under_the_same_key(self, tenant: Tenant) -> None:
        tenant.core.failures = 1
        async with tenant.listening():
            await tenant.fake.resign(LI)
            assert tenant.fake.deliveries()[0].state is State.RETRY
            tenant.clock.advance(timedelta(seconds=10))
            await tenant.fake.run_due_retries()
        first, second = tenant.core.heard
        assert first.origin.event_id == second.origin.event_id
        assert tenant.fake.deliveries()[0].state is State.DONE

    async def test_the_same_push_twice_has_the_same_key(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("repeat")
        async with tenant.listening():
            await tenant.fake.say(WANG, "你好")
            await tenant.fake.idle()
        assert len({each.origin.event_id for each in tenant.core.heard}) == 1
        assert len(tenant.core.heard) == 2

    async def test_somebody_hired_and_somebody_gone_are_told(self, tenant: Tenant) -> None:
        async with tenant.listening():
            await tenant.fake.hire(User("new", "新人", ("rd",)))
            await tenant.fake.resign(WANG)
        hired, gone = tenant.core.heard
        assert isinstance(hired, DirectoryChanged)
        assert isinstance(gone, DirectoryChanged)
        assert (hired.left, gone.left) == ((), (WANG,))
        assert "push" not in tenant.tally.calls

    async def test_a_ping_is_answered(self, tenant: Tenant) -> None:
        async with tenant.listening():
            assert await tenant.fake.ping() == [True]

    async def test_a_connection_told_to_go_is_replaced_without_a_gap(self, tenant: Tenant) -> None:
        async with tenant.listening() as stream:
            tenant.fake.disconnect()
            await tenant.fake.say(WANG, "在换线时说的")
            await asyncio.wait_for(tenant.core.came.wait(), LIMIT)
            assert stream.connected
            assert tenant.fake.connections() == 1
        assert tenant.fake.complaints == []

    @pytest.mark.parametrize("code", [1000, 1006])
    async def test_what_was_said_while_it_was_down_is_heard_afterwards(self, tenant: Tenant, code: int) -> None:
        sleeper = Sleeper()
        async with tenant.listening(sleeper) as stream:
            await tenant.fake.end_connections(code=code)
            while (waiting := await asyncio.wait_for(sleeper.waits.get(), LIMIT))[0] > 1:
                continue
            assert not stream.connected
            await tenant.fake.say(WANG, "在断线时说的")
            waiting[1].set()
            await asyncio.wait_for(stream.wait_connected(), LIMIT)
            tenant.clock.advance(timedelta(seconds=60))
            await tenant.fake.run_due_retries()
            await asyncio.wait_for(tenant.core.came.wait(), LIMIT)
        assert isinstance(tenant.core.heard[0], TextSaid)

    async def test_wrong_credentials_alert_an_admin(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("open", status=401)
        stream = tenant.stream()
        running = asyncio.create_task(stream.run())
        await asyncio.wait_for(tenant.alerted.wait(), LIMIT)
        await stream.close()
        assert running.cancelled()
        assert "凭证与基础信息" in str(tenant.alerts[0])


AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class TestWebhook:
    @pytest.fixture
    async def refusals(self, tenant: Tenant) -> AsyncIterator[list[Exception]]:
        """The app's address takes callbacks in; what is refused is listed."""
        refused: list[Exception] = []
        fields = {"mode": Mode.WEBHOOK, "event_token": "e-token", "event_aes_key": AES_KEY}
        fields |= {"card_template": CARD_TEMPLATE.template_id, "form_template": FORM_TEMPLATE.template_id}
        webhook = DingTalkWebhook(tenant.settings(**fields), ORG, bytes, tenant.tally)
        tenant.rich = tenant.client(**fields)

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
                FakeDingTalkApp(
                    APP.client_id,
                    APP.client_secret,
                    APP.templates,
                    event_token="e-token",
                    event_aes_key=AES_KEY,
                    callback_url=url,
                )
            )
            await tenant.rich.register_address(url)
            yield refused

    async def test_the_console_accepts_the_address(self, tenant: Tenant, refusals: list[Exception]) -> None:
        assert await tenant.fake.verify_url()
        assert refusals == []

    async def test_a_signed_message_is_heard(self, tenant: Tenant, refusals: list[Exception]) -> None:
        await tenant.fake.say(WANG, "你好")
        assert isinstance(tenant.core.heard[0], TextSaid)
        assert tenant.fake.deliveries()[0].state is State.DONE
        assert refusals == []

    async def test_a_signed_click_is_answered_with_the_new_card(
        self, tenant: Tenant, refusals: list[Exception]
    ) -> None:
        message_id = await tenant.sent()
        submit = next(each["action"] for each in tenant.chat()[0]["buttons"] if each["submits"])
        result = await tenant.fake.click(WANG, message_id, submit, {"result": "好", "mood": "1"})
        assert (result.error, refusals) == (None, [])
        clicked = tenant.core.heard[0]
        assert isinstance(clicked, CardClicked)
        assert (clicked.card, clicked.action, clicked.form["result"]) == (KEY, "submit", "好")
        assert tenant.chat()[0]["buttons"] == []

    async def test_an_encrypted_event_is_heard(self, tenant: Tenant, refusals: list[Exception]) -> None:
        await tenant.fake.resign(LI)
        (gone,) = tenant.core.heard
        assert isinstance(gone, DirectoryChanged)
        assert gone.left == (LI,)
        assert tenant.fake.deliveries()[0].state is State.DONE
        assert refusals == []

    @pytest.mark.parametrize("fault", ["wrong_signature", "no_signature", "old_timestamp"])
    async def test_a_forged_message_is_refused(self, tenant: Tenant, refusals: list[Exception], fault: str) -> None:
        tenant.fake.set_fault(fault)
        await tenant.fake.say(WANG, "你好")
        assert [type(each) for each in refusals] == [NotAuthentic]
        assert tenant.core.heard == []

    @pytest.mark.parametrize("fault", ["wrong_signature", "no_signature", "bad_padding", "wrong_suffix"])
    async def test_a_forged_event_is_refused(self, tenant: Tenant, refusals: list[Exception], fault: str) -> None:
        tenant.fake.set_fault(fault)
        await tenant.fake.resign(LI)
        assert [type(each) for each in refusals] == [NotAuthentic]
        assert tenant.core.heard == []


def _response(answer: HttpAnswer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": answer.content_type})


class TestDirectory:
    @pytest.fixture
    def directory(self, tenant: Tenant) -> DingTalkDirectory:
        async def sleep(seconds: float) -> None:
            tenant.clock.advance(timedelta(seconds=seconds))

        return DingTalkDirectory(DingTalkApi(tenant.settings(), tenant.http, tenant.clock, tenant.tally), sleep)

    async def test_everybody_is_read_with_manager_and_department(
        self, tenant: Tenant, directory: DingTalkDirectory
    ) -> None:
        people = {person.external_id: person async for page in directory.read() for person in page}
        known = {each["userid"]: each for each in tenant.fake.people()}
        assert set(people) == set(known)
        for userid, person in people.items():
            assert (person.name, person.department) == (known[userid]["name"], known[userid]["department"])
            assert known[userid]["leader"] in (None, person.manager)
        assert people[WANG].manager == LI
        assert tenant.fake.used("api_call") == 0

    async def test_a_missing_permission_makes_the_reading_incomplete(
        self, tenant: Tenant, directory: DingTalkDirectory
    ) -> None:
        tenant.fake.set_fault("permission")
        with pytest.raises(Misconfigured):
            [page async for page in directory.read()]

    async def test_throttling_is_waited_out(self, tenant: Tenant, directory: DingTalkDirectory) -> None:
        tenant.fake.set_fault("throttle", times=3)
        people = [person async for page in directory.read() for person in page]
        assert len(people) == len(tenant.fake.people())


class TestProbes:
    async def test_all_is_well_and_nobody_is_written_to(self, tenant: Tenant) -> None:
        probes = await tenant.rich.probe()
        assert [each for each in probes if not each.ok] == []
        assert all(not tenant.chat(each["userid"]) for each in tenant.fake.people())
        again = await tenant.rich.probe()
        tenant.clock.advance(timedelta(seconds=1))
        assert len(again) == len(probes)

    @pytest.mark.parametrize(
        ("app", "name", "word"),
        [
            (replace(APP, client_secret="another"), "dingtalk.token", "凭证与基础信息"),
            (replace(APP, permissions=frozenset()), "dingtalk.contacts", "权限管理"),
            (replace(APP, permissions=frozenset()), "dingtalk.robot", "qyapi_robot_sendmsg"),
            (replace(APP, templates=()), "dingtalk.card_template", "卡片平台"),
            (replace(APP, templates=(CARD_TEMPLATE,)), "dingtalk.form_template", "卡片平台"),
        ],
    )
    async def test_each_fault_names_its_fix(self, tenant: Tenant, app: Any, name: str, word: str) -> None:
        tenant.fake.configure(app)
        (probe,) = (each for each in await tenant.rich.probe() if each.name == name)
        assert not probe.ok
        assert word in probe.fix

    async def test_the_quota_is_seen(self, tenant: Tenant) -> None:
        tenant.fake.set_fault("quota", times=None, path="/robot/")
        (robot,) = (each for each in await tenant.rich.probe() if each.name == "dingtalk.robot")
        assert "month" in robot.fix
