"""The embedded lexical index: one tantivy directory per space.

The folder holds no text: terms and pieces of three letters, and the ids by which Postgres gives the rest.
"""

import shutil
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import tantivy
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from resources.lexical.analysis import query_terms
from resources.lexical.entry import MOST_LANGUAGES, MOST_QUERY_TERMS, language_codes, words_of
from resources.lexical.grams import folded, gram_groups
from resources.lexical.protocol import LexicalPassage, LexicalUnavailable
from resources.lexical.tantivy_schema import gram_analyzer, id_halves, ids_at, new_schema, word_analyzer

_FORMAT = "4"  # of fields and analysis; another one needs a rebuild
_FORMAT_FILE = "rage-format"
_HEAP_BYTES = 64_000_000
_WAIT_FOR_WRITER_S = 20.0
_REBUILD = "It is derived: ingesting the space again rebuilds it."


def open_lexical(path: Path, *, create: bool = False) -> "TantivyIndex":
    """Opens the index in the folder `path` for reading and writing.

    Args:
        path: Its folder.
        create: Whether to make it where it is missing.

    Raises:
        LexicalUnavailable: It is missing, broken or of another format.
    """
    return TantivyIndex(path, create=create)


class TantivyIndex:
    """See `LexicalIndex`. Any number of processes may read while one writes; threads may share an instance."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self._path = path
        self._place: Path | None = None
        self._lock = threading.RLock()
        self._writer: tantivy.IndexWriter | None = None
        exists = (path / "meta.json").exists()
        if not exists and not create:
            raise LexicalUnavailable("missing", f"There is no lexical index in {path}.", hint=_REBUILD)
        if exists and _format_of(path) != _FORMAT:
            raise LexicalUnavailable("format", f"The lexical index in {path} is of another format.", hint=_REBUILD)
        with _reported(path):
            if not exists:
                path.mkdir(parents=True, exist_ok=True)
                (path / _FORMAT_FILE).write_text(_FORMAT)
            self._index = tantivy.Index.open(str(path)) if exists else tantivy.Index(new_schema(), path=str(path))
            self._ready()

    @classmethod
    def beside(cls, path: Path) -> "TantivyIndex":
        """An empty index that nobody reads until `take_place` moves it to `path`."""
        index = cls(_beside(path), create=True)
        index._place = path
        return index

    def take_place(self) -> None:
        """Puts an index made by `beside` in the place of the one that is read, and removes that one."""
        assert self._place is not None
        self.commit()
        old = _beside(self._place)
        with self._lock, _reported(self._path):
            self._signature()  # one that is gone takes nothing's place
            if self._place.exists():
                self._place.rename(old)
            self._path.rename(self._place)
            self._path, self._place = self._place, None
            self._index = tantivy.Index.open(str(self._path))
            self._ready()
        shutil.rmtree(old, ignore_errors=True)

    def discard(self) -> None:
        """Removes an index made by `beside` that has not taken its place."""
        if self._place is not None:
            self.destroy()

    def _ready(self) -> None:
        self._index.register_tokenizer("words", word_analyzer())
        self._index.register_tokenizer("grams", gram_analyzer())
        self._index.config_reader("manual")
        self._seen = self._signature()
        self._languages: tuple[tuple[int, int, int], tuple[str, ...]] | None = None

    def add(self, passages: Iterable[LexicalPassage]) -> int:
        """See `LexicalIndex.add`.

        Raises:
            LexicalUnavailable: Another process is writing, or the index is broken.
        """
        count = 0
        with self._lock, _reported(self._path):
            writer = self._exclusive()
            for passage in passages:
                writer.delete_documents_by_term("id", passage.id.hex)
                writer.add_document(
                    tantivy.Document(
                        id=passage.id.hex,
                        document=passage.document_id.hex,
                        version=passage.version_id.hex,
                        pair=passage.document_id.hex + passage.version_id.hex,
                        language=language_codes(passage),
                        words=words_of(passage),
                        grams=folded(passage.text),
                        **id_halves(passage.id),
                    )
                )
                count += 1
        return count

    def delete_versions(self, ids: Iterable[UUID]) -> None:
        """See `LexicalIndex.delete_versions`."""
        self._delete("version", ids)

    def delete_documents(self, ids: Iterable[UUID]) -> None:
        """See `LexicalIndex.delete_documents`."""
        self._delete("document", ids)

    def _delete(self, field: str, ids: Iterable[UUID]) -> None:
        with self._lock, _reported(self._path):
            writer = self._exclusive()
            for each in ids:
                writer.delete_documents_by_term(field, each.hex)

    def commit(self) -> None:
        """See `LexicalIndex.commit`."""
        with self._lock, _reported(self._path):
            if self._writer is None:
                return
            writer, self._writer = self._writer, None
            writer.commit()
            writer.wait_merging_threads()  # consumes the writer, and with it the lock

    def search(
        self, query: str, k: int, *, languages: Sequence[str] = (), within: Collection[UUID] | None = None
    ) -> list[tuple[UUID, float]]:
        """See `LexicalIndex.search`.

        Raises:
            LexicalUnavailable: The index has been removed or is broken.
        """
        with _reported(self._path):
            searcher = self._searcher()
            terms = query_terms(query, languages or self._held(searcher))[:MOST_QUERY_TERMS]
            if not terms or k < 1:
                return []
            should = [
                (tantivy.Occur.Should, tantivy.Query.term_query(self._index.schema, "words", term, index_option="freq"))
                for term in terms
            ]
            asked = tantivy.Query.boolean_query(should)
            if within is not None:
                asked = _every([asked, tantivy.Query.const_score_query(self._among(within), 0.0)])
            hits = searcher.search(asked, k, count=False).hits
            ids = ids_at(searcher, [address for _, address in hits])
            return [(id_, score) for id_, (score, _) in zip(ids, hits, strict=True)]

    def _held(self, searcher: tantivy.Searcher) -> tuple[str, ...]:
        """The languages of the passages that are there, looked up once for each commit."""
        known = self._languages
        if known is None or known[0] != self._seen:
            found = searcher.terms_with_prefix("language", "", limit=MOST_LANGUAGES)
            known = self._languages = self._seen, tuple(language for language, _ in found)
        return known[1]

    def pattern_candidates(
        self, required: Sequence[Sequence[str]], limit: int, *, within: Collection[UUID] | None = None
    ) -> list[UUID]:
        """See `LexicalIndex.pattern_candidates`."""
        with _reported(self._path):
            searcher = self._searcher()
            must = [clause for group in gram_groups(required) for clause in self._holding(group)]
            must += [self._among(within)] if within is not None else []
            query = _every(must) if must else tantivy.Query.all_query()
            hits = searcher.search(tantivy.Query.const_score_query(query, 1.0), limit, count=False).hits
            return ids_at(searcher, [address for _, address in hits])

    def _among(self, ids: Collection[UUID]) -> tantivy.Query:
        return tantivy.Query.term_set_query(self._index.schema, "id", [each.hex for each in ids])

    def _holding(self, group: list[list[str]]) -> list[tantivy.Query]:
        """What finds the texts that hold all the pieces of one string of a group."""
        schema = self._index.schema
        if len(group) > 1 and all(len(grams) == 1 for grams in group):
            return [tantivy.Query.term_set_query(schema, "grams", [grams[0] for grams in group])]
        ways = [[tantivy.Query.term_query(schema, "grams", gram, index_option="basic") for gram in grams] for grams in group]
        if len(ways) == 1:
            return ways[0]
        return [tantivy.Query.boolean_query([(tantivy.Occur.Should, _every(way)) for way in ways])]

    def count(self) -> int:
        """See `LexicalIndex.count`."""
        with _reported(self._path):
            return int(self._searcher().num_docs)

    def document_versions(self, prefix: str = "") -> Iterator[tuple[UUID, UUID, int]]:
        """See `LexicalIndex.document_versions`."""
        with _reported(self._path):
            searcher = self._searcher()
            # With a filter it counts the passages that are there; without one, deleted ones, too.
            found = searcher.terms_with_prefix("pair", prefix, filter_query=tantivy.Query.all_query())
        for term, passages in sorted(found):
            yield UUID(term[:32]), UUID(term[32:]), passages

    def destroy(self) -> None:
        """See `LexicalIndex.destroy`."""
        self.close()
        shutil.rmtree(self._path, ignore_errors=True)

    def close(self) -> None:
        """See `LexicalIndex.close`."""
        with self._lock:
            writer, self._writer = self._writer, None
            if writer is not None:
                with _reported(self._path):
                    writer.rollback()
                    writer.wait_merging_threads()

    def _exclusive(self) -> tantivy.IndexWriter:
        """The writer, waiting while another process has it. The system frees a killed process's lock."""
        if self._writer is None:
            self._signature()  # a folder that is gone is not to come back half
            try:
                for attempt in Retrying(
                    retry=retry_if_exception(_lock_is_busy),
                    stop=stop_after_delay(_WAIT_FOR_WRITER_S),
                    wait=wait_random_exponential(multiplier=0.05, max=1),
                    reraise=True,
                ):
                    with attempt:
                        self._writer = self._index.writer(_HEAP_BYTES, num_threads=1)
            except ValueError as error:
                if not _lock_is_busy(error):
                    raise
                raise LexicalUnavailable(
                    "locked", f"Another process is writing to the lexical index in {self._path}.", hint="Try again."
                ) from error
        assert self._writer is not None
        return self._writer

    def _searcher(self) -> tantivy.Searcher:
        """A searcher over what was last committed by whichever process."""
        with self._lock:
            now = self._signature()
            if now != self._seen:
                self._index.reload()
                self._seen = now
            return self._index.searcher()

    def _signature(self) -> tuple[int, int, int]:
        """What tells one commit from the next; an index whose folder is gone must not answer from memory."""
        try:
            stat = (self._path / "meta.json").stat()
        except OSError as error:
            raise LexicalUnavailable("missing", f"The lexical index in {self._path} is gone.", hint=_REBUILD) from error
        return stat.st_mtime_ns, stat.st_ino, stat.st_size


def remove_unread(path: Path) -> None:
    """Removes what `TantivyIndex.beside` made for `path`, and the indexes whose place such a one took."""
    for left in path.parent.glob(f".{path.name}-*"):
        shutil.rmtree(left, ignore_errors=True)


def _beside(path: Path) -> Path:
    """A name that no other index has; `remove_unread` finds it."""
    return path.with_name(f".{path.name}-{uuid4().hex[:8]}")


def _every(queries: list[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])


def _lock_is_busy(error: BaseException) -> bool:
    return isinstance(error, ValueError) and "Lock" in str(error)


def _format_of(path: Path) -> str:
    file = path / _FORMAT_FILE
    return file.read_text() if file.is_file() else ""


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turns whatever tantivy raises into `LexicalUnavailable`; a panic over a damaged file is not an `Exception`."""
    try:
        yield
    except (OSError, ValueError, RuntimeError, SystemError) as error:
        raise LexicalUnavailable("broken", f"The lexical index in {path} is broken: {error}.", hint=_REBUILD) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise LexicalUnavailable("broken", f"The lexical index in {path} is broken.", hint=_REBUILD) from error
