"""Sign-in: local users with their sessions and refresh tokens, and the API keys of machines.

No service role has any right on these tables. The API reaches them through functions that each do one thing for one name,
one token or one key, so that no statement of the API can list the hashes of passwords, tokens or keys. Users are managed
by whoever owns the schema. The worker has no right at all.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    name_key text COLLATE "C" NOT NULL UNIQUE,
    password_hash text NOT NULL CHECK (password_hash ~ '^[$]2b[$]12[$].{53}$'),
    platform_role text CHECK (platform_role IN ('reader', 'ingestor', 'admin')),
    groups text[] NOT NULL DEFAULT '{}',
    disabled boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz,
    failed_count integer NOT NULL DEFAULT 0
);
CREATE TABLE sign_in_attempts (
    name_hash bytea NOT NULL,
    address text NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    blocked_until timestamptz NOT NULL DEFAULT 'epoch',
    PRIMARY KEY (name_hash, address)
);
CREATE INDEX sign_in_attempts_old ON sign_in_attempts (last_at);
CREATE TABLE known_addresses (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    address text NOT NULL,
    last_success_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, address)
);
CREATE TABLE sign_in_sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sign_in_sessions_user ON sign_in_sessions (user_id);
CREATE INDEX sign_in_sessions_old ON sign_in_sessions (expires_at);
CREATE TABLE refresh_tokens (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    session_id uuid NOT NULL REFERENCES sign_in_sessions ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
CREATE TABLE api_keys (
    id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z]{16}$'),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    space_ids uuid[] NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    last_used_at timestamptz,
    last_used_address text
);
CREATE INDEX api_keys_created ON api_keys (created_at, id);
"""

