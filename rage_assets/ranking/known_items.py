"""Queries made from a space itself: a passage is asked for by words taken out of it, and should be found without them.

Such known-item queries (Azzopardi et al., "Building simulated queries for known-item topics", 2007) tell whether a tier
works in a space at all, not which of two good ones is better. They are searched for in a sample of the space, with an
exact scan and a lexical index that lives as long as the measurement, so that neither stores nor readers notice.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from rage_assets.lexical.indexes import entry
from rage_assets.ranking.weigh import LEANS, ndcg
from resources.embedding.protocol import Embedder
from resources.lexical.tantivy_index import TantivyIndex, open_lexical
from resources.postgres.search import Candidate
from resources.retrieval.profile import ROBUST
from resources.retrieval.tiers import Gathered

MOST_PASSAGES = 3_000
_MOST_QUERIES = 120
_DEPTH = 100
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s*(?=\S)|\n+")
_DOCSTRING = re.compile(r'("""|\'\'\')\s*(.+?)\s*\1', re.DOTALL)
_FEWEST_WORDS, _MOST_CHARACTERS, _FEWEST_CHARACTERS = 3, 250, 12


class Question(NamedTuple):
    """What is asked, of which document, and its passages without these words."""

    text: str
    document: UUID
    rows: list[dict[str, Any]]


def questions(rows: list[dict[str, Any]]) -> list[Question]:
    """One question for each document of which one can be made: its title, what a docstring says, or a sentence."""
    documents: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        documents.setdefault(row["document_id"], []).append(row)
    titles = Counter(own[0]["title"] for own in documents.values())
    found = (_question(own, titles) for own in documents.values())
    return [each for each in found if each is not None][:_MOST_QUERIES]


def _question(own: list[dict[str, Any]], titles: Mapping[str, int]) -> Question | None:
    first = own[0]
    title = first["title"]
    if titles[title] == 1 and len(title.split()) >= _FEWEST_WORDS and not first["path"].endswith(title):
        bare = [
            row | {"title": "", "section": _without(row["section"], title), "text": _cut(row["text"], title)} for row in own
        ]
        return Question(title, first["document_id"], bare)
    if found := _DOCSTRING.search(first["text"]):
        said = found[2].split("\n")[0].strip()
        changed = _cut(first["text"], found[0])
    else:
        pieces = [piece.strip() for piece in _SENTENCE.split(first["text"])]
        fit = [piece for piece in pieces if _FEWEST_CHARACTERS <= len(piece) <= _MOST_CHARACTERS]
        said = fit[1] if len(fit) > 2 else ""
        changed = _cut(first["text"], said) if said else ""
    if len(said) < _FEWEST_CHARACTERS or not changed:
        return None
    return Question(said, first["document_id"], [first | {"text": changed}])


def _cut(text: str, words: str) -> str:
    return text.replace(words, "").strip()


def _without(section: list[str], title: str) -> list[str]:
    return [each for each in section if each != title]


def known_item_scores(
    rows: list[dict[str, Any]], vectors: Mapping[UUID, NDArray[np.float32]], embedder: Embedder
) -> NDArray[np.float64]:
    """nDCG@10 of each question at each of `LEANS`.

    Args:
        rows: Passages of whole documents, as `ranking_profiles.sample` gives them.
        vectors: Theirs.
        embedder: The model of their index version.
    """
    asked = questions(rows)
    changed = {row["id"]: row for question in asked for row in question.rows}
    held = [changed.get(row["id"], row) for row in rows if row["id"] in vectors]
    held = [row for row in held if row["text"]]  # without its title, nothing may be left
    if not asked or not held:
        return np.zeros((0, len(LEANS)))
    anew = dict(zip(changed, embedder.encode([row["text"] for row in changed.values()]), strict=True))
    matrix = np.stack([anew.get(row["id"], vectors[row["id"]]) for row in held])
    wanted = embedder.encode_queries([question.text for question in asked])
    with tempfile.TemporaryDirectory(prefix="rage-ranking-") as folder:
        index = open_lexical(Path(folder) / "sample", create=True)
        index.add(entry(row) for row in held)
        index.commit()
        scores = list(_scores(index, asked, held, matrix, wanted))
        index.close()
    return np.array(scores).reshape(-1, len(LEANS))


def _scores(
    index: TantivyIndex,
    asked: list[Question],
    held: list[dict[str, Any]],
    matrix: NDArray[np.float32],
    wanted: NDArray[np.float32],
) -> Iterator[list[float]]:
    place = {row["id"]: number for number, row in enumerate(held)}
    for question, vector in zip(asked, wanted, strict=True):
        cosines = matrix @ vector
        bm25 = dict(index.search(question.text, _DEPTH))
        near = {held[number]["id"] for number in np.argsort(-cosines, kind="stable")[:_DEPTH]}
        ids = sorted(near | bm25.keys())
        candidates = {
            each: Candidate(row["document_id"], float(cosines[place[each]]), "code" in row["types"])
            for each in ids
            for row in (held[place[each]],)
        }
        gathered = Gathered(
            candidates,
            {each: float(cosines[place[each]]) for each in ids},
            bm25,
            len(bm25) >= _DEPTH,
            {each: matrix[place[each]] for each in ids},
            [],
        )
        yield [_at(lean, gathered, question.document) for lean in LEANS]


def _at(lean: float, gathered: Gathered, document: UUID) -> float:
    ranked = gathered.ranked(ROBUST.model_copy(update={"lean": lean}))
    best = sorted(ranked, key=lambda each: (-ranked[each], each.bytes))
    return ndcg(list(dict.fromkeys(gathered.candidates[each].document for each in best)), {document: 1})
