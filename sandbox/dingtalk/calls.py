"""One request to the open platform, as the features see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.dingtalk.refusals import old_refusal, refusal
from sandbox.dingtalk.settings import FakeDingTalkApp

Body = dict[str, Any]

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part of a multipart body."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A request that came past token, rate, permission and quota.

    Attributes:
        app: Who calls; an app of empty names where no token was needed.
        parts: Variables of the path.
        query: All values of every query key, percent-decoded.
        body: The JSON object or form, empty where there was none.
        uploads: File parts of a multipart body.
    """

    app: FakeDingTalkApp
    parts: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Mapping[str, Any]
    uploads: Mapping[str, Upload]

    def asked(self, key: str) -> str:
        """The first value of a query key, empty where there is none."""
        values = self.query.get(key, ())
        return values[0] if values else ""

    def text(self, key: str) -> str:
        """A text member of the body, empty where there is none or something else."""
        value = self.body.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        """A list of texts in the body; anything else in its place counts as empty."""
        value = self.body.get(key)
        return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else []

    def number(self, key: str, default: int | None = None) -> int:
        """A whole number of a body of the old host, which also takes it as text.

        Raises:
            Refusal: 400002.
        """
        value = self.body.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise old_refusal(400002, key)
        try:
            number = int(value)
        except ValueError:
            raise old_refusal(400002, key) from None
        if abs(number) > _LARGEST:
            raise old_refusal(400002, key)
        return number

    def own_robot(self) -> None:
        """Check `robotCode`, which equals the client id.

        Raises:
            Refusal: `invalidParameter.robotCode.empty` or `.notExsit`, spelled so.
        """
        code = self.text("robotCode") or self.asked("robotCode")
        if not code:
            raise refusal("invalidParameter.robotCode.empty")
        if code != self.app.client_id:
            raise refusal("invalidParameter.robotCode.notExsit")


Feature = Callable[[ApiCall], Body]
"""What answers the calls of one method; raises `Refusal`."""


def ok(**members: Any) -> Body:
    """The success body of the old host."""
    return {"errcode": 0, "errmsg": "ok", **members}
