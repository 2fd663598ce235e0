"""The spine: spaces, sources, documents, blocks, passages, vectors, and the record of how they came to be.

Every table that holds content carries its space and stands under forced row-level security. Three roles act on it:
the owner migrates, `rage_worker` (pipeline) sees the one space that its transaction names in `rage.space`, `rage_api`
sees the spaces to which the caller that its transaction names in `rage.caller` is entitled.
"""

from alembic import op

revision = "0001"
down_revision = None

CONTENT_TABLES = (
    "sources",
    "documents",
    "blocks",
    "passages",
    "vectors",
    "index_versions",
    "staged_documents",
    "staged_blocks",
    "staged_passages",
    "quarantine",
    "exclusions",
    "lexical_outbox",
    "garbage_objects",
    "garbage_texts",
    "receipts",
    "runs",
)

TABLES = """
CREATE TABLE spaces (
    id uuid PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    shards integer NOT NULL DEFAULT 1 CHECK (shards BETWEEN 1 AND 64),
    epoch bigint NOT NULL DEFAULT 0,
    live_index_version uuid,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE entitlements (
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    principal text NOT NULL,
    role text NOT NULL CHECK (role IN ('reader', 'ingestor', 'admin')),
    PRIMARY KEY (principal, space_id)
);
CREATE TABLE index_versions (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    model text NOT NULL,
    dimension integer NOT NULL,
    state text NOT NULL CHECK (state IN ('building', 'evaluated', 'live', 'retired')),
    metrics jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE sources (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    name text NOT NULL,
    kind text NOT NULL,
    location text NOT NULL,
    every_seconds integer CHECK (every_seconds > 0),
    device text,
    removing boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_scan_at timestamptz,
    last_error text,
    UNIQUE (space_id, name)
);
CREATE TABLE documents (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    source_id uuid NOT NULL REFERENCES sources ON DELETE CASCADE,
    path text COLLATE "C" NOT NULL,
    shard integer NOT NULL,
    state text NOT NULL CHECK (state IN ('live', 'removing')),
    title text NOT NULL,
    media_type text NOT NULL,
    language text,
    size bigint NOT NULL,
    mtime_ns bigint NOT NULL,
    sha256 bytea NOT NULL,
    version_id uuid NOT NULL,
    parser text NOT NULL,
    run_id text NOT NULL,
    code_version text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (source_id, path)
);
CREATE INDEX documents_space ON documents (space_id, path);
CREATE INDEX documents_bytes ON documents (space_id, sha256);
CREATE TABLE blocks (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL,
    document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
    source_id uuid NOT NULL,
    version_id uuid NOT NULL,
    "order" integer NOT NULL,
    type text NOT NULL,
    text text NOT NULL,
    language text,
    page integer,
    section text[] NOT NULL,
    metadata jsonb NOT NULL,
    run_id text NOT NULL,
    code_version text NOT NULL
);
CREATE INDEX blocks_document ON blocks (document_id, "order");
CREATE INDEX blocks_space ON blocks (space_id);
CREATE TABLE passages (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL,
    document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
    source_id uuid NOT NULL,
    version_id uuid NOT NULL,
    "order" integer NOT NULL,
    section text[] NOT NULL,
    text text NOT NULL,
    text_hash bytea NOT NULL,
    block_ids uuid[] NOT NULL,
    types text[] NOT NULL,
    languages text[] NOT NULL
);
CREATE INDEX passages_document ON passages (document_id);
CREATE INDEX passages_text ON passages (space_id, text_hash);
CREATE TABLE vectors (
    space_id uuid NOT NULL,
    index_version uuid NOT NULL,
    text_hash bytea NOT NULL,
    vector halfvec NOT NULL,
    PRIMARY KEY (index_version, text_hash)
) PARTITION BY LIST (index_version);
CREATE TABLE staged_documents (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    source_id uuid NOT NULL REFERENCES sources ON DELETE CASCADE,
    path text COLLATE "C" NOT NULL,
    shard integer NOT NULL,
    change text NOT NULL CHECK (change IN ('new', 'changed', 'removed')),
    stage text NOT NULL CHECK (stage IN ('scanned', 'parsed', 'passed', 'embedded', 'indexed')),
    size bigint NOT NULL DEFAULT 0,
    mtime_ns bigint NOT NULL DEFAULT 0,
    sha256 bytea,
    version_id uuid,
    title text NOT NULL DEFAULT '',
    media_type text NOT NULL DEFAULT '',
    language text,
    parser text NOT NULL DEFAULT '',
    run_id text NOT NULL,
    code_version text NOT NULL
);
CREATE INDEX staged_documents_stage ON staged_documents (space_id, shard, stage, id);
CREATE TABLE staged_blocks (
    document_id uuid NOT NULL REFERENCES staged_documents ON DELETE CASCADE,
    space_id uuid NOT NULL,
    id uuid NOT NULL,
    "order" integer NOT NULL,
    type text NOT NULL,
    text text NOT NULL,
    language text,
    page integer,
    section text[] NOT NULL,
    metadata jsonb NOT NULL,
    PRIMARY KEY (document_id, "order")
);
CREATE TABLE staged_passages (
    document_id uuid NOT NULL REFERENCES staged_documents ON DELETE CASCADE,
    space_id uuid NOT NULL,
    id uuid NOT NULL,
    "order" integer NOT NULL,
    section text[] NOT NULL,
    text text NOT NULL,
    text_hash bytea NOT NULL,
    block_ids uuid[] NOT NULL,
    types text[] NOT NULL,
    languages text[] NOT NULL,
    PRIMARY KEY (document_id, "order")
);
CREATE INDEX staged_passages_text ON staged_passages (space_id, text_hash);
CREATE TABLE quarantine (
    document_id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    source_id uuid NOT NULL REFERENCES sources ON DELETE CASCADE,
    path text COLLATE "C" NOT NULL,
    shard integer NOT NULL,
    size bigint NOT NULL,
    mtime_ns bigint NOT NULL,
    sha256 bytea,
    parser text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    retryable boolean NOT NULL,
    retry_requested boolean NOT NULL DEFAULT false,
    attempts integer NOT NULL DEFAULT 1,
    last_run_id text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX quarantine_source ON quarantine (source_id, path);
CREATE INDEX quarantine_space ON quarantine (space_id, path);
CREATE TABLE exclusions (
    document_id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    receipt_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE lexical_outbox (
    document_id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE
);
CREATE TABLE garbage_objects (
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    sha256 bytea NOT NULL,
    PRIMARY KEY (space_id, sha256)
);
CREATE TABLE garbage_texts (
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    text_hash bytea NOT NULL,
    PRIMARY KEY (space_id, text_hash)
);
CREATE TABLE receipts (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    document_id uuid NOT NULL,
    path text NOT NULL,
    run_id text,
    requested_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    removed jsonb NOT NULL DEFAULT '{}',
    text_hashes bytea[] NOT NULL DEFAULT '{}',
    sha256 bytea,
    stores jsonb NOT NULL DEFAULT '{}',
    complete boolean NOT NULL DEFAULT false
);
CREATE INDEX receipts_open ON receipts (space_id) WHERE NOT complete;
CREATE TABLE runs (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    dagster_run_id text UNIQUE,
    job text NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'partly', 'failed')),
    counts jsonb NOT NULL DEFAULT '{}',
    totals jsonb NOT NULL DEFAULT '{}',
    errors jsonb NOT NULL DEFAULT '[]',
    code_version text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz
);
CREATE INDEX runs_space ON runs (space_id, created_at DESC);
"""

