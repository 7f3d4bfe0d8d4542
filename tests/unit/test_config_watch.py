"""Watching: an edit is told as a configuration or as its mistakes, once, however an editor writes it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from config.loader import Loaded, load
from config.problems import ConfigErrors
from config.watch import Watched, watch
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
    write(path, GOOD % "first")
    return path


def write(path: Path, text: str) -> None:
    """Write a file in place."""
    path.write_text(text, "utf-8")


def replace(path: Path, text: str) -> None:
    """Write as editors do: a new file takes the place of the old one."""
    new = path.with_suffix(".new")
    write(new, text)
    os.replace(new, path)


async def test_an_edit_is_told(path: Path) -> None:
    async with watching(path) as told:
        write(path, GOOD % "second")
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
    write(path, GOOD % "second")
    async with watching(path, running) as told:
        assert await told.next() == "second"


async def test_a_file_of_people_is_watched_wherever_it_is(path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    people = tmp_path_factory.mktemp("elsewhere") / "people.yaml"
    write(people, "people: [{id: li, name: 李华}]\n")
    write(path, f"{GOOD % 'first'}people: {{file: {people}}}\n")
    async with watching(path) as told:
        write(people, "people: [{id: li}]\n")
        assert await told.next() == "people.yaml:1: people[0].name: is missing"
        write(people, "people: [{id: li, name: 李}]\n")
        assert await told.next() == "first"


async def test_a_file_that_was_missing_mends_the_configuration_when_it_comes(path: Path) -> None:
    async with watching(path) as told:
        replace(path, f"{GOOD % 'second'}people: {{file: people.yaml}}\n")
        assert (await told.next()).startswith("people.yaml:1: cannot be read")
        write(path.parent / "people.yaml", "people: [{id: li, name: 李华}]\n")
        assert await told.next() == "second"


async def test_a_secret_that_changes_is_an_edit(path: Path) -> None:
    secret = path.parent / "secret"
    write(secret, "one")
    write(path, (GOOD % "first").replace('"${FEISHU_SECRET}"', "file:secret"))
    async with watching(path) as told:
        write(secret, "two")
        assert await told.next() == "first"


async def test_a_new_organisation_in_a_folder_is_an_edit(path: Path) -> None:
    async with watching(path.parent) as told:
        write(path.parent / "a.yaml", GOOD % "another" + "# its id is the same\n")
        assert (await told.next()).startswith("org.yaml:3: org.id: 'main' is the id of another organisation already")
        write(path.parent / "a.yaml", (GOOD % "another").replace("{name", "{id: other, name"))
        assert await told.next() == "another"


class TestOneLook:
    def watched(self, path: Path) -> tuple[Watched, Told]:
        told = Told()
        running = load(path, ENV)
        return Watched(path, ENV, told.take, running.fingerprint, frozenset(running.orgs[0].source_files)), told

    async def test_nothing_is_told_while_the_content_is_the_same(self, path: Path) -> None:
        watched, told = self.watched(path)
        await watched.look()
        replace(path, GOOD % "first")
        write(path.parent / "fupan.db", "a store that changes all the time")
        await watched.look()
        assert told.queue.empty()

    async def test_an_edit_is_told_at_the_first_look_and_not_at_the_second(self, path: Path) -> None:
        watched, told = self.watched(path)
        write(path, GOOD % "second")
        await watched.look()
        await watched.look()
        assert (await told.next(), told.queue.empty()) == ("second", True)

    async def test_the_same_mistakes_are_told_once_whatever_else_is_edited(self, path: Path) -> None:
        watched, told = self.watched(path)
        for text in (BAD, BAD + "# still wrong\n", BAD + "# and again\n"):
            write(path, text)
            await watched.look()
        assert (await told.next()).startswith("org.yaml:3: orgg")
        assert told.queue.empty()

    async def test_other_mistakes_are_told_again(self, path: Path) -> None:
        watched, told = self.watched(path)
        for text in (BAD, "\n" + BAD):
            write(path, text)
            await watched.look()
        assert [(await told.next())[:10] for _ in range(2)] == ["org.yaml:3", "org.yaml:4"]

    async def test_going_back_to_what_runs_is_told_after_a_mistake(self, path: Path) -> None:
        watched, told = self.watched(path)
        for text in (BAD, GOOD % "first", BAD):
            write(path, text)
            await watched.look()
        assert [(await told.next())[:5] for _ in range(3)] == ["org.y", "first", "org.y"]

    async def test_files_that_a_wrong_configuration_names_are_looked_at_too(self, path: Path) -> None:
        watched, told = self.watched(path)
        write(path, f"{GOOD % 'second'}people: {{file: people.yaml}}\n")
        await watched.look()
        await watched.look()
        assert path.parent / "people.yaml" in watched.files
        assert (await told.next()).startswith("people.yaml:1: cannot be read")
        write(path.parent / "people.yaml", "people: [{id: li, name: 李华}]\n")
        await watched.look()
        assert (await told.next(), told.queue.empty()) == ("second", True)

    async def test_a_file_that_is_gone_is_a_mistake(self, path: Path) -> None:
        watched, told = self.watched(path)
        os.remove(path)
        await watched.look()
        assert (await told.next()).startswith("org.yaml:1: cannot be read")

    async def test_a_secret_in_another_folder_is_watched_once_it_is_named(
        self, path: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        secret = tmp_path_factory.mktemp("elsewhere") / "secret"
        write(secret, "one")
        async with watching(path) as told:
            replace(path, (GOOD % "second").replace('"${FEISHU_SECRET}"', f"file:{secret}"))
            assert await told.next() == "second"
            write(secret, "two")
            assert await told.next() == "second"
