"""The HTTP face of one fake tenant: the open API, endpoint discovery and the long connection, at the root of a site."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from sandbox.feishu import batches, contacts, reading, sending, settings
from sandbox.feishu.calls import ApiCall, Body
from sandbox.feishu.fake import FeishuFake
from sandbox.feishu.gateway import Api, Gateway, json_body, json_response

_MOST_BYTES = 16 * 1024 * 1024
_GOING_AWAY = 1001
_AUTH = "/open-apis/auth/v3"
_IM = "/open-apis/im/v1"
_CONTACT = "/open-apis/contact/v3"


def make_app(fake: FeishuFake) -> web.Application:
    """The application of a tenant; stopping it ends its long connections but leaves the fake usable."""
    app = web.Application(client_max_size=_MOST_BYTES)
    for api in (*_token_apis(fake), *_message_apis(fake), *_contact_apis(fake)):
        app.router.add_route(api.method, api.path, _handler(fake.gateway, api))
    app.router.add_post("/callback/ws/endpoint", partial(_discover, fake))
    app.router.add_get("/ws/v2", fake.sockets.accept)
    app.on_shutdown.append(lambda _: fake.sockets.disconnect(None, _GOING_AWAY))
    return app


def _handler(gateway: Gateway, api: Api) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    return partial(gateway.serve, api)


async def _discover(fake: FeishuFake, request: web.Request) -> web.Response:
    return json_response(fake.sockets.discover(await json_body(request), request.host))


def _token_apis(fake: FeishuFake) -> list[Api]:
    def issue(call: ApiCall) -> Body:
        return fake.tokens.issue(call.body)

    return [
        Api("POST", f"{_AUTH}/tenant_access_token/internal", issue, needs_token=False),
        Api("POST", f"{_AUTH}/app_access_token/internal", issue, needs_token=False),
        Api("GET", "/open-apis/bot/v3/info", partial(_bot_info, fake)),
    ]


def _message_apis(fake: FeishuFake) -> list[Api]:
    messages, may_send = fake.messages, settings.SCOPE_SEND
    one, batch = f"{_IM}/messages/{{message_id}}", f"{_IM}/batch_messages/{{batch_message_id}}"
    return [
        Api("POST", f"{_IM}/messages", partial(sending.send, messages), may_send),
        Api("GET", f"{_IM}/messages", partial(reading.list_messages, messages), may_send),
        Api("POST", f"{one}/reply", partial(sending.reply, messages), may_send),
        Api("PATCH", one, partial(sending.patch, messages), may_send),
        Api("PUT", one, partial(sending.edit, messages), may_send),
        Api("DELETE", one, partial(sending.recall, messages), may_send),
        Api("GET", one, partial(reading.get_message, messages), may_send),
        Api("GET", f"{one}/read_users", partial(reading.readers, messages), may_send),
        Api("PATCH", f"{one}/urgent_app", partial(reading.urge, messages), settings.SCOPE_URGENT),
        Api("POST", f"{_IM}/images", partial(reading.upload_image, messages), settings.SCOPE_IMAGE),
        Api("POST", "/open-apis/message/v4/batch_send/", partial(batches.send_batch, messages)),
        Api("GET", f"{batch}/get_progress", partial(batches.batch_progress, messages), may_send),
        Api("DELETE", batch, partial(batches.recall_batch, messages), may_send),
        Api("POST", "/open-apis/interactive/v1/card/update", fake.card_tokens.update, may_send),
    ]


def _contact_apis(fake: FeishuFake) -> list[Api]:
    world, may_read = fake.world, settings.SCOPE_CONTACT
    users, departments = f"{_CONTACT}/users", f"{_CONTACT}/departments"
    # Fixed paths stand before the ones with variables that would swallow them.
    return [
        Api("GET", f"{users}/batch", partial(contacts.get_users, world), may_read),
        Api("GET", f"{users}/find_by_department", partial(contacts.users_of_department, world), may_read),
        Api("POST", f"{users}/batch_get_id", partial(contacts.ids_of_contacts, world), settings.SCOPE_FIND_ID),
        Api("GET", f"{users}/{{user_id}}", partial(contacts.get_user, world), may_read),
        Api("GET", f"{departments}/parent", partial(contacts.parent_departments, world), may_read),
        Api("GET", f"{departments}/{{department_id}}", partial(contacts.get_department, world), may_read),
        Api("GET", f"{departments}/{{department_id}}/children", partial(contacts.child_departments, world), may_read),
        Api("GET", f"{_CONTACT}/scopes", partial(contacts.contact_range, world), may_read),
    ]


def _bot_info(fake: FeishuFake, call: ApiCall) -> Body:
    bot = {
        "activate_status": 2,
        "app_name": call.app.name,
        "avatar_url": "https://example.invalid/avatar.png",
        "ip_white_list": [],
        "open_id": fake.bot_open_id(call.app.app_id),
    }
    return {"code": 0, "msg": "ok", "bot": bot}
