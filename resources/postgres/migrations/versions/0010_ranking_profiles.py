"""Ranking profiles: what a space's own queries taught about the weights of its tiers, for each index version.

Who may search a space reads the numbers; the pipeline writes them, with what they rest on: names of sets and scores, no
query and no path.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

STATEMENTS = """
CREATE TABLE ranking_profiles (
    index_version uuid PRIMARY KEY REFERENCES index_versions ON DELETE CASCADE,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    profile jsonb NOT NULL,
    evidence jsonb NOT NULL,
    fingerprint text NOT NULL,
    documents bigint NOT NULL,
    run_id text NOT NULL,
    learned_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ranking_profiles_space ON ranking_profiles (space_id);
ALTER TABLE ranking_profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE ranking_profiles FORCE ROW LEVEL SECURITY;
CREATE POLICY ranking_profiles_owner ON ranking_profiles TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY ranking_profiles_api ON ranking_profiles FOR SELECT TO rage_api
    USING (space_id IN (SELECT rage_ids('rage.readable')));
CREATE POLICY ranking_profiles_worker ON ranking_profiles TO rage_worker
    USING (space_id = NULLIF(current_setting('rage.space', true), '')::uuid)
    WITH CHECK (space_id = NULLIF(current_setting('rage.space', true), '')::uuid);
GRANT SELECT ON ranking_profiles TO rage_api;
GRANT SELECT, INSERT, UPDATE ON ranking_profiles TO rage_worker;
"""


def upgrade() -> None:
    """Adds the table; a space without a row is ranked by the defaults."""
    op.execute(STATEMENTS)
