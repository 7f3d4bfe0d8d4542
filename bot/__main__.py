"""`python -m bot COMMAND`: arguments in, exit code out; results on stdout, what went wrong on stderr.

Exit codes: 0 done, 2 bad configuration or arguments, 1 anything else.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from bot.collection import collect_rarely
from bot.commands.group import command_line
from bot.commands.outcome import CommandFailed, ExitCode
from config.problems import ConfigErrors
from domain.errors import FupanError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Args:
        arguments: What stands after `python -m bot`; `None` for those the process was started with.
    """
    try:
        return _run(arguments)
    except ConfigErrors as errors:
        return _complain("\n".join(map(str, errors.errors)), ExitCode.BAD_INPUT)
    except CommandFailed as failed:
        return _complain(str(failed), failed.code)
    except FupanError as error:
        return _complain(f"{type(error).__name__}: {error}", ExitCode.FAILED)
    except BrokenPipeError:
        # Whoever read our results has seen enough. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except Exception as error:  # noqa: BLE001 - edge: the command line; told once, and the exit code says that it failed
        return _unexpected(error)


def _run(arguments: Sequence[str] | None) -> int:
    code: object = ExitCode.OK
    try:
        command_line()(arguments, prog_name="python -m bot")
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()  # here, where a full disk is still an error of ours
    return code if isinstance(code, int) else ExitCode.OK


def _complain(sentences: str, code: ExitCode) -> int:
    sys.stderr.write(sentences + "\n")
    return code


def _unexpected(error: Exception) -> int:
    import structlog

    from bot import logs

    logs.configure("warning", as_json=not sys.stderr.isatty())
    structlog.get_logger("bot.command_line").error(
        "an error that nobody foresaw; please report it with these lines", action="command.failed", exc_info=error
    )
    return ExitCode.FAILED


if __name__ == "__main__":
    collect_rarely()  # before commands load their modules, whose every object would be gone through again and again
    sys.exit(main())
