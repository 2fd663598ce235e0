"""Copies and long documents in a real space, from ingestion to results."""

import pytest

from resources.access import LOCAL_ADMIN, Caller, Role
from resources.postgres import members
from resources.retrieval.models import SearchRequest
from resources.retrieval.search import Retriever

pytestmark = pytest.mark.real

READER = Caller("user:reader")
HR = Caller("user:hr", groups=("hr",))
GUIDE = "# Leave\n\nEveryone has thirty days of leave in a year. Ask the head of your department before you book a flight.\n"
PLACES = ("harbour", "office", "workshop", "library", "kitchen", "garden", "station", "warehouse")
FILES = {
    "a/guide.md": GUIDE,
    "b/guide.md": GUIDE,
    "hr/guide.md": GUIDE,
    "hr/.rage-access.yaml": "groups: [hr]\n",
    "bicycles.md": "".join(f"# At the {each}\n\nBicycles are parked behind the {each} at night.\n\n" for each in PLACES),
    "cars.md": "# Cars\n\nCars and bicycles are parked in the yard.\n",
    "trains.md": "# Trains\n\nA bicycle travels with a ticket of its own.\n",
    "repairs.md": "# Repairs\n\nBicycles that are broken are repaired on Fridays, wherever they are parked.\n",
}


@pytest.fixture(scope="module")
def space(shared_home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    space = shared_home.space(folder=folder)
    report = shared_home.ingest()
    assert (report.state, report.documents.new) == ("succeeded", 7), report
    platform = shared_home.platform()
    with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        for principal in ("user:11111111-1111-1111-1111-111111111111", "group:hr"):
            members.grant(connection, space, principal, Role.READER, "test")
        connection.execute("UPDATE entitlements SET principal = 'user:reader' WHERE principal LIKE 'user:1111%%'")
    yield platform
    platform.close()


def search(platform, query, caller=LOCAL_ADMIN, **more):
    retriever = Retriever(platform.enter, platform.embedder_of, platform.lexical)
    return retriever.search(caller, SearchRequest(space="demo", query=query, **more)).results


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical", "pattern"])
def test_copies_are_one_result_that_names_the_others(space, mode):
    query = '"thirty days"' if mode == "pattern" else "how many days of leave"
    results = [each for each in search(space, query, mode=mode) if each.document.path.endswith("guide.md")]
    assert len(results) == 1
    named = {results[0].document.path, *(copy.path for copy in results[0].also_in)}
    assert named == {"a/guide.md", "b/guide.md", "hr/guide.md"}


def test_a_copy_is_named_with_all_that_leads_to_it(space):
    (result,) = (each for each in search(space, "days of leave") if each.also_in)
    copy = result.also_in[0]
    assert copy.document_id != result.document.id
    assert copy.passage_id != result.passage.id
    assert (copy.title, copy.source) == (result.document.title, "files")


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical", "pattern"])
def test_a_copy_that_the_caller_may_not_see_is_not_named(space, mode):
    query = '"thirty days"' if mode == "pattern" else "how many days of leave"
    assert "hr/" not in str([each.model_dump() for each in search(space, query, READER, mode=mode)])
    assert "hr/guide.md" in str([each.model_dump() for each in search(space, query, HR, mode=mode)])


def test_a_filter_leaves_out_copies_as_well(space):
    results = search(space, "days of leave", filters={"path_prefix": "b/"})
    assert [(each.document.path, each.also_in) for each in results] == [("b/guide.md", [])]


def test_one_document_leaves_room_for_others(space):
    paths = [each.document.path for each in search(space, "where are bicycles parked", k=5)]
    assert paths.count("bicycles.md") == 2
    assert {"cars.md", "repairs.md"} <= set(paths)
    assert len(paths) == 5


def test_one_document_fills_the_page_if_asked(space):
    results = search(space, "bicycles are parked behind the at night", k=5, diversify=False)
    assert {each.document.path for each in results} == {"bicycles.md"}
    assert len({each.passage.id for each in results}) == 5


def test_one_document_fills_the_page_where_there_is_no_other(space):
    results = search(space, "bicycles", k=7, filters={"path_prefix": "bicycles"})
    assert len(results) == 7


def test_evidence_holds_each_text_once(space):
    retriever = Retriever(space.enter, space.embedder_of, space.lexical)
    hits = retriever.hits(LOCAL_ADMIN, "demo", "How many days of leave are there?", 8).hits
    texts = [hit.row["text"] for hit in hits]
    assert len(texts) == len(set(texts))
