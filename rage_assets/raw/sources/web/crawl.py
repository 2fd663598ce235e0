"""A crawl: from the start, the sitemaps and what is remembered, along the links, to what every page has become."""

import sys
import time
from collections.abc import Callable

from rage_assets.raw.sources.web.fetcher import Answer, Fetcher, Unanswered
from rage_assets.raw.sources.web.headers import canonical, conditions, sendable
from rage_assets.raw.sources.web.memory import Known, Pages
from rage_assets.raw.sources.web.page import MOST_BYTES, Page, joined, read_page
from rage_assets.raw.sources.web.robots import Robots
from rage_assets.raw.sources.web.seeds import read_robots, sitemap_addresses
from rage_assets.raw.sources.web.site import HTML, Site, is_readable
from resources.errors import SourceUnreadable
from resources.settings import Settings

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_NOW = frozenset({302, 303, 307})
# So many pages, and such a part of all, that lead to one address for now have not moved there: it is a sign-in, or a notice.
_FEWEST_STOOD_IN_FOR = 3
_LEAST_PART_STOOD_IN_FOR = 0.1
_GONE = frozenset({404, 410})
# Pages of one address that differ by their query alone; more are a trap, or a search.
_MOST_QUERIES = 500
_MOST_FAILURES_IN_A_ROW = 10
# Addresses on the list, for each page that may be asked for.
_MOST_WAITING = 50


