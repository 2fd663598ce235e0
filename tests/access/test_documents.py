"""Documents that are narrower than their space: who sees them, from when, and what a change of rules costs."""

import zipfile

import pytest

from resources.access import LOCAL_ADMIN, Caller, Role
from resources.access.rules import AccessRule
from resources.cache.layers import Asked
from resources.errors import Forbidden, NotFound, Unauthorized
from resources.postgres import access_rules, members, sources, spaces
from resources.retrieval.models import SearchRequest
from resources.retrieval.search import Retriever

pytestmark = pytest.mark.real

READER = Caller("user:reader")
HR = Caller("user:hr", groups=("hr",))
MODES = ("hybrid", "vector", "lexical", "pattern")


FILES = {
    "open.md": "# Bicycles\n\nBicycles are parked behind the building.\n",
    "hr/pay.md": "# Salaries\n\nThe canary salary of the director is a secret.\n",
    "hr/.rage-access.yaml": "groups: [hr]\n",
}


@pytest.fixture(scope="module")
def company(shared_home, tmp_path_factory):
    """A space with an open document and one in a folder that is for the group hr; tests leave it as it is."""
    yield from stocked(shared_home, tmp_path_factory.mktemp("docs"))


@pytest.fixture
def changing_company(home, tmp_path):
    """The same, to change."""
    yield from stocked(home, tmp_path)


def stocked(home, folder):
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    space = home.space(folder=folder)
    report = home.ingest()
    assert (report.state, report.documents.new) == ("succeeded", 2)
    platform = home.platform()
    with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        for principal in ("user:11111111-1111-1111-1111-111111111111", "group:hr", "key:reader"):
            members.grant(connection, space, principal, Role.READER, "test")
        connection.execute("UPDATE entitlements SET principal = 'user:reader' WHERE principal LIKE 'user:1111%%'")
    yield home, platform, space, folder
    platform.close()


def found(platform, caller, query="canary salary director", mode="hybrid"):
    retriever = Retriever(platform.enter, platform.embedder_of, platform.lexical)
    query = '"canary salary"' if mode == "pattern" else query
    return {r.document.path for r in retriever.search(caller, SearchRequest(space="demo", query=query, mode=mode)).results}


def paths(platform, caller):
    with platform.enter(caller, "demo") as (connection, _):
        return [row["path"] for row in connection.execute("SELECT path FROM documents ORDER BY path").fetchall()]


@pytest.mark.parametrize("mode", MODES)
def test_a_closed_document_is_found_by_its_group_and_by_nobody_else(company, mode):
    _, platform, _, _ = company
    assert "hr/pay.md" in found(platform, HR, mode=mode)
    assert "hr/pay.md" not in found(platform, READER, mode=mode)
    assert "hr/pay.md" in found(platform, LOCAL_ADMIN, mode=mode)


def test_no_table_shows_anything_of_a_closed_document(company):
    _, platform, _, _ = company
    with platform.enter(READER, "demo") as (connection, _):
        for query in (
            "SELECT count(*) AS n FROM documents WHERE path LIKE 'hr/%%'",
            "SELECT count(*) AS n FROM blocks WHERE text LIKE '%%canary%%'",
            "SELECT count(*) AS n FROM passages WHERE text LIKE '%%canary%%'",
            "SELECT count(*) AS n FROM access_files",
            "SELECT count(*) AS n FROM entitlements",
        ):
            assert connection.execute(query).fetchone()["n"] == 0, query


def test_taking_the_access_file_away_opens_the_folder_without_parsing_or_embedding(changing_company):
    home, platform, _, folder = changing_company
    (folder / "hr" / ".rage-access.yaml").unlink()
    report = home.ingest()
    assert (report.documents.unchanged, report.blocks, report.embedded) == (2, 0, 0)
    assert "hr/pay.md" in found(platform, READER)


