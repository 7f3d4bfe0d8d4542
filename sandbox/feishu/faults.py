"""Switches that make the platform misbehave: which kinds there are, how often each still happens, and to what."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What can go wrong. The first group concerns API calls, the second deliveries, the third long connections.

    `reorder` counts events: the next `times` of them (two at least) are held and then delivered newest first.
    """

    THROTTLE = "throttle"
    """429 with 99991400 and the reset header; `seconds` (1 where 0) until reset."""
    CHAT_RATE = "chat_rate"
    """230020 without a reset header, for sends and card updates."""
    FAIL = "fail"
    """HTTP `code` (500 where 0) without the platform's envelope, before anything is stored."""
    FAIL_AFTER = "fail_after"
    """The same after the call took effect."""
    RESET = "reset"
    """The TCP connection ends without an answer, before anything is stored."""
    RESET_AFTER = "reset_after"
    """The same after the call took effect."""
    DELAY = "delay"
    """The answer comes `seconds` late in real time; the call took effect at once."""
    DELAY_BEFORE = "delay_before"
    """The call takes effect, and is answered, `seconds` late in real time."""
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 the name of a switch
    """The presented token is no longer valid (99991663) and is forgotten."""
    SCOPE_MISSING = "scope_missing"
    """99991672 naming the scopes of the called API."""
    QUOTA = "quota"
    """99991403, the month's calls are used up."""
    REFUSE = "refuse"
    """The business error `code`, any of the catalogue."""
    UNDELIVERABLE = "undeliverable"
    """Messages to `open_id` (anybody where empty) are refused with `code`: 230013, 230029, 230035 or 230053."""

    REPEAT = "repeat"
    """The next events are delivered twice, the second time after the first was acknowledged."""
    REORDER = "reorder"
    """See the class."""
    HOLD_BACK = "hold_back"
    """The next event leaves `seconds` later by the tenant's clock, with the due retries."""
    NO_TOKEN = "no_token"  # noqa: S105 the name of a switch
    """The envelope's header has no `token`, as in a real payload of a long connection."""
    WRONG_TOKEN = "wrong_token"  # noqa: S105 the name of a switch
    """The envelope's header has a foreign token."""
    WRONG_SIGNATURE = "wrong_signature"
    """Webhooks with an encrypt key: the signature is another one."""
    NO_SIGNATURE = "no_signature"
    """Webhooks with an encrypt key: the signature headers are missing."""
    BAD_PADDING = "bad_padding"
    """Webhooks with an encrypt key: the plain text's padding is broken; the signature is right."""

    FRAGMENTS = "fragments"
    """The payload comes in frames of `size` bytes (16 where 0), last one first where `reverse`."""
    LOST_FRAGMENT = "lost_fragment"
    """As `fragments`, but the first frame never comes."""
    CARD_FRAME = "card_frame"
    """The frame's type is `card` instead of `event`."""
    WS_CLOSE = "ws_close"
    """Instead of the next frame the connection is closed with `code` (1001 where 0; 1006 drops it)."""
    HALF_OPEN = "half_open"
    """A connection that pings, or should get a frame, goes silent: TCP stays open, nothing is answered or sent."""
    ENDPOINT = "endpoint"
    """Endpoint discovery answers `code` (1 where 0)."""
    HANDSHAKE = "handshake"
    """The handshake is refused: `Handshake-Status` 403 where `code` is 403, else 514 with that code."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch that is on.

    Attributes:
        kind: What happens.
        times: How often it still happens; None is "until switched off".
        seconds: See the kind.
        code: See the kind.
        size: See the kind; bytes.
        reverse: See the kind.
        open_id: Only concerning this person (first app's id); empty is everybody.
        path: Only concerning calls whose path contains this; empty is all but the token calls.
    """

    kind: FaultKind
    times: int | None = 1
    seconds: float = 0.0
    code: int = 0
    size: int = 0
    reverse: bool = False
    open_id: str = ""
    path: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON for the control API."""
        return {**asdict(self), "kind": self.kind.value}


class Faults:
    """The switches of one tenant; not kept over a restart."""

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

    def take(self, kind: FaultKind, path: str = "", open_id: str = "") -> Fault | None:
        """Use up one occurrence of a fault, if one of this kind is on and concerns the path and person."""
        for index, fault in enumerate(self._on):
            if fault.kind is kind and _concerns(fault, path) and fault.open_id in ("", open_id):
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
    return fault.path in path and (bool(fault.path) or "access_token/internal" not in path)