class Crawl:
    """One look at a whole site.

    Args:
        site: Which addresses belong to it.
        fetcher: Asks for them.
        pages: Where they are noted.
        before: What the last crawl noted; None where that is lost, or there was none.
        excludes: Which documents are not wanted, whatever leads there.
        settings: For the bounds.

    Attributes:
        stopped: Why it ended before everything was asked for.
        is_missing: Whether there is nothing at the start.
    """

    def __init__(
        self,
        site: Site,
        fetcher: Fetcher,
        pages: Pages,
        before: Pages | None,
        excludes: Callable[[str], bool],
        settings: Settings,
    ) -> None:
        self._site = site
        self._fetcher = fetcher
        self._pages = pages
        self._before = before
        self._excludes = excludes
        self._settings = settings
        self._robots = Robots("")
        self._asked = 0
        self._failures = 0
        self._stood_in_for: dict[str, list[str]] = {}
        self._is_full = False
        self._until = time.monotonic() + settings.web_max_seconds
        self.stopped = ""
        self.is_missing = False

    def run(self) -> None:
        """Asks for everything, and notes what became of it.

        Raises:
            SourceUnreadable: The site as a whole cannot be read.
        """
        self._robots = read_robots(self._site, self._fetcher)
        self._fetcher.delay_s = max(self._fetcher.delay_s, self._robots.delay_s)
        if not self._robots.allows(self._site.start):
            raise SourceUnreadable(
                f"The robots.txt of {self._site.host} asks not to read {self._site.start}.",
                hint="Its owner can allow it to the user agent `rage`; nothing of the source was removed.",
            )
        self._begin()
        most = self._settings.web_max_pages
        for address in sitemap_addresses(self._site, self._fetcher, self._robots, most, lambda: bool(self._bound())):
            self._pages.add(address, 1, _MOST_QUERIES)
        self._follow()
        # a page that nothing leads to any more is gone only if its own address says so
        for page in self._before.in_state("page", "failing") if self._before else ():
            self._pages.add(page.url, page.depth)
        self._follow()
        self._keep_stood_in_for()
        self._keep_unasked()

    def _begin(self) -> None:
        """Asks for the start, wherever in the site it leads."""
        self._pages.add(self._site.start, 0, _MOST_QUERIES)
        address = self._site.start
        for _ in range(5):
            page = self._pages.get(address)
            if page is None or page.state != "waiting":
                break
            answer = self._visit(page)
            self.is_missing = answer is not None and answer.status in _GONE
            if answer is None or answer.status not in _REDIRECTS:
                break
            target = joined(address, answer.headers.get("Location", ""))
            if address.startswith("http:") and target.startswith("https:") and self._site.normal(target):
                self._site.secure()
            normal = self._site.normal(target)
            if normal is None:
                raise SourceUnreadable(
                    f"{self._site.start} leads to {target[:300]}, which lies outside of it.",
                    hint="Add that address as a source instead; nothing of this one was removed.",
                )
            self._pages.add(normal, 0, _MOST_QUERIES)
            address = normal
        failed = self._pages.get(address)
        if failed is not None and failed.state == "failing" and not (self._before and self._before.count("page")):
            raise SourceUnreadable(
                f"{address} cannot be read: {failed.problem}",
                hint="Check the address, and whether it needs a sign-in; nothing of the source was removed.",
            )

    def _follow(self) -> None:
        while not self.stopped and (page := self._pages.next()) is not None:
            if page.depth > self._settings.web_max_depth:
                self._pages.put(Known(page.url, page.depth, "gone"))
                continue
            self.stopped = self._bound()
            if not self.stopped:
                self._visit(page)

    def _bound(self) -> str:
        self._is_full = self._asked >= self._settings.web_max_pages
        if self._is_full:
            return f"RAGE_WEB_MAX_PAGES is {self._settings.web_max_pages}"
        if self._fetcher.bytes_read >= self._settings.web_max_bytes:
            return f"RAGE_WEB_MAX_BYTES is {self._settings.web_max_bytes}"
        if time.monotonic() > self._until:
            return f"RAGE_WEB_MAX_SECONDS is {self._settings.web_max_seconds:.0f}"
        return self.stopped

    def _visit(self, found: Known) -> Answer | None:
        """Asks for one page and notes what became of it; None where it was not asked, or did not answer."""
        url = found.url
        before = self._before.get(url) if self._before else None
        page = Known(url, found.depth, "gone")
        answer = None
        if self._is_wanted(url, before):
            if before is not None and before.state == "unread" and not self._is_read(url, before.media_type):
                page = before
            else:
                self._asked += 1
                try:
                    answer = self._fetcher.get(url, conditions(before), lambda media_type: self._is_read(url, media_type))
                    self._failures = 0
                    page = self._judge(page, before, answer)
                except Unanswered as error:
                    page = self._failed(page, before, str(error))
                    self._failures += 1
                    if error.wants_rest or self._failures >= _MOST_FAILURES_IN_A_ROW:
                        self.stopped = f"{self._site.host} does not answer any more: {error}"
        page.depth = found.depth
        self._pages.put(page)
        for link in page.links if self._pages.added < self._settings.web_max_pages * _MOST_WAITING else ():
            self._pages.add(link, found.depth + 1, _MOST_QUERIES)
        return answer

    def _is_wanted(self, url: str, before: Known | None) -> bool:
        path = self._site.path_of(url, before.media_type if before else "")
        return self._robots.allows(url) and not self._excludes(path)

    def _is_read(self, url: str, media_type: str) -> bool:
        return is_readable(self._site.path_of(url, media_type), media_type)

    def _judge(self, page: Known, before: Known | None, answer: Answer) -> Known:
        if answer.status == 304 and before is not None:
            before.state, before.problem = "page", ""
            before.path = self._site.path_of(page.url, before.media_type)
            return before
        if answer.status in _REDIRECTS:
            return self._led_away(page, before, answer)
        if answer.status in _GONE:
            return page
        if answer.status != 200:
            # a stranger that wants a sign-in is none of our pages
            is_ours = _is_document(before) or page.depth == 0
            return self._failed(page, before, f"It answered {answer.status}.") if is_ours else page
        page.media_type = answer.media_type
        if answer.body is None:
            page.state = "unread" if before is None or before.state == "unread" else "aside"  # which is asked anew
            return page
        page = self._read(page, answer)
        if before is not None and before.token == page.token:
            answer.body.unlink(missing_ok=True)  # nobody will ask for what is as it was
        return page

    def _led_away(self, page: Known, before: Known | None, answer: Answer) -> Known:
        """A page that leads elsewhere is none of its own; a document that does so only for now stays one."""
        said = joined(page.url, answer.headers.get("Location", ""))
        target = self._site.normal(said)
        to_https = page.url.startswith("http:") and said.startswith("https:")
        is_ours = _is_document(before)
        if target == page.url and not to_https and (is_ours or page.depth == 0):
            return self._failed(page, before, "It leads to itself.")
        if target is None and is_ours and answer.status in _FOR_NOW:
            return self._failed(page, before, f"It leads to {said[:300]} for now.")
        if target is not None and is_ours and answer.status in _FOR_NOW:
            self._stood_in_for.setdefault(target.partition("?")[0], []).append(page.url)
        page.state = "aside"
        page.links = [target] if target else []
        return page

    def _read(self, page: Known, answer: Answer) -> Known:
        assert answer.body is not None
        headers = answer.headers
        page.state = "page"
        page.path = self._site.path_of(page.url, page.media_type)
        page.size = answer.size
        page.token = int.from_bytes(answer.sha256[:7])
        page.etag, page.modified = sendable(headers.get("ETag", "")), sendable(headers.get("Last-Modified", ""))
        said = Page()
        robots = headers.get("X-Robots-Tag", "")
        if page.media_type in HTML or page.path.endswith(".html"):
            with answer.body.open("rb") as body:
                said = read_page(body.read(MOST_BYTES), page.url, headers.get("Content-Type", ""), robots)
        if said.is_followed:
            links = (self._site.normal(link) for link in said.links)
            page.links = list(dict.fromkeys(link for link in links if link and link != page.url))
        wanted = self._site.normal(said.canonical or canonical(answer, page.url))
        if wanted is not None and wanted != page.url:
            page.canonical = wanted
            page.links.append(wanted)
        if not said.is_document or self._excludes(page.path):
            # asked for anew next time: what is said of it may change without its bytes
            page.state, page.path, page.etag, page.modified = "aside", "", "", ""
        return page

    def _failed(self, page: Known, before: Known | None, problem: str) -> Known:
        """A page that gave no answer stays as it was known, with all that it leads to."""
        kept = before if before is not None and before.state in ("page", "failing", "aside") else page
        if kept.state != "aside":
            kept.state = "failing"
        kept.path = kept.path or self._site.path_of(page.url)
        kept.problem = problem
        return kept

    def _keep_stood_in_for(self) -> None:
        """Pages that all lead to one address for now stay as they are known."""
        if self._before is None:
            return
        fewest = max(_FEWEST_STOOD_IN_FOR, self._before.count("page", "failing") * _LEAST_PART_STOOD_IN_FOR)
        for address, urls in self._stood_in_for.items():
            for url in urls if len(urls) >= fewest else ():
                problem = f"It leads to {address} for now, as {len(urls) - 1} other pages do."
                self._pages.put(self._failed(Known(url), self._before.get(url), problem))

    def _keep_unasked(self) -> None:
        """What the bounds left out stays as it is known; of what nobody knew, one page is named."""
        left = self._pages.count("waiting")
        if not left:
            return
        # only the bound on pages is one on documents, too
        room = self._settings.web_max_pages - self._pages.count("page", "failing") if self._is_full else sys.maxsize
        first = self._pages.next()
        if self._before is not None:
            for page in self._before.in_state("page", "failing", order="depth"):
                now = self._pages.get(page.url)
                if room > 0 and now is not None and now.state == "waiting":
                    self._pages.put(page)
                    room -= 1
        named = self._pages.get(first.url) if first is not None else None
        if named is not None:
            named.state, named.path = "failing", named.path or self._site.path_of(named.url)
            named.problem = f"{left} pages were not asked for, this one the first: {self.stopped}."
            self._pages.put(named)


def _is_document(page: Known | None) -> bool:
    return page is not None and page.state in ("page", "failing")