# `resources.postgres.sign_in_attempts` says why the delays are what they are.
SIGN_IN = """
CREATE FUNCTION rage_sign_in_delay(failures integer, free integer, longest_s integer)
RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN failures <= free THEN interval '0'
                ELSE make_interval(secs => least(power(2, least(failures - free, 20)), longest_s)) END
$$;
CREATE FUNCTION rage_knows_address(given_user uuid, given_address text)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM known_addresses k WHERE k.user_id = given_user AND k.address = given_address
                   AND k.last_success_at > now() - interval '90 days')
$$;
CREATE FUNCTION rage_sign_in_begin(given_key text, given_address text,
                                   OUT user_id uuid, OUT password_hash text, OUT wait_s integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp();
    who bytea := sha256(convert_to(given_key, 'UTF8'));
    person users; here sign_in_attempts; anywhere sign_in_attempts; known boolean;
BEGIN
    SELECT * INTO person FROM users u WHERE u.name_key = given_key;
    known := rage_knows_address(person.id, given_address);
    -- every failure locks its two rows in this order, so that none waits for another in a circle
    INSERT INTO sign_in_attempts AS a (name_hash, address) VALUES (who, given_address) ON CONFLICT DO NOTHING;
    SELECT * INTO here FROM sign_in_attempts a WHERE a.name_hash = who AND a.address = given_address FOR UPDATE;
    IF here.last_at < moment - interval '1 day' THEN
        here.failures := 0;
    END IF;
    wait_s := greatest(0, ceil(extract(epoch FROM here.blocked_until - moment)));
    IF NOT known THEN
        INSERT INTO sign_in_attempts AS a (name_hash, address) VALUES (who, '') ON CONFLICT DO NOTHING;
        SELECT * INTO anywhere FROM sign_in_attempts a WHERE a.name_hash = who AND a.address = '' FOR UPDATE;
        IF anywhere.last_at < moment - interval '1 hour' THEN
            anywhere.failures := 0;
        END IF;
        wait_s := greatest(wait_s, ceil(extract(epoch FROM anywhere.blocked_until - moment)));
    END IF;
    IF wait_s > 0 THEN
        RETURN;
    END IF;
    -- counted before the password is compared, so that many attempts at once are not one; success takes it back
    UPDATE sign_in_attempts a SET failures = here.failures + 1, last_at = moment,
        blocked_until = moment + rage_sign_in_delay(here.failures + 1, 5, CASE WHEN known THEN 60 ELSE 900 END)
        WHERE a.name_hash = who AND a.address = given_address;
    IF NOT known THEN
        UPDATE sign_in_attempts a SET failures = anywhere.failures + 1, last_at = moment,
            blocked_until = moment + rage_sign_in_delay(anywhere.failures + 1, 50, 30)
            WHERE a.name_hash = who AND a.address = '';
    END IF;
    UPDATE users u SET failed_count = u.failed_count + 1 WHERE u.id = person.id;
    DELETE FROM sign_in_attempts d WHERE d.ctid IN (
        SELECT a.ctid FROM sign_in_attempts a WHERE a.last_at < moment - interval '1 day'
        ORDER BY a.last_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    IF NOT person.disabled THEN
        user_id := person.id;
        password_hash := person.password_hash;
    END IF;
END $$;
CREATE FUNCTION rage_sign_in_done(given_user uuid, checked_hash text, given_address text, session_id uuid,
                                  refresh_hash bytea)
RETURNS TABLE (user_id uuid, name text, platform_role text, groups text[], issued_at timestamptz,
               refresh_expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz := clock_timestamp();
    person users; who bytea;
BEGIN
    UPDATE users u SET last_login_at = moment, failed_count = 0
        WHERE u.id = given_user AND u.password_hash = checked_hash AND NOT u.disabled RETURNING * INTO person;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    moment := clock_timestamp();
    who := sha256(convert_to(person.name_key, 'UTF8'));
    DELETE FROM sign_in_attempts a WHERE a.name_hash = who AND a.address = given_address;
    IF NOT rage_knows_address(given_user, given_address) THEN
        UPDATE sign_in_attempts a SET failures = greatest(a.failures - 1, 0) WHERE a.name_hash = who AND a.address = '';
    END IF;
    INSERT INTO known_addresses AS k (user_id, address, last_success_at) VALUES (given_user, given_address, moment)
        ON CONFLICT (user_id, address) DO UPDATE SET last_success_at = moment;
    DELETE FROM known_addresses k WHERE k.user_id = given_user AND k.address NOT IN (
        SELECT n.address FROM known_addresses n WHERE n.user_id = given_user
        AND n.last_success_at > moment - interval '90 days' ORDER BY n.last_success_at DESC LIMIT 20);
    DELETE FROM sign_in_sessions d WHERE d.ctid IN (
        SELECT s.ctid FROM sign_in_sessions s WHERE s.expires_at < moment
        ORDER BY s.expires_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    INSERT INTO sign_in_sessions (id, user_id, created_at, expires_at)
        VALUES (session_id, given_user, moment, moment + interval '7 days');
    INSERT INTO refresh_tokens (hash, session_id, expires_at)
        VALUES (refresh_hash, rage_sign_in_done.session_id, moment + interval '7 days');
    PERFORM rage_know_user('user:' || person.id, person.name);
    RETURN QUERY SELECT person.id, person.name, person.platform_role, person.groups, moment, moment + interval '7 days';
END $$;
CREATE FUNCTION rage_refresh(old_hash bytea, new_hash bytea)
RETURNS TABLE (outcome text, session_id uuid, user_id uuid, name text, platform_role text, groups text[],
               issued_at timestamptz, refresh_expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz; until timestamptz;
    session sign_in_sessions; token refresh_tokens; person users;
BEGIN
    -- the session is locked first: of two that bring the same token, the second sees that it was used
    SELECT s.* INTO session FROM sign_in_sessions s JOIN refresh_tokens t ON t.session_id = s.id
        WHERE t.hash = old_hash FOR UPDATE OF s;
    SELECT t.* INTO token FROM refresh_tokens t WHERE t.hash = old_hash;
    SELECT u.* INTO person FROM users u WHERE u.id = session.user_id;
    moment := clock_timestamp();
    IF person.id IS NULL OR person.disabled OR session.revoked_at IS NOT NULL OR token.expires_at <= moment THEN
        RETURN QUERY SELECT 'ended', session.id, person.id, person.name, NULL, NULL::text[], moment, moment;
        RETURN;
    END IF;
    IF token.used_at IS NOT NULL THEN
        UPDATE sign_in_sessions s SET revoked_at = moment WHERE s.id = session.id;
        PERFORM rage_revoke('session:' || session.id);
        RETURN QUERY SELECT 'reused', session.id, person.id, person.name, NULL, NULL::text[], moment, moment;
        RETURN;
    END IF;
    until := least(moment + interval '7 days', session.created_at + interval '30 days');
    UPDATE refresh_tokens t SET used_at = moment WHERE t.hash = old_hash;
    INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES (new_hash, session.id, until);
    UPDATE sign_in_sessions s SET expires_at = until WHERE s.id = session.id;
    RETURN QUERY SELECT 'renewed', session.id, person.id, person.name, person.platform_role, person.groups, moment, until;
END $$;
CREATE FUNCTION rage_end_session(given text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
BEGIN
    UPDATE sign_in_sessions s SET revoked_at = clock_timestamp()
        WHERE s.id::text = given AND s.revoked_at IS NULL
        AND 'user:' || s.user_id = current_setting('rage.caller', true);
    PERFORM rage_revoke('session:' || given);
END $$;
"""

