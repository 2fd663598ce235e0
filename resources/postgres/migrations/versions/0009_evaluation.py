"""Evaluation: sets of judged queries, and what every measurement of a space found.

Queries and paths may tell of documents that are narrower than their space, so only administrators of a space read them.
A set does not change once it is there: its history compares only because the questions stay the same.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

NEW = ("evaluation_sets", "evaluation_queries", "evaluation_judgements", "evaluation_results")

TABLES = """
CREATE TABLE evaluation_sets (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    name text COLLATE "C" NOT NULL,
    origin text NOT NULL CHECK (origin IN ('given', 'feedback')),
    queries integer NOT NULL,
    judgements integer NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (space_id, name)
);
CREATE TABLE evaluation_queries (
    set_id uuid NOT NULL REFERENCES evaluation_sets ON DELETE CASCADE,
    id text COLLATE "C" NOT NULL,
    space_id uuid NOT NULL,
    "order" integer NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (set_id, id)
);
CREATE INDEX evaluation_queries_space ON evaluation_queries (space_id);
CREATE TABLE evaluation_judgements (
    set_id uuid NOT NULL,
    query_id text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    space_id uuid NOT NULL,
    grade integer NOT NULL CHECK (grade >= 0),
    PRIMARY KEY (set_id, query_id, path),
    FOREIGN KEY (set_id, query_id) REFERENCES evaluation_queries ON DELETE CASCADE
);
CREATE INDEX evaluation_judgements_space ON evaluation_judgements (space_id);
CREATE TABLE evaluation_results (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    set_id uuid NOT NULL REFERENCES evaluation_sets ON DELETE CASCADE,
    index_version uuid NOT NULL, -- no reference: what a version was worth is known after it is gone
    model text NOT NULL,
    was_live boolean NOT NULL,
    mode text NOT NULL,
    occasion text NOT NULL CHECK (occasion IN ('pipeline', 'command', 'promotion')),
    epoch bigint NOT NULL,
    run_id text NOT NULL,
    code_version text NOT NULL,
    metrics jsonb NOT NULL,
    per_query jsonb NOT NULL,
    missing integer NOT NULL,
    degraded text[] NOT NULL,
    measured_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX evaluation_results_history ON evaluation_results (set_id, mode, measured_at DESC);
CREATE INDEX evaluation_results_space ON evaluation_results (space_id, measured_at DESC);
"""

GRANTS = """
GRANT SELECT, INSERT, DELETE ON evaluation_sets, evaluation_results TO rage_api;
GRANT SELECT, INSERT ON evaluation_queries, evaluation_judgements TO rage_api;
GRANT SELECT ON evaluation_sets, evaluation_results TO rage_worker;
"""


def _policies() -> list[str]:
    administered = "space_id IN (SELECT unnest(string_to_array(current_setting('rage.administered', true), ',')::uuid[]))"
    worker = "space_id = NULLIF(current_setting('rage.space', true), '')::uuid"
    every = [
        statement
        for table in NEW
        for statement in (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)",
            f"CREATE POLICY {table}_api ON {table} TO rage_api USING ({administered}) WITH CHECK ({administered})",
        )
    ]
    # the pipeline needs to know what there is to measure and what was measured, not what is asked
    return [
        *every,
        *(
            f"CREATE POLICY {table}_worker ON {table} FOR SELECT TO rage_worker USING ({worker})"
            for table in ("evaluation_sets", "evaluation_results")
        ),
    ]


def upgrade() -> None:
    """Adds the tables, for administrators of a space alone."""
    op.execute(TABLES)
    for statement in _policies():
        op.execute(statement)
    op.execute(GRANTS)
