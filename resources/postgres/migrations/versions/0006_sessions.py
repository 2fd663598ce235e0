"""Sessions of browsers: sign-ins that have begun, sessions with their sealed tokens, and logout tokens that were seen.

No service role has any right on these tables. The API reaches one session by the hash of what its browser holds, and
lists only those that the transaction's caller may see. What is sealed, the database cannot open. The worker has no right.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
CREATE TABLE login_attempts (
    state_hash bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    browser_hash bytea NOT NULL CHECK (octet_length(browser_hash) = 32),
    sealed bytea NOT NULL CHECK (octet_length(sealed) < 16384),
    expires_at timestamptz NOT NULL
);
CREATE INDEX login_attempts_old ON login_attempts (expires_at);
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    principal text NOT NULL,
    name text NOT NULL,
    sid text,
    sealed bytea NOT NULL,
    version integer NOT NULL DEFAULT 0,
    refreshing_until timestamptz,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    address text NOT NULL CHECK (char_length(address) <= 100),
    user_agent text NOT NULL CHECK (char_length(user_agent) <= 200)
);
CREATE INDEX sessions_principal ON sessions (principal, created_at);
CREATE INDEX sessions_sid ON sessions (sid);
CREATE INDEX sessions_created ON sessions (created_at, id);
CREATE INDEX sessions_old ON sessions (expires_at);
CREATE TABLE logout_tokens (
    jti_hash bytea PRIMARY KEY CHECK (octet_length(jti_hash) = 32),
    expires_at timestamptz NOT NULL
);
CREATE INDEX logout_tokens_old ON logout_tokens (expires_at);
"""

LOGIN = """
CREATE FUNCTION rage_login_begin(new_state bytea, new_browser bytea, new_sealed bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    DELETE FROM login_attempts d WHERE d.ctid IN (
        SELECT a.ctid FROM login_attempts a WHERE a.expires_at < clock_timestamp()
        ORDER BY a.expires_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    INSERT INTO login_attempts (state_hash, browser_hash, sealed, expires_at)
        VALUES (new_state, new_browser, new_sealed, clock_timestamp() + interval '10 minutes');
END $$;
CREATE FUNCTION rage_login_finish(given_state bytea, given_browser bytea) RETURNS bytea
LANGUAGE sql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
    DELETE FROM login_attempts WHERE state_hash = given_state AND browser_hash = given_browser
        AND expires_at > clock_timestamp() RETURNING sealed
$$;
"""

# A session that was revoked by its principal or the issuer's session is over even if its tokens could be renewed.
SESSIONS = """
CREATE FUNCTION rage_session_start(new_id uuid, new_hash bytea, new_principal text, new_name text, new_sid text,
                                   new_sealed bytea, issued timestamptz, new_address text, new_agent text, earlier bytea)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE moment timestamptz := clock_timestamp();
BEGIN
    DELETE FROM sessions WHERE token_hash = earlier;
    DELETE FROM sessions d WHERE d.ctid IN (
        SELECT s.ctid FROM sessions s WHERE s.expires_at < moment ORDER BY s.expires_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    IF rage_is_revoked(new_principal, new_sid, issued) THEN
        RETURN false;
    END IF;
    INSERT INTO sessions (id, token_hash, principal, name, sid, sealed, created_at, last_seen_at, expires_at, address,
                          user_agent)
        VALUES (new_id, new_hash, new_principal, new_name, new_sid, new_sealed, moment, moment,
                moment + interval '10 hours', new_address, new_agent);
    DELETE FROM sessions d WHERE d.principal = new_principal AND d.id NOT IN (
        SELECT s.id FROM sessions s WHERE s.principal = new_principal ORDER BY s.created_at DESC LIMIT 50);
    PERFORM rage_know_user(new_principal, new_name);
    RETURN true;
END $$;
CREATE FUNCTION rage_session_read(given bytea)
RETURNS TABLE (id uuid, principal text, sid text, sealed bytea, version integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz := clock_timestamp();
    it sessions;
BEGIN
    SELECT s.* INTO it FROM sessions s WHERE s.token_hash = given;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF it.expires_at <= moment OR it.last_seen_at <= moment - interval '30 minutes'
            OR rage_is_revoked(it.principal, it.sid, it.created_at) THEN
        DELETE FROM sessions s WHERE s.id = it.id;
        RETURN;
    END IF;
    IF it.last_seen_at < moment - interval '1 minute' THEN
        UPDATE sessions u SET last_seen_at = moment WHERE u.ctid = (
            SELECT s.ctid FROM sessions s WHERE s.id = it.id FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN QUERY SELECT it.id, it.principal, it.sid, it.sealed, it.version;
END $$;
CREATE FUNCTION rage_session_claim(given bytea, seen integer, seconds integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    UPDATE sessions SET refreshing_until = clock_timestamp() + make_interval(secs => seconds)
        WHERE token_hash = given AND version = seen
        AND (refreshing_until IS NULL OR refreshing_until < clock_timestamp());
    RETURN FOUND;
END $$;
CREATE FUNCTION rage_session_release(given bytea, seen integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
    UPDATE sessions SET refreshing_until = NULL WHERE token_hash = given AND version = seen
$$;
CREATE FUNCTION rage_session_renew(given bytea, seen integer, new_sealed bytea, new_name text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    UPDATE sessions SET sealed = new_sealed, name = new_name, version = seen + 1, refreshing_until = NULL
        WHERE token_hash = given AND version = seen;
    RETURN FOUND;
END $$;
CREATE FUNCTION rage_session_close(given bytea, with_tokens boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE gone text;
BEGIN
    DELETE FROM sessions WHERE token_hash = given RETURNING sid INTO gone;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF with_tokens AND gone IS NOT NULL THEN
        PERFORM rage_revoke('session:' || gone);
    END IF;
    RETURN true;
END $$;
CREATE FUNCTION rage_session_logout(given_jti bytea, given_principal text, given_sid text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
BEGIN
    DELETE FROM logout_tokens d WHERE d.ctid IN (
        SELECT t.ctid FROM logout_tokens t WHERE t.expires_at < clock_timestamp()
        ORDER BY t.expires_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    INSERT INTO logout_tokens (jti_hash, expires_at) VALUES (given_jti, clock_timestamp() + interval '1 hour')
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF given_sid IS NOT NULL THEN
        DELETE FROM sessions WHERE sid = given_sid;
        PERFORM rage_revoke('session:' || given_sid);
    ELSE
        DELETE FROM sessions WHERE principal = given_principal;
        PERFORM rage_revoke(given_principal);
    END IF;
    RETURN true;
END $$;
"""

