"""How often Python looks for garbage that points at itself: rarely, and never at what a start has loaded.

Nearly everything here is freed by its reference count. The collector's default is to look after every 700 new objects,
which a batch of cards is full of, and to go through all modules and configuration each time that it looks thoroughly:
measured, about a tenth of all computing under load.
"""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 10, 10
"""New objects, less those freed since, after which the youngest are looked at (Python's default is 700); looks at them
after which the next age is; and looks at that after which all are. The latter two are Python's default."""


def collect_rarely() -> None:
    """Look for garbage at the pace of a service; for the whole process, so only its entry calls it."""
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def keep_what_is_loaded() -> None:
    """Take whatever lives now out of all later looks; called once, when a service has started."""
    gc.collect()
    gc.freeze()
