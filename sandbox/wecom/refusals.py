"""How WeCom says no: a table of codes with their sentences, and the exception for them. HTTP status is always 200.

Codes: wecom.md sections 3 to 8, 13 and 15. Where that tells no sentence the wording is ours; let nobody decide by it.
"""

from __future__ import annotations

from collections.abc import Mapping

CATALOGUE: Mapping[int, str] = {
    -1: "system error",
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media type",
    40005: "invalid file type",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid media size",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40031: "invalid userid list",
    40032: "invalid userid list size",
    40033: "invalid charset, please use utf-8",
    40035: "invalid parameter",
    40056: "invalid agentid",
    40058: "invalid request parameter",
    40063: "some parameters are empty",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41006: "media_id missing",
    41009: "userid missing",
    41010: "url missing",
    41016: "title missing",
    41033: "description missing",
    42001: "access_token expired",
    42014: "taskid has existed or empty or exceed max len",
    42015: "the card belongs to another app",
    42016: "unknown task_id",
    42027: "keyname missing",
    42028: "url missing",
    42029: "media_id missing",
    42030: "appid missing",
    42031: "invalid card_type",
    42033: "title missing",
    42035: "invalid horizontal_content_list",
    42036: "invalid vertical_content_list",
    42037: "invalid option_list",
    42038: "invalid button text",
    42039: "invalid button key",
    42040: "invalid option id",
    42041: "invalid option text",
    42042: "invalid jump_list",
    42043: "invalid question_key",
    42044: "invalid card_image url",
    42045: "invalid card_action",
    42046: "invalid submit_button key",
    42047: "invalid select_list",
    42049: "invalid submit_button text",
    42050: "userid missing",
    42051: "invalid action_menu",
    42052: "recall timeout",
    43012: "callback url not configured",
    44001: "empty media data",
    44004: "empty content",
    45001: "media size out of limit",
    45009: "api freq out of limit",
    45033: "api concurrent out of limit",
    48002: "api forbidden for this app",
    48006: "app is asleep",
    48009: "api forbidden for contact sync",
    50003: "app disabled",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    60111: "userid not found",
    60123: "invalid party id",
    60140: "invalid response_code",
    81013: "user & party & tag all invalid",
    82001: "all touser & toparty & totag are empty",
    82002: "too many parties",
    82003: "too many tags",
    85002: "content with forbidden words",
    93006: "invalid chatid",
    301002: "not allow to operate another agent with this accesstoken",
    846605: "invalid req_id",
    846608: "stream can no longer be updated",
    853006: "not available to this corp",
}


class Refusal(Exception):
    """A request is answered with an error.

    Attributes:
        code: The `errcode`, never 0; of the catalogue.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code, CATALOGUE[code])
        self.code = code


def sentence_of(code: int, hint: str, address: str) -> str:
    """The `errmsg` of a code as the platform writes it.

    Args:
        code: Of the catalogue.
        hint: The digits by which the vendor's support finds the call.
        address: Whence the platform was called.
    """
    where = f"https://open.work.weixin.qq.com/devtool/query?e={code}"
    return f"{CATALOGUE[code]}, hint: [{hint}], from ip: {address}, more info at {where}"