# Operators see and end the sign-ins of local users, too: those have no browser, but refresh tokens.
OPERATORS = """
CREATE FUNCTION rage_sessions(after_time timestamptz, after_id uuid, at_most integer)
RETURNS TABLE (id uuid, kind text, principal text, name text, created_at timestamptz, last_seen_at timestamptz,
               expires_at timestamptz, address text, user_agent text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
    SELECT o.* FROM (
        SELECT s.id, 'browser' AS kind, s.principal, s.name, s.created_at, s.last_seen_at, s.expires_at, s.address,
               s.user_agent
        FROM sessions s
        WHERE s.expires_at > clock_timestamp() AND s.last_seen_at > clock_timestamp() - interval '30 minutes'
          AND NOT rage_is_revoked(s.principal, s.sid, s.created_at)
        UNION ALL
        SELECT l.id, 'token', 'user:' || l.user_id, u.name, l.created_at, NULL, l.expires_at, NULL, NULL
        FROM sign_in_sessions l JOIN users u ON u.id = l.user_id
        WHERE l.revoked_at IS NULL AND l.expires_at > clock_timestamp()
    ) o
    WHERE (o.principal = current_setting('rage.caller', true) OR current_setting('rage.platform', true) = 'admin')
      AND (o.created_at, o.id) > (after_time, after_id)
    ORDER BY o.created_at, o.id LIMIT at_most
$$;
CREATE FUNCTION rage_end_one_session(given uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
DECLARE
    caller text := current_setting('rage.caller', true);
    everyone boolean := COALESCE(current_setting('rage.platform', true) = 'admin', false);
    gone text;
BEGIN
    DELETE FROM sessions s WHERE s.id = given AND (everyone OR s.principal = caller) RETURNING s.sid INTO gone;
    IF FOUND THEN
        IF gone IS NOT NULL THEN
            PERFORM rage_revoke('session:' || gone);
        END IF;
        RETURN true;
    END IF;
    UPDATE sign_in_sessions l SET revoked_at = clock_timestamp()
        WHERE l.id = given AND l.revoked_at IS NULL AND (everyone OR 'user:' || l.user_id = caller);
    IF FOUND THEN
        PERFORM rage_revoke('session:' || given);
        RETURN true;
    END IF;
    RETURN false;
END $$;
CREATE FUNCTION rage_end_sessions_of(given_principal text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
DECLARE browsers integer; others integer;
BEGIN
    IF current_setting('rage.platform', true) IS DISTINCT FROM 'admin' THEN
        RAISE insufficient_privilege USING MESSAGE = 'only platform administrators end the sign-ins of others';
    END IF;
    -- the sign-ins first, then what they issued: a renewal between the two is older than the revocation
    DELETE FROM sessions s WHERE s.principal = given_principal;
    GET DIAGNOSTICS browsers = ROW_COUNT;
    UPDATE sign_in_sessions l SET revoked_at = clock_timestamp()
        WHERE 'user:' || l.user_id = given_principal AND l.revoked_at IS NULL AND l.expires_at > clock_timestamp();
    GET DIAGNOSTICS others = ROW_COUNT;
    PERFORM rage_revoke(given_principal);
    RETURN browsers + others;
END $$;
"""

GRANTS = """
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA rage FROM PUBLIC;
REVOKE ALL ON login_attempts, sessions, logout_tokens FROM rage_api, rage_worker;
GRANT EXECUTE ON FUNCTION rage_login_begin, rage_login_finish, rage_session_start, rage_session_read,
    rage_session_claim, rage_session_release, rage_session_renew, rage_session_close, rage_session_logout,
    rage_sessions, rage_end_one_session, rage_end_sessions_of TO rage_api;
"""


def upgrade() -> None:
    """Creates the tables, which only their owner sees, and the functions."""
    op.execute(TABLES)
    for table in ("login_attempts", "sessions", "logout_tokens"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY {table}_owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
    for part in (LOGIN, SESSIONS, OPERATORS, GRANTS):
        op.execute(part)
