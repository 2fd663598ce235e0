"""Archives: members as children, and archives that unpack to more than anybody should have."""

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from rage_assets.blocks.parsing import parse_file
from rage_assets.blocks.parsing.archives import members
from resources.errors import ParseFailed
from tests.parsing.small_files import zipped


def tar(entries: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def oldest_tar(entries: dict[str, bytes]) -> bytes:
    """An archive as the first tar wrote it: no mark, only names, sizes and a sum of each header."""
    parts = []
    for name, data in entries.items():
        head = name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % len(data) + b"0" * 11 + b"\0"
        head = head.ljust(148, b"\0") + b" " * 8
        head = head[:148] + b"%06o\0 " % sum(head) + bytes(512 - 156)
        parts.append(head + data.ljust(512, b"\0"))
    return b"".join(parts) + bytes(1024)


def inside(document):
    return {
        child.name: child.data if isinstance(child.data, bytes) else Path(child.data).read_bytes()
        for child in document.children
    }


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", zipped({"x.md": "one", "y/z.txt": "two"})),
        ("a.tar", tar({"x.md": b"one", "y/z.txt": b"two"})),
        ("a.tgz", tar({"x.md": b"one", "y/z.txt": b"two"}, "w:gz")),
        ("a.tar.bz2", tar({"x.md": b"one", "y/z.txt": b"two"}, "w:bz2")),
        ("a.tar.xz", tar({"x.md": b"one", "y/z.txt": b"two"}, "w:xz")),
        ("oldest.tar", oldest_tar({"x.md": b"one", "y/z.txt": b"two"})),
        ("oldest.tar.gz", gzip.compress(oldest_tar({"x.md": b"one", "y/z.txt": b"two"}))),
        ("nameless", tar({"x.md": b"one", "y/z.txt": b"two"}, "w:gz")),
    ],
)
def test_members_are_children_and_their_names_a_list(parse, name, data):
    document = parse(data, name)
    assert inside(document) == {"x.md": b"one", "y/z.txt": b"two"}
    assert [block.text for block in document.blocks] == ["- x.md\n- y/z.txt"]


@pytest.mark.parametrize(("name", "pack"), [("log.txt.gz", gzip), ("log.txt.bz2", bz2), ("log.txt.xz", lzma)])
def test_a_packed_file_is_unpacked_under_its_own_name(parse, name, pack):
    assert inside(parse(pack.compress(b"a line"), name)) == {"log.txt": b"a line"}


def test_zstandard_needs_its_library_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(ParseFailed) as failure:
        parse_file(b"\x28\xb5\x2f\xfd" + b"\0" * 20, "a.tar.zst")
    assert failure.value.reason == "unsupported_format"
    assert "zstandard" in failure.value.message


def test_zstandard_is_unpacked_where_its_library_is_installed(parse):
    zstandard = pytest.importorskip("zstandard")
    packed = zstandard.compress(tar({"x.md": b"one", "big.txt": b"word " * 200_000}))
    assert inside(parse(packed, "a.tar.zst")) == {"x.md": b"one", "big.txt": b"word " * 200_000}
    assert inside(parse(zstandard.compress(b"a ") + zstandard.compress(b"line"), "log.txt.zst")) == {"log.txt": b"a line"}


def test_a_large_member_waits_on_disk(parse):
    document = parse(zipped({"big.txt": b"word " * 200_000}), "a.zip")
    assert not isinstance(document.children[0].data, bytes)
    assert inside(document) == {"big.txt": b"word " * 200_000}


def test_what_systems_leave_in_archives_is_left_out(parse):
    data = zipped({"__MACOSX/x": "1", ".DS_Store": "2", "a/.git/config": "3", "Thumbs.db": "4", "a/x.txt": "5"})
    assert set(inside(parse(data, "a.zip"))) == {"a/x.txt"}


def test_links_and_devices_are_no_members(parse):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            entry = tarfile.TarInfo(f"bad-{kind!r}")
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        entry = tarfile.TarInfo("good.txt")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"text"))
    assert inside(parse(buffer.getvalue(), "a.tar")) == {"good.txt": b"text"}


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "a/../../x", "..\\..\\x"])
def test_no_name_leads_out_of_the_archive(parse, name):
    (child,) = parse(tar({name: b"text"}), "a.tar").children
    assert not child.name.startswith("/")
    assert ".." not in child.name.split("/")


