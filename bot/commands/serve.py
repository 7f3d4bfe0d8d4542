"""`serve`: the service, until it is told to stop."""

from __future__ import annotations

import os
import sys

from bot import logs
from bot.commands.interruption import run_until_stopped
from bot.commands.listening import or_port_taken
from bot.commands.options import ConfigOption, HostOption, LogLevelOption, PortOption
from bot.service import serve
from config.loader import load


def command(
    config: ConfigOption,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8080,
    log_level: LogLevelOption = "info",
) -> None:
    """Serve every organisation of a configuration; its files are watched, a wrong edit is refused with its line."""
    logs.configure(log_level, as_json=not sys.stderr.isatty())
    loaded = load(config, os.environ)
    with or_port_taken(host, port):
        run_until_stopped(serve(loaded, config, os.environ, host, port))
