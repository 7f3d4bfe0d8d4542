"""The configuration of the control API: which file the bot runs on, and what was wrong with its last edit."""

from __future__ import annotations

from aiohttp import web

from sandbox.control_guard import as_json
from sandbox.control_stage import Stage


class Configuration:
    """The configuration's endpoint."""

    def __init__(self, stage: Stage) -> None:
        self._notices = stage.notices

    async def show(self, _request: web.Request) -> web.Response:
        """`GET /sandbox/api/configuration`: `configuration` is null where the stage has none to tell of."""
        return as_json({"configuration": dict(self._notices.latest()) if self._notices else None})
