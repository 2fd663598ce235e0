"""Access rules in the database: storing them, and giving every document the class that they make of it.

Beside the access files of a source stand its links: a link is for those who may see it and what it leads to.
A change of rules takes effect in the transaction that makes it. Nothing is parsed or embedded for it: a class is a column.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from resources.access.rules import FILE_NAME, NOBODY, AccessFile, AccessRule, Clauses, class_id, clauses_of
from resources.domain import WITHIN
from resources.postgres.database import Connection, copy_rows
from resources.postgres.spaces import bump_epoch

_TOGETHER = 5_000


class SourceRules:
    """All rules of one source, as they are in the transaction that read them.

    Args:
        connection: A transaction that may see them; the source's row stays locked until it ends, so that documents
            published at the same time as a change of rules have the new class.
        source_id: The source.
        changing: Whether the rules are being changed; then nobody publishes documents of the source meanwhile.
    """

    def __init__(self, connection: Connection, source_id: UUID, *, changing: bool = False) -> None:
        lock = "UPDATE" if changing else "SHARE"
        row = connection.execute(
            f"SELECT space_id, access_rules FROM sources WHERE id = %s FOR {lock}", (source_id,)
        ).fetchone()
        self.space_id: UUID | None = row["space_id"] if row else None
        self._rules = [AccessRule(**rule) for rule in row["access_rules"]] if row else []
        files = connection.execute(
            "SELECT path, rules, problem, leads_to FROM access_files WHERE source_id = %s", (source_id,)
        ).fetchall()
        self._links: dict[str, str] = {file["path"]: file["leads_to"] for file in files if file["leads_to"] is not None}
        files = [file for file in files if file["leads_to"] is None]
        self._files = [
            AccessFile(folder=file["path"].removesuffix(FILE_NAME), rules=[AccessRule(**rule) for rule in file["rules"]])
            for file in files
            if not file["problem"]
        ]
        # a file that cannot be read might have closed its folder: it stays closed until somebody mends it
        self._closed = tuple(file["path"].removesuffix(FILE_NAME) for file in files if file["problem"])

    def clauses(self, path: str) -> Clauses:
        """Who is let in to the document at `path`: to a file within a file or a link, who is let in to both."""
        parts = path.split(WITHIN)
        places = [WITHIN.join(parts[: at + 1]) for at in range(len(parts))]
        if target := self._links.get(parts[0]):
            places += [target + place[len(parts[0]) :] for place in places]
        if any(place.startswith(self._closed) for place in places):
            return NOBODY
        return tuple(sorted({clause for place in places for clause in clauses_of(place, self._rules, self._files)}))


def rules_of(connection: Connection, source_id: UUID) -> list[AccessRule]:
    """A source's own rules in their order."""
    row = connection.execute("SELECT access_rules FROM sources WHERE id = %s", (source_id,)).fetchone()
    return [AccessRule(**rule) for rule in row["access_rules"]] if row else []


def set_rules(connection: Connection, source_id: UUID, rules: Sequence[AccessRule]) -> int:
    """Replaces a source's own rules, at once for every document; returns how many changed their class."""
    given = Jsonb([rule.model_dump(mode="json") for rule in rules])
    connection.execute("UPDATE sources SET access_rules = %s WHERE id = %s", (given, source_id))
    return reclassify(connection, source_id)


def known_files(connection: Connection, source_id: UUID) -> dict[str, tuple[int, int]]:
    """Size and change mark of the access files and links that were read in a source, by path."""
    rows = connection.execute("SELECT path, size, mtime_ns FROM access_files WHERE source_id = %s", (source_id,))
    return {row["path"]: (row["size"], row["mtime_ns"]) for row in rows}


def replace_files(
    connection: Connection, space_id: UUID, source_id: UUID, files: Sequence[dict[str, Any]], *, keep_others: bool
) -> None:
    """Makes `files` (rows with path, size, mtime_ns, rules, problem, leads_to) those of a source, alone or not."""
    connection.execute("SELECT FROM sources WHERE id = %s FOR UPDATE", (source_id,))
    connection.execute(
        "DELETE FROM access_files WHERE source_id = %s AND (%s OR path = ANY(%s))",
        (source_id, not keep_others, [file["path"] for file in files]),
    )
    copy_rows(
        connection,
        "access_files",
        ("source_id", "space_id", "path", "size", "mtime_ns", "rules", "problem", "leads_to"),
        (
            (
                *(source_id, space_id, file["path"], file["size"], file["mtime_ns"]),
                Jsonb([rule.model_dump(mode="json") for rule in file["rules"]]),
                *(file["problem"], file["leads_to"]),
            )
            for file in files
        ),
    )


def reclassify(connection: Connection, source_id: UUID) -> int:
    """Gives every document of a source, quarantined ones included, the class of its rules; returns how many changed."""
    rules = SourceRules(connection, source_id, changing=True)
    if rules.space_id is None:
        return 0
    changed = 0
    ensured: set[UUID] = set()
    with connection.cursor(name="classified") as rows:
        rows.itersize = _TOGETHER
        rows.execute(
            "SELECT id, path, access_id FROM documents WHERE source_id = %(source)s UNION ALL "
            "SELECT document_id, path, access_id FROM quarantine WHERE source_id = %(source)s",
            {"source": source_id},
        )
        while batch := rows.fetchmany(_TOGETHER):
            wanted = {row["id"]: _ensure(connection, rules, row["path"], ensured) for row in batch}
            differing = {row["id"]: wanted[row["id"]] for row in batch if wanted[row["id"]] != row["access_id"]}
            if differing:
                connection.execute(
                    "SELECT rage_classify(%s, %s::uuid[], %s::uuid[])",
                    (rules.space_id, list(differing), list(differing.values())),
                )
                changed += len(differing)
    if changed:
        bump_epoch(connection, rules.space_id)
    return changed


def classify_staged(connection: Connection, ids: Sequence[UUID]) -> None:
    """Gives staged documents the class of their rules as they are now, in the transaction that publishes them."""
    rows = connection.execute(
        "SELECT id, source_id, path FROM staged_documents WHERE id = ANY(%s) ORDER BY source_id", (list(ids),)
    ).fetchall()
    classes = classes_of(connection, rows)
    connection.execute(
        "UPDATE staged_documents s SET access_id = n.class FROM unnest(%s::uuid[], %s::uuid[]) AS n(id, class) "
        "WHERE s.id = n.id AND s.access_id IS DISTINCT FROM n.class",
        (list(classes), list(classes.values())),
    )


def classes_of(connection: Connection, documents: Iterable[dict[str, Any]]) -> dict[UUID, UUID | None]:
    """The access class of each document (rows with id, source_id, path), made where it is new."""
    rules: dict[UUID, SourceRules] = {}
    ensured: set[UUID] = set()
    classes = {}
    for row in documents:
        if row["source_id"] not in rules:
            rules[row["source_id"]] = SourceRules(connection, row["source_id"])
        classes[row["id"]] = _ensure(connection, rules[row["source_id"]], row["path"], ensured)
    return classes


def _ensure(connection: Connection, rules: SourceRules, path: str, ensured: set[UUID]) -> UUID | None:
    clauses = rules.clauses(path)
    if not clauses or rules.space_id is None:
        return None
    found = class_id(rules.space_id, clauses)
    if found is not None and found not in ensured:
        connection.execute(
            "SELECT rage_ensure_class(%s, %s, %s)", (found, rules.space_id, Jsonb([list(clause) for clause in clauses]))
        )
        ensured.add(found)
    return found
