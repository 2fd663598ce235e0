"""What is known of a site's pages: during a crawl in a scratch file, and from one crawl to the next.

Nothing depends on what is remembered but speed: without it every page is asked for as if it were new.
"""

import json
import os
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

_LAYOUT = 1
_TABLE = """
CREATE TABLE pages (
    url TEXT PRIMARY KEY, bare TEXT, depth INTEGER, state TEXT, path TEXT, size INTEGER, token INTEGER, etag TEXT,
    modified TEXT, media_type TEXT, canonical TEXT, problem TEXT, links BLOB
);
CREATE INDEX waiting ON pages (state, depth);
CREATE INDEX bare ON pages (bare);
CREATE INDEX paths ON pages (path);
"""


@dataclass
class Known:
    """A page of a site.

    Attributes:
        url: Its address.
        depth: How many links lead to it.
        state: `waiting`, `page` (a document), `failing` (stays as it is known), `aside` (no document, but its links
            count), `unread` (of a type that no parser reads) or `gone`.
        path: The document's path.
        size: In bytes.
        token: A number that changes with its bytes.
        etag: As the server gave it.
        modified: The `Last-Modified` that it gave.
        media_type: Its type.
        canonical: The address that it wants to have, if that is another one.
        problem: Why it is failing.
        links: The addresses that it leads to.
    """

    url: str
    depth: int = 0
    state: str = "waiting"
    path: str = ""
    size: int = 0
    token: int = 0
    etag: str = ""
    modified: str = ""
    media_type: str = ""
    canonical: str = ""
    problem: str = ""
    links: list[str] = field(default_factory=list)


_COLUMNS = tuple(column.name for column in fields(Known))


class Pages:
    """The pages of one crawl.

    Args:
        file: Where they stand; made anew if it is not there.

    Attributes:
        added: How many were put on the list.
    """

    def __init__(self, file: Path) -> None:
        is_new = not file.exists()
        self._file = file
        self.added = 0
        self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        if is_new:
            # a scratch file: what a kill leaves of it is thrown away
            self._database.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {_TABLE}")
            self._database.execute(f"PRAGMA user_version={_LAYOUT}")

    @classmethod
    def remembered(cls, file: Path) -> "Pages | None":
        """The pages of the last crawl; None where they are lost."""
        if not file.exists():
            return None
        with suppress(sqlite3.DatabaseError):
            found = cls(file)
            said = [found._database.execute(f"PRAGMA {what}").fetchone() for what in ("user_version", "quick_check(1)")]
            if said == [(_LAYOUT,), ("ok",)]:
                return found
        return None

    @property
    def is_doubtful(self) -> bool:
        """Whether documents may be known that these pages do not name."""
        return bool(self._database.execute("PRAGMA application_id").fetchone()[0])

    def remember(self, file: Path, *, doubtful: bool) -> None:
        """Keeps these pages for the next crawl."""
        file.parent.mkdir(parents=True, exist_ok=True)
        written = file.with_suffix(f".{os.getpid()}")
        shutil.copyfile(self._file, written)
        with closing(sqlite3.connect(written)) as copy:
            copy.execute("DELETE FROM pages WHERE state IN ('waiting', 'gone')")
            copy.commit()
            copy.execute(f"PRAGMA application_id={int(doubtful)}")
        os.replace(written, file)

    def add(self, url: str, depth: int, most_queries: int | None = None) -> None:
        """Puts an address on the list, unless it is there, or too many are that differ by their query alone."""
        bare = url.partition("?")[0]
        if bare != url and most_queries is not None:
            (queries,) = self._database.execute("SELECT count(*) FROM pages WHERE bare = ?", (bare,)).fetchone()
            if queries > most_queries:
                return
        self.added += self._database.execute(
            "INSERT OR IGNORE INTO pages (url, bare, depth, state) VALUES (?, ?, ?, 'waiting')", (url, bare, depth)
        ).rowcount

    def put(self, page: Known) -> None:
        """Notes what became of a page."""
        values = asdict(page) | {"links": zlib.compress(json.dumps(page.links).encode(), 1)}
        columns = ", ".join(_COLUMNS)
        self._database.execute(
            f"INSERT OR REPLACE INTO pages (bare, {columns}) VALUES (?, {', '.join('?' * len(_COLUMNS))})",
            (page.url.partition("?")[0], *(values[column] for column in _COLUMNS)),
        )

    def next(self) -> Known | None:
        """The page to ask for next: the nearest to the start, and of these the first that was found."""
        found = self._select("WHERE state = 'waiting' ORDER BY depth, rowid LIMIT 1")
        return next(found, None)

    def get(self, url: str) -> Known | None:
        """The page at an address."""
        return next(self._select("WHERE url = ?", url), None)

    def in_state(self, *states: str, order: str = "url") -> Iterator[Known]:
        """The pages in these states, by their addresses, or first by another column."""
        yield from self._select(f"WHERE state IN ({', '.join('?' * len(states))}) ORDER BY {order}, url", *states)

    def count(self, *states: str) -> int:
        """How many pages are in these states."""
        marks = ", ".join("?" * len(states))
        row = self._database.execute(f"SELECT count(*) FROM pages WHERE state IN ({marks})", states).fetchone()
        return int(row[0])

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def _select(self, which: str, *values: Any) -> Iterator[Known]:
        cursor = self._database.execute(f"SELECT {', '.join(_COLUMNS)} FROM pages {which}", values)
        for row in cursor:
            values_of = {name: value for name, value in zip(_COLUMNS, row, strict=True) if value is not None}
            packed = values_of.pop("links", None)
            yield Known(**values_of, links=json.loads(zlib.decompress(packed)) if packed else [])
