"""Answers for edits while the bot runs: each one is read, and told as a configuration or as its mistakes.

Folders are watched and not files, because editors replace files. What counts is content: a file that was only touched,
or a store that lies in the same folder, is no edit. The content is also looked at every second, for file systems that
tell of no changes (mounted folders of containers), and so that no edit between loading and watching is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from watchfiles import awatch

from config.loader import Loaded, config_files, fingerprint_of, load
from config.problems import ConfigErrors
from config.yaml_source import digest_of

SETTLE_MILLISECONDS = 300
"""How long changes are gathered before they are looked at: an editor writes a file in several steps."""

LOOK_MILLISECONDS = 1000
"""How often the content is looked at though nothing was told."""

OnChange = Callable[[Loaded | ConfigErrors], Awaitable[None]]


async def watch(path: Path, env: Mapping[str, str], running: Loaded, on_change: OnChange) -> None:
    """Tell of every edit until cancelled.

    An edit that is wrong is told once, as `ConfigErrors`; whoever listens keeps the running configuration.

    Args:
        path: As given to `config.loader.load`.
        env: The environment, for ``${NAME}``.
        running: The configuration in use; an edit made since it was loaded is told first.
        on_change: Called with what the edited files come to, one call at a time; what it raises ends the watching.
    """
    state = Watched(path, env, on_change, running.fingerprint, _files_of(running))
    while True:
        folders = _folders(path, state.files)
        async for _ in awatch(
            *folders,
            watch_filter=None,
            debounce=SETTLE_MILLISECONDS,
            rust_timeout=LOOK_MILLISECONDS,
            yield_on_timeout=True,
            recursive=False,
        ):
            await state.look()
            if _folders(path, state.files) != folders:
                break


@dataclass(slots=True)
class Watched:
    """What was last seen of the files, and told.

    Attributes:
        path: The configuration's.
        env: The environment.
        on_change: Who is told.
        seen: The fingerprint of the files when they were last read.
        files: All that were then read or looked for.
        told: The mistakes last told, if the last edit was wrong.
    """

    path: Path
    env: Mapping[str, str]
    on_change: OnChange
    seen: str
    files: frozenset[Path]
    told: ConfigErrors | None = None

    async def look(self) -> None:
        """Tell if something was edited since the last look."""
        # Taken before the files are read: an edit in between is then seen as one more change.
        found = await asyncio.to_thread(_fingerprint, self.path, self.files)
        if found == self.seen:
            return
        result = await asyncio.to_thread(_load, self.path, self.env)
        files = _files_of(result)
        # With other files to look at, the fingerprint of the old ones says nothing: look again.
        self.seen = found if files == self.files else ""
        self.files = files
        if isinstance(result, Loaded):
            self.told, self.seen = None, result.fingerprint
            await self.on_change(result)
        elif self.told is None or self.told.errors != result.errors:
            self.told = result
            await self.on_change(result)


def _load(path: Path, env: Mapping[str, str]) -> Loaded | ConfigErrors:
    try:
        return load(path, env)
    except ConfigErrors as errors:
        return errors


def _files_of(result: Loaded | ConfigErrors) -> frozenset[Path]:
    if isinstance(result, ConfigErrors):
        return result.files
    return frozenset(file for org in result.orgs for file in org.source_files)


def _folders(path: Path, files: Iterable[Path]) -> set[Path]:
    folders = {file.parent for file in files} | {path if path.is_dir() else path.parent}
    return {folder for folder in folders if folder.is_dir()}


def _fingerprint(path: Path, files: Iterable[Path]) -> str:
    return fingerprint_of({file: _digest(file) for file in {*config_files(path), *files}})


def _digest(file: Path) -> str:
    try:
        return digest_of(file.read_bytes())
    except OSError:
        # While an editor replaces it, a file is not there for a moment; gone for good, loading tells.
        return ""
