"""What every store of a space holds, in a form that two homes can be compared by."""

from resources.objects.store import ObjectStore
from resources.postgres import index_versions

# Which run, and when, differ between an undisturbed ingestion and one that was killed; nothing else may.
VOLATILE = {
    "run_id",
    "last_run_id",
    "code_version",
    "updated_at",
    "created_at",
    "deleted_at",
    "requested_at",
    "checked_at",
}
TABLES = (
    "documents",
    "blocks",
    "passages",
    "vectors",
    "quarantine",
    "staged_documents",
    "staged_blocks",
    "staged_passages",
    "lexical_outbox",
    "garbage_objects",
    "garbage_texts",
)


def lexical(platform, space):
    """The lexical index of the version that answers."""
    with platform.database.transaction(space=space) as connection:
        live = next(version for version in index_versions.kept(connection, space) if version.live)
    return platform.lexical(space, live.id)


def contents(home, space):
    """Every row of every table, every vector, every lexical entry and every object of a space."""
    found = {}
    for table in TABLES:
        rows = home.rows(f"SELECT * FROM {table}", space=space)
        found[table] = sorted(
            repr(sorted((k, v) for k, v in row.items() if k not in VOLATILE | {"index_version", "mtime_ns", "attempts"}))
            for row in rows
        )
    receipts = home.rows("SELECT path, complete FROM receipts", space=space)
    found["receipts"] = sorted((row["path"], row["complete"]) for row in receipts)
    platform = home.platform("worker")
    try:
        objects: ObjectStore = platform.objects
        found["objects"] = sorted((entry["name"].rsplit("/", 1)[1], entry["size"]) for entry in objects.listing(space))
        index = lexical(platform, space)
        found["lexical"] = sorted(map(str, index.document_versions()))
    finally:
        platform.close()
    return found
