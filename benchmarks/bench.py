"""What the benchmarks share in one run: sizes, homes, and the collections that several of them look at."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.homes import MODEL, SPACE, Command, Home
from benchmarks.records import mixed_records, write_files

_SMALL = 20


@dataclass(frozen=True)
class Collection:
    """A folder of documents in a home that has read them once, and what that took."""

    home: Home
    folder: Path
    documents: int
    first: Command


@dataclass
class Bench:
    """One run of benchmarks.

    Attributes:
        data: The evaluation data.
        root: A folder with a short path for homes and documents, removed at the end.
        small: Whether every size is divided by 20, for a quick look.
        keep: Where the home of a million passages stays, so that a later run goes on with it; None to remove it.
        passages: How many passages it gets; None for a million.
    """

    data: Path
    root: Path
    small: bool
    keep: Path | None = None
    passages: int | None = None
    _collections: dict[int, Collection] = field(default_factory=dict)
    _homes: int = 0
    _warm: bool = False

    def size(self, full: int, least: int = 1) -> int:
        """A size, cut where only a quick look is wanted."""
        return max(least, full // _SMALL) if self.small else full

    def home(self) -> Home:
        """A fresh home, removed at the end of the run."""
        self._homes += 1
        return Home(self.root / f"h{self._homes}", _models())

    def kept_home(self) -> Home:
        """The home that stays, as an earlier run left it; a fresh one where none is to stay."""
        return Home(self.keep, _models()) if self.keep else self.home()

    def collection(self, full: int) -> Collection:
        """Documents of `full` records, read once by a process of its own; made on first use."""
        if full not in self._collections:
            chosen = mixed_records(self.data, self.size(full))
            note(f"reading {len(chosen)} documents for the first time")
            home = self.home()
            folder = write_files(self.root / f"documents-{full}", chosen)
            home.space(folder)
            first = home.rage("ingest", SPACE)
            expect(first.report, new=len(chosen))
            self._collections[full] = Collection(home, folder, len(chosen), first)
        return self._collections[full]

    def warm_up(self) -> None:
        """Runs one small ingestion in this process, so that what follows finds everything imported."""
        from rage_assets.ingest import run_ingest

        if self._warm:
            return
        folder = self.root / "warm-up"
        folder.mkdir()
        (folder / "a.md").write_text("# A beginning\n\nSome words that warm the process up.\n")
        home = self.home()
        with home.running():
            home.space(folder)
            run_ingest(home.settings, SPACE)
        self._warm = True


@contextmanager
def opened(data: Path, small: bool, keep: Path | None = None, passages: int | None = None) -> Iterator[Bench]:
    """A run of benchmarks; what it made is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="rb-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Bench(data, Path(folder), small, keep, passages)


def expect(report: dict[str, object], **counts: int) -> None:
    """Makes sure that an ingestion did what is measured.

    Raises:
        RuntimeError: It did something else.
    """
    documents = report["documents"]
    assert isinstance(documents, dict)
    if any(documents[name] != count for name, count in counts.items()):
        raise RuntimeError(f"The ingestion found {documents}, and {counts} was expected.")


def note(text: str) -> None:
    """Says on stderr what is going on."""
    print(f"  {text}", file=sys.stderr, flush=True)


def _models() -> Path:
    """The converted model, made once for all homes; the tests share it."""
    from resources.embedding.convert import ensure_converted

    shared = Path(os.environ.get("RAGE_TEST_MODELS", Path(sys.prefix) / "rage-test-models"))
    shared.mkdir(parents=True, exist_ok=True)
    ensure_converted(shared, MODEL)
    return shared / "models"
