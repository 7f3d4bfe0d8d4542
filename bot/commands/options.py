"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config", metavar="FILE_OR_DIR", help="A configuration file, or a folder with one file per organisation."
    ),
]
HostOption = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen; 0.0.0.0 is everywhere.")]
PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
OrgOption = Annotated[str, typer.Option("--org", metavar="ID", help="The organisation's id.")]
PersonOption = Annotated[str, typer.Option("--person", metavar="ID", help="The person's id in the store.")]
LogLevelOption = Annotated[
    Literal["debug", "info", "warning", "error"], typer.Option("--log-level", help="How much is logged.")
]
