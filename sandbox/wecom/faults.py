"""Switches that make WeCom misbehave: which kinds there are, how often each still happens, and to what."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What can go wrong. The first group concerns API calls, the second callbacks.

    `reorder` counts events: the next `times` of them (two at least) are held and then delivered newest first.
    """

    THROTTLE = "throttle"
    """45009."""
    BUSY = "busy"
    """-1, "try again"."""
    FAIL = "fail"
    """HTTP `code` (500 where 0) without JSON, before anything is stored."""
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
    """42001: the presented token has run out before its time."""
    INVALID_TOKEN = "invalid_token"  # noqa: S105 the name of a switch
    """40014: the presented token is unknown, and forgotten."""
    UNTRUSTED_IP = "untrusted_ip"
    """60020, except for `gettoken`."""
    REFUSE = "refuse"
    """The error `code`, any of the catalogue."""
    UNREACHABLE = "unreachable"
    """`user_id` (everybody where empty) counts as an invalid receiver."""

    REPEAT = "repeat"
    """The next events are delivered twice, the second time after the first was acknowledged."""
    TWIN = "twin"
    """The next events are delivered twice at the same time."""
    REORDER = "reorder"
    """See the class."""
    HOLD_BACK = "hold_back"
    """The next event leaves `seconds` later by the company's clock, with the due retries."""
    WRONG_SIGNATURE = "wrong_signature"
    """The signature is another one."""
    WRONG_RECEIVER = "wrong_receiver"
    """The sealed text ends in another company's id; the signature is right."""
    BAD_PADDING = "bad_padding"
    """The sealed text's padding is broken; the signature is right."""
    NO_XML = "no_xml"
    """What is sealed is no XML."""
    OVERSIZE = "oversize"
    """The body has two more megabytes, in an element that means nothing."""
    RAW_PLUS = "raw_plus"
    """The URL check sends the `+` of its echo unescaped, as some gateways on the way do."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch that is on.

    Attributes:
        kind: What happens.
        times: How often it still happens; None is "until switched off".
        seconds: See the kind.
        code: See the kind.
        user_id: Only concerning this person; empty is everybody.
        path: Only concerning calls whose path contains this; empty is all but `gettoken`.
    """

    kind: FaultKind
    times: int | None = 1
    seconds: float = 0.0
    code: int = 0
    user_id: str = ""
    path: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON for the control API."""
        return {**asdict(self), "kind": self.kind.value}


class Faults:
    """The switches of one company; not kept over a restart."""

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
    return fault.path in path and (bool(fault.path) or "gettoken" not in path)
