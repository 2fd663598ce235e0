"""Encryption: the wrapped keys of encrypted spaces. Services read those of the spaces before them and change none by hand.

A key comes, is wrapped anew, is retired or destroyed by functions of the owner, which act only on the space that the
transaction names. A destroyed key leaves its row behind, so that nobody mistakes the space for one that never had keys.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
CREATE TABLE space_keys (
    id uuid PRIMARY KEY,
    space_id uuid NOT NULL REFERENCES spaces ON DELETE CASCADE,
    number bigint GENERATED ALWAYS AS IDENTITY,
    purpose text NOT NULL CHECK (purpose IN ('data', 'names')),
    wrapped bytea,
    provider text NOT NULL,
    kek_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE INDEX space_keys_space ON space_keys (space_id, number);
CREATE UNIQUE INDEX space_keys_names ON space_keys (space_id) WHERE purpose = 'names';
"""

FUNCTIONS = """
CREATE FUNCTION rage_check_named(space uuid) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF (space::text = current_setting('rage.space', true)) IS NOT TRUE THEN
        RAISE insufficient_privilege USING MESSAGE = 'the keys of a space change only in a transaction that names it';
    END IF;
END $$;
CREATE FUNCTION rage_space_isolation(space uuid) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
    SELECT isolation FROM spaces WHERE id = space
$$;
CREATE FUNCTION rage_encrypted_spaces() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
    SELECT id FROM spaces WHERE isolation = 'encrypted' UNION SELECT space_id FROM space_keys
$$;
CREATE FUNCTION rage_kek_ids(by_provider text) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
    SELECT DISTINCT kek_id FROM space_keys WHERE provider = by_provider AND wrapped IS NOT NULL
$$;
CREATE FUNCTION rage_first_space_key(new_id uuid, space uuid, new_purpose text, new_wrapped bytea, new_provider text,
                                     new_kek_id text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    PERFORM rage_check_named(space);
    PERFORM pg_advisory_xact_lock(hashtextextended(space::text, 2));
    IF EXISTS (SELECT FROM spaces WHERE id = space AND 'encrypted' IN (isolation, moving_to))
       AND NOT EXISTS (SELECT FROM space_keys WHERE space_id = space AND purpose = new_purpose) THEN
        INSERT INTO space_keys (id, space_id, purpose, wrapped, provider, kek_id)
            VALUES (new_id, space, new_purpose, new_wrapped, new_provider, new_kek_id);
    END IF;
END $$;
CREATE FUNCTION rage_add_space_key(new_id uuid, space uuid, new_wrapped bytea, new_provider text, new_kek_id text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    PERFORM rage_check_named(space);
    IF NOT EXISTS (SELECT FROM space_keys WHERE space_id = space AND purpose = 'data' AND wrapped IS NOT NULL) THEN
        RAISE insufficient_privilege USING MESSAGE = 'the space has no keys that could be followed by another';
    END IF;
    INSERT INTO space_keys (id, space_id, purpose, wrapped, provider, kek_id)
        VALUES (new_id, space, 'data', new_wrapped, new_provider, new_kek_id);
END $$;
CREATE FUNCTION rage_rewrap_space_key(key uuid, space uuid, old_wrapped bytea, new_wrapped bytea, new_provider text,
                                      new_kek_id text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    PERFORM rage_check_named(space);
    UPDATE space_keys SET wrapped = new_wrapped, provider = new_provider, kek_id = new_kek_id
        WHERE id = key AND space_id = space AND wrapped = old_wrapped AND new_wrapped IS NOT NULL;
    RETURN FOUND;
END $$;
CREATE FUNCTION rage_retire_space_keys(space uuid, older_than uuid)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE retired integer;
BEGIN
    PERFORM rage_check_named(space);
    UPDATE space_keys SET retired_at = now() WHERE space_id = space AND purpose = 'data' AND retired_at IS NULL
        AND number < (SELECT number FROM space_keys WHERE id = older_than AND space_id = space);
    GET DIAGNOSTICS retired = ROW_COUNT;
    RETURN retired;
END $$;
CREATE FUNCTION rage_destroy_space_keys(space uuid, OUT keys integer, OUT at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    PERFORM rage_check_named(space);
    UPDATE space_keys SET wrapped = NULL, destroyed_at = now() WHERE space_id = space AND destroyed_at IS NULL;
    SELECT count(*), max(destroyed_at) INTO keys, at FROM space_keys WHERE space_id = space;
END $$;
"""

POLICIES = """
ALTER TABLE space_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE space_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY space_keys_owner ON space_keys TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY space_keys_read ON space_keys FOR SELECT TO rage_api
    USING (space_id IN (SELECT unnest(string_to_array(NULLIF(current_setting('rage.readable', true), ''), ',')::uuid[])));
CREATE POLICY space_keys_worker ON space_keys FOR SELECT TO rage_worker
    USING (space_id = NULLIF(current_setting('rage.space', true), '')::uuid);
"""

GRANTS = """
REVOKE ALL ON space_keys FROM rage_api, rage_worker;
GRANT SELECT ON space_keys TO rage_api, rage_worker;
REVOKE EXECUTE ON FUNCTION rage_check_named, rage_space_isolation, rage_encrypted_spaces, rage_kek_ids,
    rage_first_space_key, rage_add_space_key, rage_rewrap_space_key, rage_retire_space_keys, rage_destroy_space_keys
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rage_space_isolation, rage_encrypted_spaces, rage_kek_ids, rage_first_space_key
    TO rage_api, rage_worker;
GRANT EXECUTE ON FUNCTION rage_add_space_key, rage_rewrap_space_key, rage_retire_space_keys, rage_destroy_space_keys
    TO rage_worker;
"""


def upgrade() -> None:
    """Adds the keys of spaces."""
    op.execute(TABLES)
    op.execute(FUNCTIONS)
    op.execute(POLICIES)
    op.execute(GRANTS)
