"""Names of uploads on the way in, and of documents on the way out."""

import hashlib
import io

import pytest

from api.uploads import check_file_name
from resources.errors import InvalidInput
from tests.api.conftest import api_home, api_platform, app, client, launcher, memory  # noqa: F401

REFUSED = [
    None, "", " ", ".", "..", "...", ". .", "\u2024\u2024", "．．", "../a.md", "..\\a.md", "/etc/passwd", "C:\\x", "a/b",
    "a\u2044b.md", "a\u2215b.md", "a／b.md", "a＼b.md", "a\0.md", "a\r\nX: y.md", "a\x1b[2J.md", "a\x7f.md", "a\x85.md",
    "a\u2028b.md", "a\ud800.md", "invoice\u202efdp.exe", "a\u2066b\u2069.md", "a\u200eb.md", "a\u061cb.md", "a\ufeffb.md",
    "a\u200bb.md", "a\U000e0041.md", "a.md ", " a.md", "a.md.", "a.md . ", "a.md\u00a0", "con", "CON.md", "nul.txt",
    "Aux.tar.gz",    "com1.md", "LPT9", "ＣＯＮ.md", "con .md", "n" * 251, "é" * 126, "😀" * 63,
]  # fmt: skip
TAKEN = ["a.md", "Übersicht 2024.pdf", "نامه‌ها.txt", "👩‍👩‍👧.md", "-rf", "--upload-pack=x", ".env",
         "%2e%2e%2fa.md", "..a.md", "a'; DROP TABLE x;--.md", "{{7*7}}.md", "$(id).md", "*.md", "[a].md",
         "console.md", "n" * 250]  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_is_more_than_a_name_is_refused(name):
    with pytest.raises(InvalidInput) as error:
        check_file_name(name)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_that_is_only_a_name_is_taken_as_it_is(name):
    assert check_file_name(name) == name


def test_both_ways_to_write_an_accent_are_one_name():
    assert check_file_name("e\u0301.md") == check_file_name("\u00e9.md") == "\u00e9.md"


@pytest.mark.parametrize("name", [name for name in TAKEN if "/" not in name])
def test_an_upload_stays_in_its_folder(tmp_path, name):
    from uuid import uuid4

    from resources.objects.store import ObjectStore

    store, space = ObjectStore(f"file://{tmp_path}/store"), uuid4()
    store.save_upload(space, name, io.BytesIO(b"x"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [str(path) for path in files] == [f"{store.uploads_path(space)}/{name}"]


@pytest.mark.parametrize(
    "path", ["a\r\nSet-Cookie: x=y\r\n\r\n<script>.md", 'a";x="b.md', "a\u202efdp.exe", "a\\b.md", "x/y\n.md", "é;’.md"]
)
def test_no_name_reaches_past_its_header(client, memory, path):  # noqa: F811
    document = memory.add(path, "text")
    response = client.get(f"/api/v1/memory/file/{document}/raw")
    assert response.status_code == 200
    disposition = response.headers["content-disposition"]
    prefix, _, value = disposition.partition("''")
    assert prefix == "attachment; filename*=UTF-8"
    assert set(value) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%-._~")
    assert "set-cookie" not in response.headers
    assert hashlib.sha256(response.content).hexdigest() == response.headers["etag"].strip('"')
