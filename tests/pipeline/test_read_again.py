"""What is read again, what never, and what a file's name and content have to do with it."""

import pytest

from tests.pipeline.reports import counts

pytestmark = pytest.mark.real
HOLIDAYS = "# Holidays\n\nEveryone has thirty days of paid leave each year.\n"


def test_what_no_person_wrote_is_skipped_and_no_failure(home, write):
    lock = {"poetry.lock": '[[package]]\nname = "x"\n', "app.min.js": "var a=1;" * 50}
    space = home.space(folder=write({"a.md": HOLIDAYS} | lock))
    report = home.ingest()
    assert (report.state, report.errors) == ("succeeded", [])
    assert counts(report) == {"new": 3, "skipped": 2}
    assert home.rows("SELECT path FROM documents", space=space) == [{"path": "a.md"}]
    assert counts(home.ingest()) == {"unchanged": 1, "skipped": 2}


def test_what_no_person_wrote_is_read_where_the_operator_wants_it(home, write):
    space = home.space(folder=write({"poetry.lock": '[[package]]\nname = "x"\n'}))
    home.ingest(parse_generated=True)
    assert home.rows("SELECT path FROM documents", space=space) == [{"path": "poetry.lock"}]


def test_a_new_version_of_a_parser_reads_again_what_it_reads_and_nothing_else(home, write, monkeypatch):
    from rage_assets.blocks.parsing import registry

    space = home.space(folder=write({"a.md": HOLIDAYS, "b.md": "# B\n\nAnother.\n", "c.txt": "Plain words.\n"}))
    home.ingest()
    before = {row["path"]: row["run_id"] for row in home.rows("SELECT path, run_id FROM documents", space=space)}
    markdown = registry.parser_for("a.md")
    monkeypatch.setattr(type(markdown), "version", markdown.version + 1)
    report = home.ingest()
    assert (counts(report), report.embedded) == ({"changed": 2, "unchanged": 1}, 0)
    after = {row["path"]: row["run_id"] for row in home.rows("SELECT path, run_id FROM documents", space=space)}
    assert {path for path in after if after[path] != before[path]} == {"a.md", "b.md"}


def test_a_file_that_moves_and_a_copy_are_not_read_again(home, write, monkeypatch):
    from rage_assets.blocks.isolation.pool import ReaderPool

    read = []
    submit = ReaderPool.submit
    monkeypatch.setattr(ReaderPool, "submit", lambda pool, data, path: read.append(path) or submit(pool, data, path))
    folder = write({"a.md": HOLIDAYS, "untitled.txt": "Plain words.\n", "c.py": "def f():\n    return 1\n"})
    space = home.space(folder=folder)
    home.ingest()
    blocks = (
        "SELECT d.path, d.title, b.type, b.text, b.section, b.metadata FROM documents d "
        'JOIN blocks b ON b.document_id = d.id ORDER BY d.path, b."order"'
    )
    before = home.rows(blocks, space=space)
    read.clear()
    (folder / "inner").mkdir()
    (folder / "a.md").rename(folder / "inner" / "b.md")
    (folder / "untitled.txt").rename(folder / "named.txt")
    (folder / "copy.py").write_bytes((folder / "c.py").read_bytes())
    report = home.ingest()
    assert (read, report.state, report.embedded) == ([], "succeeded", 0)
    titles = {row["path"]: row["title"] for row in home.rows(blocks, space=space)}
    assert titles["named.txt"] == "named.txt"
    after = [{**row, "path": "", "title": ""} for row in home.rows(blocks, space=space) if row["path"] != "copy.py"]
    assert sorted(map(str, after)) == sorted(str({**row, "path": "", "title": ""}) for row in before)


def test_a_copy_that_is_read_otherwise_is_read(home, write):
    space = home.space(folder=write({"a.json": '{"name": "value"}'}))
    home.ingest()
    write({"a.txt": '{"name": "value"}', "vendor/a.json": '{"name": "value"}'})
    report = home.ingest()
    assert (counts(report), report.state) == ({"new": 2, "unchanged": 1, "skipped": 1}, "succeeded")
    kinds = {row["path"]: row["media_type"] for row in home.rows("SELECT path, media_type FROM documents", space=space)}
    assert kinds == {"a.json": "application/json", "a.txt": "text/plain"}


def test_a_copy_whose_whole_name_says_what_it_is_is_read_as_that(home, write):
    space = home.space(folder=write({"notes.txt": "project(lake)\n"}))
    home.ingest()
    write({"CMakeLists.txt": "project(lake)\n"})
    home.ingest()
    kinds = {row["path"]: row["media_type"] for row in home.rows("SELECT path, media_type FROM documents", space=space)}
    assert kinds == {"CMakeLists.txt": "text/x-cmake", "notes.txt": "text/plain"}


def test_a_new_version_of_a_parser_reads_again_what_has_its_content_under_another_name(home, write, monkeypatch):
    from rage_assets.blocks.parsing import registry

    page = "<!DOCTYPE html><html><body><p>A page that is saved under the name of a text.</p></body></html>"
    space = home.space(folder=write({"page.txt": page, "words.txt": "Plain words.\n"}))
    home.ingest()
    assert counts(home.ingest()) == {"unchanged": 2}
    for name, changed in (("a.html", "page.txt"), ("a.txt", "words.txt")):
        before = {row["path"]: row["run_id"] for row in home.rows("SELECT path, run_id FROM documents", space=space)}
        parser = registry.parser_for(name)
        with monkeypatch.context() as patched:
            patched.setattr(type(parser), "version", parser.version + 1)
            assert counts(home.ingest()) == {"changed": 1, "unchanged": 1}
            assert counts(home.ingest()) == {"unchanged": 2}
            after = {row["path"]: row["run_id"] for row in home.rows("SELECT path, run_id FROM documents", space=space)}
            assert [path for path in after if after[path] != before[path]] == [changed]
        home.ingest()
