"""A space about a garden with a set of questions, in a home that the tests of this folder share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from resources.access import LOCAL_ADMIN, Caller, Role
from resources.evaluation.models import JudgedQuery, Judgement
from resources.postgres import evaluation, members
from tests.cli.conftest import rage  # noqa: F401 -- a fixture
from tests.conftest import Home, _new_home

DOCUMENTS = {
    "roses.md": "# Pruning roses in winter\n\nCut the roses back to three buds while the frost holds.\n",
    "tomatoes.md": "# Watering tomato plants\n\nTomatoes want deep watering at their roots, twice a week.\n",
    "compost.md": "# Turning the compost heap\n\nA compost heap is turned every month, so that air comes to it.\n",
    "bees.md": "# Keeping bees calm\n\nSmoke keeps the bees calm while the hive is open.\n",
    "moles.md": "# Driving moles away\n\nMoles leave a lawn in which bottles hum in the wind.\n",
    "pond.md": "# Clearing algae from ponds\n\nBarley straw clears the pond of algae by early summer.\n",
    "apples.md": "# Storing apples until spring\n\nApples keep in a cool cellar, each wrapped in paper.\n",
    "lawn.md": "# Sowing a new lawn\n\nGrass seed is sown in September and rolled once.\n",
    "slugs.md": "# Stopping slugs at night\n\nCopper tape around the beds stops every slug.\n",
    "tools.md": "# Sharpening garden tools\n\nA spade is sharpened with a flat file, at thirty degrees.\n",
    "greenhouse.md": "# Heating a small greenhouse\n\nWater barrels store the warmth of the day for the night.\n",
    "potatoes.md": "# Earthing up potatoes\n\nHeap soil over the potato stems when they are a hand high.\n",
}
QUESTIONS = {
    "roses": ("when are roses cut back", "roses.md"),
    "tomatoes": ("how often do tomatoes want water", "tomatoes.md"),
    "compost": ("why is a compost heap turned", "compost.md"),
    "bees": ("what calms bees in an open hive", "bees.md"),
    "moles": ("how to make moles leave the lawn", "moles.md"),
    "pond": ("straw against algae in a pond", "pond.md"),
    "apples": ("wrap apples in paper for the cellar", "apples.md"),
    "slugs": ("copper tape against slugs", "slugs.md"),
}


def questions(**more: tuple[str, str]) -> list[JudgedQuery]:
    """The judged queries."""
    asked = QUESTIONS | more
    return [JudgedQuery(id=each, text=text, judgements=[Judgement(path=path)]) for each, (text, path) in asked.items()]


@dataclass
class Garden:
    """An ingested space.

    Attributes:
        home: The home in which it lies.
        name: The space's name.
        id: Its id.
        folder: Where its documents come from.
    """

    home: Home
    name: str
    id: UUID
    folder: Path

    def give(self, name: str, queries: list[JudgedQuery] | None = None) -> None:
        """Stores an evaluation set."""
        platform = self.home.platform()
        try:
            with platform.enter(LOCAL_ADMIN, self.name, Role.ADMIN) as (connection, row):
                evaluation.create(connection, row["id"], name, queries or questions(), created_by="user:gardener")
        finally:
            platform.close()

    def member(self, role: Role) -> Caller:
        """Somebody with that role in the space."""
        platform = self.home.platform()
        try:
            with platform.administer(LOCAL_ADMIN, self.name) as (connection, row):
                members.grant(connection, row["id"], f"group:{self.name}-{role}", role, "test")
        finally:
            platform.close()
        return Caller(f"user:{role}", groups=(f"{self.name}-{role}",))


@pytest.fixture(scope="package")
def home(models: Path) -> Iterator[Home]:
    with _new_home(models) as created:
        yield created


@pytest.fixture
def cli_home(home: Home) -> Home:
    return home


@pytest.fixture
def plant(home: Home, tmp_path_factory) -> Callable[[], Garden]:
    """Makes an empty space with a folder full of documents, not ingested yet."""

    def _plant() -> Garden:
        folder, name = tmp_path_factory.mktemp("garden"), f"garden-{uuid4().hex[:8]}"
        for path, text in DOCUMENTS.items():
            (folder / path).write_text(text)
        return Garden(home, name, home.space(name, folder), folder)

    return _plant


@pytest.fixture(scope="module")
def garden(home: Home, tmp_path_factory) -> Garden:
    """An ingested space that the tests of a file share."""
    folder, name = tmp_path_factory.mktemp("garden"), f"garden-{uuid4().hex[:8]}"
    for path, text in DOCUMENTS.items():
        (folder / path).write_text(text)
    made = Garden(home, name, home.space(name, folder), folder)
    home.ingest(name)
    return made
