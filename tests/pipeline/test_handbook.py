"""A real organisation's handbook: an older revision, then the newer one in its place."""

import csv
import shutil

import pytest

from resources.access import LOCAL_ADMIN

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def handbook(shared_home, data, tmp_path_factory):
    """The space after both revisions, with both reports and the list of what changed."""
    before, after = data / "corpora/18f-handbook-before", data / "corpora/18f-handbook"
    folder = tmp_path_factory.mktemp("handbook") / "pages"
    with (before / "changes.tsv").open() as file:
        changes = [row for row in csv.reader(file, delimiter="\t") if row]
    shutil.copytree(after / "pages", folder)
    for row in changes:
        if row[0].lower().startswith("a"):
            (folder.parent / row[1]).unlink()
    shutil.copytree(before / "pages", folder, dirs_exist_ok=True)
    space = shared_home.space(folder=folder)
    first = shared_home.ingest()
    shutil.rmtree(folder)
    shutil.copytree(after / "pages", folder)
    second = shared_home.ingest()
    return shared_home, space, changes, first, second


def listed(changes, letter):
    return {row[1].removeprefix("pages/") for row in changes if row[0].lower().startswith(letter)}


def test_the_counts_are_those_of_the_list_of_changes(handbook):
    _, _, changes, first, second = handbook
    found = second.documents
    assert (found.new, found.changed, found.removed) == tuple(len(listed(changes, letter)) for letter in "amd")
    assert (len(listed(changes, "a")), len(listed(changes, "m")), len(listed(changes, "d"))) == (32, 136, 8)
    assert found.unchanged == first.documents.new - 136 - 8


def test_unchanged_documents_were_not_parsed_again(handbook):
    home, space, changes, first, second = handbook
    touched = listed(changes, "a") | listed(changes, "m")
    rows = home.rows("SELECT path, run_id FROM documents", space=space)
    again = {row["path"] for row in rows if row["run_id"] == second.run_id}
    assert again == touched & {row["path"] for row in rows}
    assert {row["run_id"] for row in rows} == {first.run_id, second.run_id}


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical", "pattern"])
def test_nothing_of_the_deleted_pages_is_found_in_any_mode(handbook, data, mode):
    from resources.retrieval.models import SearchRequest
    from resources.retrieval.search import Retriever

    home, _, changes, *_ = handbook
    platform = home.platform()
    retriever = Retriever(platform.enter, platform.embedder_of, platform.lexical)
    for path in sorted(listed(changes, "d")):
        text = (data / "corpora/18f-handbook-before/pages" / path).read_text()
        lines = [line.strip("#*- ") for line in text.splitlines() if len(line.split()) > 6] or [text[:200]]
        query = f'"{lines[0][:80]}"' if mode == "pattern" else lines[0][:500]
        found = retriever.search(LOCAL_ADMIN, SearchRequest(space="demo", query=query, mode=mode, k=50))
        assert path not in {result.document.path for result in found.results}
    platform.close()


def test_every_deleted_page_has_a_complete_receipt(handbook):
    home, space, changes, *_ = handbook
    rows = home.rows("SELECT path, complete, stores FROM receipts", space=space)
    assert {row["path"] for row in rows} == listed(changes, "d")
    assert all(row["complete"] for row in rows)
