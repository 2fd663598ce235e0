"""Sources may take a part of their files: patterns of what becomes documents, and of what does not."""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = """
ALTER TABLE sources ADD include text[] NOT NULL DEFAULT '{}', ADD exclude text[] NOT NULL DEFAULT '{}';
GRANT UPDATE (include, exclude) ON sources TO rage_api;
"""


def upgrade() -> None:
    """Adds the patterns; a source without any takes all of its files, as before."""
    op.execute(STATEMENTS)
