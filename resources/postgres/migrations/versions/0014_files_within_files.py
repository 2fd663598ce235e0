"""Files within files: the document that a member of an archive or an attachment of a mail was found in.

And of a staged document, the index versions for which its passages and vectors are made: some are while others are read.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

_TABLES = ("documents", "staged_documents", "quarantine")


def upgrade() -> None:
    """Adds the columns; a parent is no foreign key: a document leaves with a receipt of its own, never by a cascade."""
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN parent_id uuid")
        op.execute(f"CREATE INDEX {table}_parent ON {table} (parent_id) WHERE parent_id IS NOT NULL")
    op.execute('CREATE INDEX staged_documents_path ON staged_documents (source_id, path COLLATE "C")')
    op.execute("ALTER TABLE staged_documents ADD COLUMN made_for uuid[] NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    """Drops both."""
    op.execute("ALTER TABLE staged_documents DROP COLUMN made_for")
    op.execute("DROP INDEX staged_documents_path")
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN parent_id")
