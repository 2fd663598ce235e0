"""The switch: a version becomes live through the gate, or goes back to being so."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from resources.errors import Conflict, RageError
from resources.evaluation.models import Verdict
from resources.index_versions.models import Gate, Promotion, WorseVersion
from resources.index_versions.place import alone, place_of, transaction
from resources.lexical.opening import point_alias
from resources.lexical.protocol import LexicalUnavailable
from resources.platform import Platform
from resources.postgres import index_versions
from resources.postgres.database import Connection
from resources.settings import Settings

_MOST_NAMED = 5
Judge = Callable[[UUID, UUID], Verdict]


def promote(platform: Platform, space: str, given: str, judge: Judge, *, force: bool = False) -> Promotion:
    """Makes a version the one that answers, if the gate lets it or `force` overrides the gate.

    Args:
        platform: In the role `worker`.
        space: Its name.
        given: The version's id, or the beginning of it.
        judge: Measures the live version and another one, and says whether that one may become live.
        force: Whether a version that the gate refuses, or that cannot be judged, becomes live all the same.

    Raises:
        NotFound: There is no such space or version.
        Conflict: The version is live, incomplete or given up, or another one became live meanwhile.
        WorseVersion: The gate refuses it.
    """
    place = place_of(platform, space)
    with transaction(platform, place) as connection:
        row = index_versions.named(connection, place["id"], given)
        ground = index_versions.ground(connection, place["id"])
    _check_promotable(row)
    try:
        gate: Gate | None = _gate(platform, place, row, ground, judge)
    except RageError:
        if not force:
            raise
        gate = None
    if not force and gate is not None and not gate.verdict.passed:
        raise _worse(row["id"], gate)
    _switch(platform, place, row["id"], ground["live"])
    return Promotion(space_id=place["id"], version=row["id"], instead_of=ground["live"], gate=gate)


def rollback(platform: Platform, space: str) -> Promotion:
    """Makes the version live that was so before. It was kept current, so nothing is lost and nothing comes back.

    Args:
        platform: In the role `worker`.
        space: Its name.

    Raises:
        NotFound: There is no such space.
        Conflict: There is no version to go back to, or another one became live meanwhile.
    """
    place = place_of(platform, space)
    with transaction(platform, place) as connection:
        live = index_versions.ground(connection, place["id"])["live"]
        last = index_versions.retired_last(connection, place["id"])
    if last is None:
        raise Conflict(f"The space {space} has no version to go back to.", hint="`rage index list` shows those there are.")
    _switch(platform, place, last, live)
    return Promotion(space_id=place["id"], version=last, instead_of=live, gate=None)


def gate_of(verdict: Verdict, ground: dict[str, Any], given: Settings) -> Gate:
    """A verdict with the ground (of `index_versions.ground`) on which it stands."""
    return Gate(
        live=ground["live"], epoch=ground["epoch"], sets=ground["sets"], thresholds=_thresholds(given), verdict=verdict
    )


def keep_gate(connection: Connection, space_id: UUID, version: UUID, gate: Gate) -> None:
    """Keeps what the gate said with the version; the queries' texts stay with their evaluation set.

    Raises:
        Conflict: Something is missing in the version.
    """
    kept = gate.model_dump(mode="json", exclude={"verdict"}) | {"verdict": gate.verdict.summary()}
    if not index_versions.evaluated(connection, space_id, version, kept):
        raise Conflict(
            f"The index version {version} is not complete.", hint="`rage index build` goes on with it where it ended."
        )


def _check_promotable(row: dict[str, Any]) -> None:
    if row["state"] == "live":
        raise Conflict(f"The index version {row['id']} is live already.")
    if row["stale"]:
        raise Conflict(f"The index version {row['id']} is given up: {row['stale']}", hint="Build another one.")
    if row["state"] == "building":
        raise Conflict(
            f"The index version {row['id']} is not complete.", hint="`rage index build` goes on with it where it ended."
        )


def _gate(platform: Platform, place: dict[str, Any], row: dict[str, Any], ground: dict[str, Any], judge: Judge) -> Gate:
    """What the gate says: what it said before, where the ground is still the same."""
    if row["metrics"]:
        kept = Gate.model_validate(row["metrics"])
        same = (kept.live, kept.epoch, kept.sets) == (ground["live"], ground["epoch"], ground["sets"])
        if same and kept.thresholds == _thresholds(platform.settings) and kept.verdict.passed:
            return kept
    gate = gate_of(judge(ground["live"], row["id"]), ground, platform.settings)
    with transaction(platform, place) as connection:
        keep_gate(connection, place["id"], row["id"], gate)
    return gate


def _thresholds(given: Settings) -> list[float]:
    return [given.promotion_loss, given.promotion_significance, given.evaluation_drop]


def _switch(platform: Platform, place: dict[str, Any], version: UUID, instead_of: UUID) -> None:
    with alone(platform, place) as now, transaction(platform, now) as connection:
        index_versions.promote(connection, now["id"], version, instead_of)
    with suppress(LexicalUnavailable):  # searches do not need it; the next reconciliation points it
        point_alias(platform.settings, place["id"], version)


def _worse(version: UUID, gate: Gate) -> WorseVersion:
    worst = [
        f"“{(loss.text or loss.id)[:80]}” {loss.before:.3f} → {loss.after:.3f}"
        for comparison in gate.verdict.comparisons
        for loss in comparison.worse
    ][:_MOST_NAMED]
    said = " ".join(gate.verdict.reasons) + (f" Worst: {'; '.join(worst)}." if worst else "")
    return WorseVersion(
        f"The gate refuses the index version {version}. {said}",
        hint="`--force` promotes it all the same, and is written down.",
        figures=gate.figures,
    )
