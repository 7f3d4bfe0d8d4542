"""`openapi`: the HTTP routes that outsiders use, as an OpenAPI 3.1 document."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

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
    content: dict[str, Any] = yaml.safe_load((ROUTES / name).read_text(encoding="utf-8"))
    return content