KEYS = """
CREATE FUNCTION rage_key_sign_in(given_id text, given_hash bytea, given_address text)
RETURNS TABLE (id text, name text, created_at timestamptz) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
#variable_conflict use_column
DECLARE key api_keys;
BEGIN
    SELECT k.* INTO key FROM api_keys k WHERE k.id = given_id AND k.hash = given_hash
        AND k.revoked_at IS NULL AND k.expires_at > clock_timestamp();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF key.last_used_at IS NULL OR key.last_used_at < clock_timestamp() - interval '1 minute' THEN
        UPDATE api_keys u SET last_used_at = clock_timestamp(), last_used_address = given_address WHERE u.ctid = (
            SELECT k.ctid FROM api_keys k WHERE k.id = given_id FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN QUERY SELECT key.id, key.name, key.created_at;
END $$;
CREATE FUNCTION rage_create_key(new_id text, new_name text, new_hash bytea, days integer, space_ids uuid[], new_role text)
RETURNS TABLE (created_by text, created_at timestamptz, expires_at timestamptz) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
#variable_conflict use_column
DECLARE caller text := COALESCE(current_setting('rage.caller', true), '');
BEGIN
    IF caller = '' OR caller LIKE 'key:%' OR cardinality(space_ids) = 0
            OR NOT space_ids <@ ARRAY(SELECT rage_ids('rage.administered')) THEN
        RAISE insufficient_privilege USING MESSAGE = 'only people who administer every space of a key create it';
    END IF;
    INSERT INTO entitlements (space_id, principal, role, granted_by)
        SELECT DISTINCT given.id, 'key:' || new_id, new_role, caller FROM unnest(space_ids) AS given(id);
    RETURN QUERY INSERT INTO api_keys AS k (id, name, hash, space_ids, created_by, expires_at)
        VALUES (new_id, new_name, new_hash, space_ids, caller, clock_timestamp() + make_interval(days => days))
        RETURNING k.created_by, k.created_at, k.expires_at;
END $$;
CREATE FUNCTION rage_keys(after_time timestamptz, after_id text, at_most integer)
RETURNS TABLE (id text, name text, created_by text, created_at timestamptz, expires_at timestamptz,
               revoked_at timestamptz, last_used_at timestamptz, last_used_address text, spaces jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
    SELECT k.id, k.name, k.created_by, k.created_at, k.expires_at, k.revoked_at, k.last_used_at, k.last_used_address,
           COALESCE(granted.spaces, '[]')
    FROM api_keys k LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('name', s.name, 'role', e.role) ORDER BY s.name) AS spaces
        FROM spaces s LEFT JOIN entitlements e ON e.space_id = s.id AND e.principal = 'key:' || k.id
        WHERE s.id = ANY (k.space_ids) AND s.id IN (SELECT rage_ids('rage.administered'))
    ) granted ON true
    WHERE (granted.spaces IS NOT NULL OR current_setting('rage.platform', true) = 'admin')
      AND (k.created_at, k.id) > (after_time, after_id COLLATE "C")
    ORDER BY k.created_at, k.id LIMIT at_most
$$;
CREATE FUNCTION rage_revoke_key(given_id text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
BEGIN
    IF current_setting('rage.caller', true) LIKE 'key:%' THEN
        RAISE insufficient_privilege USING MESSAGE = 'keys manage no keys';
    END IF;
    UPDATE api_keys k SET revoked_at = COALESCE(k.revoked_at, clock_timestamp()) WHERE k.id = given_id AND (
        current_setting('rage.platform', true) = 'admin'
        OR k.space_ids && ARRAY(SELECT rage_ids('rage.administered')));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM rage_revoke('key:' || given_id);
    RETURN true;
END $$;
"""

GRANTS = """
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA rage FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rage_sign_in_begin, rage_sign_in_done, rage_refresh, rage_end_session, rage_key_sign_in,
    rage_create_key, rage_keys, rage_revoke_key TO rage_api;
"""


def upgrade() -> None:
    """Creates the tables, which only their owner sees, and the functions."""
    op.execute(TABLES)
    for table in ("users", "sign_in_attempts", "known_addresses", "sign_in_sessions", "refresh_tokens", "api_keys"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(SIGN_IN)
    op.execute(KEYS)
    op.execute(GRANTS)
