"""What the database's owner does to the audit, and where `verify` says that it happened."""

import hashlib

import psycopg
import pytest

from resources.audit.anchor import anchor_file
from resources.audit.chain import Row, row_hash
from resources.audit.key import KeyRing
from resources.postgres import audit_log


def test_an_untouched_log_is_whole(filled):
    report = filled.verify()
    assert report.whole
    assert (report.rows, report.last_seq, report.anchored_seq) == (30, 30, 30)


@pytest.mark.parametrize("seq", [1, 13])
def test_a_deleted_row_is_missed(filled, seq):
    with filled.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq = %s", (seq,))
    assert filled.found() == [(seq, "removed")]


def test_deleted_rows_are_missed_by_their_numbers(filled):
    with filled.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq BETWEEN 5 AND 9")
    (problem,) = filled.verify().problems
    assert (problem.seq, problem.problem) == (5, "removed")
    assert "Rows 5 to 9 are missing before row 10" in problem.detail


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "user:bob"),
        ("outcome", "denied"),
        ("at", "2020-01-01"),
        ("details", '{"number": 99}'),
        ("details", '{"number": 11} '),
        ("space_id", "00000000-0000-0000-0000-000000000001"),
        ("request_id", "other"),
    ],
)
def test_a_changed_row_is_named(filled, column, value):
    with filled.owner() as connection:
        connection.execute(f"UPDATE audit_log SET {column} = %s WHERE seq = 12", (value,))
    assert filled.found() == [(12, "changed")]


def test_a_changed_last_row_is_named(filled):
    with filled.owner() as connection:
        connection.execute("UPDATE audit_log SET actor = 'user:bob' WHERE seq = 30")
    assert filled.found() == [(30, "changed")]


def test_swapped_rows_are_named_with_where_they_were(filled):
    with filled.owner() as connection:
        for before, after in ((9, 1000), (20, 9), (1000, 20)):
            connection.execute("UPDATE audit_log SET seq = %s WHERE seq = %s", (after, before))
    problems = filled.verify().problems
    assert [(each.seq, each.problem) for each in problems] == [(9, "moved"), (20, "moved")]
    assert "written as row 20" in problems[0].detail
    assert "written as row 9" in problems[1].detail


def test_swapped_neighbours_are_named(filled):
    with filled.owner() as connection:
        for before, after in ((9, 1000), (10, 9), (1000, 10)):
            connection.execute("UPDATE audit_log SET seq = %s WHERE seq = %s", (after, before))
    assert filled.found() == [(9, "moved"), (10, "moved")]


def test_swapped_contents_are_named(filled):
    with filled.owner() as connection:
        connection.execute(
            "UPDATE audit_log a SET details = b.details FROM audit_log b WHERE (a.seq, b.seq) IN ((9, 20), (20, 9))"
        )
    assert filled.found() == [(9, "changed"), (20, "changed")]


def test_closing_the_gap_of_a_deleted_row_does_not_help(filled):
    with filled.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq = 13")
        for seq in range(14, 31):
            connection.execute("UPDATE audit_log SET seq = %s WHERE seq = %s", (seq - 1, seq))
    assert filled.found()[0] == (13, "moved")


def _forge(filled, ring: KeyRing | None) -> None:
    """Rewrites row 12 and makes all hashes after it anew, with plain SHA-256 or a key of the owner's."""
    with audit_log.owner(filled.platform.url("owner")) as connection:
        rows = list(audit_log.rows(connection, audit_log.Filters(after=11)))
    rows[0] = rows[0]._replace(actor="user:bob")
    previous = rows[0].previous
    with filled.owner() as connection:
        for row in rows:
            made = row._replace(previous=previous)
            hash_ = row_hash(ring, made._replace(key_id=ring.writing)) if ring else hashlib.sha256(_bytes(made)).digest()
            connection.execute(
                "UPDATE audit_log SET actor = %s, previous = %s, hash = %s, key_id = %s WHERE seq = %s",
                (made.actor, previous, hash_, ring.writing if ring else made.key_id, made.seq),
            )
            previous = hash_


def _bytes(row: Row) -> bytes:
    return row.previous + repr(row[:-2]).encode()


def test_who_makes_plain_hashes_is_found(filled):
    _forge(filled, None)
    assert filled.found()[0] == (12, "changed")


def test_who_makes_hashes_with_another_key_is_found(filled):
    _forge(filled, KeyRing([b"x" * 32]))
    assert filled.found()[0] == (12, "unknown_key")


@pytest.mark.parametrize("numbered_at_end", [True, False])
def test_a_row_put_in_is_named(filled, numbered_at_end):
    with filled.owner() as connection:
        if not numbered_at_end:
            for seq in range(30, 12, -1):
                connection.execute("UPDATE audit_log SET seq = seq + 1 WHERE seq = %s", (seq,))
        connection.execute(
            "INSERT INTO audit_log SELECT %s, at, 'user:eve', actor_name, action, outcome, status, space_id, target, "
            "address, request_id, details, key_id, hash, sha256(hash) FROM audit_log WHERE seq = %s",
            (31, 30) if numbered_at_end else (13, 12),
        )
    seq, problem = filled.found()[0]
    assert seq == (31 if numbered_at_end else 13)
    assert problem in ("changed", "inserted")


