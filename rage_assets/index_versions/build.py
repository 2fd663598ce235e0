"""Builds an index version of a space: creates it or goes on with it, fills it, makes its index, and has it judged."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import uuid4

from rage_assets.evaluation.measure import EVALUATOR, open_evaluation
from rage_assets.index_versions.building_model import given_up
from rage_assets.index_versions.fill import Filled, fill
from rage_assets.lexical.index import close_indexes, heal, open_indexes
from rage_assets.work import Work
from resources.embedding import Embedder
from resources.errors import Conflict, RageError
from resources.evaluation.gate import judge
from resources.index_versions import Gate, gate_of, keep_gate
from resources.lexical.protocol import LexicalUnavailable
from resources.postgres import index_filling, index_versions, outbox, spaces, vectors
from resources.postgres.index_versions import IndexVersion


class Flaws(NamedTuple):
    """What a version is short of: documents, vectors, entries in its lexical index."""

    documents: int
    vectors: int
    entries: int


@contextmanager
def building(work: Work) -> Iterator[None]:
    """Lets one process alone build index versions of the space, until it ends, however it does.

    Raises:
        Conflict: Another does.
        ServiceUnavailable: The space is being moved.
    """
    if not work.platform.locks.take(work.space_id, index_versions.BUILD_LOCK, wait=False):
        raise Conflict(f"An index version of {work.space} is being built already.", hint="Wait until that run has ended.")
    try:
        with work.platform.database.transaction() as connection:  # whoever held the lock may have moved the space
            row = spaces.identify(connection, work.space)
        spaces.check_still(row)
        work.database = row["database"]
        yield
    finally:
        work.platform.locks.release(work.space_id, index_versions.BUILD_LOCK)


def prepare(work: Work, model: str) -> IndexVersion:
    """The version to build with a model: one whose build was not ended, or a new one.

    Raises:
        RageError: The model cannot be used.
    """
    embedder = work.platform.embedder_of(model)
    with work.transaction() as connection:
        found = index_versions.resumable(connection, work.space_id, model, embedder.dimension)
    if found is None:
        found = uuid4()
        # before anybody knows of the version, so that no run takes its index for a lost one
        try:
            work.platform.lexical(work.space_id, found, create=True).commit()
        except LexicalUnavailable:
            pass  # made when the engine answers
        finally:
            work.platform.forget_lexical(work.space_id)
        with work.transaction() as connection:
            index_versions.create(connection, found, model, embedder.dimension)
    return IndexVersion(found, model, embedder.dimension, live=False, building=True)


def existing(work: Work, given: str) -> IndexVersion:
    """A version that is there and not live, by its id or the beginning of it.

    Raises:
        NotFound: There is none.
        Conflict: It is live, or no longer kept current.
    """
    with work.transaction() as connection:
        row = index_versions.named(connection, work.space_id, given)
        kept = {each.id: each for each in index_versions.kept(connection, work.space_id)}
    if row["id"] not in kept:
        raise Conflict(f"The index version {row['id']} is given up: {row['stale']}", hint="Build another one.")
    if row["state"] == "live":
        raise Conflict(f"The index version {row['id']} is live already.")
    return kept[row["id"]]


def complete(work: Work, version: IndexVersion) -> Filled:
    """Fills a version with all that is live, and makes its index.

    Raises:
        RageError: The model fails, or the version was dropped meanwhile.
        LexicalUnavailable: The lexical engine does not answer; the rest is done, and the next build goes on from there.
    """
    filled = fill(work, version, _embedder(work, version))
    with work.transaction() as connection:
        vectors.ensure_index(connection, work.space_id, version.id)
    indexes = open_indexes(work)
    try:
        heal(work, indexes)
        if version.id in indexes.lost:
            raise indexes.lost[version.id]
    finally:
        close_indexes(work)
    return filled


def _embedder(work: Work, version: IndexVersion) -> Embedder:
    try:
        embedder = work.platform.embedder_of(version.model)
    except RageError as error:
        raise given_up(work, version, str(error)) from error
    if embedder.dimension != version.dimension:
        raise given_up(work, version, f"The model gives vectors of {embedder.dimension} numbers, not {version.dimension}.")
    return embedder


def flaws(work: Work, version: IndexVersion) -> Flaws:
    """What a version is short of, looked up in every store under the lock of the lexical indexes."""
    indexes = open_indexes(work)
    try:
        with work.transaction() as connection:
            found = index_filling.flaws(connection, work.space_id, version.id)
            expected = outbox.count_live(connection, version.id)
            noted = outbox.is_noted(connection, work.space_id)
        index = indexes.opened.get(version.id)
        # what is noted is brought in, or taken out, by the run that noted it
        entries = expected if index is None else 0 if noted else abs(expected - index.count())
        return Flaws(found["documents"], found["vectors"], entries)
    finally:
        close_indexes(work)


def evaluate(work: Work, version: IndexVersion) -> Gate:
    """Has a version judged against the live one, and keeps what the gate says; one that was building is evaluated then.

    Raises:
        Conflict: Something is missing in it.
    """
    with work.transaction() as connection:
        before = index_versions.ground(connection, work.space_id)
    with open_evaluation(work.platform, work.space) as evaluation:
        verdict = judge(
            evaluation.reader,
            EVALUATOR,
            work.space,
            before["live"],
            version.id,
            run_id=work.run_id,
            progress=work.progress,
        )
    gate = gate_of(verdict, before, work.platform.settings)
    with work.transaction() as connection:
        keep_gate(connection, work.space_id, version.id, gate)
    return gate