def test_an_access_file_that_cannot_be_read_closes_its_folder_to_all_but_administrators(changing_company):
    home, platform, _, folder = changing_company
    (folder / "hr" / ".rage-access.yaml").write_text("grups: [everyone]\n")
    report = home.ingest()
    assert report.state == "partly"
    assert report.errors[0]["path"] == "hr/.rage-access.yaml"
    assert paths(platform, HR) == ["open.md"]
    assert paths(platform, LOCAL_ADMIN) == ["hr/pay.md", "open.md"]


def test_an_access_file_is_in_effect_when_its_documents_appear(changing_company):
    home, platform, _, folder = changing_company
    (folder / "new").mkdir()
    (folder / "new" / "!first.md").write_text("# First\n\nThis sorts before the access file.\n")
    (folder / "new" / ".rage-access.yaml").write_text("groups: [hr]\n")
    home.ingest()
    assert paths(platform, READER) == ["open.md"]
    assert "new/!first.md" in paths(platform, HR)


def test_a_link_opens_nothing_that_is_closed_where_it_leads(changing_company):
    home, platform, _, folder = changing_company
    with zipfile.ZipFile(folder / "hr" / "box.zip", "w") as archive:
        archive.writestr("pay.md", FILES["hr/pay.md"])
    (folder / "link.md").symlink_to("hr/pay.md")
    (folder / "link.zip").symlink_to(folder / "hr" / "box.zip")
    (folder / "fine.md").symlink_to("open.md")
    home.ingest()
    assert paths(platform, READER) == ["fine.md", "open.md"]
    linked = {"link.md", "link.zip", "link.zip!/pay.md"}
    assert linked < set(paths(platform, HR)) and not linked & found(platform, READER)
    (folder / ".rage-access.yaml").write_text("groups: [board]\n")
    (folder / "hr" / ".rage-access.yaml").unlink()
    home.ingest()
    assert paths(platform, READER) == paths(platform, HR) == []


def test_what_a_link_leads_to_decides_from_the_next_run_on(changing_company):
    home, platform, _, folder = changing_company
    (folder / "link.md").symlink_to("open.md")
    home.ingest()
    assert "link.md" in paths(platform, READER)
    (folder / "link.md").unlink()
    (folder / "link.md").symlink_to("hr/pay.md")
    home.ingest()
    assert "link.md" not in paths(platform, READER)
    (folder / "link.md").unlink()
    (folder / "link.md").write_text(FILES["hr/pay.md"])
    report = home.ingest()
    assert "link.md" in paths(platform, READER)
    assert report.embedded == 0


def test_a_rule_of_the_source_is_in_effect_at_once_cached_results_included(company):
    _, platform, space, _ = company
    retriever = Retriever(platform.enter, platform.embedder_of, platform.lexical)
    request = SearchRequest(space="demo", query="where are bicycles parked")
    assert [r.document.path for r in retriever.search(READER, request).results] == ["open.md"]
    with platform.enter(LOCAL_ADMIN, "demo") as (connection, _):
        source = sources.get(connection, space, "files")
        changed = access_rules.set_rules(connection, source.id, [AccessRule(pattern="*.md", groups=("hr",))])
        assert changed == 1  # the other one is for hr already
    assert retriever.search(READER, request).results == []
    with platform.enter(LOCAL_ADMIN, "demo") as (connection, _):
        access_rules.set_rules(connection, source.id, [])
    assert [r.document.path for r in retriever.search(READER, request).results] == ["open.md"]


def test_callers_of_equal_rights_share_cached_results_and_others_do_not(company):
    _, platform, _, _ = company
    retriever = Retriever(platform.enter, platform.embedder_of, platform.lexical)
    request = SearchRequest(space="demo", query="salary of the director")

    def remembered() -> int:
        return retriever.layers.counts().get(Asked("result", "L0", "hit"), 0)

    first = retriever.search(HR, request)
    assert remembered() == 0
    retriever.search(Caller("user:other", groups=("hr",)), request)
    assert remembered() == 1
    assert retriever.search(READER, request).results != first.results
    assert remembered() == 1


def test_leaving_a_group_ends_the_sight_of_its_spaces_and_documents(company):
    _, platform, _, _ = company
    assert paths(platform, HR) == ["hr/pay.md", "open.md"]
    with pytest.raises(NotFound):
        paths(platform, Caller("user:hr"))


