"""Searches in large spaces: indexes for what filters and patterns look through, and who builds an index on vectors how.

Under row-level security no index serves a filter on an array or a path, because these comparisons are not leak-proof. So
the owner looks up which texts are within filters and the caller's rights, where they are few. It gives only their hashes,
to roles that look up all they show as the caller.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

INDEXES = """
CREATE INDEX passages_version ON passages (index_version, id);
CREATE INDEX passages_labels ON passages USING gin (types, languages);
CREATE INDEX passages_access ON passages (index_version, access_id);
"""

# Three times too many by the planner's estimate is many; a lower one is worth the look. Comparing so many one by one and
# following the index on the vectors until enough of them are within cost about the same.
WITHIN = """
CREATE FUNCTION rage_texts_within(version uuid, given_types text[], given_languages text[], given_sources text[],
                                  prefix text)
RETURNS bytea[] LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    part text := 'vectors_' || replace(version::text, '-', '');
    space uuid;
    own boolean;
    most integer;
    sources uuid[];
    classes uuid[] := string_to_array(current_setting('rage.classes', true), ',')::uuid[];
    narrowed text := concat_ws(' AND ',
        CASE WHEN given_types <> '{}' THEN 'p.types && $2' END,
        CASE WHEN given_languages <> '{}' THEN 'p.languages && $3' END,
        CASE WHEN given_sources <> '{}' THEN 'd.source_id = ANY ($4)' END,
        CASE WHEN prefix <> '' THEN 'd.space_id = $5 AND starts_with(d.path, $6)' END);
    query text;
    plan json;
    found bytea[];
BEGIN
    SELECT v.space_id INTO space FROM index_versions v WHERE v.id = version;
    own := COALESCE(space::text = current_setting('rage.space', true), false);
    IF space IS NULL OR NOT (own OR space IN (SELECT rage_ids('rage.readable'))) THEN
        RETURN '{}';
    END IF;
    IF NOT own AND EXISTS (SELECT FROM access_classes c WHERE c.space_id = space) THEN
        narrowed := concat_ws(' AND ', NULLIF(narrowed, ''), '(p.access_id IS NULL OR p.access_id = ANY ($7))');
    END IF;
    IF narrowed = '' THEN
        RETURN NULL;
    END IF;
    SELECT CASE WHEN to_regclass(part || '_hnsw') IS NULL THEN 100000
                ELSE greatest(2000, 16 * sqrt(greatest(reltuples, 0))) END
    INTO most FROM pg_class WHERE oid = to_regclass(part);
    SELECT COALESCE(array_agg(s.id), '{}') INTO sources FROM sources s
        WHERE s.space_id = space AND s.name = ANY (given_sources);
    query := 'SELECT p.text_hash FROM passages p ' ||
        CASE WHEN prefix <> '' OR given_sources <> '{}' THEN 'JOIN documents d ON d.id = p.document_id ' ELSE '' END ||
        'WHERE p.index_version = $1 AND ' || narrowed;
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan
        USING version, given_types, given_languages, sources, space, prefix, classes;
    IF (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float > 3 * most THEN
        RETURN NULL;
    END IF;
    EXECUTE 'SELECT COALESCE(array_agg(text_hash), ''{}'') FROM (' || query || format(' LIMIT %s) t', most + 1) INTO found
        USING version, given_types, given_languages, sources, space, prefix, classes;
    RETURN CASE WHEN cardinality(found) <= most THEN found END;
END $$;
"""

# How much memory and how many workers it takes is for the caller to say, who knows the machine.
BUILD = """
CREATE OR REPLACE FUNCTION rage_ensure_vector_index(version uuid)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = rage, public, pg_temp AS $$
DECLARE
    part text := 'vectors_' || replace(version::text, '-', '');
    dims integer;
BEGIN
    IF to_regclass(part || '_hnsw') IS NOT NULL THEN
        RETURN false;
    END IF;
    SELECT dimension INTO dims FROM index_versions WHERE id = version;
    EXECUTE format('CREATE INDEX %I ON %I USING hnsw ((vector::halfvec(%s)) halfvec_cosine_ops) '
                   'WITH (ef_construction = 160)', part || '_hnsw', part, dims);
    EXECUTE format('ANALYZE %I', part);
    RETURN true;
END $$;
"""

GRANTS = """
REVOKE EXECUTE ON FUNCTION rage_texts_within FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rage_texts_within TO rage_api, rage_worker;
"""


def upgrade() -> None:
    """Adds the indexes and the look-up, and leaves the memory of a build to its caller."""
    op.execute(INDEXES)
    op.execute(WITHIN)
    op.execute(BUILD)
    op.execute(GRANTS)
