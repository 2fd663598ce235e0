"""A version becomes live through the gate, goes back at once, and is dropped when its grace is over."""

import pytest

from rage_assets.index_versions.build import building, prepare
from rage_assets.index_versions.record import drop_retired
from rage_assets.lexical.reconcile import whole_space
from resources.errors import Conflict, InvalidInput, NotFound
from resources.index_versions import WorseVersion
from resources.retrieval.models import SearchRequest
from resources.retrieval.search import Retriever
from tests.conftest import CALLER
from tests.evaluation.conftest import DOCUMENTS
from tests.index_versions.meanwhile import Once
from tests.index_versions.models import GOOD, NARROW, SHUFFLED, SMALLER

ALL = set(DOCUMENTS)


def test_a_version_that_is_no_worse_becomes_live_and_the_other_is_retired(garden):
    garden.give()
    garden.build(SMALLER)
    new, old = garden.versions()[SMALLER], garden.versions()[GOOD]
    epoch = garden.home.rows("SELECT epoch FROM spaces WHERE id = %s", garden.id)[0]["epoch"]
    garden.promote(str(new.version)[:13])
    made = garden.versions()
    assert (made[SMALLER].state, made[GOOD].state) == ("live", "retired")
    assert made[SMALLER].promoted_at and made[GOOD].retired_at
    assert made[SMALLER].metrics["asked"]["hybrid"]["ndcg@10"] > 0.5
    row = garden.home.rows("SELECT epoch, live_index_version AS live FROM spaces WHERE id = %s", garden.id)[0]
    assert row["epoch"] > epoch and row["live"] == new.version != old.version
    assert garden.found("what calms bees")[0] == "bees.md"


def test_what_the_gate_said_of_the_same_ground_is_not_asked_again(garden):
    garden.give()
    garden.build(SMALLER)
    asked = []
    garden.promote(garden.versions()[SMALLER].version, asked=asked)
    assert not asked


def test_the_gate_is_asked_again_when_documents_came_since(garden):
    garden.give()
    garden.build(SMALLER)
    garden.write(new="# New\n\nA wheelbarrow.\n")
    garden.ingest()
    asked, made = [], garden.versions()
    garden.promote(made[SMALLER].version, asked=asked)
    assert asked == [(made[GOOD].version, made[SMALLER].version)]


def test_a_worse_version_is_refused_with_figures_and_the_worst_queries(garden):
    garden.give()
    report = garden.build(SHUFFLED)
    assert report.complete and not report.passed and not report.promoted
    made = garden.versions()[SHUFFLED]
    with pytest.raises(WorseVersion, match="worse") as refused:
        garden.promote(made.version)
    assert "→" in str(refused.value) and "Worst: “" in str(refused.value)
    assert any(figure["after"] < figure["before"] for figure in refused.value.details["figures"])
    assert garden.versions()[GOOD].state == "live"


def test_a_build_that_is_to_promote_does_not_promote_a_worse_version(garden):
    garden.give()
    assert not garden.build(SHUFFLED, promote=True).promoted
    assert garden.versions()[GOOD].state == "live"


def test_a_build_that_is_to_promote_promotes_what_the_gate_lets_pass_and_writes_it_down(garden):
    garden.give()
    assert garden.build(SMALLER, promote=True).promoted
    assert garden.versions()[SMALLER].state == "live"


def test_a_build_does_not_replace_a_version_that_became_live_while_it_was_judged_against_another(garden):
    garden.give()
    garden.build(SMALLER)
    meanwhile = garden.versions()[SMALLER].version
    with pytest.raises(Conflict, match="became live"):
        garden.build(NARROW, promote=True, on_progress=Once("asked, hybrid", lambda: garden.promote(meanwhile)))
    made = garden.versions()
    assert (made[SMALLER].state, made[NARROW].state) == ("live", "evaluated")


def test_a_worse_version_becomes_live_by_force(garden):
    garden.give()
    garden.build(SHUFFLED)
    done = garden.promote(garden.versions()[SHUFFLED].version, force=True)
    assert done.gate and not done.gate.verdict.passed and done.gate.figures
    assert garden.versions()[SHUFFLED].state == "live"


def test_a_version_that_is_not_complete_does_not_become_live_even_by_force(garden):
    def begin(worker, space):
        with building(work := whole_space(worker, space, "test")):
            return prepare(work, SMALLER).id

    version = garden.act(begin)
    with pytest.raises(Conflict, match="not complete"):
        garden.promote(version, force=True)


