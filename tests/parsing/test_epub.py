import io
import zipfile

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
)
CHAPTERS = {"one.xhtml": "<h1>One</h1><p>First.</p>", "two.xhtml": "<p>Second.</p>", "notes.xhtml": "<p>A note.</p>"}


def book(*, items="", spine="", more=None, metadata=""):
    manifest = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in CHAPTERS)
    spine = spine or '<itemref idref="notes.xhtml" linear="no"/><itemref idref="one.xhtml"/><itemref idref="two.xhtml"/>'
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        f"<dc:title>Lakes</dc:title><dc:creator>Ann Lee</dc:creator><dc:language>en</dc:language>{metadata}</metadata>"
        f"<manifest>{manifest}{items}</manifest><spine>{spine}</spine></package>"
    )
    parts = {"META-INF/container.xml": CONTAINER, "OPS/book.opf": package}
    parts |= {
        f"OPS/{name}": f"<html xmlns='http://www.w3.org/1999/xhtml'><body>{body}</body></html>"
        for name, body in CHAPTERS.items()
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        for name, text in (parts | (more or {})).items():
            archive.writestr(name, text)
    return buffer.getvalue()


def texts(document):
    return [block.text for block in document.blocks]


def test_chapters_stand_in_the_order_of_the_spine_and_notes_at_the_end(parse):
    assert texts(parse(book(), "a.epub")) == ["One", "First.", "Second.", "A note."]


def test_a_book_has_its_title_author_and_language(parse):
    document = parse(book(), "a.epub")
    assert document.title == "Lakes"
    assert document.blocks[0].metadata["author"] == "Ann Lee"
    assert document.blocks[0].metadata["lang"] == "en"


def test_a_chapter_without_a_heading_has_the_one_of_the_contents(parse):
    entry = "<nav><ol><li><a href='two.xhtml'>Two</a></li></ol></nav>"
    nav = f"<html xmlns='http://www.w3.org/1999/xhtml'><body>{entry}</body></html>"
    item = '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    spine = '<itemref idref="nav"/><itemref idref="one.xhtml"/><itemref idref="two.xhtml"/>'
    document = parse(book(items=item, spine=spine, more={"OPS/nav.xhtml": nav}), "a.epub")
    assert texts(document) == ["One", "First.", "Two", "Second."]
    assert document.blocks[-1].section == ["Two"]


def test_the_contents_of_an_older_book_name_its_chapters(parse):
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Two</text></navLabel>'
        '<content src="two.xhtml#a"/></navPoint></navMap></ncx>'
    )
    item = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    assert "Two" in texts(parse(book(items=item, more={"OPS/toc.ncx": ncx}), "a.epub"))


def encryption(algorithm, part):
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
        f'<e:EncryptedData><e:EncryptionMethod Algorithm="{algorithm}"/><e:CipherData><e:CipherReference URI="{part}"/>'
        "</e:CipherData></e:EncryptedData></encryption>"
    )


def test_a_protected_book_is_encrypted(reason):
    part = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OPS/one.xhtml")
    assert reason(book(more={"META-INF/encryption.xml": part}), "a.epub") == "encrypted"


def test_a_book_with_obfuscated_fonts_is_read(parse):
    part = encryption("http://www.idpf.org/2008/embedding", "OPS/font.ttf")
    assert "First." in texts(parse(book(more={"META-INF/encryption.xml": part}), "a.epub"))


def test_a_chapters_title_that_is_no_heading_becomes_one(parse):
    nav = "<html xmlns='http://www.w3.org/1999/xhtml'><body><nav><a href='two.xhtml'>Second.</a></nav></body></html>"
    item = '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
    document = parse(book(items=item, more={"OPS/nav.xhtml": nav}), "a.epub")
    assert [(block.type.value, block.text) for block in document.blocks if block.text == "Second."] == [
        ("heading", "Second.")
    ]


def test_notes_that_readers_show_on_demand_are_kept(parse):
    more = {"OPS/two.xhtml": "<p>a</p><aside epub:type='footnote' hidden=''><p>A note.</p></aside><p hidden=''>no</p>"}
    spine = '<itemref idref="two.xhtml"/>'
    assert texts(parse(book(spine=spine, more=more), "a.epub")) == ["a", "A note."]


def test_a_chapter_that_is_damaged_leaves_the_others(parse):
    data = book().replace(b"<p>Second.</p>", b"<p>Damage.</p>")
    document = parse(data, "a.epub")
    assert texts(document) == ["One", "First.", "A note."]
    assert "two.xhtml" in document.blocks[0].metadata["incomplete"]
