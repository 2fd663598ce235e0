"""Access: who may see which space and which document, decided by the database for every row.

A transaction of the API begins with `rage_begin`, which turns the caller's names into rights: spaces by role, and the
access classes that let the caller in. Every policy compares a row with these, so that a transaction that did not begin
sees nothing. A document's access is its class, NULL for all members of the space; blocks, passages, quarantine and
receipts carry their document's class, so that a policy never needs a second look-up.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

CLASSIFIED = ("documents", "blocks", "passages", "quarantine", "receipts")
READ_BY_API = ("index_versions", "sources", "vectors", "runs", "access_classes", *CLASSIFIED)

TABLES = """
ALTER TABLE spaces
    ADD isolation text NOT NULL DEFAULT 'shared' CHECK (isolation IN ('shared', 'dedicated', 'encrypted')),
    ADD database text,
    ADD moving_to text,
    ADD max_documents bigint CHECK (max_documents >= 0),
    ADD max_bytes bigint CHECK (max_bytes >= 0);
ALTER TABLE entitlements
    ADD granted_by text NOT NULL DEFAULT '',
    ADD granted_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX entitlements_space ON entitlements (space_id);
UPDATE entitlements SET principal = 'user:local-admin' WHERE principal = 'local-admin';
CREATE TABLE access_classes (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    clauses jsonb NOT NULL
);
CREATE INDEX access_classes_space ON access_classes (space_id);
CREATE TABLE access_files (
    source_id uuid NOT NULL REFERENCES sources ON DELETE CASCADE,
    path text COLLATE "C" NOT NULL,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    size bigint NOT NULL,
    mtime_ns bigint NOT NULL,
    rules jsonb NOT NULL,
    problem text,
    PRIMARY KEY (source_id, path)
);
ALTER TABLE sources ADD access_rules jsonb NOT NULL DEFAULT '[]';
ALTER TABLE staged_documents ADD access_id uuid;
ALTER TABLE documents ADD access_id uuid;
ALTER TABLE blocks ADD access_id uuid;
ALTER TABLE passages ADD access_id uuid;
ALTER TABLE quarantine ADD access_id uuid;
ALTER TABLE receipts ADD access_id uuid;
ALTER TABLE runs ADD request_id text, ADD requested_by text;
CREATE TABLE revocations (
    subject text PRIMARY KEY,
    before timestamptz NOT NULL
);
CREATE TABLE known_users (
    principal text PRIMARY KEY,
    name text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX known_users_name ON known_users (lower(name));
"""

FUNCTIONS = """
DROP FUNCTION rage_create_space(uuid, text, integer, uuid, text, integer, text);
CREATE FUNCTION rage_ids(setting text) RETURNS SETOF uuid LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT unnest(string_to_array(current_setting(setting, true), ',')::uuid[])
$$;
CREATE FUNCTION rage_enter(names text[], members uuid[], readable uuid[], ingestable uuid[], administered uuid[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE classes uuid[];
BEGIN
    SELECT array_agg(c.id ORDER BY c.id) INTO classes FROM access_classes c
    WHERE c.space_id = ANY(readable) AND (c.space_id = ANY(administered) OR NOT EXISTS (
        SELECT FROM jsonb_array_elements(c.clauses) AS k(clause) WHERE NOT k.clause ?| names));
    PERFORM set_config('rage.members', COALESCE(array_to_string(members, ','), ''), true),
            set_config('rage.readable', COALESCE(array_to_string(readable, ','), ''), true),
            set_config('rage.ingestable', COALESCE(array_to_string(ingestable, ','), ''), true),
            set_config('rage.administered', COALESCE(array_to_string(administered, ','), ''), true),
            set_config('rage.classes', COALESCE(array_to_string(classes, ','), ''), true),
            set_config('rage.rights', encode(sha256(convert_to(
                concat_ws('|', readable, ingestable, administered, classes), 'UTF8')), 'hex'), true);
END $$;
CREATE FUNCTION rage_begin(caller text, names text[], platform text, session text, issued timestamptz, withdrawn uuid[])
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE
    everywhere integer := COALESCE(array_position(ARRAY['reader', 'ingestor', 'admin'], platform), 0);
    members uuid[]; readable uuid[]; ingestable uuid[]; administered uuid[];
BEGIN
    IF EXISTS (SELECT FROM revocations WHERE subject IN (caller, 'session:' || session) AND before >= issued) THEN
        RETURN false;
    END IF;
    SELECT array_agg(id ORDER BY id),
           array_agg(id ORDER BY id) FILTER (WHERE id <> ALL (withdrawn)),
           array_agg(id ORDER BY id) FILTER (WHERE level >= 2 AND id <> ALL (withdrawn)),
           array_agg(id ORDER BY id) FILTER (WHERE level >= 3 AND id <> ALL (withdrawn))
    INTO members, readable, ingestable, administered
    FROM (
        SELECT id, max(level) AS level FROM (
            SELECT space_id AS id, array_position(ARRAY['reader', 'ingestor', 'admin'], role) AS level
            FROM entitlements WHERE principal = ANY (names)
            UNION ALL SELECT s.id, everywhere FROM spaces s WHERE everywhere > 0
        ) granted GROUP BY id
    ) best;
    PERFORM rage_enter(names, members, readable, ingestable, administered);
    PERFORM set_config('rage.caller', caller, true), set_config('rage.platform', COALESCE(platform, ''), true);
    RETURN true;
END $$;
CREATE FUNCTION rage_role_in(space uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN space = ANY (string_to_array(current_setting('rage.administered', true), ',')::uuid[]) THEN 'admin'
                WHEN space = ANY (string_to_array(current_setting('rage.ingestable', true), ',')::uuid[]) THEN 'ingestor'
                WHEN space = ANY (string_to_array(current_setting('rage.readable', true), ',')::uuid[]) THEN 'reader' END
$$;
CREATE FUNCTION rage_revoke(gone text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
    INSERT INTO revocations (subject, before) VALUES (gone, clock_timestamp())
    ON CONFLICT (subject) DO UPDATE SET before = EXCLUDED.before
$$;
CREATE FUNCTION rage_is_revoked(caller text, session text, issued timestamptz) RETURNS boolean LANGUAGE sql
SECURITY DEFINER STABLE SET search_path = rage, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM revocations WHERE subject IN (caller, 'session:' || session) AND before >= issued)
$$;
CREATE FUNCTION rage_know_user(given_principal text, given_name text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
    INSERT INTO known_users (principal, name) VALUES (given_principal, given_name)
    ON CONFLICT (principal) DO UPDATE SET name = EXCLUDED.name, seen_at = now()
$$;
CREATE FUNCTION rage_may_administer(space uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT space IN (SELECT rage_ids('rage.administered')) OR space::text = current_setting('rage.space', true)
$$;
CREATE FUNCTION rage_create_space(new_id uuid, new_name text, new_shards integer, new_version uuid, model text,
                                  dimension integer, creator text, new_isolation text, new_database text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    IF current_setting('rage.platform', true) IS DISTINCT FROM 'admin' THEN
        RAISE insufficient_privilege USING MESSAGE = 'only platform administrators create spaces';
    END IF;
    INSERT INTO spaces (id, name, shards, live_index_version, isolation, database)
        VALUES (new_id, new_name, new_shards, new_version, new_isolation, new_database);
    INSERT INTO entitlements (space_id, principal, role, granted_by) VALUES (new_id, creator, 'admin', creator);
    INSERT INTO index_versions (id, space_id, model, dimension, state)
        VALUES (new_version, new_id, model, dimension, 'live');
    EXECUTE format('CREATE TABLE %I PARTITION OF vectors FOR VALUES IN (%L)',
                   'vectors_' || replace(new_version::text, '-', ''), new_version);
    -- the transaction began before there was this space
    PERFORM set_config(setting, concat_ws(',', NULLIF(current_setting(setting, true), ''), new_id), true)
        FROM unnest(ARRAY['rage.members', 'rage.readable', 'rage.ingestable', 'rage.administered']) AS setting;
END $$;
CREATE OR REPLACE FUNCTION rage_delete_space(old_id uuid)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE version uuid;
BEGIN
    IF old_id::text IS DISTINCT FROM current_setting('rage.space', true) THEN
        RAISE insufficient_privilege USING MESSAGE = 'a space is deleted by whoever works on it';
    END IF;
    FOR version IN SELECT id FROM index_versions WHERE space_id = old_id LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', 'vectors_' || replace(version::text, '-', ''));
    END LOOP;
    DELETE FROM spaces WHERE id = old_id;
END $$;
CREATE FUNCTION rage_ensure_class(class uuid, space uuid, given jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
BEGIN
    IF rage_may_administer(space) IS NOT TRUE THEN
        RAISE insufficient_privilege USING MESSAGE = 'only administrators of a space say who sees what';
    END IF;
    INSERT INTO access_classes (id, space_id, clauses) VALUES (class, space, given) ON CONFLICT DO NOTHING;
END $$;
CREATE FUNCTION rage_classify(space uuid, ids uuid[], classes uuid[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
BEGIN
    IF rage_may_administer(space) IS NOT TRUE THEN
        RAISE insufficient_privilege USING MESSAGE = 'only administrators of a space say who sees what';
    END IF;
    UPDATE documents t SET access_id = n.class FROM unnest(ids, classes) AS n(id, class)
        WHERE t.id = n.id AND t.space_id = space AND t.access_id IS DISTINCT FROM n.class;
    UPDATE blocks t SET access_id = n.class FROM unnest(ids, classes) AS n(id, class)
        WHERE t.document_id = n.id AND t.space_id = space AND t.access_id IS DISTINCT FROM n.class;
    UPDATE passages t SET access_id = n.class FROM unnest(ids, classes) AS n(id, class)
        WHERE t.document_id = n.id AND t.space_id = space AND t.access_id IS DISTINCT FROM n.class;
    UPDATE quarantine t SET access_id = n.class FROM unnest(ids, classes) AS n(id, class)
        WHERE t.document_id = n.id AND t.space_id = space AND t.access_id IS DISTINCT FROM n.class;
    UPDATE receipts t SET access_id = n.class FROM unnest(ids, classes) AS n(id, class)
        WHERE t.document_id = n.id AND t.space_id = space AND t.access_id IS DISTINCT FROM n.class;
END $$;
"""

GRANTS = """
REVOKE SELECT ON entitlements FROM rage_worker;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA rage FROM PUBLIC;
GRANT SELECT, INSERT, DELETE ON access_files TO rage_worker;
GRANT SELECT, DELETE ON access_classes TO rage_worker;
GRANT SELECT ON access_classes, access_files, known_users TO rage_api;
GRANT INSERT, UPDATE, DELETE ON entitlements TO rage_api;
GRANT UPDATE (max_documents, max_bytes) ON spaces TO rage_api;
GRANT EXECUTE ON FUNCTION rage_ids, rage_begin, rage_enter, rage_role_in, rage_revoke, rage_is_revoked, rage_know_user,
    rage_create_space TO rage_api;
GRANT EXECUTE ON FUNCTION rage_ids, rage_role_in, rage_may_administer, rage_ensure_class, rage_classify
    TO rage_api, rage_worker;
"""


def _ids(setting: str) -> str:
    # not `rage_ids`: the planner looks into this, knows how few there are, and has them hashed once for a statement
    return f"(SELECT unnest(string_to_array(current_setting('rage.{setting}', true), ',')::uuid[]))"


def _policies() -> list[str]:
    owned = [
        statement
        for table in ("access_classes", "access_files", "revocations", "known_users")
        for statement in (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)",
        )
    ]
    replaced = (
        *("spaces", "entitlements", "index_versions", "sources", "documents", "blocks", "passages", "vectors"),
        *("staged_documents", "staged_blocks", "staged_passages", "quarantine", "exclusions", "lexical_outbox"),
        *("garbage_objects", "garbage_texts", "receipts", "runs"),
    )
    dropped = [f"DROP POLICY {table}_api ON {table}" for table in replaced]
    classified = f"(access_id IS NULL OR access_id IN {_ids('classes')})"
    reads = [
        f"CREATE POLICY {table}_read ON {table} FOR SELECT TO rage_api USING (space_id IN {_ids('readable')}"
        + (f" AND {classified})" if table in CLASSIFIED else ")")
        for table in READ_BY_API
    ]
    ingestors = f"space_id IN {_ids('ingestable')}"
    writes = [
        *(
            f"CREATE POLICY {table}_bring_in ON {table} FOR INSERT TO rage_api WITH CHECK ({ingestors})"
            for table in ("sources", "runs", "receipts")
        ),
        *(
            f"CREATE POLICY {table}_change ON {table} FOR UPDATE TO rage_api USING ({ingestors}) WITH CHECK ({ingestors})"
            for table in ("sources", "runs", "receipts", "documents", "quarantine")
        ),
        f"CREATE POLICY exclusions_api ON exclusions TO rage_api USING ({ingestors}) WITH CHECK ({ingestors})",
    ]
    administered = f"space_id IN {_ids('administered')}"
    worker = "space_id = NULLIF(current_setting('rage.space', true), '')::uuid"
    return [
        *owned,
        *dropped,
        *reads,
        *writes,
        f"CREATE POLICY spaces_read ON spaces FOR SELECT TO rage_api USING (id IN {_ids('members')})",
        f"CREATE POLICY spaces_change ON spaces FOR UPDATE TO rage_api USING (id IN {_ids('ingestable')})",
        f"CREATE POLICY entitlements_api ON entitlements TO rage_api USING ({administered}) WITH CHECK ({administered})",
        f"CREATE POLICY access_files_read ON access_files FOR SELECT TO rage_api USING ({administered})",
        "CREATE POLICY known_users_read ON known_users FOR SELECT TO rage_api "
        f"USING (current_setting('rage.platform', true) = 'admin' OR EXISTS {_ids('administered')})",
        f"CREATE POLICY access_files_worker ON access_files TO rage_worker USING ({worker}) WITH CHECK ({worker})",
        f"CREATE POLICY access_classes_worker ON access_classes TO rage_worker USING ({worker}) WITH CHECK ({worker})",
    ]


def upgrade() -> None:
    """Adds access rules, rights and their policies."""
    op.execute(TABLES)
    op.execute(FUNCTIONS)
    for statement in _policies():
        op.execute(statement)
    op.execute(GRANTS)
