"""How a command ends: its exit code, and the sentence that says why."""

from __future__ import annotations

from enum import IntEnum

from domain.errors import FupanError


class ExitCode(IntEnum):
    """What the shell is told."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    """Bad configuration or arguments: the same again will fail again."""


class CommandFailed(FupanError):
    """A command cannot do what it was asked.

    Attributes:
        code: For the shell.
    """

    def __init__(self, sentence: str, code: ExitCode = ExitCode.FAILED) -> None:
        """Say what is wrong and what to do, in one sentence for stderr."""
        super().__init__(sentence)
        self.code = code
