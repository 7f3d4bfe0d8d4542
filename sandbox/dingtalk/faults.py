"""Switches that make the platform misbehave: which kinds there are, how often each still happens, and to what.

The first five are the words of `sandbox.control_faults.KINDS`; the rest are section 15.3 of dingtalk.md.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What can go wrong: with API calls, with pushes, with HTTP callbacks, with stream connections.

    `reorder` counts pushes: the next `times` of them (two at least) are held and then delivered newest first.
    """

    THROTTLE = "throttle"
    """HTTP 403 with `QpsLimitForAppkeyAndApi`; on the old host 90018."""
    FAIL = "fail"
    """HTTP `status` (500 where 0) with `system.error`, on the old host -1, before anything is stored."""
    DELAY = "delay"
    """The answer comes `seconds` late in real time; the call took effect at once."""
    REPEAT = "repeat"
    """The next pushes are delivered twice, the second time after the first was acknowledged."""
    REORDER = "reorder"
    """See the class."""

    GATEWAY_TIMEOUT = "gateway_timeout"
    """HTTP 504 after the call took effect; on the old host 15."""
    RESET = "reset"
    """The TCP connection ends without an answer, before anything is stored."""
    RESET_AFTER = "reset_after"
    """The same after the call took effect."""
    DELAY_BEFORE = "delay_before"
    """The call takes effect, and is answered, `seconds` late in real time."""
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 the name of a switch
    """The presented token is no longer valid and is forgotten."""
    PERMISSION = "permission"
    """`AccessTokenPermissionDenied` naming the permission of the called API; on the old host 60011."""
    QUOTA = "quota"
    """`ApiCountLimitForOrg`, the month's calls are used up; on the old host 90020."""
    BAN_PAGE = "ban_page"
    """The firewall's HTML page with HTTP 403, which is no JSON."""
    REFUSE = "refuse"
    """The business error `code`, any of the catalogue; 500 `system.error` where empty."""
    FLOW_CONTROL = "flow_control"
    """`user_id` (everybody where empty) is in `flowControlledStaffIdList` and gets nothing."""
    UNDELIVERABLE = "undeliverable"
    """A card is created, but its delivery to `user_id` (anybody where empty) reports `success: false`."""
    CONTENT_UNSAFE = "content_unsafe"
    """A card or message is refused by the content review."""

    NO_TEXT = "no_text"
    """A message to the robot has no body but `errorCode` 20001, as when the pushes of the month are used up."""
    NO_SENDER = "no_sender"
    """A message to the robot has no `senderStaffId`."""

    WRONG_SIGNATURE = "wrong_signature"
    """HTTP mode: the signature of the next request is another one."""
    NO_SIGNATURE = "no_signature"
    """HTTP mode: the next request has no signature."""
    OLD_TIMESTAMP = "old_timestamp"
    """HTTP mode: the next request was signed two hours ago."""
    BAD_PADDING = "bad_padding"
    """HTTP mode, events: the plain text's padding is broken; the signature is right."""
    WRONG_SUFFIX = "wrong_suffix"
    """HTTP mode, events: the plain text ends in a foreign key."""

    OPEN = "open"
    """`connections/open` answers `status`: 401 with `authFailed`, else (503 where 0) without the platform's body."""
    SLOW_OPEN = "slow_open"
    """`connections/open` answers `seconds` late."""
    TICKET_REUSE = "ticket_reuse"
    """`connections/open` hands out the ticket it handed out last, which is used up."""
    WS_CLOSE = "ws_close"
    """Instead of the next frame the connection is closed with `status` (1000 where 0; 1006 drops it)."""
    DROP = "drop"
    """Instead of the next frame the TCP connection is dropped."""
    HALF_OPEN = "half_open"
    """A connection that pings, or should get a frame, goes silent: TCP stays open, nothing is answered or sent."""
    LOST_AT_DISCONNECT = "lost_at_disconnect"
    """A push while a connection waits for its end after `disconnect` goes to that one, and is lost."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch that is on.

    Attributes:
        kind: What happens.
        times: How often it still happens; None is "until switched off".
        seconds: See the kind.
        code: See the kind.
        status: See the kind.
        user_id: Only concerning this person; empty is everybody.
        path: Only concerning calls whose path contains this; empty is all but the token calls.
    """

    kind: FaultKind
    times: int | None = 1
    seconds: float = 0.0
    code: str = ""
    status: int = 0
    user_id: str = ""
    path: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON for the control API."""
        return {**asdict(self), "kind": self.kind.value}


class Faults:
    """The switches of one organisation; not kept over a restart."""

    def __init__(self) -> None:
        self._on: list[Fault] = []

    def set(self, fault: Fault) -> None:
        """Switch one on, in place of an equal one that differs in number only; zero times switch that one off."""
        self._on = [each for each in self._on if replace(each, times=fault.times) != fault]
        if fault.times != 0:
            self._on.append(fault)

    def switch_off(self, kind: FaultKind) -> None:
        """Switch off every fault of a kind."""
        self._on = [each for each in self._on if each.kind is not kind]

    def clear(self) -> None:
        """Switch everything off."""
        self._on.clear()

    def all(self) -> list[Fault]:
        """What is on, oldest first."""
        return list(self._on)

    def take(self, kind: FaultKind, path: str = "", user_id: str = "") -> Fault | None:
        """Use up one occurrence of a fault, if one of this kind is on and concerns the path and person."""
        for index, fault in enumerate(self._on):
            if fault.kind is kind and _concerns(fault, path) and fault.user_id in ("", user_id):
                self._use(index, fault)
                return fault
        return None

    def take_whole(self, kind: FaultKind) -> Fault | None:
        """Take a fault with all its occurrences."""
        found = next((fault for fault in self._on if fault.kind is kind), None)
        if found is not None:
            self._on.remove(found)
        return found

    def _use(self, index: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times <= 1:
            del self._on[index]
        else:
            self._on[index] = replace(fault, times=fault.times - 1)


def _concerns(fault: Fault, path: str) -> bool:
    # A throttled send must not turn into a throttled login: token calls are met only where they are named.
    return fault.path in path and (bool(fault.path) or not path.endswith(("/accessToken", "/token", "/gettoken")))