# Partitions and indexes of vectors are made by the owner on behalf of roles that may not create tables.
FUNCTIONS = """
CREATE FUNCTION rage_create_space(new_id uuid, new_name text, new_shards integer, new_version uuid,
                                  model text, dimension integer, creator text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    INSERT INTO spaces (id, name, shards, live_index_version) VALUES (new_id, new_name, new_shards, new_version);
    INSERT INTO entitlements (space_id, principal, role) VALUES (new_id, creator, 'admin');
    INSERT INTO index_versions (id, space_id, model, dimension, state)
        VALUES (new_version, new_id, model, dimension, 'live');
    EXECUTE format('CREATE TABLE %I PARTITION OF vectors FOR VALUES IN (%L)',
                   'vectors_' || replace(new_version::text, '-', ''), new_version);
END $$;
CREATE FUNCTION rage_delete_space(old_id uuid)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE version uuid;
BEGIN
    FOR version IN SELECT id FROM index_versions WHERE space_id = old_id LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', 'vectors_' || replace(version::text, '-', ''));
    END LOOP;
    DELETE FROM spaces WHERE id = old_id;
END $$;
CREATE FUNCTION rage_ensure_vector_index(version uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE
    part text := 'vectors_' || replace(version::text, '-', '');
    dims integer;
BEGIN
    IF to_regclass(part || '_hnsw') IS NOT NULL THEN
        RETURN false;
    END IF;
    SELECT dimension INTO dims FROM index_versions WHERE id = version;
    SET LOCAL maintenance_work_mem = '512MB';
    EXECUTE format('CREATE INDEX %I ON %I USING hnsw ((vector::halfvec(%s)) halfvec_cosine_ops)',
                   part || '_hnsw', part, dims);
    EXECUTE format('ANALYZE %I', part);
    RETURN true;
END $$;
"""

