"""A space about a garden, embedded by a model of hashed words, in a home that the tests of a file share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from rage_assets.index_versions.run import run_build
from rage_assets.ingest import run_ingest
from resources import index_versions, platform
from resources.access import LOCAL_ADMIN, Role
from resources.evaluation.gate import judge
from resources.postgres import evaluation, sources, spaces
from resources.retrieval.models import SearchRequest
from resources.retrieval.search import Retriever
from tests.conftest import Home, _new_home
from tests.evaluation.conftest import DOCUMENTS, questions
from tests.index_versions.models import GOOD, lose, open_hashed


@dataclass
class Garden:
    """A space with a folder."""

    home: Home
    name: str
    id: UUID
    folder: Path

    def settings(self, **given):
        return self.home.settings(embedding_model=GOOD, **given)

    def write(self, **files: str | None) -> None:
        """Writes, or removes, documents by the names of their files without the ending."""
        for name, text in files.items():
            file = self.folder / f"{name}.md"
            file.unlink() if text is None else file.write_text(text)

    def ingest(self, **given):
        return run_ingest(self.settings(), self.name, **given)

    def build(self, model: str, *, on_progress=lambda *_: None, promote=False, **given):
        return run_build(self.settings(**given), self.name, model=model, promote=promote, on_progress=on_progress)

    def versions(self) -> dict[str, index_versions.IndexVersionInfo]:
        """The index versions by model, the newest of each."""
        opened = self.home.platform()
        try:
            return {each.model: each for each in reversed(index_versions.listing(opened, LOCAL_ADMIN, self.name))}
        finally:
            opened.close()

    def act(self, what, *arguments, **named):
        """Does something with a platform of the pipeline."""
        opened = platform.Platform(self.settings(), "worker")
        try:
            return what(opened, self.name, *arguments, **named)
        finally:
            opened.close()

    def promote(self, version, *, force=False, asked=None):
        """Promotes a version; `asked` gets what the gate is asked for."""
        reader = platform.Platform(self.settings(), "api")

        def ask(live, new):
            if asked is not None:
                asked.append((live, new))
            return judge(reader, LOCAL_ADMIN, self.name, live, new)

        try:
            return self.act(index_versions.promote, str(version), ask, force=force)
        finally:
            reader.close()

    def rollback(self):
        return self.act(index_versions.rollback)

    def drop(self, version):
        return self.act(index_versions.drop, str(version))

    def give(self, name: str = "asked") -> None:
        """Stores the questions as an evaluation set."""
        opened = self.home.platform()
        try:
            with opened.enter(LOCAL_ADMIN, self.name, Role.ADMIN) as (connection, row):
                evaluation.create(connection, row["id"], name, questions(), created_by="user:gardener")
        finally:
            opened.close()

    def found(self, query: str, mode="hybrid", version: UUID | None = None) -> list[str]:
        """The paths that a search finds, best first."""
        opened = platform.Platform(self.settings(), "api")
        try:
            retriever = Retriever(opened.enter, opened.embedder_of, opened.lexical)
            request = SearchRequest(space=self.name, query=query, mode=mode, k=20)
            response = retriever.search(LOCAL_ADMIN, request, index_version=version)
            assert not response.degraded
            return [result.document.path for result in response.results]
        finally:
            opened.close()

    def paths(self, version: UUID) -> set[str]:
        """The documents of which a version has passages, all with vectors, as its lexical index has them."""
        rows = self.home.rows(
            "SELECT d.path, d.id, count(*) AS passages, count(v.vector) AS vectors, bool_and(p.version_id = d.version_id) "
            "AS current FROM documents d JOIN passages p ON p.document_id = d.id LEFT JOIN vectors v "
            "ON v.index_version = p.index_version AND v.text_hash = p.text_hash WHERE p.index_version = %s GROUP BY 1, 2",
            version,
            space=self.id,
        )
        assert all(row["passages"] == row["vectors"] and row["current"] for row in rows)
        opened = platform.Platform(self.settings(), "worker")
        try:
            entries = {d: n for d, _, n in opened.lexical(self.id, version).document_versions()}
        finally:
            opened.close()
        assert entries == {row["id"]: row["passages"] for row in rows}
        return {row["path"] for row in rows}


@pytest.fixture(autouse=True)
def _opened_by_name(monkeypatch) -> None:
    monkeypatch.setattr(platform, "open_embedder", open_hashed)


@pytest.fixture(scope="package")
def versions_home(tmp_path_factory) -> Iterator[Home]:
    with _new_home(tmp_path_factory.mktemp("no-models")) as created:
        yield created


@pytest.fixture
def plant(versions_home: Home, tmp_path_factory) -> Callable[..., Garden]:
    """Makes a space with a folder full of documents, ingested unless told otherwise."""

    def _plant(*, ingest: bool = True) -> Garden:
        folder, name = tmp_path_factory.mktemp("garden"), f"garden-{uuid4().hex[:8]}"
        for path, text in DOCUMENTS.items():
            (folder / path).write_text(text)
        opened = versions_home.platform()
        with opened.database.transaction(caller=LOCAL_ADMIN) as connection:
            space = spaces.create(connection, name, shards=1, model=GOOD, dimension=256, creator=LOCAL_ADMIN.principal)
            sources.add(connection, space, name="files", kind="folder", location=str(folder))
        opened.close()
        made = Garden(versions_home, name, space, folder)
        if ingest:
            made.ingest()
        return made

    return _plant


@pytest.fixture
def garden(plant) -> Garden:
    """An ingested space of its own."""
    return plant()


@pytest.fixture
def vanishing() -> Iterator[Callable[[str], None]]:
    """Makes models vanish until the test ends."""
    lost: list[str] = []

    def vanish(model: str) -> None:
        lost.append(model)
        lose(model)

    yield vanish
    for model in lost:
        lose(model, lost=False)
