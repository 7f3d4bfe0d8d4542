"""`schema`: the form of the configuration, for editors that complete and check while one types."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.output import say_json
from config.json_schema import json_schema, people_json_schema


def command(
    people: Annotated[bool, typer.Option("--people", help="That of a file of people instead.")] = False,
) -> None:
    """Print the JSON Schema of an organisation's file."""
    say_json(people_json_schema() if people else json_schema())
