"""`backup`: a copy of the store that is whole, made while the service runs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import URL, make_url

from bot.commands.options import ConfigOption
from bot.commands.outcome import CommandFailed, ExitCode
from bot.commands.output import progress, say
from bot.commands.stores import one_store
from config.loader import load
from storage.failures import DRIVER_ERRORS

PAGES_AT_ONCE = 1024
"""Pages of SQLite copied between two breaths, in which writers get their turn."""


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the copy goes.")],
    config: ConfigOption,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it is there.")] = False,
) -> None:
    """Copy a SQLite store with its online backup and check the copy; a PostgreSQL store with pg_dump."""
    if file.exists() and not force:
        raise CommandFailed(f"{file} is there already; take another name, or --force to replace it", ExitCode.BAD_INPUT)
    url = make_url(one_store(load(config, os.environ)))
    # Written beside and moved over at the end: whoever sees FILE sees a whole copy.
    part = file.with_name(f"{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        if url.get_backend_name() == "sqlite":
            copy_sqlite(Path(url.database or ""), part)
        else:
            dump_postgresql(url, part)
        part.replace(file)
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    say(f"{file}: {file.stat().st_size} bytes")


def copy_sqlite(store: Path, copy: Path) -> None:
    """Copy a SQLite store page by page as of one moment, and check the copy.

    Raises:
        CommandFailed: There is no such store, or the copy is broken.
    """
    if not store.exists():
        raise CommandFailed(f"there is no store at {store}; look at storage.url, or run migrate first")
    try:
        with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(copy)) as target:
            with progress("copying") as step:
                source.backup(
                    target, pages=PAGES_AT_ONCE, progress=lambda _, left, all_: step(f"{all_ - left} of {all_} pages")
                )
            # One file is easier to carry away than three.
            target.execute("PRAGMA journal_mode = DELETE")
            ((verdict, *_),) = target.execute("PRAGMA integrity_check(1)").fetchall()
    except DRIVER_ERRORS as error:
        raise CommandFailed(f"the store cannot be copied: {type(error).__name__}: {error}") from None
    if verdict != "ok":
        raise CommandFailed(f"the copy is not whole: {verdict}")


def dump_postgresql(url: URL, copy: Path) -> None:
    """Dump a PostgreSQL store in the custom format, to be restored with `pg_restore`.

    Raises:
        CommandFailed: pg_dump is missing, or says why it cannot.
    """
    program = shutil.which("pg_dump")
    if program is None:
        raise CommandFailed(
            "pg_dump is not on the PATH; install PostgreSQL's client programs of the server's version, "
            "or back the server up with your own tools",
            ExitCode.BAD_INPUT,
        )
    # The password goes through the environment, where other users cannot read it as they can an argument.
    address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    with progress("dumping"):
        run = subprocess.run(  # noqa: S603 - our own words and the operator's configuration
            [program, "--format=custom", "--no-owner", f"--file={copy}", f"--dbname={address}"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode != 0:
        raise CommandFailed(f"pg_dump failed: {run.stderr.strip()}")
