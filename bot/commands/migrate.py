"""`migrate`: brings the store's tables up to date; with several replicas once, before they start."""

from __future__ import annotations

import os

from bot.assemble import open_store
from bot.commands.options import ConfigOption
from bot.commands.output import say
from bot.commands.stores import one_store, shown
from config.loader import load
from storage.revision import revision_of


def command(config: ConfigOption) -> None:
    """Run all missing migrations in one transaction; of several processes that try, one does it."""
    loaded = load(config, os.environ)
    url = one_store(loaded)
    before = revision_of(url)
    database = open_store(loaded)
    try:
        after = revision_of(url)
        what = "was up to date" if before == after else f"{before or 'no tables'} -> {after}"
        say(f"{shown(url)}: {what} (revision {after})")
    finally:
        database.dispose()
