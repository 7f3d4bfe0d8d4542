"""The HTTP face of one fake company: everything under `/cgi-bin/`, at the root of a site, and a robot's gateway."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from sandbox.wecom import contacts, media, sending, updating
from sandbox.wecom.aibot import AibotGateway
from sandbox.wecom.calls import ApiCall, Body, ok
from sandbox.wecom.fake import WeComFake
from sandbox.wecom.gateway import Api, Callers, Gateway

_MOST_BYTES = 24 * 1024 * 1024
_PLATFORM_ADDRESSES = ["127.0.0.1"]


def make_app(fake: WeComFake, robot: AibotGateway | None = None) -> web.Application:
    """The application of a company; stopping it leaves the fake usable.

    Args:
        fake: The company.
        robot: A robot's gateway, which then is at `/aibot`; the real one is a host of its own.
    """
    app = web.Application(client_max_size=_MOST_BYTES)
    for api in (*_own_apis(fake), *_message_apis(fake), *_contact_apis(fake)):
        # Every method comes to the gateway, because a wrong one is answered with HTTP 200 too.
        app.router.add_route("*", f"/cgi-bin/{api.path}", _handler(fake.gateway, api))
    if robot is not None:
        app.router.add_get("/aibot", robot.accept)
    return app


def _handler(gateway: Gateway, api: Api) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    return partial(gateway.serve, api)


def _own_apis(fake: WeComFake) -> list[Api]:
    def issue(call: ApiCall) -> Body:
        return fake.tokens.issue(call.query)

    def addresses(_call: ApiCall) -> Body:
        return ok({"ip_list": _PLATFORM_ADDRESSES})

    return [
        Api("GET", "gettoken", issue, Callers.ANYBODY, is_rated=False),
        Api("GET", "getcallbackip", addresses, Callers.BOTH),
        Api("GET", "get_api_domain_ip", addresses, Callers.BOTH),
        Api("GET", "agent/get", partial(contacts.get_agent, fake.world)),
    ]


def _message_apis(fake: WeComFake) -> list[Api]:
    world, messages, codes = fake.world, fake.messages, fake.codes
    return [
        Api("POST", "message/send", partial(sending.send, messages, codes), is_rated=False),
        Api("POST", "message/update_template_card", partial(updating.update_card, messages, codes)),
        Api("POST", "message/recall", partial(sending.recall, messages)),
        Api("POST", "message/get_statistics", partial(sending.statistics, world)),
        Api("POST", "media/upload", partial(media.upload, world)),
        Api("GET", "media/get", partial(media.download, world)),
    ]


def _contact_apis(fake: WeComFake) -> list[Api]:
    world = fake.world
    return [
        Api("GET", "department/list", partial(contacts.list_departments, world), Callers.READERS),
        Api("GET", "department/simplelist", partial(contacts.list_department_ids, world), Callers.BOTH),
        Api("GET", "department/get", partial(contacts.get_department, world), Callers.READERS),
        Api("GET", "user/list", partial(contacts.full_users, world), Callers.READERS),
        Api("GET", "user/simplelist", partial(contacts.simple_users, world), Callers.READERS),
        Api("GET", "user/get", partial(contacts.get_user, world), Callers.READERS),
        Api("POST", "user/list_id", partial(contacts.list_ids, world), Callers.SYNC),
    ]
