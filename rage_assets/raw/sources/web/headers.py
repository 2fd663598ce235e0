"""What the headers of an answer say beside its type: by what it can be asked for again, and which address it wants."""

from rage_assets.raw.sources.web.fetcher import Answer
from rage_assets.raw.sources.web.memory import Known
from rage_assets.raw.sources.web.page import joined


def conditions(before: Known | None) -> dict[str, str]:
    """The headers by which a server can say that a page is as it was."""
    if before is None or not before.token:
        return {}
    said = {"If-None-Match": before.etag, "If-Modified-Since": before.modified}
    return {name: value for name, value in said.items() if value}


def sendable(value: str) -> str:
    """A header's value where it can be sent back; a server may send any bytes."""
    return value if value.isascii() and value.isprintable() and len(value) <= 500 else ""


def canonical(answer: Answer, url: str) -> str:
    """The canonical address in the header `Link`, which is how a PDF says it."""
    for part in answer.headers.get("Link", "")[:4000].split(","):
        target, _, rest = part.partition(";")
        if "canonical" in rest.lower() and target.strip().startswith("<"):
            return joined(url, target.strip().strip("<>"))
    return ""
