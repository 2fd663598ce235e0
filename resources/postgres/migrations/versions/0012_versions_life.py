"""The life of index versions: made and dropped without holding up searches, and their models known to who serves them.

A partition that is created as one takes a lock on all vectors, for which searches would queue behind whoever works on them
for long; one that is attached does not.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

FUNCTIONS = """
CREATE FUNCTION rage_add_vectors(version uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE part text := 'vectors_' || replace(version::text, '-', '');
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE vectors INCLUDING ALL)', part);
    EXECUTE format('ALTER TABLE vectors ATTACH PARTITION %I FOR VALUES IN (%L)', part, version);
END $$;
CREATE OR REPLACE FUNCTION rage_create_space(new_id uuid, new_name text, new_shards integer, new_version uuid, model text,
                                             dimension integer, creator text, new_isolation text, new_database text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    IF current_setting('rage.platform', true) IS DISTINCT FROM 'admin' THEN
        RAISE insufficient_privilege USING MESSAGE = 'only platform administrators create spaces';
    END IF;
    INSERT INTO spaces (id, name, shards, live_index_version, isolation, database)
        VALUES (new_id, new_name, new_shards, new_version, new_isolation, new_database);
    INSERT INTO entitlements (space_id, principal, role, granted_by) VALUES (new_id, creator, 'admin', creator);
    INSERT INTO index_versions (id, space_id, model, dimension, state, promoted_at)
        VALUES (new_version, new_id, model, dimension, 'live', now());
    PERFORM rage_add_vectors(new_version);
    -- the transaction began before there was this space
    PERFORM set_config(setting, concat_ws(',', NULLIF(current_setting(setting, true), ''), new_id), true)
        FROM unnest(ARRAY['rage.members', 'rage.readable', 'rage.ingestable', 'rage.administered']) AS setting;
END $$;
CREATE OR REPLACE FUNCTION rage_create_index_version(new_version uuid, new_model text, new_dimension integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE space uuid := NULLIF(current_setting('rage.space', true), '')::uuid;
BEGIN
    IF space IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'an index version is made by whoever works on its space';
    END IF;
    PERFORM rage_lock_versions(space);
    INSERT INTO index_versions (id, space_id, model, dimension, state)
        VALUES (new_version, space, new_model, new_dimension, 'building');
    PERFORM rage_add_vectors(new_version);
    UPDATE staged_documents SET stage = 'passed' WHERE space_id = space AND stage IN ('embedded', 'indexed')
        AND change <> 'removed';
END $$;
CREATE OR REPLACE FUNCTION rage_drop_index_version(version uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE space uuid := NULLIF(current_setting('rage.space', true), '')::uuid;
BEGIN
    PERFORM rage_lock_versions(space);
    IF NOT EXISTS (SELECT FROM index_versions v JOIN spaces s ON s.id = v.space_id WHERE v.id = version
                   AND v.space_id = space AND s.live_index_version <> v.id) THEN
        RAISE check_violation USING MESSAGE = 'the live version of a space is not dropped';
    END IF;
    DELETE FROM staged_passages WHERE index_version = version;
    DELETE FROM passages WHERE index_version = version;
    DELETE FROM index_versions WHERE id = version;
    -- searches that come now queue behind this, so it gives up soon and is tried again
    SET LOCAL lock_timeout = '200ms';
    EXECUTE format('DROP TABLE IF EXISTS %I', 'vectors_' || replace(version::text, '-', ''));
END $$;
CREATE FUNCTION rage_models_in_use() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
    SELECT DISTINCT model FROM index_versions WHERE stale IS NULL ORDER BY 1
$$;
CREATE FUNCTION rage_dedicated_databases() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
    SELECT DISTINCT database FROM spaces WHERE database IS NOT NULL ORDER BY 1
$$;
"""

GRANTS = """
REVOKE EXECUTE ON FUNCTION rage_add_vectors, rage_models_in_use, rage_dedicated_databases FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rage_models_in_use, rage_dedicated_databases TO rage_api;
"""


def upgrade() -> None:
    """Replaces what makes and drops versions, and tells of their models."""
    op.execute(FUNCTIONS)
    op.execute(GRANTS)
