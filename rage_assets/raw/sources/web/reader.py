"""The reader of a web site: a crawl to a scratch file, then the documents in the order of their paths."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from rage_assets.raw.sources.protocol import SeenFile
from rage_assets.raw.sources.web.crawl import Crawl
from rage_assets.raw.sources.web.fetcher import Fetcher, Unanswered, place_of
from rage_assets.raw.sources.web.memory import Known, Pages
from rage_assets.raw.sources.web.site import Site
from rage_assets.raw.sources.web.turns import Turns
from resources.egress import EgressRefused
from resources.errors import SourceUnreadable
from resources.settings import Settings

_STALE_S = 86_400


class WebReader:
    """Reads a site by its sitemaps and links.

    Args:
        location: The address of the site, or of a part of it.
        memory: Where what is known of its pages lies from one crawl to the next.
        settings: For the bounds, and the hosts that may be reached.
        excludes: Which documents are not wanted, so that they are not even asked for.
        is_first: Whether nothing was ever read of this source, so that there is nothing to remember.
    """

    def __init__(
        self,
        location: str,
        memory: Path,
        settings: Settings,
        excludes: Callable[[str], bool] = lambda _: False,
        *,
        is_first: bool = True,
    ) -> None:
        self._location = location
        self._memory = memory
        self._settings = settings
        self._excludes = excludes
        self._is_first = is_first
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._site = Site(location)
        self._delay_s = settings.web_delay_s

    def identity(self) -> str | None:
        """Nothing: a site is there or answers with an error."""
        return None

    def scan(self) -> Iterator[SeenFile]:
        """See `SourceReader.scan`. What a page has become only its own address says: an error removes nothing."""
        self._site = Site(self._location)
        folder = self._new_scratch()
        pages = Pages(folder / "pages.sqlite")
        before = Pages.remembered(self._memory)
        fetcher = self._fetcher(folder)
        try:
            crawl = Crawl(self._site, fetcher, pages, before, self._excludes, self._settings)
            crawl.run()
            self._delay_s = fetcher.delay_s
            _settle(pages)
            is_lost = before.is_doubtful if before is not None else not self._is_first
            is_in_doubt = is_lost and bool(pages.count("failing"))
            if crawl.is_missing and not pages.count("page", "failing"):
                raise SourceUnreadable(
                    f"There is nothing at {self._location}.",
                    hint="Check the address; nothing of the source was removed.",
                )
            pages.remember(self._memory, doubtful=is_in_doubt)
            if is_in_doubt:  # what led to the known pages is forgotten, and may be what failed
                yield SeenFile("", 0, 0, problem="What was known of the site is lost, and it cannot be read whole.")
            yield from self._listed(pages)
        except EgressRefused as error:
            raise SourceUnreadable(error.message, hint=error.hint) from error
        finally:
            fetcher.close()
            pages.close()
            if before is not None:
                before.close()

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`. What the crawl did not keep, since it was as before, is asked for again."""
        folder = Path(self._scratch.name) if self._scratch else self._new_scratch()
        place = place_of(file.locator, folder)
        if not place.exists():
            self._ask_again(file.locator, folder)
        opened = place.open("rb")
        place.unlink()  # it is read once
        return opened

    def _ask_again(self, url: str, folder: Path) -> None:
        fetcher = self._fetcher(folder)
        try:
            answer = fetcher.get(url)
        except (Unanswered, EgressRefused) as error:
            raise OSError(f"{url}: {error}") from error
        finally:
            fetcher.close()
        if answer.status in (404, 410):
            raise FileNotFoundError(f"{url} is gone")
        if answer.body is None:
            raise OSError(f"{url} answered {answer.status}")

    def _listed(self, pages: Pages) -> Iterator[SeenFile]:
        last = ""
        for page in pages.in_state("page", "failing", order="path, state DESC"):
            if page.path == last:
                continue
            last = page.path
            if page.state == "failing":
                yield SeenFile(page.path, 0, 0, problem=f"{page.url}: {page.problem}")
            else:
                yield SeenFile(page.path, page.size, page.token, page.url)

    def _fetcher(self, folder: Path) -> Fetcher:
        turns = Turns(self._memory.parent / "turns", f"{self._site.host}:{self._site.port}")
        fetcher = Fetcher(self._settings, turns, folder)
        fetcher.delay_s = self._delay_s
        return fetcher

    def _new_scratch(self) -> Path:
        """A folder for one crawl, on the disk of `$RAGE_HOME`; what killed crawls left there goes."""
        base = self._memory.parent
        base.mkdir(parents=True, exist_ok=True)
        for left in base.glob("crawl-*"):
            with suppress(OSError):
                if left.stat().st_mtime < time.time() - _STALE_S:
                    shutil.rmtree(left, ignore_errors=True)
        if self._scratch is not None:
            self._scratch.cleanup()
        self._scratch = tempfile.TemporaryDirectory(prefix="crawl-", dir=base, ignore_cleanup_errors=True)
        return Path(self._scratch.name)


def _settle(pages: Pages) -> None:
    """One document for each page: copies give way to what they call canonical, and equal names are told apart."""
    for url in [page.url for page in pages.in_state("page") if page.canonical]:
        page = pages.get(url)
        assert page is not None
        target = pages.get(page.canonical)
        if target is not None and target.state in ("page", "failing") and not target.canonical:
            page.state = "aside"
        else:  # what it names is no document: then it is one itself
            page.canonical = ""
        pages.put(page)
    last: Known | None = None
    for url in [page.url for page in pages.in_state("page", "failing", order="path")]:
        page = pages.get(url)
        assert page is not None
        if page.state == "failing" and not page.token:
            continue  # never read, it has no name that another would have to leave to it
        if last is not None and last.path == page.path and page.state == "page":
            if last.token == page.token:
                page.state = "aside"
            else:
                stem, dot, suffix = page.path.rpartition(".")
                page.path = f"{stem or suffix}-{hashlib.sha256(url.encode()).hexdigest()[:8]}{dot}{suffix if stem else ''}"
            pages.put(page)
        else:
            last = page
