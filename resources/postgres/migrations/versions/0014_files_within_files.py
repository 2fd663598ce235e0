"""Files within files: the document that a member of an archive or an attachment of a mail was found in."""

from alembic import op

revision = "0014"
down_revision = "0012"

_TABLES = ("documents", "staged_documents", "quarantine")


def upgrade() -> None:
    """Adds the column; no foreign key, since a document leaves with a receipt of its own, never by a cascade."""
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN parent_id uuid")
        op.execute(f"CREATE INDEX {table}_parent ON {table} (parent_id) WHERE parent_id IS NOT NULL")


def downgrade() -> None:
    """Drops it."""
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN parent_id")
