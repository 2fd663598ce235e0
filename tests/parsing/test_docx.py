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


def related(body, **parts):
    """A document that names further parts by their kind, each as `name.suffix` with two underscores for the dot."""
    links = ""
    files = {"[Content_Types].xml": "<Types/>"}
    for key, data in parts.items():
        kind, _, suffix = key.partition("__")
        links += f'<Relationship Id="{kind}" Type="http://x/{kind}" Target="{kind}.{suffix or "xml"}"/>'
        files[f"word/{kind}.{suffix or 'xml'}"] = data
    files["word/_rels/document.xml.rels"] = f"<Relationships>{links}</Relationships>"
    files["word/document.xml"] = f'<w:document xmlns:w="w" xmlns:r="r"><w:body>{body}</w:body></w:document>'
    return zipped(files)


def test_headers_and_footers_of_pages_are_metadata(parse):
    header = f'<w:hdr xmlns:w="w">{paragraph("Acme")}</w:hdr>'
    footer = f'<w:ftr xmlns:w="w">{paragraph("- 2 -")}</w:ftr>'
    document = parse(related(paragraph("text"), header=header, footer=footer), "a.docx")
    assert kinds(document) == [("paragraph", "text")]
    assert document.blocks[0].metadata == {"header": ["Acme"]}


def test_a_table_in_a_table_stands_below_it(parse):
    inner = f"<w:tbl><w:tr>{cell('1')}{cell('2')}</w:tr></w:tbl>"
    rows = f"<w:tr>{cell('A')}{cell('B')}</w:tr><w:tr>{cell('x')}<w:tc>{paragraph('y')}{inner}</w:tc></w:tr>"
    assert kinds(parse(docx(f"<w:tbl>{rows}</w:tbl>"), "a.docx")) == [
        ("table", "| A | B |\n| --- | --- |\n| x | y |"),
        ("table", "| 1 | 2 |\n| --- | --- |"),
    ]


def test_deleted_rows_and_cells_before_the_grid_are_seen(parse):
    rows = (
        f"<w:tr>{cell('A')}{cell('B')}</w:tr><w:tr><w:trPr><w:del/></w:trPr>{cell('old')}{cell('old')}</w:tr>"
        f'<w:tr><w:trPr><w:gridBefore w:val="1"/></w:trPr>{cell("x")}</w:tr>'
    )
    assert kinds(parse(docx(f"<w:tbl>{rows}</w:tbl>"), "a.docx")) == [("table", "| A | B |\n| --- | --- |\n|  | x |")]


def test_content_controls_are_read_but_not_their_prompts(parse):
    control = "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    body = control.format("", paragraph("filled")) + control.format("<w:showingPlcHdr/>", paragraph("Click here"))
    assert kinds(parse(docx(body), "a.docx")) == [("paragraph", "filled")]


def test_what_is_chosen_in_forms_is_read(parse):
    box = '<w:ffData><w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox></w:ffData>'
    choice = (
        '<w:ffData><w:ddList><w:result w:val="1"/><w:listEntry w:val="a"/><w:listEntry w:val="b"/></w:ddList></w:ffData>'
    )
    body = "<w:p>" + "".join(f"<w:r><w:fldChar>{each}</w:fldChar></w:r>" for each in (box, choice)) + "</w:p>"
    assert kinds(parse(docx(body), "a.docx")) == [("paragraph", "☒b")]


def test_hidden_text_is_left_out(parse):
    body = "<w:p><w:r><w:t>seen</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>unseen</w:t></w:r></w:p>"
    assert kinds(parse(docx(body), "a.docx")) == [("paragraph", "seen")]


def test_a_chart_and_a_description_stand_where_they_are_drawn(parse):
    drawing = '<w:p><w:r><w:t>before</w:t></w:r><w:r><w:drawing><docPr descr="A duck on a lake"/>{}</w:drawing></w:r></w:p>'
    chart = (
        "<chartSpace><chart><plotArea><pieChart><ser><tx><v>n</v></tx><cat><strLit><pt idx='0'><v>a</v></pt></strLit></cat>"
        "<val><numLit><pt idx='0'><v>3.0</v></pt></numLit></val></ser></pieChart></plotArea></chart></chartSpace>"
    )
    body = drawing.format('<chart r:id="chart"/>') + paragraph("after")
    assert kinds(parse(related(body, chart=chart), "a.docx")) == [
        ("paragraph", "before"),
        ("image", "A duck on a lake"),
        ("image", "Pie chart"),
        ("table", "|  | n |\n| --- | --- |\n| a | 3 |"),
        ("paragraph", "after"),
    ]


def test_embedded_and_imported_files_are_attached(parse):
    body = paragraph("text") + '<w:altChunk r:id="aFChunk"/>'
    document = parse(related(body, package__xlsx="PK", aFChunk__html="<p>imported</p>"), "a.docx")
    assert [(child.name, child.data) for child in document.children] == [
        ("aFChunk.html", b"<p>imported</p>"),
        ("package.xlsx", b"PK"),
    ]


