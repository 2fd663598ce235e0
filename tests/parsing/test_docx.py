import zipfile

from tests.parsing.small_files import docx, zipped


def paragraph(text, properties=""):
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def cell(text, properties=""):
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}</w:tc>"


def kinds(document):
    return [(block.type.value, block.text) for block in document.blocks]


HEADING = '<w:style w:styleId="H" w:type="paragraph"><w:name w:val="heading 2"/></w:style>'
ITEM = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="1"/></w:numPr>'
NUMBERS = (
    '<w:abstractNum w:abstractNumId="0">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
)


def test_a_heading_style_is_a_heading_of_its_level(parse):
    document = parse(docx(paragraph("Top", '<w:pStyle w:val="H"/>') + paragraph("text"), styles=HEADING), "a.docx")
    assert document.blocks[0].metadata["level"] == 2
    assert document.blocks[1].section == ["Top"]


def test_a_numbered_list_is_one_block_with_words_numbers(parse):
    body = paragraph("a", ITEM.format(0)) + paragraph("b", ITEM.format(1)) + paragraph("c", ITEM.format(0))
    assert kinds(parse(docx(body, numbering=NUMBERS), "a.docx")) == [("list", "1. a\n  1.a) b\n2. c")]


def test_a_merged_cell_stands_once(parse):
    wide, first, further = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    rows = f"<w:tr>{cell('A', wide)}{cell('B', first)}</w:tr><w:tr>{cell('1')}{cell('2')}{cell('B', further)}</w:tr>"
    document = parse(docx(f"<w:tbl>{rows}</w:tbl>"), "a.docx")
    assert kinds(document) == [("table", "| A |  | B |\n| --- | --- | --- |\n| 1 | 2 |  |")]


def test_a_text_box_is_read_once_though_word_writes_it_twice(parse):
    box = f"<w:txbxContent>{paragraph('boxed')}</w:txbxContent>"
    body = (
        "<w:p><w:r><mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'>"
        f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert kinds(parse(docx(body), "a.docx")) == [("paragraph", "boxed")]


def test_footnotes_and_comments_are_kept(parse):
    body = '<w:p><w:r><w:t>Text</w:t><w:footnoteReference w:id="2"/></w:r></w:p>'
    notes = f'<w:footnote w:id="2">{paragraph("the note")}</w:footnote>'
    comments = f'<w:comment w:id="0" w:author="Ann">{paragraph("really?")}</w:comment>'
    document = parse(docx(body, footnotes=notes, comments=comments), "a.docx")
    assert [block.text for block in document.blocks] == ["Text[2]", "[2] the note", "really?"]
    assert document.blocks[2].metadata == {"role": "comment", "author": "Ann"}


def test_an_equation_is_latex(parse):
    run = "<m:r><m:t>{}</m:t></m:r>"
    fraction = f"<m:f><m:num>{run.format('a')}</m:num><m:den>{run.format('π')}</m:den></m:f>"
    document = parse(docx(f"<w:p><m:oMath>{fraction}</m:oMath></w:p>"), "a.docx")
    assert document.blocks[0].text == r"$\frac{a}{ \pi }$"


def test_deleted_text_is_left_out(parse):
    body = "<w:p><w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>"
    assert kinds(parse(docx(body), "a.docx")) == [("paragraph", "new")]


def test_a_zip_bomb_is_refused(reason):
    bomb = zipped({"[Content_Types].xml": "", "word/document.xml": b"\0" * 120_000_000}, zipfile.ZIP_DEFLATED)
    assert reason(bomb, "a.docx") == "broken"


def test_entities_that_lead_elsewhere_are_refused(reason):
    body = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    xml = f'{body}<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>safe&e;</w:t></w:r></w:p></w:body></w:document>'
    assert reason(zipped({"[Content_Types].xml": "", "word/document.xml": xml}), "a.docx") == "broken"
