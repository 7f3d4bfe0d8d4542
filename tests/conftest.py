"""What every test may ask for: stores, a free port, the browser; and the rules every test is held to.

Servers start when a test first asks for one, one for each worker of pytest-xdist: starting one takes 0.7 seconds, less
than it would cost the workers to agree on who starts and who stops a shared one.
"""

import asyncio
import inspect
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import hypothesis
import pytest

from tests.postgres_server import Durability, running_postgres
from tests.stores import Databases, Migrate, PostgresDatabases, SqliteDatabases, StoreKind

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_configure() -> None:
    """Choose how hard Hypothesis searches: `HYPOTHESIS_PROFILE`, else `ci` where `CI` is set, else `dev`."""
    # A shared machine draws slowly now and then; that says nothing about the code, so neither time check is on.
    slow_is_fine = [hypothesis.HealthCheck.too_slow]
    for name, examples in (("dev", 30), ("ci", 100)):
        hypothesis.settings.register_profile(
            name, max_examples=examples, deadline=None, derandomize=False, suppress_health_check=slow_is_fine
        )
    default = "ci" if os.environ.get("CI") else "dev"
    hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", default))


@pytest.fixture(autouse=True)
def _no_task_left_behind(request: pytest.FixtureRequest) -> None:
    """Hold every asynchronous test to ending its tasks; synchronous tests have no loop to look at."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("_task_watch")


@pytest.fixture
async def _task_watch() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)  # one turn of the loop, in which what was just cancelled ends
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        pytest.fail(f"The test left tasks running; await or cancel them: {sorted(map(str, left))}")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The maintenance database of a running PostgreSQL server that forgets its data with the machine's power."""
    with running_postgres(Durability.NONE) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_databases(postgres_url: str) -> Iterator[Databases]:
    """Databases on the server behind `postgres_url`."""
    with PostgresDatabases.on(postgres_url) as databases:
        yield databases


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Databases that are files in the run's temporary folder."""
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=list(StoreKind), ids=lambda kind: kind.value)
def store_kind(request: pytest.FixtureRequest) -> StoreKind:
    """The engine of this run of the test; whoever asks for it, or for anything below, runs once on each engine."""
    kind: StoreKind = request.param
    return kind


@pytest.fixture
def databases(store_kind: StoreKind, request: pytest.FixtureRequest) -> Databases:
    """Databases of the engine `store_kind`."""
    names = {StoreKind.SQLITE: "sqlite_databases", StoreKind.POSTGRESQL: "postgres_databases"}
    chosen: Databases = request.getfixturevalue(names[store_kind])
    return chosen


@pytest.fixture
def store_url(databases: Databases) -> Iterator[str]:
    """The SQLAlchemy URL of a database without tables that is this test's alone."""
    url = databases.empty()
    yield url
    databases.drop(url)


@pytest.fixture
def template_url(databases: Databases) -> Iterator[Callable[[Migrate], str]]:
    """A function from a migration to the URL of a fresh, migrated database of this test.

    The migration runs once per worker and engine, however many tests call this; each call copies what it built.
    Pass the same function object each time (a module's function, not a lambda made in the test).
    """
    urls: list[str] = []

    def clone(migrate: Migrate) -> str:
        urls.append(databases.clone(migrate))
        return urls[-1]

    yield clone
    for url in urls:
        databases.drop(url)


@pytest.fixture(scope="session")
def durable_postgres_databases() -> Iterator[Databases]:
    """Databases on a second server that writes through to the disk, as in production."""
    with running_postgres(Durability.FULL) as url, PostgresDatabases.on(url) as databases:
        yield databases


@pytest.fixture
def durable_postgres_url(durable_postgres_databases: Databases) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database, this test's alone, on the durable server; for crash tests."""
    url = durable_postgres_databases.empty()
    yield url
    durable_postgres_databases.drop(url)


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that names a TCP port of 127.0.0.1 that nobody listens on now.

    For processes that must be told their port; a server within the test binds port 0 and cannot lose a race.
    """

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port

    return find


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Where the system's Chromium is; `CHROMIUM` names another. Without one the test fails: it is never skipped."""
    found = filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *_CHROMIUM_NAMES)))
    path = next(found, None)
    if path is None:
        pytest.fail("No Chromium on this machine: run `make test`, or install the package chromium.")
    return path
