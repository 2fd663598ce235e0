import struct

import pytest

from rage_assets.blocks.parsing.mail.rtf_body import rtf_text
from tests.parsing.small_msg import Tree, ole


def properties(numbers: dict[int, int], header: int = 32) -> bytes:
    return bytes(header) + b"".join(struct.pack("<HHIiI", 3, pid, 6, value, 0) for pid, value in numbers.items())


def message(numbers: dict[int, int] | None = None, header: int = 32, **texts: str | bytes) -> Tree:
    """The storage of a message; texts are given by the numbers of their properties."""
    tree: Tree = {"__properties_version1.0": properties(numbers or {}, header)}
    for pid, text in texts.items():
        kind, data = ("0102", text) if isinstance(text, bytes) else ("001F", text.encode("utf-16-le"))
        tree[f"__substg1.0_{pid.removeprefix('p')}{kind}"] = data
    return tree


LETTER = {"p0037": "The lake", "p1000": "Hello Bob,\r\n\r\nit is open.\r\n", "p0C1A": "Ann", "p5D01": "ann@lake.org"}


def texts(document):
    return [block.text for block in document.blocks]


def test_subject_sender_receivers_and_text(parse):
    tree = message(**LETTER)
    tree["__recip_version1.0_#00000000"] = message({0x0C15: 1}, 8, p3001="Bob", p39FE="bob@lake.org")
    tree["__recip_version1.0_#00000001"] = message({0x0C15: 2}, 8, p3001="Cem Öz", p39FE="cem@lake.org")
    document = parse(ole(tree), "a.msg")
    envelope = "From: Ann <ann@lake.org>\nTo: Bob <bob@lake.org>\nCc: Cem Öz <cem@lake.org>"
    assert texts(document) == ["The lake", envelope, "Hello Bob,", "it is open."]
    assert document.blocks[0].metadata["to"] == ["Bob <bob@lake.org>"]
    assert (document.title, document.media_type) == ("The lake", "application/vnd.ms-outlook")


def test_the_headers_of_the_transport_are_metadata(parse):
    headers = "Date: Fri, 16 Dec 2022 17:04:16 -0500\r\nMessage-ID: <1@a>\r\nReferences: <0@a>\r\n"
    found = parse(ole(message(p007D=headers, **LETTER)), "a.msg").blocks[0].metadata
    assert (found["date"], found["message_id"], found["references"]) == ("2022-12-16T22:04:16+00:00", "1@a", ["0@a"])


def test_the_time_of_sending_stands_in_for_the_header(parse):
    tree = message(**LETTER)
    ticks = 133_156_658_560_000_000
    tree["__properties_version1.0"] += struct.pack("<HHIQ", 0x40, 0x0039, 6, ticks)
    assert parse(ole(tree), "a.msg").blocks[0].metadata["date"].startswith("2022-12-16T")


def test_old_strings_are_read_in_their_code_page(parse):
    tree = message({0x3FFD: 1251})
    tree["__substg1.0_0037001E"] = "Озеро открыто".encode("cp1251")
    assert texts(parse(ole(tree), "a.msg"))[0] == "Озеро открыто"


def test_html_is_read_where_there_is_no_plain_text(parse):
    html = "<p>Die Tür</p><ul><li>auf<li>zu</ul>".encode()
    assert texts(parse(ole(message({0x3FDE: 65001}, p1013=html, p0037="a")), "a.msg")) == ["a", "Die Tür", "- auf\n- zu"]


def test_attachments_are_children(parse):
    tree = message(**LETTER)
    tree["__attach_version1.0_#00000000"] = message({}, 8, p3707="Tiefe ä.pdf", p3701=b"%PDF-")
    tree["__attach_version1.0_#00000001"] = message({}, 8, p3704="A~1.TXT", p3701=b"text")
    document = parse(ole(tree), "a.msg")
    assert [(child.name, child.data) for child in document.children] == [("Tiefe ä.pdf", b"%PDF-"), ("A~1.TXT", b"text")]
    assert texts(document)[-1] == "Attachments: Tiefe ä.pdf, A~1.TXT"


def test_an_attachment_with_a_password_hides_neither_the_message_nor_other_attachments(parse):
    locked = ole({"EncryptedPackage": b"x", "EncryptionInfo": b"x"})
    tree = message(**LETTER)
    for at, (name, data) in enumerate({"locked.docx": locked, "open.txt": b"read me"}.items()):
        tree[f"__attach_version1.0_#{at:08}"] = message({}, 8, p3707=name, p3701=data)
    document = parse(ole(tree), "a.msg")
    assert texts(document)[0] == "The lake"
    assert [child.name for child in document.children] == ["locked.docx", "open.txt"]


def test_a_message_within_is_a_child(parse):
    tree = message(**LETTER)
    inner = message(header=24, **(LETTER | {"p0037": "Größe\tinnen"}))
    tree["__attach_version1.0_#00000000"] = message({}, 8) | {"__substg1.0_3701000D": inner}
    child = parse(ole(tree), "a.msg").children[0]
    document = parse(child.data, child.name)
    assert (child.name, document.title, texts(document)[-1]) == ("nested.eml", "Größe innen", "it is open.")


def test_a_body_of_nothing_but_compressed_rtf_is_read(parse):
    rtf = rb"{\rtf1\ansi Hello Bob.\par It is open.}"
    stored = struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
    assert texts(parse(ole(message(p0037="a", p1009=stored)), "a.msg")) == ["a", "Hello Bob.\nIt is open."]


def test_compressed_rtf_is_unpacked():
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert rtf_text(packed) == "hello world"


@pytest.mark.parametrize("data", [b"", b"short", b"\xff" * 100, struct.pack("<II4sI", 9, 2**31, b"LZFu", 0) + b"\0" * 5000])
def test_damaged_compressed_rtf_is_no_text(data):
    assert rtf_text(data).strip("\0\\{}") in ("", rtf_text(data))


def test_a_container_without_a_message_is_broken(reason):
    assert reason(ole({"something": b"else"}), "a.msg") == "broken"


def test_a_container_that_claims_more_than_it_holds_is_broken(reason):
    tree = message(**LETTER)
    data = bytearray(ole(tree))
    name = "__substg1.0_1000001F".encode("utf-16-le")
    at = data.index(name)
    data[at + 120 : at + 128] = struct.pack("<Q", 2**31 - 1)
    assert reason(bytes(data), "a.msg") == "broken"


def test_a_message_is_known_without_its_suffix(parse):
    assert parse(ole(message(**LETTER)), "attachment").media_type == "application/vnd.ms-outlook"


def test_a_cut_container_is_broken(reason):
    assert reason(ole(message(**LETTER))[:700], "a.msg") == "broken"
