"""`version`: which release this is."""

from __future__ import annotations

import platform
import tomllib
from importlib import metadata
from pathlib import Path

from bot.commands.output import say


def command() -> None:
    """Print the versions of Fupan and of Python."""
    say(f"fupan {release()} (Python {platform.python_version()})")


def release() -> str:
    """Return our release: that of the installed package, else that of the source tree we run from."""
    try:
        return metadata.version("fupan")
    except metadata.PackageNotFoundError:
        project = Path(__file__).parents[2] / "pyproject.toml"
        return str(tomllib.loads(project.read_text("utf-8"))["project"]["version"])
