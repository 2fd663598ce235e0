"""Embedding while others are still read: no core waits for the last file of a long run.

What is made ahead is staged like all else. A document that the gate then holds back takes its passages with it, and vectors
that no passage needs are garbage as ever.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rage_assets.embeddings.embed import Embedding
from rage_assets.work import Work
from resources.logs import get_logger

_log = get_logger(__name__)
_PAUSE_S = 0.5


@contextmanager
def embedding_ahead(work: Work) -> Iterator[Counter[str]]:
    """Embeds, beside what happens inside, the documents that were read; gives the counts of `embed_staged`."""
    totals: Counter[str] = Counter()
    read_all = threading.Event()
    thread = threading.Thread(target=_embed, args=(work, totals, read_all), name="embed-ahead", daemon=True)
    thread.start()
    try:
        yield totals
    finally:
        read_all.set()
        thread.join()
        with work.transaction() as connection:
            work.count(connection, passages=totals["passages"], embedded=totals["embedded"])


def _embed(work: Work, totals: Counter[str], read_all: threading.Event) -> None:
    """Takes what was read so far, again and again, until all is; the rest is for the stage that follows."""
    try:
        with Embedding(work, totals) as embedding:
            while not read_all.wait(_PAUSE_S):
                for documents in work.batches("parsed", unmade=True):
                    embedding.embed(documents)
                    totals["documents"] += len(documents)
                    if read_all.is_set():
                        return
    except Exception as error:  # the stage that follows meets it again, and says so in its own name
        _log.warning("not_embedded_ahead", space=work.space, reason=f"{type(error).__name__}: {error}")
