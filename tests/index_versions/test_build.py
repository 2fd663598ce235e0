"""A version is built beside the live one, and whatever arrives, changes or goes meanwhile is right in both."""

import os
import signal
import subprocess
import sys
import time

import pytest

from rage_assets.embeddings import embed
from rage_assets.index_versions import fill
from rage_assets.index_versions.build import building, prepare
from rage_assets.lexical.reconcile import whole_space
from resources.errors import Conflict, RageError
from resources.postgres import staged_texts, vectors
from tests.conftest import ROOT
from tests.evaluation.conftest import DOCUMENTS
from tests.index_versions.meanwhile import Once, in_thread
from tests.index_versions.models import GOOD, NARROW, SMALLER, UNSOUND, WIDE

ALL = set(DOCUMENTS)


def test_a_build_makes_a_complete_version_beside_the_live_one(garden):
    live = garden.versions()[GOOD]
    report = garden.build(SMALLER)
    made = garden.versions()[SMALLER]
    assert report.complete and report.passed and report.documents == len(ALL)
    assert (made.state, made.dimension, made.documents) == ("evaluated", 128, len(ALL))
    assert garden.paths(made.version) == ALL
    assert garden.versions()[GOOD] == live
    assert garden.found("what calms bees")[0] == "bees.md"


def test_documents_that_come_change_and_go_during_a_build_are_right_in_both_versions(garden):
    def disturb():
        garden.write(new="# A new page\n\nWheelbarrows squeak.\n", roses="# Roses\n\nWatered instead.\n", tools=None)
        garden.ingest()

    garden.build(SMALLER, on_progress=Once("build", disturb), batch_documents=3)
    expected = ALL - {"tools.md"} | {"new.md"}
    for made in garden.versions().values():
        assert garden.paths(made.version) == expected
        assert garden.found("squeaking wheelbarrows", version=made.version)[0] == "new.md"
        assert garden.found("watered roses", version=made.version)[0] == "roses.md"


def test_a_model_of_more_dimensions_than_the_index_on_vectors_takes_is_built_ingested_and_searched(garden, monkeypatch):
    monkeypatch.setattr(vectors, "INDEX_FROM", 3)
    garden.build(WIDE, promote=True)
    made = garden.versions()[WIDE]
    assert made.state == "live" and garden.paths(made.version) == ALL
    garden.write(new="# New\n\nA wheelbarrow.\n")
    assert garden.ingest().state == "succeeded"
    assert garden.found("wheelbarrow", mode="vector")[0] == "new.md"


@pytest.mark.parametrize("stage", ["embed", "index", "publish"])
def test_a_run_in_whose_middle_a_version_is_created_publishes_everything_for_both(plant, stage):
    garden = plant(ingest=False)

    def create(worker, space):
        with building(work := whole_space(worker, space, "test")):
            prepare(work, SMALLER)

    report = garden.ingest(on_progress=Once(stage, lambda: garden.act(create)))
    assert report.documents.new == len(ALL) and not report.errors
    assert not garden.home.rows("SELECT 1 FROM staged_documents", space=garden.id)
    made = garden.versions()
    assert garden.paths(made[GOOD].version) == ALL
    # what was live already when the version was created is for its build to bring in
    assert garden.paths(made[SMALLER].version) == (set() if stage == "publish" else ALL)
    garden.build(SMALLER)
    assert garden.paths(made[SMALLER].version) == ALL


def test_a_build_that_was_killed_goes_on_where_it_ended(garden):
    command = [sys.executable, "-m", "tests.index_versions.child", str(garden.home.path), garden.name, SMALLER]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAGE_")}
    child = subprocess.Popen(command, cwd=ROOT, env=environment | {"RAGE_HOME": str(garden.home.path)})
    deadline = time.monotonic() + 120
    while SMALLER not in garden.versions() or not garden.versions()[SMALLER].documents:
        assert child.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    half = garden.versions()[SMALLER]
    assert half.state == "building" and half.documents < len(ALL)
    garden.ingest()  # what the kill left in the lexical index is brought in by whoever comes next

    report = garden.build(SMALLER)
    assert str(report.version) == str(half.version) and report.complete
    assert 0 < report.documents <= len(ALL) - half.documents
    assert garden.paths(half.version) == ALL