def test_names_in_an_old_code_page_are_read(parse):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("Angebot für Müller.txt", "Übersicht der Gebühren.txt"):
            archive.writestr(zipfile.ZipInfo(name.encode("cp1252").decode("cp437")), "text")
    data = bytearray(buffer.getvalue())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # nothing says that the names are UTF-8
        place = data.find(mark)
        while place >= 0:
            flags = int.from_bytes(data[place + at : place + at + 2], "little") & ~0x800
            data[place + at : place + at + 2] = flags.to_bytes(2, "little")
            place = data.find(mark, place + 4)
    document = parse(bytes(data), "a.zip")
    assert len(document.children) == 2


def test_of_two_members_with_one_name_the_last_counts(parse):
    assert inside(parse(tar({"a.txt": b"one"})[:1024] + tar({"a.txt": b"two"}), "a.tar")) == {"a.txt": b"two"}


def test_members_whose_paths_mean_the_same_place_are_one_member(parse):
    assert inside(parse(tar({"a.txt": b"one", "./a.txt": b"two"}), "a.tar")) == {"a.txt": b"two"}


def test_a_damaged_member_takes_none_of_the_others_with_it(parse):
    data = zipped({"a.txt": "first", "b.txt": "second", "c.txt": "third"})
    place = data.index(b"b.txt") + len("b.txt")
    document = parse(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :], "a.zip")
    assert inside(document) == {"a.txt": b"first", "c.txt": b"third"}
    assert "b.txt" in document.blocks[0].metadata["incomplete"]


def test_of_an_archive_that_was_cut_off_the_members_before_are_read(parse):
    whole = tar({"a.txt": b"first", "b.txt": b"x" * 5000})
    document = parse(whole[:3000], "a.tar")
    assert inside(document) == {"a.txt": b"first"}
    assert document.blocks[0].metadata["incomplete"]


def test_archives_are_opened_only_so_deep(reason):
    assert reason(zipped({"x": "y"}), "a.zip!/b.zip!/c.zip!/d.zip!/e.zip!/f.zip") == "too_deep"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.gz", gzip.compress(bytes(80_000_000))),
        ("a.tgz", gzip.compress(tar({"zeros": bytes(80_000_000)}))),
        ("a.xz", lzma.compress(bytes(80_000_000))),
        ("a.bz2", bz2.compress(bytes(80_000_000))),
    ],
)
def test_what_unpacks_to_too_much_is_refused(reason, name, data):
    assert reason(data, name) == "too_large"


def test_an_archive_of_too_many_members_is_refused(reason, monkeypatch):
    monkeypatch.setattr(members, "_MOST_MEMBERS", 10)
    assert reason(tar({f"{n}.txt": b"x" for n in range(11)}), "a.tar") == "too_large"


@pytest.mark.parametrize("name", ["a.tar", "a.tgz", "a.zip", "a.xz"])
def test_a_damaged_archive_says_so(reason, name):
    data = {"a.tar": tar({"x.txt": b"x" * 5000}), "a.tgz": tar({"x.txt": bytes(range(256)) * 99}, "w:gz")}.get(name)
    data = data or (zipped({"x.txt": "y" * 500}) if name == "a.zip" else lzma.compress(bytes(range(256)) * 99))
    assert reason(data[: len(data) // 2], name) == "broken"


def test_a_password_that_the_operator_gives_opens_an_archive():
    # one member, `a.txt`, with the text "hidden words", under the password "secret"
    data = bytes.fromhex(_ENCRYPTED)
    assert inside(parse_file(data, "a.zip", passwords=["wrong", "secret"])) == {"a.txt": b"hidden words"}


def test_an_archive_with_a_password_that_nobody_knows_is_encrypted(reason):
    assert reason(bytes.fromhex(_ENCRYPTED), "a.zip") == "encrypted"


_ENCRYPTED = (
    "504b0304140001000000000021004675e054180000000c00000005000000612e747874c888c2bf0de3a403f415328dd8c704"
    "480b167b30a7674263504b01021400140001000000000021004675e054180000000c00000005000000000000000000000000"
    "0000000000612e747874504b05060000000001000100330000003b0000000000"
)
