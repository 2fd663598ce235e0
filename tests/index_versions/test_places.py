"""Spaces with two versions move between databases, and go, as spaces with one do."""

from resources.domain import Isolation
from resources.space_administration import delete
from resources.space_moving import move
from tests.index_versions.models import GOOD, SMALLER
from tests.index_versions.test_build import ALL


def test_both_versions_move_to_a_database_of_their_own_and_back(garden):
    garden.build(SMALLER)
    made = garden.versions()
    for isolation in (Isolation.DEDICATED, Isolation.SHARED):
        garden.act(lambda worker, name, to=isolation: move(worker, name, to, None, lambda *_: None))
        after = garden.versions()
        assert {m: (v.version, v.state, v.passages) for m, v in after.items()} == {
            m: (v.version, v.state, v.passages) for m, v in made.items()
        }
        assert all(garden.found("what calms bees", version=v.version)[0] == "bees.md" for v in after.values())
        garden.promote(made[SMALLER].version)
        garden.rollback()
        made = garden.versions()
    assert garden.paths(made[GOOD].version) == garden.paths(made[SMALLER].version) == ALL


def test_a_space_with_two_versions_is_deleted_whole(garden):
    garden.build(SMALLER)
    made = garden.versions()
    garden.act(delete)
    for version in made.values():
        assert not garden.home.rows("SELECT 1 FROM pg_class WHERE relname = %s", f"vectors_{version.version.hex}")
    assert not (garden.home.path / "lexical" / str(garden.id)).exists()
    assert not garden.home.rows("SELECT 1 FROM index_versions", space=garden.id)
