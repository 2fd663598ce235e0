"""Search against a real Postgres and real indexes."""

import shutil
from uuid import uuid4

import pytest
from pydantic import ValidationError

from resources.errors import InvalidInput, NotFound
from resources.identity import text_hash
from resources.lexical.protocol import LexicalPassage
from resources.retrieval.models import SearchRequest
from tests.retrieval.conftest import MALLORY, OWNER

pytestmark = pytest.mark.real

WARRANTY = "The warranty covers manufacturing defects for twenty-four months."
TRAVEL = "Employees travel economy class on every flight."
CARS = "Every car is serviced once a year by the workshop."
CODE = "def parse_config(path):\n    return toml.load(path)"


@pytest.fixture
def stocked(library):
    library.add("legal/warranty.md", ("heading", "Warranty"), WARRANTY, title="Warranty")
    library.add("hr/travel.md", TRAVEL, title="Travel", source="handbook")
    library.add("hr/cars_100%.md", CARS, title="Fleet", source="handbook", language="de")
    library.add("src/config.py", ("code", CODE), title="", language="python")
    return library


def paths(response):
    return [result.document.path for result in response.results]


def ask(library, query, caller=OWNER, retriever=None, **more):
    request = SearchRequest(space=library.name, query=query, **more)
    return (retriever or library.retriever()).search(caller, request)


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical", "pattern"])
def test_every_mode_finds_what_is_asked_for(stocked, mode):
    assert paths(ask(stocked, "manufacturing defects", mode=mode))[0] == "legal/warranty.md"


def test_vectors_find_what_is_said_in_other_words(stocked):
    assert paths(ask(stocked, "automobile", mode="vector"))[0] == "hr/cars_100%.md"


@pytest.mark.parametrize("mode", ["hybrid", "vector", "lexical", "pattern"])
def test_scores_lie_between_0_and_1_and_fall(stocked, mode):
    query = "/e/" if mode == "pattern" else "warranty for every car flight"
    scores = [result.score for result in ask(stocked, query, mode=mode).results]
    assert len(scores) >= 2
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_further_passages_of_a_document_make_room_for_others(library):
    library.add("long.md", "zanzibar contract", title="a")
    with library.database.worker.transaction(space=library.id) as connection:
        connection.execute(
            'INSERT INTO passages (id, space_id, index_version, document_id, source_id, version_id, "order", section, '
            "text, text_hash, block_ids, types, languages) SELECT gen_random_uuid(), space_id, index_version, document_id, "
            "source_id, version_id, 1, section, %s, %s, block_ids, types, languages FROM passages WHERE space_id = %s",
            ("contract of zanzibar", text_hash("contract of zanzibar"), library.id),
        )
        connection.execute(
            "INSERT INTO vectors SELECT space_id, index_version, %s, vector FROM vectors WHERE space_id = %s",
            (text_hash("contract of zanzibar"), library.id),
        )
    library.add("other.md", "the zanzibar contract of an office")
    assert paths(ask(library, "zanzibar contract", mode="vector")) == ["long.md", "other.md", "long.md"]
    plain = ask(library, "zanzibar contract", mode="vector", diversify=False)
    assert paths(plain) == ["long.md", "long.md", "other.md"]


def test_k_bounds_the_results(stocked):
    assert len(ask(stocked, "every", k=1).results) == 1


def test_the_named_block_is_the_one_that_fits_not_the_heading(stocked):
    result = ask(stocked, "warranty").results[0]
    assert result.block.text == WARRANTY
    assert result.highlight == WARRANTY.replace("warranty", "<em>warranty</em>")


def test_the_same_text_in_two_documents_is_one_hit_that_names_both(stocked):
    stocked.add("copy/travel.md", TRAVEL)
    result = ask(stocked, "economy class", mode="vector", k=2).results[0]
    assert {result.document.path, *(copy.path for copy in result.also_in)} == {"hr/travel.md", "copy/travel.md"}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"types": ["code"]}, {"src/config.py"}),
        ({"languages": ["de"]}, {"hr/cars_100%.md"}),
        ({"sources": ["handbook"]}, {"hr/travel.md", "hr/cars_100%.md"}),
        ({"path_prefix": "hr/"}, {"hr/travel.md", "hr/cars_100%.md"}),
        ({"path_prefix": "hr/cars_100%"}, {"hr/cars_100%.md"}),
        ({"path_prefix": "%"}, set()),
        ({"path_prefix": "hr/cars_100_"}, set()),
        ({"labels": ["secret"]}, set()),
        ({"types": []}, {"legal/warranty.md", "hr/travel.md", "hr/cars_100%.md", "src/config.py"}),
        ({"types": ["code"], "path_prefix": "hr/"}, set()),
    ],
)
@pytest.mark.parametrize("mode", ["hybrid", "pattern"])
def test_filters_narrow(stocked, mode, filters, expected):
    query = "/[a-z]/" if mode == "pattern" else "every warranty travel config"
    assert set(paths(ask(stocked, query, mode=mode, filters=filters))) == expected


def test_an_unknown_space_is_not_found(stocked):
    with pytest.raises(NotFound):
        stocked.retriever().search(OWNER, SearchRequest(space="nowhere", query="x"))


def test_another_callers_space_is_not_found(stocked):
    with pytest.raises(NotFound):
        ask(stocked, "warranty", caller=MALLORY)


def test_a_lexical_index_that_names_foreign_passages_leaks_nothing(stocked, stranger):
    stranger.add("theirs.md", "The zanzibar contract is secret.")
    shutil.rmtree(stocked.folder / str(stocked.version))
    shutil.copytree(stranger.folder / str(stranger.version), stocked.folder / str(stocked.version))
    for mode in ("lexical", "hybrid", "pattern"):
        assert "theirs.md" not in paths(ask(stocked, "zanzibar", mode=mode))


