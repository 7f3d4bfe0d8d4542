"""The garbage collector's pace: a service looks rarely, and never at what its start has loaded.

Each in a process of its own, because the pace holds for a whole process.
"""

from __future__ import annotations

import subprocess
import sys


def told_by_a_process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_a_service_looks_for_garbage_seldomer_than_python_does_by_default() -> None:
    before, after = told_by_a_process(
        "import gc; from bot.collection import collect_rarely; print(gc.get_threshold()[0]); collect_rarely();"
        "print(gc.get_threshold()[0])"
    ).split()
    assert int(after) > 10 * int(before)


def test_garbage_that_points_at_itself_is_still_found() -> None:
    code = """
import gc, weakref
from bot.collection import collect_rarely, keep_what_is_loaded
class Node: pass
collect_rarely(); keep_what_is_loaded()
node = Node(); node.itself = node; seen = weakref.ref(node); del node
kept = [[] for _ in range(60_000)]
print(seen() is None)
"""
    assert told_by_a_process(code) == "True"


def test_what_a_start_has_loaded_is_not_looked_at_again() -> None:
    code = (
        "import gc; from bot.collection import keep_what_is_loaded; keep_what_is_loaded(); print(gc.get_freeze_count())"
    )
    assert int(told_by_a_process(code)) > 1000
