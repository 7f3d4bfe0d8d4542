"""The demo's remote control: plays every person, the clock, the mailbox and the faults over HTTP.

The demo page uses nothing else, and neither do scripts that want to live a week of the company. Paths and shapes are a
contract; they are listed in `make_routes`, and each endpoint tells its own in its docstring.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from sandbox import page
from sandbox.control_chat import Chats
from sandbox.control_clock import Clock
from sandbox.control_configuration import Configuration
from sandbox.control_faults import Faults, Mailbox
from sandbox.control_guard import guarded
from sandbox.control_stage import ClickResult, Conductor, Notices, PlatformFake, Stage
from sandbox.control_stream import Changes, listen_to

__all__ = ["ClickResult", "Conductor", "Notices", "PlatformFake", "Stage", "add_routes", "make_routes"]

API = "/sandbox/api"
"""Where the control API lives."""


def add_routes(app: web.Application, stage: Stage) -> None:
    """Put the page and its control API into an application, and end its streams when that shuts down.

    Args:
        app: An application that has not started yet.
        stage: What is to be controlled.
    """
    changes = Changes()
    app.add_routes(make_routes(stage, changes))
    app.add_routes(page.make_routes())

    async def close(_app: web.Application) -> None:
        changes.close()

    app.on_shutdown.append(close)


def make_routes(stage: Stage, changes: Changes) -> Iterable[web.RouteDef]:
    """The control API alone, without the page.

    Args:
        stage: What is to be controlled; its fakes and its mail catcher are subscribed to.
        changes: Spreads changes to open pages; close it at shutdown, else open streams hold the server up.

    Returns:
        The routes, each refusing callers from outside this machine.
    """
    listen_to(stage, changes)
    chats, clock = Chats(stage), Clock(stage, changes)
    faults, mailbox = Faults(stage, changes), Mailbox(stage)
    return (
        web.get(f"{API}/people", guarded(chats.people)),
        web.get(f"{API}/people/{{id}}/messages", guarded(chats.messages)),
        web.post(f"{API}/people/{{id}}/open", guarded(chats.open)),
        web.post(f"{API}/people/{{id}}/say", guarded(chats.say)),
        web.post(f"{API}/people/{{id}}/act", guarded(chats.act)),
        web.get(f"{API}/clock", guarded(clock.show)),
        web.post(f"{API}/clock", guarded(clock.move)),
        web.get(f"{API}/mail", guarded(mailbox.show)),
        web.get(f"{API}/mail/{{id}}/body", guarded(mailbox.body)),
        web.get(f"{API}/faults", guarded(faults.show)),
        web.post(f"{API}/faults", guarded(faults.add)),
        web.delete(f"{API}/faults", guarded(faults.clear)),
        web.get(f"{API}/configuration", guarded(Configuration(stage).show)),
        web.get(f"{API}/stream", guarded(changes.stream)),
    )