def test_a_stale_lexical_hit_of_a_removed_document_never_leaves(stocked):
    document = stocked.add("gone.md", "The zanzibar contract was cancelled.")
    stocked.remove(document)
    for mode in ("lexical", "hybrid", "pattern", "vector"):
        assert "gone.md" not in paths(ask(stocked, "zanzibar", mode=mode))


def test_a_document_that_is_being_removed_is_not_shown(stocked):
    document = stocked.add("leaving.md", "The zanzibar contract was cancelled.")
    stocked.hide(document)
    for mode in ("lexical", "hybrid", "pattern", "vector"):
        assert "leaving.md" not in paths(ask(stocked, "zanzibar", mode=mode))


def test_stale_hits_do_not_crowd_out_live_ones(library):
    ghosts = (uuid4() for _ in range(120))
    library.index.add(LexicalPassage(ghost, ghost, ghost, "", "", "zanzibar zanzibar", "x") for ghost in ghosts)
    library.add("live.md", "A long text that mentions zanzibar only once among many other words.")
    assert paths(ask(library, "zanzibar", mode="lexical", k=1)) == ["live.md"]


@pytest.mark.parametrize(("mode", "query"), [("hybrid", "warranty"), ("lexical", "warranty"), ("pattern", '"warranty"')])
def test_without_lexical_index_the_answer_degrades_and_says_so(stocked, mode, query):
    shutil.rmtree(stocked.folder / str(stocked.version))
    response = ask(stocked, query, mode=mode)
    assert paths(response)[0] == "legal/warranty.md"
    assert response.degraded == ["lexical_unavailable"]


@pytest.mark.parametrize("mode", ["hybrid", "vector"])
def test_without_embedder_words_stand_in(stocked, mode):
    stocked.embedder.broken = True
    response = ask(stocked, "warranty", mode=mode)
    assert paths(response)[0] == "legal/warranty.md"
    assert response.degraded == ["embedder_unavailable"]


def test_vectors_of_another_model_are_not_compared(stocked):
    stocked.embedder.model = "other"
    assert ask(stocked, "warranty").degraded == ["embedder_unavailable"]


def test_a_degraded_response_is_not_remembered(stocked):
    retriever = stocked.retriever()
    stocked.embedder.broken = True
    ask(stocked, "warranty", retriever=retriever)
    stocked.embedder.broken = False
    assert ask(stocked, "warranty", retriever=retriever).degraded == []


def test_a_remembered_response_is_forgotten_when_the_space_changes(stocked):
    retriever = stocked.retriever()
    before = ask(stocked, "zanzibar", mode="lexical", retriever=retriever)
    stocked.add("new.md", "zanzibar")
    after = ask(stocked, "zanzibar", mode="lexical", retriever=retriever)
    assert (paths(before), paths(after)) == ([], ["new.md"])


def test_a_remembered_response_is_not_for_other_callers(stocked):
    retriever = stocked.retriever()
    ask(stocked, "warranty", retriever=retriever)
    with pytest.raises(NotFound):
        ask(stocked, "warranty", caller=MALLORY, retriever=retriever)


def test_a_wildcard_and_an_expression_find_text_as_written(stocked):
    assert paths(ask(stocked, "parse_*(path)", mode="pattern")) == ["src/config.py"]
    assert paths(ask(stocked, r"/^\s+RETURN toml\.\w+/", mode="pattern")) == ["src/config.py"]


def test_a_catastrophic_expression_is_invalid(stocked):
    with pytest.raises(InvalidInput):
        ask(stocked, "/(a+)+$/", mode="pattern")


@pytest.mark.parametrize("query", ["' OR 1=1 --", '"(*&^%$', "foo:bar AND [x TO", "\\", "日本語", "🙂", "a" * 10_000])
@pytest.mark.parametrize("mode", ["hybrid", "pattern"])
def test_no_query_breaks_the_search(stocked, mode, query):
    assert ask(stocked, query, mode=mode).took_ms > 0


@pytest.mark.parametrize(
    "body",
    [
        {"query": ""},
        {"query": " \n"},
        {"query": "a\0b"},
        {"query": "a" * 10_001},
        {"query": "a", "k": 0},
        {"query": "a", "k": 101},
        {"query": "a", "mode": "magic"},
        {"query": "a", "more": 1},
        {"query": "a", "filters": {"types": ["poem"]}},
        {"query": "a", "filters": {"path_prefix": "\0"}},
    ],
)
def test_a_wrong_request_is_refused(body):
    with pytest.raises(ValidationError):
        SearchRequest.model_validate({"space": "s", **body})


def test_the_vector_index_serves_large_spaces(stocked, platform_database):
    from resources.postgres import neighbours, spaces
    from resources.postgres import search as reads
    from resources.postgres.within import Within

    with platform_database.worker.transaction(space=stocked.id) as connection:
        connection.execute("SELECT rage_ensure_vector_index(%s)", (stocked.version,))
        connection.execute("SET LOCAL enable_seqscan = off")
        plan = connection.execute(
            "EXPLAIN SELECT text_hash FROM vectors WHERE index_version = %s "
            "ORDER BY vector::halfvec(256) <=> %s::halfvec(256) LIMIT 3",
            (stocked.version, str(stocked.embedder.encode(["car"])[0].tolist())),
        ).fetchall()
    assert "_hnsw" in str(plan)
    with platform_database.api.transaction(caller=OWNER) as connection:
        where = reads.scope(spaces.identify(connection, stocked.name))
        found = neighbours.nearest(Within(connection, where, reads.Narrowing()), stocked.embedder.encode(["car"])[0], 2)
    assert len(found) == 2
