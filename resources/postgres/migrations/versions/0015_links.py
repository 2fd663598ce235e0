"""Links in sources: where each leads, since it is for those alone who may see it and what it leads to."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Adds the column to what else decides who may see a document."""
    op.execute("ALTER TABLE access_files ADD COLUMN leads_to text")


def downgrade() -> None:
    """Drops it, and the links."""
    op.execute("DELETE FROM access_files WHERE leads_to IS NOT NULL")
    op.execute("ALTER TABLE access_files DROP COLUMN leads_to")
