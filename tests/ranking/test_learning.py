"""A space learns how its tiers are weighed from its judged queries, in real Dagster runs."""

import random

import dagster as dg
import pytest

from rage_assets.build import build_defs
from rage_assets.partitions import SPACES
from rage_assets.platform_resource import platform_resource
from rage_assets.ranking.assets import LEARN_RANKING, ranking_tags
from rage_assets.ranking.known_items import known_item_scores
from rage_assets.ranking.weigh import LEANS, weigh
from resources.access import LOCAL_ADMIN, Role
from resources.evaluation.models import JudgedQuery, Judgement
from resources.postgres import evaluation, ranking_profiles
from resources.postgres import search as reads
from resources.retrieval.models import SearchRequest
from resources.retrieval.search import Retriever
from sensors import ranking

pytestmark = pytest.mark.real
WORDS = [
    *("copper", "garden", "window", "engine", "paper", "silver", "market", "bridge", "winter", "forest"),
    *("button", "camera", "planet", "river", "ladder", "mirror", "candle", "harbor", "violin", "carpet"),
    *("pepper", "rocket", "basket", "desert", "temple", "island", "hammer", "saddle", "kettle", "blanket"),
]
RANDOM = random.Random(5)


@pytest.fixture(scope="module")
def space(shared_home, tmp_path_factory):
    """Documents of many words in no order, and queries judged by words alone."""
    folder = tmp_path_factory.mktemp("words")
    for number in range(80):
        (folder / f"{number}.txt").write_text(" ".join(RANDOM.choices(WORDS, k=30)) + ".")
    identity = shared_home.space("words", folder)
    shared_home.ingest("words")
    return identity


@pytest.fixture(scope="module")
def reader(shared_home, space):
    """The query layer's platform, for all searches of this file: opening a model takes its time."""
    platform = shared_home.platform()
    yield platform
    platform.close()


def searched(reader, query, mode="hybrid", k=10):
    retriever = Retriever(reader.enter, reader.embedder_of, reader.lexical)
    request = SearchRequest(space="words", query=query, mode=mode, k=k)
    return [hit.document.path for hit in retriever.search(LOCAL_ADMIN, request).results]


def judge(reader, name):
    asked = [" ".join(RANDOM.sample(WORDS, 3)) for _ in range(40)]
    queries = [
        JudgedQuery(
            id=str(number), text=text, judgements=[Judgement(path=path) for path in searched(reader, text, "lexical", 3)]
        )
        for number, text in enumerate(asked)
    ]
    with reader.enter(LOCAL_ADMIN, "words", Role.ADMIN) as (connection, row):
        evaluation.create(connection, row["id"], name, queries, created_by="user:test")
    return asked


def learn(home, instance):
    if not instance.has_dynamic_partition(str(SPACES.name), "words"):
        instance.add_dynamic_partitions(str(SPACES.name), ["words"])
    job = build_defs({"platform": platform_resource(home.settings())}).resolve_job_def(LEARN_RANKING.name)
    done = job.execute_in_process(instance=instance, tags=ranking_tags("words"))
    (materialised,) = done.get_asset_materialization_events()
    return materialised.materialization.metadata


def due(home):
    platform = home.platform("worker")
    try:
        return dict(ranking.outdated(platform))
    finally:
        platform.close()


def epoch(home, space):
    return home.rows("SELECT epoch FROM spaces WHERE id = %s", space)[0]["epoch"]


def test_judged_queries_move_the_weights_of_their_space_and_its_searches(shared_home, reader, space):
    assert "words" in due(shared_home)
    asked = judge(reader, "by-words")
    before = {text: searched(reader, text) for text in asked[:10]}
    moved_from = epoch(shared_home, space)
    with dg.DagsterInstance.ephemeral() as instance:
        metadata = learn(shared_home, instance)
        assert metadata["judged_queries"].value == 40 and metadata["sets"].value == "by-words"
        assert metadata["lean"].value < 0
        assert "nDCG@10" in metadata["judged queries: nDCG@10 by lean"].value
        assert epoch(shared_home, space) > moved_from  # what was remembered counts no more
        assert {text: searched(reader, text) for text in before} != before
        assert due(shared_home) == {}
        moved_from = epoch(shared_home, space)
        assert learn(shared_home, instance)["differs_from_before"].value is False
        assert epoch(shared_home, space) == moved_from
    judge(reader, "more")
    assert "words" in due(shared_home)


def test_what_is_stored_tells_no_query(shared_home, space):
    (row,) = shared_home.rows("SELECT evidence::text AS said FROM ranking_profiles WHERE space_id = %s", space)
    assert "by-words" in row["said"] and not any(word in row["said"] for word in WORDS)


def test_known_items_of_a_space_are_scored_at_every_lean(shared_home, reader, space):
    platform = shared_home.platform("worker")
    try:
        with platform.content(None).transaction(space=space) as connection:
            ground = ranking_profiles.ground(connection, space)
            rows = ranking_profiles.sample(connection, space, ground.index_version, 60)
            embedder = reader.embedder
            where = reads.Scope(space, 0, ground.index_version, embedder.model, embedder.dimension)
            vectors = reads.vectors_of(connection, where, [row["id"] for row in rows])
        assert len(rows) == 60
        for number, row in enumerate(rows):  # each gets sentences of its own, so that there is one to take out
            row["text"] = (
                f"{row['text']} Item {number} holds the {WORDS[number % 30]} number {number}. It ends here for good."
            )
        scores = known_item_scores(rows, vectors, embedder)
    finally:
        platform.close()
    assert scores.shape[1] == len(LEANS) and len(scores) > 40
    assert ((scores >= 0) & (scores <= 1)).all()
    assert weigh(scores).queries == len(scores)
