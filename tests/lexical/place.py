"""A space in a home, with its lexical index in either engine."""

import time
from contextlib import contextmanager
from uuid import uuid4

from rage_assets.lexical.reconcile import whole_space
from resources.access import LOCAL_ADMIN
from resources.lexical import elasticsearch_server
from resources.lexical.elasticsearch_mapping import space_alias
from resources.lexical.opening import folder_of
from resources.postgres import index_versions, outbox
from resources.retrieval.models import SearchRequest

NEW, CHANGED = "# New\n\nZanzibar stands here alone.\n", "# Old\n\nNothing of that is left.\n"


class Place:
    """A space in a home, with an engine: its files, its ingestions, its searches."""

    def __init__(self, home, folder, **given):
        self.home, self.folder, self.given = home, folder, given
        self.name = f"s{uuid4().hex[:8]}"
        folder.mkdir()
        for name in ("a", "b", "c"):
            (folder / f"{name}.md").write_text(f"# {name}\n\nThe warranty of {name} ends in March.\n")
        self.id = home.space(self.name, folder)

    def ingest(self):
        report = self.home.ingest(self.name, **self.given)
        assert report.state == "succeeded", report.errors
        return report

    @contextmanager
    def work(self, **given):
        platform = self.home.platform("worker", **(given or self.given))
        try:
            yield whole_space(platform, self.name, str(uuid4()))
        finally:
            platform.close()

    def index(self, work):
        with work.transaction() as connection:
            (version,) = index_versions.kept(connection, self.id)
        return work.platform.lexical(self.id, version.id)

    @contextmanager
    def searching(self, *, cache_bytes=0, **given):
        from api.memory import open_retriever

        platform = self.home.platform("api", **(given or self.given), cache_bytes=cache_bytes)
        retriever = open_retriever(platform)

        def search(query, mode="lexical"):
            request = SearchRequest(space=self.name, query=query, mode=mode)
            found = retriever.search(LOCAL_ADMIN, request)
            return sorted(result.document.path for result in found.results), found.degraded

        try:
            yield search
        finally:
            platform.close()

    def behind(self):
        with self.work() as work, work.transaction() as connection:
            return outbox.is_behind(connection, self.id)


def server_of(place):
    return elasticsearch_server.server_of(place.home.settings(**place.given))


def answering(place, timeout_s=20):
    """Waits until the process has noticed that the server is back."""
    deadline = time.monotonic() + timeout_s
    while server_of(place).resting and time.monotonic() < deadline:
        time.sleep(0.02)


def self_consistent(work, place):
    with work.transaction() as connection:
        (version,) = index_versions.kept(connection, place.id)
        truth = outbox.live_versions(connection, version.id)
    index = work.platform.lexical(place.id, version.id)
    return truth == {(document, each): passages for document, each, passages in index.document_versions()}


def indexes_of(work, place):
    """The names of all indexes of the space's version, read or not."""
    if not place.given:
        return [each.name for each in folder_of(work.platform.settings, place.id).iterdir()]
    pattern = f"{space_alias(place.id)}-*"
    return list(server_of(place).call(lambda client: client.indices.get(index=pattern).body, 20))
