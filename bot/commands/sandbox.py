"""`sandbox`: the demo, with everything it keeps in one folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot import logs
from bot.commands.interruption import run_until_stopped
from bot.commands.listening import or_port_taken
from bot.commands.options import HostOption, LogLevelOption, PortOption
from bot.demo import run


def command(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8080,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget an earlier demo first.")] = False,
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="Where the demo keeps everything.")] = Path(
        "var"
    ),
    log_level: LogLevelOption = "warning",
) -> None:
    """Run the demo until Ctrl-C."""
    logs.configure(log_level, as_json=not sys.stderr.isatty())
    with or_port_taken(host, port):
        run_until_stopped(run(host, port, folder, fresh))
