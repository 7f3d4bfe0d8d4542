"""Runs migrations on the connection that `storage.migrating` hands over, inside its transaction."""

from __future__ import annotations

from alembic import context

from storage import queue_tables, tables
from storage.columns import metadata

__all__ = ["queue_tables", "tables"]  # imported so that the metadata is complete


def _run() -> None:
    context.configure(
        connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()


_run()
