"""`rage index` as people type it, and what the audit keeps of it."""

from types import SimpleNamespace

import pytest

from cli.doctor import _embedder
from tests.cli.conftest import rage  # noqa: F401 -- a fixture
from tests.index_versions.models import GOOD, SHUFFLED, SMALLER, WIDE, HashedWords


@pytest.fixture
def cli_home(versions_home):
    return versions_home


@pytest.fixture
def index(rage, garden):  # noqa: F811
    """Runs `rage index COMMAND` on the garden, and gives what it printed as JSON."""

    def run(command, *arguments, status=0):
        done = rage("index", command, garden.name, *arguments, "--json", RAGE_EMBEDDING_MODEL=GOOD)
        assert done.status == status, done.err
        return done.json

    return run


@pytest.fixture
def entries(rage, garden):  # noqa: F811
    """The newest entries of the audit about the garden, of one action."""
    return lambda action: rage("audit", "list", "--json", "--space", garden.name, "--action", action).json


def test_a_model_is_changed_and_changed_back_by_command(garden, index, entries):
    built = index("build", "--model", SMALLER)
    assert (built["model"], built["dimension"], built["state"], built["complete"]) == (SMALLER, 128, "evaluated", True)
    (live, new) = index("list")
    assert (live["state"], live["model"], new["version"]) == ("live", GOOD, built["version"])
    assert {"version", "model", "state", "metrics", "documents", "passages", "created_at", "evaluated_at"} <= set(live)
    assert index("promote", built["version"][:13])["state"] == "live"
    assert index("rollback")["version"] == live["version"]
    assert index("drop", built["version"]) == {"space": garden.name, "version": built["version"], "dropped": True}
    assert [each["model"] for each in index("list")] == [GOOD]
    assert [each["outcome"] for each in entries("index.build")] == ["begun", "allowed"]
    (done,) = [each for each in entries("index.promote") if each["outcome"] == "allowed"]
    assert done["details"]["forced"] is False and done["target"] == f"version={built['version']}"
    assert any(each["outcome"] == "allowed" for each in entries("index.rollback"))
    assert any(each["outcome"] == "allowed" for each in entries("index.drop"))


def test_force_is_written_down_with_the_figures_that_it_overrode(garden, index, entries):
    garden.give()
    built = index("build", "--model", SHUFFLED)
    refused = index("promote", built["version"], status=1)
    assert refused["error"]["code"] == "worse_version" and refused["error"]["details"]["figures"]
    assert index("promote", built["version"], "--force")["state"] == "live"
    acts = [each for each in entries("index.promote") if each["outcome"] != "begun"]
    (forced,) = [each for each in acts if each["details"]["forced"]]
    (denied,) = [each for each in acts if not each["details"]["forced"]]
    assert (forced["outcome"], denied["outcome"]) == ("allowed", "failed")
    assert forced["details"]["passed"] is False
    assert any(figure["after"] < figure["before"] for figure in forced["details"]["figures"])
    assert denied["details"]["figures"] and denied["details"]["error"] == "worse_version"


def test_a_version_that_is_not_there_is_wrong_use(index):
    assert index("promote", "ffffffff", status=2)["error"]["code"] == "not_found"
    assert index("rollback", status=2)["error"]["code"] == "conflict"


def test_the_doctor_says_that_a_model_has_more_dimensions_than_the_index_on_vectors_takes():
    assert "compares all vectors" in _embedder(SimpleNamespace(embedder=HashedWords(WIDE))).detail
    assert "compares" not in _embedder(SimpleNamespace(embedder=HashedWords("words-4000"))).detail
