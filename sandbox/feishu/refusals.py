"""How the open platform says no: one table of codes with their HTTP status and sentence, and the exception for them.

Codes, statuses and sentences: feishu.md sections 2 to 5 and 8, and the pages behind them (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CATALOGUE: Mapping[int, tuple[int, str]] = {
    # gateway and tokens
    2200: (500, "internal error"),
    9499: (400, "Bad Request"),
    10003: (200, "invalid param"),
    10014: (200, "app id not exists"),
    10015: (200, "app secret invalid"),
    99991400: (429, "request trigger frequency limit"),
    99991401: (400, "ip is not in the app's ip allow list"),
    99991403: (400, "The number of API calls of this month has used up"),
    99991543: (400, "app_id or app_secret is invalid"),
    99991661: (400, "Need a token"),
    99991662: (400, "app is disabled"),
    99991663: (400, "Invalid access token for authorization. Please make a test attempt with the correct token."),
    99991664: (400, "app_access_token is invalid"),
    99991665: (400, "tenant_access_token is illegal"),
    99991668: (400, "Invalid user_access_token"),
    99991671: (400, "Invalid access token: it must start with t- or u-"),
    99991672: (400, "Access denied. One of the following scopes is required: [{}]"),
    99991673: (400, "app is not installed or unauthorized"),
    99992351: (400, "The request you send is not a valid open_id or not exists: {}"),
    99992360: (400, "The request you send is not a valid user_id or not exists: {}"),
    99992361: (400, "open_id cross app: {}"),
    99992364: (400, "The request you send is not a valid union_id or not exists: {}"),
    99992402: (400, "field validation failed"),
    # im v1
    230001: (400, "Your request contains an invalid request parameter, ext={}"),
    230002: (400, "The bot can not be outside the group."),
    230006: (400, "Bot ability is not activated."),
    230009: (400, "Message has expired when recall message."),
    230011: (400, "The message is recalled."),
    230012: (400, "Bot is NOT the sender of the message."),
    230013: (400, "Bot has NO availability to this user."),
    230020: (400, "This operation triggers the frequency limit, ext={}"),
    230022: (400, "The content of the message contains sensitive information."),
    230023: (400, "The number of unread urgent messages of the user reaches the limit."),
    230024: (400, "Reach the upper limit of urgent message."),
    230025: (400, "The length of the message content reaches its limit."),
    230026: (400, "No permission to recall this message."),
    230027: (400, "Lack of necessary permissions."),
    230028: (400, "The messages do NOT pass the audit."),
    230029: (400, "User has resigned."),
    230031: (400, "Message can only be modified within 14 days after sending."),
    230033: (400, "Get the reading status must be done within 7 days after the message is sent."),
    230034: (400, "The receive_id is invalid."),
    230035: (400, "Send Message Permission deny."),
    230038: (400, "Cross tenant p2p chat operate forbid."),
    230049: (400, "The message is being sent."),
    230053: (400, "The user has stopped the bot from sending messages."),
    230054: (400, "This operation is not supported for this message type."),
    230071: (400, "The operator is not the sender of the message."),
    230072: (400, "The message has reached the number of times it can be edited."),
    230099: (400, "Failed to create card content, {}"),
    230110: (400, "Action unavailable as the message has been deleted."),
    232009: (400, "Your request specifies a chat which has already been dissolved."),
    234001: (400, "Invalid request param."),
    234002: (401, "Unauthorized."),
    234006: (400, "The file size exceed the max value."),
    234007: (400, "App does not enable bot feature."),
    234010: (400, "File's size can't be 0."),
    234011: (400, "Can't recognize image format."),
    # message v4, business errors with HTTP 200
    11101: (200, "Open_id not exist."),
    11203: (200, "Send employee ids permission denied."),
    11204: (200, "Send department list permission denied."),
    11232: (200, "create message trigger rate limit"),
    11246: (200, "Create message content fail: {}"),
    11247: (200, "Internal send message trigger rate limit."),
    # delayed update of cards
    11311: (400, "card format is invalid: {}"),
    10002: (400, "card param is invalid"),
    200000: (400, "the message card has been recalled"),
    200310: (400, "can not update the card of another app"),
    300000: (400, "internal error"),
    300020: (400, "the format of the token is invalid"),
    300030: (400, "the token has expired"),
    300040: (400, "the token has been used up"),
    # contact v3
    40001: (400, "invalid parameter"),
    40003: (400, "internal error"),
    40004: (403, "no dept authority error"),
    40011: (400, "page size is invalid"),
    40012: (400, "page token is invalid error"),
    40014: (403, "no parent dept authority error"),
    41012: (400, "user id invalid error"),
    41050: (400, "no user authority error"),
    42008: (401, "tenant id is invalid error"),
    43010: (400, "big dept forbid recursion error"),
}


class Refusal(Exception):
    """A request is answered with an error envelope.

    Attributes:
        code: The business code, never 0.
        message: The sentence in `msg`.
        status: The HTTP status.
        headers: Headers to add.
        error: Members to add to the `error` object, such as `permission_violations` or `field_violations`.
    """

    def __init__(
        self,
        code: int,
        message: str,
        status: int,
        headers: Mapping[str, str],
        error: Mapping[str, Any],
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers
        self.error = error


def refusal(code: int, detail: str = "") -> Refusal:
    """The refusal that the catalogue holds for a code; `detail` fills the gap in its sentence, if it has one.

    Raises:
        KeyError: The catalogue does not know the code.
    """
    status, sentence = CATALOGUE[code]
    return Refusal(code, sentence.format(detail).removesuffix(", ext="), status, {}, {})


def too_frequent(status: int, limit: int, wait_seconds: int) -> Refusal:
    """The gateway's frequency error with its two headers; `wait_seconds` is what `x-ogw-ratelimit-reset` tells."""
    headers = {"x-ogw-ratelimit-limit": str(limit), "x-ogw-ratelimit-reset": str(wait_seconds)}
    return Refusal(99991400, CATALOGUE[99991400][1], status, headers, {})


def scope_missing(scopes: frozenset[str] | set[str], kind: str = "action_scope_required") -> Refusal:
    """An app lacks a scope; any one of `scopes` would do. `kind` may also be `field_scope_required`."""
    status, sentence = CATALOGUE[99991672]
    names = sorted(scopes)
    violations = [{"type": kind, "subject": name} for name in names]
    return Refusal(99991672, sentence.format(", ".join(names)), status, {}, {"permission_violations": violations})


def field_invalid(field: str, value: str, description: str) -> Refusal:
    """The gateway's own check of a request's fields failed."""
    status, sentence = CATALOGUE[99992402]
    violations = [{"field": field, "value": value, "description": description}]
    return Refusal(99992402, sentence, status, {}, {"field_violations": violations})
