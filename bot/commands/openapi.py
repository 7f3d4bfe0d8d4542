"""`openapi`: the HTTP routes that outsiders use, as an OpenAPI 3.1 document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from ruamel.yaml import YAML

from bot.commands.output import say_json
from bot.commands.version import release

ROUTES = Path(__file__).parent / "routes"


def command(
    sandbox: Annotated[bool, typer.Option("--sandbox", help="With the routes that control the demo.")] = False,
) -> None:
    """Print the document as JSON."""
    document = service_document()
    say_json(with_sandbox(document) if sandbox else document)


def service_document() -> dict[str, Any]:
    """Return the document of the service's own routes."""
    document = _read("service.yaml")
    document["info"]["version"] = release()
    return document


def with_sandbox(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the routes that control the demo."""
    added = _read("sandbox.yaml")
    schemas = {**document["components"]["schemas"], **added["schemas"]}
    return {
        **document,
        "tags": [*document["tags"], *added["tags"]],
        "paths": {**document["paths"], **added["paths"]},
        "components": {**document["components"], "schemas": schemas},
    }


def _read(name: str) -> dict[str, Any]:
    # The pure reader resolves anchors too, and is the one that reads version 1.2, where "no" is a text.
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(ROUTES / name)
    return content