def test_taking_a_member_away_is_in_effect_at_once(changing_company):
    _, platform, space, _ = changing_company
    assert paths(platform, HR)
    with platform.enter(LOCAL_ADMIN, "demo") as (connection, _):
        members.revoke(connection, space, "group:hr")
    with pytest.raises(NotFound):
        paths(platform, HR)


def test_a_role_is_needed_for_what_it_does(company):
    _, platform, _, _ = company
    with pytest.raises(Forbidden), platform.enter(READER, "demo", Role.INGESTOR):
        pass
    with pytest.raises(NotFound), platform.enter(Caller("user:stranger"), "demo", Role.INGESTOR):
        pass


def test_a_reader_changes_nothing_even_where_the_query_layer_forgets_to_ask(company):
    _, platform, _, _ = company
    with platform.enter(READER, "demo") as (connection, row):
        for statement in (
            "UPDATE documents SET state = 'removing'",
            "UPDATE spaces SET epoch = epoch + 1",
            "UPDATE sources SET access_rules = '[]'",
            "DELETE FROM entitlements",
        ):
            assert connection.execute(statement).rowcount == 0, statement
    import psycopg

    for statement in (
        "INSERT INTO entitlements (space_id, principal, role) VALUES (%s, 'user:reader', 'admin')",
        "SELECT rage_classify(%s, '{}', '{}')",
        "INSERT INTO sources (id, space_id, name, kind, location) VALUES (gen_random_uuid(), %s, 'x', 'folder', '/')",
        "UPDATE sources SET location = '/' WHERE space_id = %s",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), platform.enter(READER, "demo") as (connection, row):
            connection.execute(statement, (row["id"],))


def test_only_platform_administrators_create_spaces(company):
    _, platform, _, _ = company
    with pytest.raises(Forbidden), platform.database.transaction(caller=READER) as connection:
        spaces.create(connection, "mine", shards=1, model="m", dimension=3, creator="user:reader")


def test_a_platform_role_counts_in_every_space(company):
    _, platform, _, _ = company
    everywhere = Caller("user:auditor", platform_role=Role.READER)
    assert paths(platform, everywhere) == ["open.md"]
    with pytest.raises(Forbidden), platform.enter(everywhere, "demo", Role.INGESTOR):
        pass


def test_a_revoked_sign_in_is_over_at_once(company):
    _, platform, _, _ = company
    signed_in = Caller("user:reader", session="s-1")
    assert paths(platform, signed_in)
    with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        connection.execute("SELECT rage_revoke('session:s-1')")
    with pytest.raises(Unauthorized):
        paths(platform, signed_in)
    assert paths(platform, Caller("user:reader", session="s-2"))


def test_the_last_administrator_of_a_space_stays(company):
    from resources.errors import Conflict

    _, platform, space, _ = company
    with pytest.raises(Conflict), platform.enter(LOCAL_ADMIN, "demo") as (connection, _):
        members.revoke(connection, space, "user:local-admin")


def test_a_quarantined_document_of_a_closed_folder_is_not_told_either(changing_company):
    home, platform, _, folder = changing_company
    (folder / "hr" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    report = home.ingest()
    assert report.documents.quarantined == 1
    from resources.postgres import reading

    def listed(caller):
        with platform.enter(caller, "demo") as (connection, row):
            files = [each["path"] for each in reading.files(connection, row["id"], None, 100)]
            return files + [each["path"] for each in reading.quarantine(connection, row["id"], None, 100)]

    assert listed(READER) == ["open.md"]
    assert "hr/broken.pdf" in listed(HR)
    with platform.enter(READER, "demo") as (connection, _):
        (run,) = connection.execute("SELECT id FROM runs ORDER BY created_at DESC LIMIT 1").fetchall()
        assert reading.job(connection, run["id"])["errors"] == []
    with platform.enter(HR, "demo") as (connection, _):
        assert [error["path"] for error in reading.job(connection, run["id"])["errors"]] == ["hr/broken.pdf"]
