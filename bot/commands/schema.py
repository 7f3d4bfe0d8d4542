"""`schema`: the form of the configuration, for editors that complete and check while one types."""

from __future__ import annotations

from bot.commands.output import say_json
from config.json_schema import json_schema


def command() -> None:
    """Print the JSON Schema of an organisation's file."""
    say_json(json_schema())
