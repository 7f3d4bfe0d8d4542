"""How the open platform says no: codes of the new host with their HTTP status, codes of the old one, the exceptions.

Codes: dingtalk.md sections 3, 4, 6, 7, 9 and 11. Where the reference gives no sentence, the sentence is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

QPS = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
QUOTA = "Forbidden.AccessDenied.ApiCountLimitForOrg"
PERMISSION = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
BAD_TOKEN = "InvalidAuthentication"  # noqa: S105 a code

_SPECIAL: Mapping[str, tuple[int, str]] = {
    BAD_TOKEN: (400, "不合法的access_token"),
    "invalidAccessToken": (401, "不合法的access_token"),
    "Missingbody": (400, "body is mandatory for this action."),
    "invalidClientIdOrSecret": (400, "无效的clientId或者clientSecret"),
    "authFailed": (401, "鉴权失败"),
    QPS: (403, "应用调用该接口的QPS超过上限"),
    "Forbidden.AccessDenied.QpsLimitForApi": (403, "接口的总QPS超过上限"),
    "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi": (403, "应用调用该接口的QPM超过上限"),
    QUOTA: (403, "组织当月的API调用量已用完"),
    PERMISSION: (403, "应用尚未开通所需的权限"),
    "Forbidden.AccessDenied.IpNotInWhiteList": (403, "访问ip不在白名单之中"),
    "InvalidAction.NotFound": (404, "Specified api is not found, please check your url and method."),
    "invalid.client": (400, "invalid client"),
    "unsupported.grant.type": (400, "unsupported grant type"),
    "unauthorized.client": (401, "unauthorized client"),
    "server.error": (500, "server error"),
    "system.error": (500, "系统错误"),
    "system.busy": (500, "系统繁忙"),
    "unknownError": (500, "未知错误"),
    "param.callbackRouteKeyExist": (500, "callbackRouteKey已存在"),
}

_ALL_400 = (
    "invalidParameter.robotCode.empty invalidParameter.robotCode.notExsit invalidParameter.robotCode.invalid "
    "invalidParameter.userIds.empty invalidParameter.userIds.overMax invalidParameter.userId.empty "
    "invalidParameter.msgKey.empty invalidParameter.msgKey.invalid invalidParameter.msgParam.invalid "
    "invalidParameter.msgParam.tooLong invalidParameter.param.invalid invalidParameter.msg.unsupport "
    "invalidParameter.msgBody.invalid invalidParameter.token.invalid invalidParameter.processQueryKey.missing "
    "invalidParameter.processQueryKeys.overMax token.notExisted staffId.notExisted template.not.existed "
    "template.stopped robot.oto.notExist chatbotId.notAllow.sendOTO bot.stopped contain.notAllowed.text "
    "miss.param.actionCardTobtnsToactionUrl resource.not.found group.disbanded too.many.people too.many.group "
    "send.too.fast send.byToken.tooFast processQueryKey.expireTime invalid.processQueryKey unknown.send.result "
    "robot.processQueryKey.expired not.allowed.robotCode notRevoke.all.messages toomuch.msg "
    "ding.serverquota.insufficient param.empty param.outTrackIdEmpty param.openSpaceIdEmpty param.openSpaceIdInvalid "
    "param.openDeliverModelEmpty param.openDeliverModelError param.cardTemplateIdEmpty param.cardPublicDataEmpty "
    "param.userIdEmpty param.userIdNotExist param.contentUnsafe param.openSpaceModelInvalid param.cardNotExist "
    "param.cardAlreadyExist param.templateNotExist param.templateUnpublished param.invalid "
    "param.cardDataAndPrivateDataBothEmpty param.callbackRouteKeyEmpty param.callbackUrlEmpty "
    "system.updateCallbackFailed"
).split()

CATALOGUE: Mapping[str, tuple[int, str]] = {**{code: (400, code) for code in _ALL_400}, **_SPECIAL}
"""Codes of the new host: HTTP status and sentence."""

OLD_CATALOGUE: Mapping[int, str] = {
    -1: "系统繁忙",
    15: "Remote service error",
    88: "ding talk error",
    33001: "无效的企业ID",
    33012: "无效的USERID",
    40001: "获取access_token时Secret错误，或者access_token无效",
    40014: "不合法的access_token",
    40035: "不合法的参数",
    40068: "不合法的偏移量",
    40069: "不合法的分页大小",
    40096: "不合法的appKey或appSecret",
    41001: "缺少access_token参数",
    42001: "access_token超时",
    43004: "无效的HTTP HEADER Content-Type",
    50002: "企业员工不在授权范围",
    60003: "部门不存在",
    60011: "没有调用该接口的权限",
    60020: "访问ip不在白名单之中",
    60121: "找不到该用户",
    90002: "您的服务器调用钉钉开放平台所有接口的请求都被暂时禁用了",
    90018: "您的服务器调用钉钉开放平台当前接口的请求超过QPS上限",
    90020: "组织当月的API调用量已用完",
    300001: "session不存在或者已过期",
    310000: "安全设置校验失败",
    400002: "参数错误",
    410100: "发送速度太快而限流",
}
"""Codes of the old host; each comes with HTTP 200."""

OLD_OF_NEW: Mapping[str, int] = {
    BAD_TOKEN: 40014,
    "Missingbody": 400002,
    QPS: 90018,
    QUOTA: 90020,
    PERMISSION: 60011,
    "system.error": -1,
}
"""What the old host says where the gateway, and not a feature, refuses."""


class Refusal(Exception):
    """A request is answered with an error body.

    Attributes:
        code: A word for the new host, a number for the old one.
        sentence: Its text.
        status: The HTTP status; 200 for the old host.
        more: Members to add to the body.
    """

    def __init__(self, code: str | int, sentence: str, status: int, more: Mapping[str, Any]) -> None:
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence
        self.status = status
        self.more = more


def refusal(code: str, detail: str = "") -> Refusal:
    """What the new host refuses with; `detail` is added to the sentence.

    Raises:
        KeyError: The catalogue does not know the code.
    """
    status, sentence = CATALOGUE[code]
    return Refusal(code, f"{sentence} {detail}".strip(), status, {})


def old_refusal(code: int, detail: str = "") -> Refusal:
    """What the old host refuses with.

    Raises:
        KeyError: The catalogue does not know the code.
    """
    return Refusal(code, f"{OLD_CATALOGUE[code]} {detail}".strip(), 200, {})


def permission_missing(permission: str) -> Refusal:
    """The refusal that names the missing permission."""
    status, sentence = CATALOGUE[PERMISSION]
    detail = {"accessdenieddetail": {"requiredScopes": [permission]}}
    return Refusal(PERMISSION, f"{sentence}: [{permission}]", status, detail)


def in_old_words(refused: Refusal) -> Refusal:
    """What the old host says in place of a refusal of the new one's gateway."""
    return refused if isinstance(refused.code, int) else old_refusal(OLD_OF_NEW[refused.code])
