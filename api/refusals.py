"""How many refusals are written down one by one."""

import time
from collections import OrderedDict
from collections.abc import Callable

from resources.audit.entry import Entry, Outcome


class Refusals:
    """Keeps those who are refused from filling the disk: past so many refusals a minute, they are counted.

    Args:
        most: How many entries a caller, or a stranger's address, gets in a window.
        window_s: How long it is.
        remembered: How many callers and addresses are.
        clock: The time.
    """

    def __init__(
        self, most: int = 60, window_s: float = 60.0, remembered: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._window_s, self._remembered, self._clock = most, window_s, remembered, clock
        self._seen: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def admit(self, entry: Entry) -> list[Entry]:
        """What to write: the refusal itself unless there were too many, and the sums of windows that are over."""
        now, who = self._clock(), (entry.actor, "" if entry.actor else entry.address)
        entries = []
        while self._seen:
            (actor, address), (began, count) = next(iter(self._seen.items()))
            if now - began < self._window_s and len(self._seen) < self._remembered:
                break
            del self._seen[actor, address]
            if count > self._most:
                details = {"refusals": count - self._most, "seconds": self._window_s}
                entries.append(Entry("auth.refusals", Outcome.DENIED, actor=actor, address=address, details=details))
        began, count = self._seen.get(who, (now, 0))
        self._seen[who] = (began, count + 1)
        return [*entries, entry] if count < self._most else entries
