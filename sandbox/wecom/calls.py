"""One request to the API, as the features see it, and the envelope they answer with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.wecom.refusals import Refusal
from sandbox.wecom.settings import FakeWeComApp

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A request that came past the token and rate checks.

    Attributes:
        app: Who calls.
        query: The first value of every query key.
        body: The JSON object, empty where there was none.
        upload: The file of a multipart body, None where there was none.
    """

    app: FakeWeComApp
    query: Mapping[str, str]
    body: Mapping[str, Any]
    upload: Upload | None = None

    def check_agent(self) -> None:
        """Whether the body's `agentid` is the caller's.

        Raises:
            Refusal: 40056 where it is missing or no number, 301002 where it is another app's.
        """
        agent_id = self.body.get("agentid")
        if isinstance(agent_id, bool) or not isinstance(agent_id, int):
            raise Refusal(40056)
        if agent_id != self.app.agent_id:
            raise Refusal(301002)

    def number(self, key: str, default: int | None, code: int) -> int | None:
        """A whole number of the query, the default where it is missing.

        Raises:
            Refusal: `code`, where it is no number.
        """
        value = self.query.get(key, "")
        if not value:
            return default
        if not value.isdecimal():
            raise Refusal(code)
        return int(value)


@dataclass(frozen=True, slots=True)
class Upload:
    """The file part of a multipart body."""

    name: str
    file_name: str
    content: bytes


Answer = Body | bytes
"""An object becomes JSON; bytes go out as a file."""

Feature = Callable[[ApiCall], Answer]
"""What answers the calls of one API; raises `Refusal`."""


def ok(data: Body | None = None) -> Body:
    """The envelope of a success."""
    return {"errcode": 0, "errmsg": "ok", **(data or {})}
