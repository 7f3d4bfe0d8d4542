"""Watching: an edit is told as a configuration or as its mistakes, once, however an editor writes it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.loader import Loaded, load
from config.problems import ConfigErrors
from config.watch import watch
from tests.unit.config_texts import ENV, MINIMAL

PATIENCE_SECONDS = 20
GOOD = MINIMAL + "org: {name: %s}\n"
BAD = MINIMAL + "orgg: {}\n"


class Told:
    """What the watcher has told, in order; each can be awaited."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Loaded | ConfigErrors] = asyncio.Queue()

    async def take(self, result: Loaded | ConfigErrors) -> None:
        """Be told."""
        await self.queue.put(result)

    async def next(self) -> str:
        """Return the next thing told: the organisation's name, or the mistakes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            result = await self.queue.get()
        return str(result).rsplit("/", 1)[-1] if isinstance(result, ConfigErrors) else result.orgs[0].policy.name


@asynccontextmanager
async def watching(path: Path, running: Loaded | None = None) -> AsyncIterator[Told]:
    told = Told()
    task = asyncio.create_task(watch(path, ENV, running or load(path, ENV), told.take))
    try:
        yield told
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A configuration in a folder of its own."""
    path = tmp_path / "org.yaml"
    path.write_text(GOOD % "first", "utf-8")
    return path


def replace(path: Path, text: str) -> None:
    """Write as editors do: a new file takes the place of the old one."""
    new = path.with_suffix(".new")
    new.write_text(text, "utf-8")
    os.replace(new, path)


async def test_an_edit_is_told(path: Path) -> None:
    async with watching(path) as told:
        path.write_text(GOOD % "second", "utf-8")
        assert await told.next() == "second"


async def test_a_file_that_replaces_another_is_an_edit(path: Path) -> None:
    async with watching(path) as told:
        for name in ("second", "third"):
            replace(path, GOOD % name)
            assert await told.next() == name


async def test_a_bad_edit_is_told_with_its_line_and_the_next_good_one_as_well(path: Path) -> None:
    async with watching(path) as told:
        replace(path, BAD)
        assert (await told.next()).startswith("org.yaml:3: orgg: unknown key; did you mean 'org'?")
        replace(path, GOOD % "mended")
        assert await told.next() == "mended"


async def test_an_edit_between_loading_and_watching_is_not_lost(path: Path) -> None:
    running = load(path, ENV)
    path.write_text(GOOD % "second", "utf-8")
    async with watching(path, running) as told:
        assert await told.next() == "second"


async def test_what_is_no_edit_is_not_told(path: Path) -> None:
    async with watching(path) as told:
        path.touch()
        (path.parent / "fupan.db").write_bytes(b"a store that changes all the time")
        path.write_text(GOOD % "second", "utf-8")
        assert await told.next() == "second"
        assert told.queue.empty()


async def test_a_bad_edit_is_told_once(path: Path) -> None:
    async with watching(path) as told:
        replace(path, BAD)
        await told.next()
        replace(path, BAD + "# still wrong\n")
        replace(path, GOOD % "mended")
        assert await told.next() == "mended"


async def test_a_file_of_people_is_watched_wherever_it_is(path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    people = tmp_path_factory.mktemp("elsewhere") / "people.yaml"
    people.write_text("people: [{id: li, name: 李华}]\n", "utf-8")
    path.write_text(f"{GOOD % 'first'}people: {{file: {people}}}\n", "utf-8")
    async with watching(path) as told:
        people.write_text("people: [{id: li}]\n", "utf-8")
        assert await told.next() == "people.yaml:1: people[0].name: is missing"
        people.write_text("people: [{id: li, name: 李}]\n", "utf-8")
        assert await told.next() == "first"


async def test_a_file_that_was_missing_mends_the_configuration_when_it_comes(path: Path) -> None:
    async with watching(path) as told:
        replace(path, f"{GOOD % 'second'}people: {{file: people.yaml}}\n")
        assert (await told.next()).startswith("people.yaml:1: cannot be read")
        (path.parent / "people.yaml").write_text("people: [{id: li, name: 李华}]\n", "utf-8")
        assert await told.next() == "second"


async def test_a_secret_that_changes_is_an_edit(path: Path) -> None:
    secret = path.parent / "secret"
    secret.write_text("one", "utf-8")
    path.write_text((GOOD % "first").replace('"${FEISHU_SECRET}"', "file:secret"), "utf-8")
    async with watching(path) as told:
        secret.write_text("two", "utf-8")
        assert await told.next() == "first"


async def test_a_new_organisation_in_a_folder_is_an_edit(path: Path) -> None:
    async with watching(path.parent) as told:
        (path.parent / "a.yaml").write_text(GOOD % "another" + "# its id is the same\n", "utf-8")
        assert (await told.next()).startswith("org.yaml:3: org.id: 'main' is the id of another organisation already")
        (path.parent / "a.yaml").write_text((GOOD % "another").replace("{name", "{id: other, name"), "utf-8")
        assert await told.next() == "another"
