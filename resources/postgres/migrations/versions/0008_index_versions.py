"""Index versions: passages belong to one, so that a model with another window and dimension stands beside the live one.

Every version that exists is kept current by every ingestion, but for one that says in `stale` why it no longer can be;
the live one is a single row of `spaces`. Who creates a version sends back what is staged and not made for it, under a
lock that publication shares: from then on a document is published complete or not at all.

A document that went live while the lexical index could not be reached is `behind` in the outbox, and searches say so.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
ALTER TABLE index_versions
    ADD stale text,
    ADD evaluated_at timestamptz,
    ADD promoted_at timestamptz,
    ADD retired_at timestamptz;
UPDATE index_versions SET promoted_at = created_at WHERE state = 'live';
ALTER TABLE passages ADD index_version uuid;
UPDATE passages p SET index_version = s.live_index_version FROM spaces s WHERE s.id = p.space_id;
ALTER TABLE passages ALTER index_version SET NOT NULL;
DROP INDEX passages_text;
CREATE INDEX passages_text ON passages (index_version, text_hash);
ALTER TABLE staged_passages ADD index_version uuid;
UPDATE staged_passages p SET index_version = s.live_index_version FROM spaces s WHERE s.id = p.space_id;
ALTER TABLE staged_passages ALTER index_version SET NOT NULL;
ALTER TABLE staged_passages DROP CONSTRAINT staged_passages_pkey;
ALTER TABLE staged_passages ADD PRIMARY KEY (document_id, index_version, "order");
DROP INDEX staged_passages_text;
CREATE INDEX staged_passages_text ON staged_passages (index_version, text_hash);
ALTER TABLE lexical_outbox ADD behind boolean NOT NULL DEFAULT false;
CREATE INDEX lexical_outbox_behind ON lexical_outbox (space_id) WHERE behind;
"""

FUNCTIONS = """
CREATE FUNCTION rage_lexical_behind(space uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = rage, public, pg_temp AS $$
    SELECT space IN (SELECT rage_ids('rage.readable'))
       AND EXISTS (SELECT FROM lexical_outbox WHERE space_id = space AND behind)
$$;
CREATE FUNCTION rage_lock_versions(space uuid) RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(hashtextextended(space::text, 2))
$$;
CREATE FUNCTION rage_create_index_version(new_version uuid, new_model text, new_dimension integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE space uuid := NULLIF(current_setting('rage.space', true), '')::uuid;
BEGIN
    IF space IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'an index version is made by whoever works on its space';
    END IF;
    PERFORM rage_lock_versions(space);
    INSERT INTO index_versions (id, space_id, model, dimension, state)
        VALUES (new_version, space, new_model, new_dimension, 'building');
    EXECUTE format('CREATE TABLE %I PARTITION OF vectors FOR VALUES IN (%L)',
                   'vectors_' || replace(new_version::text, '-', ''), new_version);
    UPDATE staged_documents SET stage = 'passed' WHERE space_id = space AND stage IN ('embedded', 'indexed')
        AND change <> 'removed';
END $$;
CREATE FUNCTION rage_promote(version uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE space uuid := NULLIF(current_setting('rage.space', true), '')::uuid;
BEGIN
    PERFORM rage_lock_versions(space);
    IF NOT EXISTS (SELECT FROM index_versions WHERE id = version AND space_id = space AND stale IS NULL
                   AND state IN ('evaluated', 'retired')) THEN
        RAISE check_violation USING MESSAGE = 'only a complete version of the space is promoted';
    END IF;
    UPDATE index_versions SET state = 'retired', retired_at = now() WHERE space_id = space AND state = 'live';
    UPDATE index_versions SET state = 'live', promoted_at = now(), retired_at = NULL WHERE id = version;
    UPDATE spaces SET live_index_version = version, epoch = epoch + 1 WHERE id = space;
END $$;
CREATE FUNCTION rage_drop_index_version(version uuid) RETURNS void
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
    EXECUTE format('DROP TABLE IF EXISTS %I', 'vectors_' || replace(version::text, '-', ''));
    DELETE FROM index_versions WHERE id = version;
END $$;
"""

GRANTS = """
REVOKE EXECUTE ON FUNCTION rage_lexical_behind, rage_lock_versions, rage_create_index_version, rage_promote,
    rage_drop_index_version FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rage_lock_versions, rage_create_index_version, rage_promote, rage_drop_index_version
    TO rage_worker;
GRANT EXECUTE ON FUNCTION rage_lexical_behind TO rage_api, rage_worker;
GRANT UPDATE (state, metrics, stale, evaluated_at) ON index_versions TO rage_worker;
"""


def upgrade() -> None:
    """Gives every passage the version that is live."""
    op.execute(TABLES)
    op.execute(FUNCTIONS)
    op.execute(GRANTS)
