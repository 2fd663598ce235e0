"""What the caches were asked and had, as numbers of the process."""

from collections.abc import Iterator

from fastapi import FastAPI
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class CacheMetrics(Collector):
    """Reads the counts of the retriever's layers when it is asked for them.

    A layer is `L0` (this process) or `L1` (Redis), its outcome `hit` or `miss`; `flight` `joined` counts searches that
    waited for another that computed the same, `lock` `waited` looks at what another process computes.

    Args:
        app: Whose retriever, once it has one.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def collect(self) -> Iterator[Metric]:
        """Yields the counts so far, and the memory that is in use."""
        asked = CounterMetricFamily("rage_cache_requests", "Look-ups in the caches.", labels=["kind", "layer", "outcome"])
        memory = GaugeMetricFamily("rage_cache_memory_bytes", "What this process remembers.")
        retriever = getattr(self._app.state, "retriever", None)
        if retriever is not None:
            for (kind, layer, outcome), count in sorted(retriever.layers.counts().items()):
                asked.add_metric([kind, layer, outcome], count)
            memory.add_metric([], retriever.layers.memory.held_bytes)
        yield asked
        yield memory
