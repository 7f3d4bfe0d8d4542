"""What to do about a platform's error code, or about one of our own reasons, that is kept with a message."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.dingtalk import errors as dingtalk
from adapters.feishu import errors as feishu
from adapters.wecom import errors as wecom
from storage.states import Unreachable

_PLATFORMS: Mapping[str, Mapping[str, str]] = {
    "feishu": {str(code): group.hint for code, group in feishu.KNOWN.items()},
    "wecom": {str(code): group.hint for code, group in wecom.KNOWN.items()},
    "dingtalk": {code: group.hint for code, group in dingtalk.KNOWN.items()},
}

_OURS: Mapping[str, str] = {
    Unreachable.NO_PERSON: "nobody has that id any more",
    Unreachable.NO_PLATFORM: "name the person's platform ids under ids in the people file",
    Unreachable.NO_IDENTITY: "name the person's platform ids under ids in the people file",
    Unreachable.NO_MAIL: "write the person's mail into the people file",
    Unreachable.RECEIVER_LOST: "the platform refused to reach the person before; take them into the app's range",
}


def hint_of(lane: str, code: str) -> str:
    """Return what an admin can do, or nothing where that is not known.

    Args:
        lane: The platform's name, or another lane.
        code: As kept in the outbox; a sub code after a slash is left aside.
    """
    return _OURS.get(code) or _PLATFORMS.get(lane, {}).get(code.split("/")[0], "")
