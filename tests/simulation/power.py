"""The power of the machine: fails once, after so many steps of whatever runs on it."""

from __future__ import annotations


class PowerCut(BaseException):
    """Everything that ran is dead; what was committed is there, what was sent is sent.

    No `Exception`: nothing of ours may go on by passing over it.
    """


class Power:
    """Counts the steps of all processes and fails at one of them."""

    def __init__(self) -> None:
        self._steps_left: int | None = None

    @property
    def is_about_to_fail(self) -> bool:
        """Whether it will fail at some step to come."""
        return self._steps_left is not None

    def fail_after(self, steps: int) -> None:
        """Fail at the step after so many more."""
        self._steps_left = steps

    def restore(self) -> None:
        """Fail no more."""
        self._steps_left = None

    def use(self) -> None:
        """Take one step.

        Raises:
            PowerCut: This is the step at which the power fails.
        """
        if self._steps_left is None:
            return
        self._steps_left -= 1
        if self._steps_left < 0:
            self.restore()
            raise PowerCut


def is_power_cut(error: BaseException) -> bool:
    """Tell whether an error, or any error of a group, is a power cut."""
    if isinstance(error, BaseExceptionGroup):
        return any(map(is_power_cut, error.exceptions))
    return isinstance(error, PowerCut)
