"""Alembic's entry: migrations run on the connection handed over by ``storage.migrate``."""

from __future__ import annotations

from alembic import context

from syndicate.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