def vectors_and_texts(garden, version):
    (row,) = garden.home.rows(
        "SELECT (SELECT count(*) FROM vectors WHERE index_version = %s) AS vectors, "
        "(SELECT count(DISTINCT text_hash) FROM passages WHERE index_version = %s) AS texts",
        version,
        version,
    )
    return row["vectors"], row["texts"]


def test_a_document_that_goes_before_its_passages_are_written_leaves_no_vector(garden, monkeypatch):
    save = fill._save
    garden.write(tools="# Tools\n\n" + " ".join(f"tool{n}" for n in range(40)))
    garden.ingest()

    def disturbed(*given):
        if garden.folder.joinpath("tools.md").exists():
            garden.write(tools=None)
            in_thread(garden.ingest)
        return save(*given)

    monkeypatch.setattr(fill, "_save", disturbed)
    garden.build(NARROW)  # its passages are others than those of the live version
    made = garden.versions()[NARROW]
    assert garden.paths(made.version) == ALL - {"tools.md"}
    vectors, texts = vectors_and_texts(garden, made.version)
    assert vectors == texts > 0


def test_a_document_of_many_passages_is_brought_in_part_by_part(garden, monkeypatch):
    garden.write(long="# Diary\n\n" + "\n\n".join(f"## Day {n}\n\nOn day {n} we saw bird{n}." for n in range(60)))
    garden.ingest()
    monkeypatch.setattr(embed, "_ROWS_TOGETHER", 7)
    garden.build(SMALLER)
    made = garden.versions()[SMALLER]
    assert garden.found("bird59", "lexical", version=made.version)[0] == "long.md"
    vectors, texts = vectors_and_texts(garden, made.version)
    assert vectors == texts > 60


@pytest.mark.parametrize("time", [1, 2])
def test_a_database_that_fails_is_not_taken_for_a_failing_model(garden, monkeypatch, time):
    """While blocks are read, the first time for vectors and the second for passages."""
    read, times = staged_texts.stream_blocks, []

    def failing(*given, **named):
        times.append(1)
        if len(times) == time:
            raise ConnectionError("gone")
        return read(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(fill.staged_texts, "stream_blocks", failing)
        with pytest.raises(RageError, match="ConnectionError: gone"):
            garden.build(SMALLER)
    assert garden.versions()[SMALLER].stale is None
    assert garden.build(SMALLER).complete
    assert garden.paths(garden.versions()[SMALLER].version) == ALL


def test_two_builds_of_a_space_do_not_go_on_at_once(garden):
    refused = []

    def second():
        with pytest.raises(Conflict, match="being built already") as caught:
            garden.build(SMALLER)
        refused.append(caught.value)

    garden.build(SMALLER, on_progress=Once("build", second))
    assert refused and len(garden.versions()) == 2


def test_a_model_whose_vectors_are_not_sound_gives_its_version_up_and_harms_nothing(garden):
    with pytest.raises(RageError, match="given up"):
        garden.build(UNSOUND)
    made = garden.versions()
    assert "finite" in made[UNSOUND].stale
    garden.write(new="# New\n\nA wheelbarrow.\n")
    report = garden.ingest()
    assert report.state == "succeeded" and report.documents.new == 1
    assert garden.paths(made[GOOD].version) == ALL | {"new.md"}


def test_a_model_that_is_gone_gives_its_version_up_at_the_next_ingestion(garden, vanishing):
    garden.build(SMALLER)
    vanishing(SMALLER)
    garden.write(new="# New\n\nA wheelbarrow.\n")
    assert garden.ingest().state == "succeeded"
    made = garden.versions()
    assert "There is no model" in made[SMALLER].stale
    assert garden.paths(made[GOOD].version) == ALL | {"new.md"}


def test_a_version_that_was_given_up_is_built_anew(garden, vanishing):
    garden.build(SMALLER)
    first = garden.versions()[SMALLER].version
    garden.act(lambda worker, _: give_up(worker, garden.id, first))
    report = garden.build(SMALLER)
    assert report.version != first and garden.paths(report.version) == ALL


def give_up(worker, space, version):
    from resources.postgres import index_versions

    with worker.database.transaction(space=space) as connection:
        index_versions.give_up(connection, version, "as a test wants it")