def test_a_row_put_in_twice_is_named(filled):
    with filled.owner() as connection:
        connection.execute("ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey")
        connection.execute("INSERT INTO audit_log SELECT * FROM audit_log WHERE seq = 7")
        try:
            assert filled.found() == [(7, "inserted")]
        finally:
            connection.execute("TRUNCATE audit_log")
            connection.execute("ALTER TABLE audit_log ADD PRIMARY KEY (seq)")


def test_a_cut_tail_is_missed(filled):
    with filled.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq > 25")
    (problem,) = filled.verify().problems
    assert (problem.seq, problem.problem) == (26, "cut")
    assert "rows 26 to 30 are missing" in problem.detail


def test_a_truncated_table_is_missed(filled):
    with filled.owner() as connection:
        connection.execute("TRUNCATE audit_log")
    assert filled.found() == [(1, "cut")]


def test_a_truncated_table_is_still_missed_when_new_rows_have_come(filled):
    with filled.owner() as connection:
        connection.execute("TRUNCATE audit_log")
    filled.write(*["later"] * 40)
    assert filled.found() == [(30, "replaced")]


def test_a_cut_tail_is_still_missed_when_new_rows_have_come(filled):
    with filled.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq > 25")
    filled.write(*["later"] * 3)
    assert filled.found() == [(29, "cut")]
    filled.write(*["later"] * 10)
    assert filled.found() == [(30, "replaced")]


def test_a_dropped_table_is_missed(home):
    from tests.audit.conftest import Log

    log = Log(home, home.platform("api"))
    log.write("a")
    with log.owner(guarded=True) as connection:
        connection.execute("ALTER TABLE audit_log RENAME TO hidden")
        assert log.found() == [(0, "table_missing"), (1, "cut")]
        connection.execute("ALTER TABLE hidden RENAME TO audit_log")
    log.platform.close()


def test_a_changed_anchor_is_named(filled):
    path = anchor_file(filled.home.path)
    path.write_text(path.read_text().replace('"seq": 30', '"seq": 3'))
    assert filled.found() == [(0, "anchor_changed")]


def test_an_anchor_of_another_home_counts_too(filled, tmp_path):
    kept = tmp_path / "anchor.json"
    anchor_file(filled.home.path).rename(kept)
    with filled.owner() as connection:
        connection.execute("DELETE FROM audit_log WHERE seq > 25")
    assert filled.verify().whole
    assert filled.verify().anchored_seq is None
    assert filled.found(anchors=[kept]) == [(26, "cut")]


def test_of_many_changes_the_first_are_named(filled):
    with filled.owner() as connection:
        connection.execute("UPDATE audit_log SET actor = 'user:bob' WHERE seq > 4")
    found = filled.found()
    assert found[0] == (5, "changed")
    assert len(found) == 20


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'user:bob'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "DROP TABLE audit_log",
        "ALTER TABLE audit_log DISABLE TRIGGER USER",
        "SELECT * FROM audit_log",
        "SELECT seq FROM audit_log",
        "INSERT INTO audit_segments SELECT * FROM audit_segments",
        "UPDATE audit_segments SET file = ''",
        "DELETE FROM audit_segments",
        "SELECT * FROM audit_segments",
    ],
)
def test_the_services_can_only_add(filled, role, statement):
    options = f"-c search_path=rage,public -c role=rage_{role}"
    with (
        psycopg.connect(filled.platform.url(role), options=options) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)
    assert filled.verify().whole


@pytest.mark.parametrize(
    ("seq", "previous"), [(31, "decode(repeat('00', 32), 'hex')"), (40, "(rage_audit_head()).hash"), (30, "sha256('x')")]
)
def test_a_service_can_add_only_what_continues_the_chain(filled, seq, previous):
    insert = (
        "INSERT INTO audit_log (seq, at, actor, actor_name, action, outcome, target, address, request_id, details, key_id, "
        f"previous, hash) VALUES ({seq}, now(), '', '', 'x', 'allowed', '', '', '', '{{}}', 'k', {previous}, sha256('x'))"
    )
    url = filled.platform.url("api")
    with (
        psycopg.connect(url, options="-c search_path=rage,public -c role=rage_api") as connection,
        pytest.raises(psycopg.errors.SerializationFailure),
    ):
        connection.execute(insert)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'user:bob'",
        "DELETE FROM audit_log WHERE seq = 3",
        "TRUNCATE audit_log",
        "SET session_replication_role = replica; DELETE FROM audit_log WHERE seq = 3",
    ],
)
def test_the_owner_does_not_do_it_by_mistake(filled, statement):
    with (
        psycopg.connect(filled.superuser, options="-c search_path=rage,public") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)
    assert filled.verify().whole
