"""What a host's robots.txt allows us (RFC 9309)."""

from typing import Any

AGENT = "rage"
MOST_BYTES = 512 * 1024
# A longer pause would make a crawl of anything endless; the time of a crawl ends it anyway.
_LONGEST_DELAY_S = 300.0


class Robots:
    """The rules of one robots.txt.

    Args:
        text: Its text; empty where the host has none, which allows everything.
    """

    def __init__(self, text: str) -> None:
        from protego import Protego

        self._rules: Any = Protego.parse(text)

    def allows(self, url: str) -> bool:
        """Whether we may ask for an address."""
        return bool(self._rules.can_fetch(url, AGENT))

    @property
    def delay_s(self) -> float:
        """The pause between two requests that it asks for."""
        rate = self._rules.request_rate(AGENT)
        asked = max(float(self._rules.crawl_delay(AGENT) or 0), rate.seconds / rate.requests if rate else 0.0)
        return min(asked, _LONGEST_DELAY_S)

    @property
    def sitemaps(self) -> list[str]:
        """The sitemaps that it names."""
        return [str(address) for address in self._rules.sitemaps]
