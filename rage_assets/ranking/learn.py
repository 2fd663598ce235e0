"""Learns a space's ranking profile: from judged queries where there are enough, otherwise from known items."""

from typing import Any, NamedTuple

from rage_assets.evaluation.measure import Evaluation
from rage_assets.ranking.judged import judged_scores
from rage_assets.ranking.known_items import MOST_PASSAGES, known_item_scores
from rage_assets.ranking.weigh import LEANS, LEAST_QUERIES, Weighed, weigh
from resources.domain import Isolation
from resources.postgres import ranking_profiles
from resources.postgres import search as reads
from resources.postgres.ranking_profiles import Ground
from resources.retrieval.profile import ROBUST, RankingProfile

MOST_CHANGED = 0.2
_FEW = 50  # documents: fewer say little, and whatever the weights, the page shows them


class Learned(NamedTuple):
    """A profile, what each kind of query said, and which sets were among them."""

    profile: RankingProfile
    judged: Weighed
    known_items: Weighed
    sets: list[str]
    changed: bool

    def evidence(self) -> dict[str, Any]:
        """What stands in the database beside the profile: numbers and the names of sets."""
        return {
            "leans": list(LEANS),
            "judged": self.judged._asdict(),
            "known_items": self.known_items._asdict(),
            "sets": self.sets,
        }


def due(ground: Ground | None) -> bool:
    """Whether a profile should be learned: other judged sets than before, or a fifth of the documents changed."""
    if ground is None or (ground.documents < _FEW and not ground.fingerprint):
        return False
    if ground.learned_from is None or ground.learned_from != ground.fingerprint:
        return True
    unchanged = ground.documents - ground.changed
    return max(ground.changed, ground.had - unchanged) > MOST_CHANGED * max(1, ground.had)


def learn(evaluation: Evaluation, run_id: str) -> Learned | None:
    """Measures, decides and writes the profile of the live version; None where no version is live."""
    space = evaluation.space
    with evaluation.worker.content(space["database"]).transaction(space=evaluation.space_id) as connection:
        ground = ranking_profiles.ground(connection, evaluation.space_id)
    if ground is None:
        return None
    scores, sets = judged_scores(evaluation.reader, space["name"])
    judged, known = weigh(scores), weigh(scores[:0])
    if judged.queries < LEAST_QUERIES and space["isolation"] != Isolation.ENCRYPTED:  # its text goes into no other file
        known = _known_items(evaluation, ground)
    lean = judged.lean if judged.queries >= LEAST_QUERIES else known.lean
    profile = ROBUST.model_copy(update={"lean": lean})
    learned = Learned(profile, judged, known, sets, False)
    with evaluation.worker.content(space["database"]).transaction(space=evaluation.space_id) as connection:
        changed = ranking_profiles.save(connection, evaluation.space_id, profile, learned.evidence(), ground, run_id=run_id)
    return learned._replace(changed=changed)


def _known_items(evaluation: Evaluation, ground: Ground) -> Weighed:
    with evaluation.worker.content(evaluation.space["database"]).transaction(space=evaluation.space_id) as connection:
        row = connection.execute(
            "SELECT model, dimension FROM index_versions WHERE id = %s", (ground.index_version,)
        ).fetchone()
        assert row is not None
        where = reads.Scope(evaluation.space_id, 0, ground.index_version, row["model"], row["dimension"])
        rows = ranking_profiles.sample(connection, evaluation.space_id, ground.index_version, MOST_PASSAGES)
        vectors = reads.vectors_of(connection, where, [each["id"] for each in rows])
    return weigh(known_item_scores(rows, vectors, evaluation.reader.embedder_of(row["model"])))
