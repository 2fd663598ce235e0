"""Staged blocks of documents of any length, read in parts."""

from contextlib import contextmanager
from uuid import uuid4

import pytest

from resources.postgres import staged_texts

pytestmark = pytest.mark.real


@pytest.mark.parametrize(("size", "octets", "parts"), [(4, 10**6, 3), (100, 250, 4), (100, 10**6, 1), (10, 10**6, 2)])
def test_blocks_come_in_parts_of_bounded_size_that_lose_none(home, size, octets, parts):
    ids = sorted((uuid4(), uuid4()), key=str)
    rows = [(each, order, "é" * 50) for each in ids for order in range(5)]
    platform = home.platform("worker")
    looks = 0
    try:
        with platform.database.transaction() as connection:
            connection.execute('CREATE TEMP TABLE staged_blocks (document_id uuid, "order" int, text text)')
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO staged_blocks VALUES (%s, %s, %s)", rows)

            @contextmanager
            def look():
                nonlocal looks
                looks += 1
                yield connection

            found = list(staged_texts.stream_blocks(look, ids, size, octets))
    finally:
        platform.close()
    assert [(row["document_id"], row["order"], row["text"]) for row in found] == rows
    assert looks == parts
