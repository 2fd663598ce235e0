"""The audit: a table that is only added to, each row chained to the one before by a key that is not in the database.

The services may add rows that continue the chain, and learn its end; they can neither read, change nor remove any.
Triggers hold the same against the owner's own mistakes. An owner can drop a trigger and then rewrite rows, but cannot
make their hashes without the key: `rage audit verify` tells. Rows leave in sealed segments only, whose record stays.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
CREATE TABLE audit_log (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    actor_name text NOT NULL,
    action text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('begun', 'allowed', 'denied', 'failed')),
    status integer,
    space_id uuid,
    target text NOT NULL,
    address text NOT NULL,
    request_id text NOT NULL,
    details json NOT NULL,
    key_id text NOT NULL,
    previous bytea NOT NULL CHECK (octet_length(previous) = 32),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE INDEX audit_log_at ON audit_log USING brin (at) WITH (pages_per_range = 16);
CREATE TABLE audit_segments (
    first_seq bigint PRIMARY KEY CHECK (first_seq > 0),
    last_seq bigint NOT NULL CHECK (last_seq >= first_seq),
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    file text NOT NULL,
    sha256 bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    key_id text NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    mac bytea NOT NULL
);
"""

# The lock's number is "RAGEAUDT". Whoever holds it until commit decides what comes next in the chain.
FUNCTIONS = """
CREATE FUNCTION rage_audit_head(OUT seq bigint, OUT hash bytea, OUT key_id text) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp SET lock_timeout = '4s' AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(x'5241474541554454'::bigint);
    SELECT l.seq, l.hash, l.key_id INTO seq, hash, key_id FROM audit_log l ORDER BY l.seq DESC LIMIT 1;
    IF NOT FOUND THEN
        SELECT s.last_seq, s.hash, s.key_id INTO seq, hash, key_id FROM audit_segments s ORDER BY s.last_seq DESC LIMIT 1;
    END IF;
    IF NOT FOUND THEN
        seq := 0;
        hash := decode(repeat('00', 32), 'hex');
    END IF;
END $$;
CREATE FUNCTION rage_audit_holds(given_seq bigint, given_hash bytea) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM audit_log WHERE seq = given_seq AND hash = given_hash) OR EXISTS (
        SELECT FROM audit_segments
        WHERE given_seq BETWEEN first_seq AND last_seq AND (given_seq < last_seq OR hash = given_hash))
$$;
CREATE FUNCTION rage_audit_add() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
DECLARE head record;
BEGIN
    SELECT * INTO head FROM rage_audit_head();
    IF NEW.seq <> head.seq + 1 OR NEW.previous <> head.hash THEN
        RAISE serialization_failure USING MESSAGE = 'the audit log has grown meanwhile';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION rage_audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = 'the audit is only added to';
END $$;
CREATE FUNCTION rage_audit_drop() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM gone g WHERE NOT EXISTS (
            SELECT FROM audit_segments s WHERE g.seq BETWEEN s.first_seq AND s.last_seq)) THEN
        RAISE insufficient_privilege USING MESSAGE = 'only sealed rows leave the audit';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_log_add BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION rage_audit_add();
CREATE TRIGGER audit_log_keep BEFORE UPDATE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION rage_audit_keep();
CREATE TRIGGER audit_log_drop AFTER DELETE ON audit_log REFERENCING OLD TABLE AS gone FOR EACH STATEMENT
    EXECUTE FUNCTION rage_audit_drop();
CREATE TRIGGER audit_segments_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_segments FOR EACH STATEMENT
    EXECUTE FUNCTION rage_audit_keep();
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_add;
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_keep;
ALTER TABLE audit_log ENABLE ALWAYS TRIGGER audit_log_drop;
ALTER TABLE audit_segments ENABLE ALWAYS TRIGGER audit_segments_keep;
"""

RIGHTS = """
REVOKE ALL ON audit_log, audit_segments FROM PUBLIC, rage_api, rage_worker;
REVOKE EXECUTE ON FUNCTION rage_audit_head, rage_audit_holds, rage_audit_add, rage_audit_keep, rage_audit_drop FROM PUBLIC;
GRANT INSERT ON audit_log TO rage_api, rage_worker;
GRANT EXECUTE ON FUNCTION rage_audit_head, rage_audit_holds TO rage_api, rage_worker;
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_segments ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_segments FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_log_owner ON audit_log TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY audit_segments_owner ON audit_segments TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY audit_log_add ON audit_log FOR INSERT TO rage_api, rage_worker WITH CHECK (true);
"""


def upgrade() -> None:
    """Creates the log, the record of its sealed segments, and what guards both."""
    op.execute(TABLES)
    op.execute(FUNCTIONS)
    op.execute(RIGHTS)
