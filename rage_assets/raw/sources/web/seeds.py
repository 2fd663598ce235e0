"""Where a crawl begins beside its start: what a host says of itself in robots.txt and sitemaps."""

from collections.abc import Callable, Iterator

from rage_assets.raw.sources.web.fetcher import Answer, Fetcher, Unanswered
from rage_assets.raw.sources.web.page import joined
from rage_assets.raw.sources.web.robots import MOST_BYTES, Robots
from rage_assets.raw.sources.web.site import Site
from rage_assets.raw.sources.web.sitemap import read_sitemap
from resources.errors import SourceUnreadable

_MOST_SITEMAPS = 500
_MOST_REDIRECTS = 5


def read_robots(site: Site, fetcher: Fetcher) -> Robots:
    """The rules of the site's host; without a robots.txt everything is allowed.

    Raises:
        SourceUnreadable: The host fails to say what it allows (RFC 9309: then it allows nothing).
    """
    try:
        answer = _follow(site, fetcher, site.on_host("/robots.txt"))
    except Unanswered as error:
        raise _says_nothing(site, str(error)) from error
    if answer is not None and answer.status >= 500:
        raise _says_nothing(site, f"it answered {answer.status}.")
    if answer is None or answer.body is None:
        return Robots("")
    with answer.body.open("rb") as body:
        return Robots(body.read(MOST_BYTES).decode("utf-8-sig", "replace"))


def _says_nothing(site: Site, reason: str) -> SourceUnreadable:
    return SourceUnreadable(
        f"{site.on_host('/robots.txt')} cannot be read, so nothing may be asked for: {reason}",
        hint="Try again later; nothing of the source was removed.",
    )


def sitemap_addresses(site: Site, fetcher: Fetcher, robots: Robots, most: int, is_over: Callable[[], bool]) -> Iterator[str]:
    """The addresses of the site in its sitemaps, and in those that these name.

    Args:
        site: The site.
        fetcher: Asks for them.
        robots: For the sitemaps that it names, and what it allows.
        most: How many addresses at most.
        is_over: Whether no more may be asked for.
    """
    named = [joined(site.on_host("/"), address) for address in robots.sitemaps]
    waiting = [*named, site.on_host("/sitemap.xml"), site.on_host(f"{site.folder}sitemap.xml")]
    seen: set[str] = set()
    given = 0
    while waiting and len(seen) < _MOST_SITEMAPS and not is_over():
        url = site.of_host(waiting.pop(0))
        if url is None or url in seen or not robots.allows(url):
            continue
        seen.add(url)
        try:
            answer = _follow(site, fetcher, url)
        except Unanswered as error:
            if error.wants_rest:
                return
            continue  # what it names is remembered, or found by links
        if answer is None or answer.body is None:
            continue
        for address, is_sitemap in read_sitemap(answer.body):
            if is_sitemap and len(waiting) < _MOST_SITEMAPS:
                waiting.append(joined(url, address))
            elif (page := site.normal(address, url)) is not None:
                yield page
                given += 1
                if given >= most:
                    return
        answer.body.unlink(missing_ok=True)


def _follow(site: Site, fetcher: Fetcher, url: str) -> Answer | None:
    """The answer behind redirects within the host; None where they lead elsewhere."""
    for _ in range(_MOST_REDIRECTS):
        answer = fetcher.get(url)
        if answer.status not in (301, 302, 303, 307, 308):
            return answer
        url = joined(url, answer.headers.get("Location", ""))
        if site.of_host(url) is None:
            return None
    return None
