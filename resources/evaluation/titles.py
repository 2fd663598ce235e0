"""Queries made from a space itself, where nobody gave any: each title should find its document.

They are weak evidence. The words of a title stand in the document, which makes them easier than what people ask; they tell
of vectors or an index that are broken, not of one model that is a little better than another.
"""

from uuid import UUID

from resources.evaluation.models import JudgedQuery, Judgement
from resources.postgres import evaluation as store
from resources.postgres.database import Connection

_MOST = 200
_LEAST = 10
_LOOKED_AT = 1_000
_SHARED_BY = 3  # a title that more documents have names none of them
_LEAST_CHARACTERS, _MOST_CHARACTERS = 8, 500


def title_queries(connection: Connection, space_id: UUID) -> list[JudgedQuery]:
    """Queries from the titles of a space's documents, the same ones as long as those are there; none where there are few.

    Args:
        connection: A transaction that sees the whole space.
        space_id: The space.
    """
    found = [
        JudgedQuery(id=f"title-{number}", text=title, judgements=[Judgement(path=path) for path in paths])
        for number, (title, paths) in enumerate(store.titles(connection, space_id, _LOOKED_AT).items(), 1)
        if _LEAST_CHARACTERS <= len(title.strip()) <= _MOST_CHARACTERS and len(paths) <= _SHARED_BY
    ]
    return found[:_MOST] if len(found) >= _LEAST else []
