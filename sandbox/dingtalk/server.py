"""The HTTP face of one fake organisation: both hosts of the open platform and the stream gateway, on one site."""

from __future__ import annotations

from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.dingtalk import contacts, notices, robot, session_hook, settings
from sandbox.dingtalk.calls import ApiCall, Body, ok
from sandbox.dingtalk.fake import DingTalkFake
from sandbox.dingtalk.gateway import Api, Gateway, Host, error_response
from sandbox.dingtalk.payloads import http_event
from sandbox.dingtalk.refusals import refusal
from sandbox.dingtalk.sockets import PATH

_MOST_BYTES = 32 * 1024 * 1024
_GOING_AWAY = 1001
_ROBOT = "/v1.0/robot"
_CARD = "/v1.0/card"
_TOPAPI = "/topapi"


def make_app(fake: DingTalkFake) -> web.Application:
    """The application of an organisation; stopping it ends its connections but leaves the fake usable."""
    app = web.Application(client_max_size=_MOST_BYTES, middlewares=[_learning(fake)])
    for api in (*_token_apis(fake), *_robot_apis(fake), *_card_apis(fake), *_old_apis(fake), *_contact_apis(fake)):
        app.router.add_route(api.method, api.path, _handler(fake.gateway, api))
    app.router.add_post("/v1.0/gateway/connections/open", fake.sockets.open)
    app.router.add_get(PATH, fake.sockets.accept)
    app.router.add_get("/files/{code}", _file)
    app.router.add_route("*", "/{anything:.*}", partial(_unknown, fake))
    app.on_shutdown.append(lambda _: fake.sockets.end(None, _GOING_AWAY))
    return app


def _handler(gateway: Gateway, api: Api) -> Handler:
    return partial(gateway.serve, api)


def _learning(fake: DingTalkFake) -> Middleware:
    @web.middleware
    async def learn(request: web.Request, handler: Handler) -> web.StreamResponse:
        fake.world.address = f"{request.scheme}://{request.host}"
        return await handler(request)

    return learn


async def _unknown(fake: DingTalkFake, request: web.Request) -> web.StreamResponse:
    fake.world.complain(f"there is no {request.method} {request.path}")
    return error_response(refusal("InvalidAction.NotFound"), fake.world.store.mint("").upper())


async def _file(request: web.Request) -> web.StreamResponse:
    return web.Response(body=request.match_info["code"].encode(), content_type="application/octet-stream")


def _token_apis(fake: DingTalkFake) -> list[Api]:
    tokens = fake.tokens
    return [
        Api("POST", "/v1.0/oauth2/accessToken", tokens.issue, needs_token=False),
        Api("POST", "/v1.0/oauth2/{corp_id}/token", tokens.issue_unified, needs_token=False),
        Api("GET", "/gettoken", tokens.issue_old, Host.OLD, needs_token=False),
    ]


def _robot_apis(fake: DingTalkFake) -> list[Api]:
    messages, may_send = fake.messages, settings.MAY_SEND
    features = [
        ("POST", "oToMessages/batchSend", robot.send_to_people, may_send),
        ("GET", "oToMessages/readStatus", robot.read_status, may_send),
        # Here, and only here, the path has a small letter.
        ("POST", "otoMessages/batchRecall", robot.recall_from_people, may_send),
        ("POST", "groupMessages/send", robot.send_to_group, may_send),
        ("POST", "groupMessages/query", robot.group_readers, may_send),
        ("POST", "groupMessages/recall", robot.recall_from_group, may_send),
        ("POST", "messageFiles/download", robot.file_address, ""),
        ("POST", "ding/send", robot.send_ding, settings.MAY_DING),
    ]
    return [
        Api(method, f"{_ROBOT}/{path}", partial(feature, messages), permission=permission, counted=True)
        for method, path, feature, permission in features
    ]


def _card_apis(fake: DingTalkFake) -> list[Api]:
    cards, may_use = fake.cards, settings.MAY_USE_CARDS
    features = [
        ("POST", "instances/createAndDeliver", cards.create_and_deliver, may_use),
        ("POST", "instances", cards.create, may_use),
        ("POST", "instances/deliver", cards.deliver, may_use),
        ("PUT", "instances", cards.update, may_use),
        ("PUT", "streaming", cards.stream, settings.MAY_STREAM_CARDS),
        ("POST", "callbacks/register", cards.register_route, may_use),
    ]
    return [
        Api(method, f"{_CARD}/{path}", feature, permission=permission, counted=True)
        for method, path, feature, permission in features
    ]


def _old_apis(fake: DingTalkFake) -> list[Api]:
    world, notice = fake.world, f"{_TOPAPI}/message/corpconversation"
    session = partial(session_hook.send_by_session, fake.messages)
    return [
        Api("POST", "/robot/sendBySession", session, Host.OLD, needs_token=False),
        Api("POST", "/media/upload", partial(notices.upload_media, world), Host.OLD, counted=True),
        Api("POST", f"{notice}/asyncsend_v2", partial(notices.send_notice, world), Host.OLD, counted=True),
        Api("POST", f"{notice}/getsendresult", partial(notices.notice_result, world), Host.OLD, counted=True),
        Api("GET", "/call_back/get_call_back_failed_result", partial(_failed_events, fake), Host.OLD, counted=True),
    ]


def _contact_apis(fake: DingTalkFake) -> list[Api]:
    world, people, tree = fake.world, settings.MAY_READ_MEMBERS, settings.MAY_READ_DEPARTMENTS
    features = [
        ("v2/user/get", contacts.get_user, people),
        ("v2/user/list", contacts.list_users, people),
        ("user/listsimple", contacts.list_simple, people),
        ("user/listid", contacts.list_ids, people),
        ("v2/user/getbymobile", contacts.by_mobile, people),
        ("user/getbyunionid", contacts.by_union_id, people),
        ("v2/department/listsub", contacts.child_departments, tree),
        ("v2/department/listsubid", contacts.child_department_ids, tree),
        ("v2/department/get", contacts.get_department, tree),
        ("v2/department/listparentbyuser", contacts.parent_departments, tree),
    ]
    return [
        Api("POST", f"{_TOPAPI}/{path}", partial(feature, world), Host.OLD, permission)
        for path, feature, permission in features
    ]


def _failed_events(fake: DingTalkFake, call: ApiCall) -> Body:
    failed = fake.pusher.failed_events(call.app.client_id)
    return ok(has_more=False, failed_list=[http_event(fake.world, push) for push in failed])
