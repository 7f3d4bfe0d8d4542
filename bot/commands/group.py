"""Which commands there are, each imported only when it runs: a cold start loads one command, and help loads none."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "serve": "Run the service.",
    "sandbox": "Run the demo: fake platforms, the bot and a page to play with, in one process.",
    "check": "Check a configuration and summarise it.",
    "plan": "Show what would fire when, and why a holiday moved it.",
    "doctor": "Probe platforms, store, calendar, mail and directory; name what is wrong and how to mend it.",
    "dead-letters": "List the messages that were given up, or have them tried again.",
    "migrate": "Bring the store's tables up to date.",
    "export": "Write down everything the store holds about a person.",
    "erase": "Take a person's name, addresses and words out of the store.",
    "backup": "Copy the store into a file, while the service runs.",
    "openapi": "Print the HTTP routes as OpenAPI 3.1.",
    "schema": "Print the JSON Schema of the configuration, for editors.",
    "version": "Print the version.",
}
"""What each command does, in one line; `module_of` names the module that holds its function `command`."""


def module_of(name: str) -> str:
    """Return the full name of a command's module."""
    return f"bot.commands.{name.replace('-', '_')}"


class LazyCommands(TyperGroup):
    """The commands as a group that imports a command's module when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, or `None` if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(module_of(cmd_name))
        alone = _typer()
        alone.command(cmd_name, help=COMMANDS[cmd_name])(module.command)
        return typer.main.get_command(alone)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the arguments begin with; a mistyped one gets the nearest names."""
        near = get_close_matches(args[0], COMMANDS)
        if near and args[0] not in COMMANDS:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {' or '.join(map(repr, near))}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def command_line() -> typer.Typer:
    """Return the whole command line, to be called with the arguments of the process."""
    app = _typer(cls=LazyCommands, no_args_is_help=True)
    app.callback(help="Fupan (复盘): weekly check-ins in work chat, with a reply owed in 48 hours.")(_nothing)
    return app


def _typer(cls: type[TyperGroup] | None = None, *, no_args_is_help: bool = False) -> typer.Typer:
    # Without rich's panels and tracebacks: the former cost a third of the start-up, the latter show local variables.
    return typer.Typer(
        cls=cls,
        no_args_is_help=no_args_is_help,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )


def _nothing() -> None:
    """Options of the whole are those of its commands."""
