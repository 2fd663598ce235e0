"""The model and the dimension change while people search and documents come and go: nobody notices."""

import threading
import time

from resources.retrieval.models import SearchRequest
from resources.retrieval.search import Retriever
from tests.conftest import CALLER
from tests.evaluation.conftest import DOCUMENTS, QUESTIONS
from tests.index_versions.models import GOOD, SMALLER


class Load:
    """Threads that search until the end, and keep what they saw."""

    def __init__(self, garden, threads=2):
        self.garden, self.failures, self.answers, self.versions = garden, [], 0, []
        self.api = garden.home.platform("api")
        self.retriever = Retriever(self.api.enter, self.api.embedder_of, self.api.lexical)
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.search, args=(turn,)) for turn in range(threads)]

    def search(self, turn):
        queries = [text for text, _ in QUESTIONS.values()]
        while not self.ended.is_set():
            turn += 1
            request = SearchRequest(space=self.garden.name, query=f"{queries[turn % len(queries)]} {turn}", k=5)
            try:
                response = self.retriever.search(CALLER, request)
                ids = [result.passage.id for result in response.results]
                if response.degraded or not ids:
                    self.failures.append(response)
                with self.api.enter(CALLER, self.garden.name) as (connection, _):
                    rows = connection.execute(
                        "SELECT DISTINCT index_version AS v FROM passages WHERE id = ANY(%s)", (ids,)
                    ).fetchall()
                if len(rows) > 1:
                    self.failures.append(rows)
                self.versions += [row["v"] for row in rows]
                self.answers += 1
            except BaseException as error:
                self.failures.append(error)
            time.sleep(0.01)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        self.api.close()


def test_the_model_changes_and_goes_back_under_searches_and_ingestions_without_a_gap(garden):
    old = garden.versions()[GOOD].version
    with Load(garden) as load:

        def come_and_go(stage, done, _):
            if stage == "build" and done:
                name = f"came-{done}"
                garden.write(**{name: f"# Came {done}\n\nA wheelbarrow of {done} stones came.\n"})
                if (garden.folder / "lawn.md").exists():
                    garden.write(lawn=None)
                thread = threading.Thread(target=garden.ingest)
                thread.start()
                thread.join()

        report = garden.build(SMALLER, on_progress=come_and_go, batch_documents=4)
        garden.promote(report.version)
        garden.write(after="# After\n\nA ladder came after the promotion.\n")
        garden.ingest()
        seen = load.answers
        while load.answers < seen + 4:
            time.sleep(0.02)
        garden.rollback()
        seen = load.answers
        while load.answers < seen + 4:
            time.sleep(0.02)
    assert not load.failures, load.failures[:3]
    assert set(load.versions) == {old, report.version}
    assert load.versions[0] == load.versions[-1] == old
    expected = {path.name for path in garden.folder.iterdir()}
    assert "after.md" in expected and "lawn.md" not in expected and len(expected) > len(DOCUMENTS)
    for made in garden.versions().values():
        assert garden.paths(made.version) == expected
