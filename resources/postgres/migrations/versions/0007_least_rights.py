"""Least rights: what the first migration granted to the pipeline and the query layer in bulk, and no code of theirs needs.

The pipeline finds all spaces by name, but changes only the one that its transaction names, and of that only the epoch.
Who sees which documents is said by administrators of a space: an ingestor may change a source, but not its access rules,
and a reader learns the names of those groups alone that let them in.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

RIGHTS = """
REVOKE INSERT, UPDATE, DELETE ON alembic_version, index_versions, exclusions, spaces FROM rage_worker;
GRANT UPDATE (epoch) ON spaces TO rage_worker;
DROP POLICY spaces_worker ON spaces;
CREATE POLICY spaces_find ON spaces FOR SELECT TO rage_worker USING (true);
CREATE POLICY spaces_worker ON spaces FOR UPDATE TO rage_worker
    USING (id = NULLIF(current_setting('rage.space', true), '')::uuid);
REVOKE UPDATE ON sources, receipts FROM rage_api;
GRANT UPDATE (access_rules, removing) ON sources TO rage_api;
DROP POLICY receipts_change ON receipts;
DROP POLICY access_classes_read ON access_classes;
CREATE POLICY access_classes_read ON access_classes FOR SELECT TO rage_api
    USING (id IN (SELECT rage.rage_ids('rage.classes')));
"""

GUARD = """
CREATE FUNCTION rage_keep_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF rage_may_administer(NEW.space_id) IS NOT TRUE THEN
        RAISE insufficient_privilege USING MESSAGE = 'only administrators of a space say who sees what';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER sources_rules BEFORE UPDATE OF access_rules ON sources FOR EACH ROW
    WHEN (current_user = 'rage_api' AND OLD.access_rules IS DISTINCT FROM NEW.access_rules)
    EXECUTE FUNCTION rage_keep_rules();
REVOKE EXECUTE ON FUNCTION rage_keep_rules FROM PUBLIC;
"""


def upgrade() -> None:
    """Takes the rights away."""
    op.execute(RIGHTS)
    op.execute(GUARD)