def test_a_list_starts_where_it_is_told_to(parse):
    override = (
        '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/>'
        "</w:lvlOverride></w:num>"
    )
    body = paragraph("a", ITEM.format(0)) + paragraph("b", ITEM.format(0).replace('numId w:val="1"', 'numId w:val="2"'))
    assert kinds(parse(docx(body, numbering=NUMBERS + override), "a.docx")) == [("list", "1. a"), ("list", "7. b")]


def test_a_heading_is_known_by_its_styles_id_where_no_styles_are(parse):
    document = parse(docx(paragraph("Top", '<w:pStyle w:val="Heading2"/>')), "a.docx")
    assert document.blocks[0].metadata["level"] == 2


def test_rare_signs_of_equations_are_latex(parse):
    run = "<m:r><m:t>{}</m:t></m:r>"
    brace = f"<m:groupChr><m:e>{run.format('a⊕b')}</m:e></m:groupChr>"
    name = f"<m:limLow><m:e>{run.format('lim')}</m:e><m:lim>{run.format('n')}</m:lim></m:limLow>"
    limit = f"<m:func><m:fName>{name}</m:fName><m:e>{run.format('x')}</m:e></m:func>"
    document = parse(docx(f"<w:p><m:oMath>{brace}{limit}</m:oMath></w:p>"), "a.docx")
    assert document.blocks[0].text == r"$\underbrace{a \oplus b}\lim_{n}(x)$"


def test_a_zip_bomb_is_refused(reason):
    bomb = zipped({"[Content_Types].xml": "", "word/document.xml": b"\0" * 120_000_000}, zipfile.ZIP_DEFLATED)
    assert reason(bomb, "a.docx") == "broken"


def test_entities_that_lead_elsewhere_are_refused(reason):
    body = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    xml = f'{body}<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>safe&e;</w:t></w:r></w:p></w:body></w:document>'
    assert reason(zipped({"[Content_Types].xml": "", "word/document.xml": xml}), "a.docx") == "broken"


def test_marks_that_are_typed_make_a_list(parse):
    items = "".join(f"<w:p><w:r><w:t>•</w:t><w:tab/><w:t>{word}</w:t></w:r></w:p>" for word in ("one", "two"))
    blocks = parse(docx(items + "<w:p><w:r><w:t>- no list</w:t></w:r></w:p>"), "a.docx").blocks
    assert [(block.type.value, block.text) for block in blocks] == [("list", "- one\n- two"), ("paragraph", "- no list")]


def test_the_base_of_all_titles_is_a_heading_only_where_it_is_used_itself(parse):
    styles = (
        '<w:style w:type="paragraph" w:styleId="H"><w:name w:val="Heading"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="C"><w:name w:val="Caption"/><w:basedOn w:val="H"/></w:style>'
    )
    body = "".join(f'<w:p><w:pPr><w:pStyle w:val="{s}"/></w:pPr><w:r><w:t>{s}</w:t></w:r></w:p>' for s in "HC")
    blocks = parse(docx(body, styles=styles), "a.docx").blocks
    assert [(block.type.value, block.text) for block in blocks] == [("heading", "H"), ("paragraph", "C")]


def test_a_numbered_item_in_a_cell_keeps_its_number_and_is_counted(parse):
    items = "".join(paragraph(word, ITEM.format(0)) for word in "ab")
    body = f"<w:tbl><w:tr><w:tc>{items}</w:tc>{cell('x')}</w:tr></w:tbl>" + paragraph("c", ITEM.format(0))
    assert kinds(parse(docx(body, numbering=NUMBERS), "a.docx")) == [
        ("table", "| 1. a 2. b | x |\n| --- | --- |"),
        ("list", "3. c"),
    ]


def test_letters_of_the_symbol_font_and_letters_as_drawings_are_text(parse):
    body = (
        '<w:p><w:r><w:sym w:font="Symbol" w:char="F061"/><w:t> </w:t><w:sym w:font="Symbol" w:char="F0B3"/><w:t> </w:t>'
        '<w:sym w:font="Symbol" w:char="F032"/></w:r></w:p>'
        '<w:p><w:r><w:pict><v:textpath xmlns:v="urn:schemas-microsoft-com:vml" string="Big news"/></w:pict></w:r></w:p>'
    )
    assert kinds(parse(docx(body), "a.docx")) == [("paragraph", "α ≥ 2"), ("paragraph", "Big news")]


def test_a_table_that_a_person_described_has_its_description(parse):
    table = (
        '<w:tbl><w:tblPr><w:tblCaption w:val="Table 1"/><w:tblDescription w:val="Depths of the lake by month"/></w:tblPr>'
        f"<w:tr>{cell('a')}{cell('b')}</w:tr></w:tbl>"
    )
    assert parse(docx(table), "a.docx").blocks[0].text == "Depths of the lake by month"