GRANTS = """
GRANT USAGE ON SCHEMA rage TO rage_worker, rage_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA rage TO rage_worker;
REVOKE INSERT, UPDATE, DELETE ON entitlements FROM rage_worker;
GRANT SELECT ON spaces, entitlements, index_versions, sources, documents, blocks, passages, vectors, quarantine, receipts,
    runs TO rage_api;
GRANT INSERT, UPDATE ON runs TO rage_api;
GRANT SELECT, INSERT, DELETE ON exclusions TO rage_api;
GRANT INSERT, UPDATE ON receipts TO rage_api;
GRANT INSERT, UPDATE ON sources TO rage_api;
GRANT UPDATE (state) ON documents TO rage_api;
GRANT UPDATE (epoch) ON spaces TO rage_api;
GRANT UPDATE (retry_requested) ON quarantine TO rage_api;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA rage FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rage_create_space, rage_delete_space, rage_ensure_vector_index TO rage_worker;
GRANT EXECUTE ON FUNCTION rage_create_space TO rage_api;
"""


def _policies() -> list[str]:
    entitled = "SELECT space_id FROM rage.entitlements WHERE principal = current_setting('rage.caller', true)"
    named = "NULLIF(current_setting('rage.space', true), '')::uuid"
    statements = []
    for table in ("spaces", "entitlements", *CONTENT_TABLES):
        key = "id" if table == "spaces" else "space_id"
        statements += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)",
        ]
        if table == "entitlements":
            statements.append(
                "CREATE POLICY entitlements_api ON entitlements FOR SELECT TO rage_api "
                "USING (principal = current_setting('rage.caller', true))"
            )
            continue
        statements.append(
            f"CREATE POLICY {table}_api ON {table} TO rage_api USING ({key} IN ({entitled})) "
            f"WITH CHECK ({key} IN ({entitled}))"
        )
        if table == "spaces":  # the pipeline must find its spaces before it can name one
            statements.append("CREATE POLICY spaces_worker ON spaces TO rage_worker USING (true)")
        else:
            statements.append(
                f"CREATE POLICY {table}_worker ON {table} TO rage_worker USING (space_id = {named}) "
                f"WITH CHECK (space_id = {named})"
            )
    return statements


def upgrade() -> None:
    """Creates everything; the roles and the extension are made before, by `resources.postgres.migrate`."""
    op.execute(TABLES)
    op.execute(FUNCTIONS)
    for statement in _policies():
        op.execute(statement)
    op.execute(GRANTS)


def downgrade() -> None:
    """Drops everything: the first migration has nothing before it."""
    op.execute("DROP SCHEMA rage CASCADE; CREATE SCHEMA rage")
