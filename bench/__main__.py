"""`python -m bench [NAME ...] [--quick]`: measures, and prints the tables."""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from bench.machine import describe, say
from bench.report import Table
from bot.collection import collect_rarely

NAMES = ("callback", "fanout", "due", "idle", "footprint", "wire")
"""Benchmarks, in the order in which they run; each is a module with a function `run`."""


def main() -> None:
    """Run the benchmarks that were asked for, by default all."""
    options = _arguments()
    logging.getLogger().setLevel(logging.ERROR)  # what a full machine makes late is not what is measured
    collect_rarely()  # as `serve` does
    print(describe(), "\n", flush=True)
    below = []
    for name in options.names or NAMES:
        began = time.perf_counter()
        for table in _tables(name, quick=options.quick):
            print(table.text(), flush=True)
            below += [f"{name}: {bar.what} is {bar.found}, {bar.promised}" for bar in table.bars if not bar.holds]
        say(f"{name} took {time.perf_counter() - began:.0f} s")
    print("all bars hold" if not below else "below the bar:\n  " + "\n  ".join(below))


def _tables(name: str, *, quick: bool) -> Sequence[Table]:
    run: Callable[..., Table | Sequence[Table]] = import_module(f"bench.{name}").run
    with tempfile.TemporaryDirectory(prefix="fupan-bench-") as folder:
        found = run(Path(folder), quick=quick)
    return [found] if isinstance(found, Table) else found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="How fast, beside peers and limits of this run."
    )
    parser.add_argument("names", nargs="*", choices=(*NAMES, []), metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="smaller and fewer runs: an impression in a minute or two")
    return parser.parse_args()


if __name__ == "__main__":
    main()
