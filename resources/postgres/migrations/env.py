"""Alembic's entry: runs the migrations on the connection that `resources.postgres.migrate` gives it."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="rage", transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