def test_a_version_is_named_by_the_beginning_of_its_id_if_that_is_its_own(garden):
    with pytest.raises(NotFound, match="no index version"):
        garden.promote("fffffffffffffff")
    with pytest.raises(NotFound):
        garden.promote("")
    with pytest.raises(Conflict, match="live already"):
        garden.promote(str(garden.versions()[GOOD].version)[:8])


def test_a_beginning_that_several_versions_share_names_none(garden):
    made = {str(garden.versions()[GOOD].version)[0]}
    for size in range(100, 130):

        def begin(worker, space, size=size):
            with building(work := whole_space(worker, space, "test")):
                return str(prepare(work, f"words-{size}").id)[0]

        first = garden.act(begin)
        if first in made:
            break
        made.add(first)
    with pytest.raises(InvalidInput, match="Give more"):
        garden.promote(first)


def test_a_rollback_shows_what_came_and_hides_what_went_since_the_promotion(garden):
    garden.build(SMALLER)
    old = garden.versions()[GOOD].version
    garden.promote(garden.versions()[SMALLER].version)
    garden.write(new="# New\n\nA wheelbarrow.\n", tools=None)
    garden.ingest()
    assert garden.rollback().version == old
    assert garden.versions()[GOOD].state == "live"
    assert garden.paths(old) == ALL - {"tools.md"} | {"new.md"}
    assert garden.found("wheelbarrow")[0] == "new.md"
    assert "tools.md" not in garden.found("Sharpening garden tools")
    garden.rollback()
    assert garden.versions()[SMALLER].state == "live"


def test_there_is_nothing_to_go_back_to_in_a_space_with_one_version(garden):
    with pytest.raises(Conflict, match="no version to go back to"):
        garden.rollback()


def test_a_retired_version_is_dropped_from_every_store_when_its_grace_is_over(garden):
    garden.build(SMALLER)
    old = garden.versions()[GOOD].version
    garden.promote(garden.versions()[SMALLER].version)
    folder = garden.home.path / "lexical" / str(garden.id) / str(old)
    assert folder.is_dir()
    worker = garden.home.platform("worker")
    assert (garden.name, old) not in drop_retired(worker, "test")
    worker.close()
    worker = garden.home.platform("worker", retired_hours=0)
    assert (garden.name, old) in drop_retired(worker, "test")
    worker.close()
    assert GOOD not in garden.versions() and not folder.exists()
    assert not garden.home.rows("SELECT 1 FROM pg_class WHERE relname = %s", f"vectors_{old.hex}")
    for table in ("passages", "staged_passages", "vectors"):
        assert not garden.home.rows(f"SELECT 1 FROM {table} WHERE index_version = %s", old, space=garden.id)
    garden.write(new="# New\n\nA wheelbarrow.\n")
    assert garden.ingest().state == "succeeded"
    assert garden.paths(garden.versions()[SMALLER].version) == ALL | {"new.md"}


def test_the_live_version_is_not_dropped(garden):
    live = garden.versions()[GOOD].version
    with pytest.raises(Conflict, match="live version"):
        garden.drop(live)
    assert garden.paths(live) == ALL


def test_a_document_that_goes_leaves_nothing_in_any_version_and_its_receipt_says_so(garden):
    garden.build(SMALLER)
    garden.write(tools=None)
    garden.ingest()
    receipt = garden.home.rows("SELECT complete, stores FROM receipts WHERE space_id = %s", garden.id)[0]
    assert receipt["complete"] and all(store["remaining"] == 0 for store in receipt["stores"].values())
    for made in garden.versions().values():
        assert garden.paths(made.version) == ALL - {"tools.md"}
        vectors = garden.home.rows("SELECT 1 FROM vectors WHERE index_version = %s", made.version, space=garden.id)
        assert len(vectors) == len(ALL) - 1


def test_a_search_of_another_version_than_the_live_one_finds_by_that_version(garden):
    garden.build(SMALLER)
    api = garden.home.platform()
    retriever = Retriever(api.enter, api.embedder_of, api.lexical)
    request = SearchRequest(space=garden.name, query="bees", k=5)
    for made in garden.versions().values():
        found = retriever.search(CALLER, request, index_version=made.version)
        ids = [result.passage.id for result in found.results]
        rows = garden.home.rows("SELECT DISTINCT index_version AS v FROM passages WHERE id = ANY(%s)", ids)
        assert [row["v"] for row in rows] == [made.version]
    api.close()
