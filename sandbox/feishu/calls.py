"""One request to the open API, as the features see it, and the envelopes they answer with."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Generic, TypeVar

from sandbox.feishu.refusals import Refusal, field_invalid, refusal, scope_missing
from sandbox.feishu.settings import SCOPE_USER_ID, FakeApp

Body = dict[str, Any]
Item = TypeVar("Item")

_SMALLEST_TOKEN_TEXT = b"\xfb\xef\xbe\xff\xff\xff"
"""Becomes `++++////` in base64, so that every page token holds characters that a sloppy client breaks."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A request that came past token, rate and scope checks.

    Attributes:
        app: Who calls.
        path: The path as called.
        parts: Variables of the path.
        query: All values of every query key.
        body: The JSON object, empty where there was none.
        size_bytes: Length of the raw body.
        uploads: File parts of a multipart body.
    """

    app: FakeApp
    path: str
    parts: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: Mapping[str, Any]
    size_bytes: int
    uploads: Mapping[str, bytes]

    def asked(self, key: str, default: str = "") -> str:
        """The first value of a query key."""
        values = self.query.get(key, ())
        return values[0] if values else default

    def needed(self, key: str) -> str:
        """A text member of the body that must be there.

        Raises:
            Refusal: 99992402.
        """
        value = self.body.get(key)
        if value is None or value == "":
            raise field_invalid(key, "", f"{key} is required")
        if not isinstance(value, str):
            raise field_invalid(key, str(type(value).__name__), f"{key} must be a string")
        return value

    def id_type(self) -> str:
        """`user_id_type`, by default `open_id`.

        Raises:
            Refusal: 99992402 for another word, 99991672 where user_ids are asked for without their scope.
        """
        return self.checked_id_type(self.asked("user_id_type", "open_id"), "user_id_type")

    def checked_id_type(self, value: str, field: str, more: tuple[str, ...] = ()) -> str:
        """As `id_type`, for a value from elsewhere; `more` are further allowed words."""
        if value not in ("open_id", "union_id", "user_id", *more):
            raise field_invalid(field, value, f"{field} is optional, options: [open_id,union_id,user_id]")
        if value == "user_id" and SCOPE_USER_ID not in self.app.scopes:
            raise scope_missing({SCOPE_USER_ID}, "field_scope_required")
        return value

    def department_id_type(self) -> str:
        """`department_id_type`, by default `open_department_id`.

        Raises:
            Refusal: 99992402 for another word.
        """
        value = self.asked("department_id_type", "open_department_id")
        if value not in ("department_id", "open_department_id"):
            raise field_invalid("department_id_type", value, "options: [department_id,open_department_id]")
        return value

    def page(self, items: Sequence[Item], most: int, codes: tuple[int, int] = (40011, 40012)) -> Page[Item]:
        """The asked part of a list.

        Args:
            items: The whole list.
            most: Largest allowed `page_size`.
            codes: What a bad size and a bad token are refused with.

        Raises:
            Refusal: One of `codes`.
        """
        size_text = self.asked("page_size", "10")
        if not size_text.isdecimal() or not 1 <= int(size_text) <= most:
            raise refusal(codes[0])
        token = self.asked("page_token")
        start = self._offset(token, refusal(codes[1])) if token else 0
        end = start + int(size_text)
        return Page(items[start:end], self._token(end) if end < len(items) else "")

    def _token(self, offset: int) -> str:
        marked = _SMALLEST_TOKEN_TEXT + f"{self._fingerprint()}:{offset:07d}".encode()
        # Some real tokens carry a literal %2B: whoever decodes twice loses it.
        return "%2B" + base64.b64encode(marked).decode()

    def _offset(self, token: str, refused: Refusal) -> int:
        try:
            text = base64.b64decode(token.removeprefix("%2B"), validate=True)[len(_SMALLEST_TOKEN_TEXT) :].decode()
            fingerprint, _, offset = text.partition(":")
            found = int(offset)
        except (binascii.Error, ValueError):
            raise refused from None
        if fingerprint != self._fingerprint() or token != self._token(found):
            raise refused
        return found

    def _fingerprint(self) -> str:
        # A token belongs to its query: another list refuses it.
        rest = sorted((key, *values) for key, values in self.query.items() if key not in ("page_token", "page_size"))
        return sha256(repr((self.app.app_id, self.path, rest)).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list; `token` is empty on the last one."""

    items: Sequence[Item]
    token: str

    def as_data(self, items: list[Any]) -> Body:
        """The `data` of a list answer; `page_token` is absent on the last page, as in the real one."""
        more: Body = {"page_token": self.token} if self.token else {}
        return {"has_more": bool(self.token), **more, "items": items}


Feature = Callable[[ApiCall], Body]
"""What answers the calls of one method; raises `Refusal`."""


def success(data: Body | None = None) -> Body:
    """The envelope of the v1 and v3 APIs."""
    return {"code": 0, "msg": "success", "data": data or {}}


def ok(data: Body | None = None) -> Body:
    """The envelope of the older APIs."""
    return {"code": 0, "msg": "ok", "data": data or {}}
