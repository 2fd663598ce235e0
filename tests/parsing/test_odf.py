import io
import zipfile

import pytest

from tests.parsing.small_files import zipped
from tests.parsing.small_odf import flat, odf, part

_NUMBERS = (
    '<text:list-style style:name="L1">'
    '<text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>'
    '<text:list-level-style-bullet text:level="2"/></text:list-style>'
)


@pytest.fixture
def read(parse):
    """The blocks of an OpenDocument text as kind and text."""
    return lambda body, **more: [(block.type.value, block.text) for block in parse(odf(body, **more), "a.odt").blocks]


def p(text, style=""):
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def item(content):
    return f"<text:list-item>{content}</text:list-item>"


def row(*cells, repeated=1):
    inner = "".join(cell if cell.startswith("<") else f"<table:table-cell>{p(cell)}</table:table-cell>" for cell in cells)
    return f'<table:table-row table:number-rows-repeated="{repeated}">{inner}</table:table-row>'


def test_headings_have_their_outline_levels_and_titles_their_styles(parse):
    styles = '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>'
    heads = "".join(f'<text:h text:outline-level="{level}">H{level}</text:h>' for level in (1, 2))
    blocks = parse(odf(p("Book", "P1") + heads + p("text", "Text_20_body"), styles=styles), "a.odt").blocks
    assert [(block.text, block.metadata.get("level")) for block in blocks] == [
        ("Book", 1), ("H1", 1), ("H2", 2), ("text", None),
    ]  # fmt: skip
    assert blocks[-1].section == ["H1", "H2"]


def test_headings_are_numbered_where_the_outline_is(read):
    level = '<text:outline-level-style text:level="{}" style:num-format="1" text:display-levels="{}"/>'
    levels = f"<text:outline-style>{level.format(1, 1)}{level.format(2, 2)}</text:outline-style>"
    outline = f"<office:styles>{levels}</office:styles>"
    heads = "".join(f'<text:h text:outline-level="{depth}">H</text:h>' for depth in (1, 2, 2, 1))
    assert [text for _, text in read(heads, shared=outline)] == ["1 H", "1.1 H", "1.2 H", "2 H"]


def test_lists_are_numbered_and_nested(read):
    inner = f"<text:list>{item(p('deep'))}</text:list>"
    body = f'<text:list text:style-name="L1">{item(p("one") + p("goes on") + inner)}{item(p("two"))}</text:list>'
    again = f'<text:list text:style-name="L1"><text:list-item text:start-value="7">{p("seven")}</text:list-item></text:list>'
    assert read(body + p("between") + again, styles=_NUMBERS) == [
        ("list", "1. one\n  goes on\n  - deep\n2. two"),
        ("paragraph", "between"),
        ("list", "7. seven"),
    ]


def test_white_space_is_what_the_elements_say(read):
    assert read(p('a \n  b<text:s text:c="2"/>c<text:tab/>d<text:line-break/>e<text:span>f</text:span>')) == [
        ("paragraph", "a b c d\nef"),
    ]


def test_merged_and_repeated_cells(read):
    wide = f'<table:table-cell table:number-columns-spanned="2">{p("wide")}</table:table-cell><table:covered-table-cell/>'
    twice = f'<table:table-cell table:number-columns-repeated="2">{p("x")}</table:table-cell>'
    head = f"<table:table-header-rows>{row('a', 'b', 'c')}</table:table-header-rows>"
    body = f"<table:table>{head}{row(wide, 'd')}{row(twice, 'e', repeated=2)}</table:table>"
    assert read(body) == [("table", "| a | b | c |\n| --- | --- | --- |\n| wide |  | d |\n| x | x | e |\n| x | x | e |")]


def test_what_repeats_without_end_is_bounded(reason):
    many = f'<table:table-cell table:number-columns-repeated="999999999">{p("x")}</table:table-cell>'
    tables = "".join(f"<table:table>{row(many, repeated=999999999)}</table:table>" for _ in range(2))
    assert reason(odf(tables), "a.odt") == "too_large"


def test_a_frame_around_text_is_no_table(read):
    cell = f"<table:table-cell>{p('one')}{p('two')}</table:table-cell>"
    assert read(f"<table:table>{row(cell)}</table:table>") == [("paragraph", "one"), ("paragraph", "two")]


def test_notes_and_comments_say_what_they_are(parse):
    note = f"<text:note><text:note-citation>1</text:note-citation><text:note-body>{p('small')}</text:note-body></text:note>"
    comment = f"<office:annotation><dc:creator>Ada</dc:creator>{p('Really?')}</office:annotation>"
    blocks = parse(odf(p(f"Text{note} and{comment} more")), "a.odt").blocks
    assert [(block.text, block.metadata) for block in blocks] == [
        ("Text[1] and more", {}),
        ("[1] small", {"role": "footnote"}),
        ("Really?", {"role": "comment", "author": "Ada"}),
    ]


def test_deleted_and_hidden_text_is_left_out(read):
    hidden = '<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>'
    region = f"<text:changed-region><text:deletion>{p('gone')}</text:deletion></text:changed-region>"
    deleted = f"<text:tracked-changes>{region}</text:tracked-changes>"
    body = deleted + p('seen<text:span text:style-name="T1">unseen</text:span>')
    assert read(body, styles=hidden) == [("paragraph", "seen")]


def test_text_boxes_and_pictures_with_words_follow_their_paragraph(read):
    box = f"<draw:frame><draw:text-box>{p('boxed')}</draw:text-box></draw:frame>"
    picture = "<draw:frame><draw:image/><svg:title>A duck</svg:title></draw:frame>"
    assert read(p(f"beside{box}{picture}")) == [("paragraph", "beside"), ("paragraph", "boxed"), ("image", "A duck")]


def test_code_is_code(read):
    assert read(p("a = 1", "Preformatted_20_Text") + p('<text:s text:c="2"/>b', "Preformatted_20_Text") + p("text")) == [
        ("code", "a = 1\n  b"),
        ("paragraph", "text"),
    ]


def test_headers_footers_and_facts_are_metadata_of_the_first_block(parse):
    texts = f"<style:header>{p('Top')}</style:header><style:footer>{p('Foot')}</style:footer>"
    master = f"<style:master-page>{texts}</style:master-page>"
    shared = f"<office:master-styles>{master}</office:master-styles>"
    meta = "<dc:title>Plan</dc:title><meta:initial-creator>Ada</meta:initial-creator><meta:keyword>a</meta:keyword>"
    document = parse(odf(p("Body"), shared=shared, meta=meta), "a.odt")
    assert document.title == "Plan"
    assert document.blocks[0].metadata == {
        "headers": ["Top"], "footers": ["Foot"], "document": {"author": "Ada", "keywords": "a"},
    }  # fmt: skip


def test_charts_are_tables_and_other_objects_files_of_their_own(parse):
    table = f"<table:table>{row('', 'Sales')}{row('May', '3')}</table:table>"
    chart = f"<office:body><office:chart><chart:chart>{table}</chart:chart></office:chart></office:body>"
    sheet = "<office:body><office:spreadsheet/></office:body>"
    link = '<draw:frame><draw:object xlink:href="./{}"/></draw:frame>'
    parts = {"Object 1__content_xml": part(chart), "Object 2__content_xml": part(sheet)}
    document = parse(odf(p("x" + link.format("Object 1") + link.format("Object 2")), **parts), "a.odt")
    assert document.blocks[1].text == "|  | Sales |\n| --- | --- |\n| May | 3 |"
    assert [child.name for child in document.children] == ["Object 2.ods"]
    assert zipfile.ZipFile(io.BytesIO(document.children[0].data)).namelist() == ["content.xml"]


def test_a_slide_is_a_page_with_its_title_texts_and_notes(parse):
    def frame(kind, content):
        return f'<draw:frame presentation:class="{kind}"><draw:text-box>{content}</draw:text-box></draw:frame>'

    notes = f"<presentation:notes>{frame('notes', p('say it') + p('slowly'))}</presentation:notes>"
    points = f"<text:list>{item(p('deep'))}{item(p('cold'))}</text:list>"
    table = f"<draw:frame><table:table>{row('a', 'b')}</table:table></draw:frame>"
    shapes = frame("outline", points) + frame("title", p("Lakes")) + frame("footer", p("7")) + table
    first = f'<draw:page draw:name="p1">{shapes}{notes}</draw:page>'
    second = f'<draw:page draw:name="Rivers"><draw:g><draw:custom-shape>{p("long")}</draw:custom-shape></draw:g></draw:page>'
    blocks = parse(odf(first + second, "presentation"), "a.odp").blocks
    assert [(block.page, block.type.value, block.text, block.section) for block in blocks] == [
        (1, "heading", "Lakes", []),
        (1, "list", "- deep\n- cold", ["Lakes"]),
        (1, "table", "| a | b |\n| --- | --- |", ["Lakes"]),
        (1, "paragraph", "say it\nslowly", ["Lakes"]),
        (2, "heading", "Rivers", []),
        (2, "paragraph", "long", ["Rivers"]),
    ]
    assert blocks[3].metadata == {"role": "note"}


def test_a_flat_file_is_read_alike(parse):
    document = parse(flat('<text:h text:outline-level="1">Title</text:h>' + p("text")), "a.fodt")
    assert [block.text for block in document.blocks] == ["Title", "text"]
    assert parse(flat(f'<draw:page draw:name="s">{p("x")}</draw:page>', "presentation"), "a.fodp").blocks[1].page == 1


def test_a_repacked_file_without_its_type_is_read_by_its_name(parse):
    with zipfile.ZipFile(io.BytesIO(odf(p("text")))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != "mimetype"}
    assert parse(zipped(parts), "a.odt").blocks[0].text == "text"


def test_a_password_and_a_missing_body_are_said(reason):
    manifest = '<manifest:manifest xmlns:manifest="urn:m"><manifest:encryption-data/></manifest:manifest>'
    assert reason(odf(p("x"), **{"META-INF__manifest_xml": manifest}), "a.odt") == "encrypted"
    assert reason(zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "a.odt") == "broken"
    assert reason(odf(""), "a.odt") == "no_text"


def test_a_heading_in_a_list_has_the_number_of_the_list(read):
    levels = "".join(
        f'<text:list-level-style-number text:level="{depth}" style:num-format="1" text:display-levels="{depth}" '
        f'text:start-value="{start}"/>'
        for depth, start in ((1, 3), (2, 1))
    )
    style = f'<text:list-style style:name="L">{levels}</text:list-style>'

    def heading(depth, more=""):
        inner = f'<text:h text:outline-level="{depth}">H</text:h>'
        for _ in range(depth):
            inner = f'<text:list text:style-name="L"{more}>{item(inner)}</text:list>'
        return inner

    goes_on = ' text:continue-numbering="true"'
    body = heading(2) + heading(2, goes_on) + heading(1, goes_on)
    assert read(body, styles=style) == [("heading", "3.1 H"), ("heading", "3.2 H"), ("heading", "3 H")]


def test_a_formula_stands_in_its_sentence(read):
    math = '<math xmlns="http://www.w3.org/1998/Math/MathML"><msup><mi>c</mi><mn>2</mn></msup></math>'
    frame = '<draw:frame><draw:object xlink:href="./Formula 1/"/></draw:frame>'
    parts = {"Formula 1__content_xml": math}
    assert read(p(f"is {frame} here"), **parts) == [("paragraph", "is $c^{2}$ here")]


def test_a_chart_is_read_once_with_its_title_and_kind(parse):
    title = f"<chart:title>{p('Ducks')}</chart:title>"
    table = f"<table:table>{row('', 'Sales')}{row('May', '3')}</table:table>"
    chart = f'<chart:chart chart:class="chart:circle">{title}{table}</chart:chart>'
    parts = {"Object 1__content_xml": part(f"<office:body><office:chart>{chart}</office:chart></office:body>")}
    frame = '<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'
    expected = [("paragraph", "Ducks"), ("image", "Pie chart"), ("table", "|  | Sales |\n| --- | --- |\n| May | 3 |")]
    slides = odf(f'<draw:page draw:name="A">{frame}</draw:page>', "presentation", **parts)
    cell = f"<table:table-row><table:table-cell>{frame}</table:table-cell></table:table-row>"
    sheet = odf(f'<table:table table:name="A">{cell}</table:table>', "spreadsheet", **parts)
    for data, name in ((slides, "a.odp"), (sheet, "a.ods")):
        assert [(block.type.value, block.text) for block in parse(data, name).blocks][-3:] == expected


def test_a_footer_is_told_once_for_all_slides(parse):
    declared = '<presentation:footer-decl presentation:name="f">Confidential</presentation:footer-decl>'
    typed = '<draw:frame presentation:class="footer"><draw:text-box><text:p>Lake Ltd</text:p></draw:text-box></draw:frame>'
    page = '<draw:page draw:name="A"{}>{}</draw:page>'
    pages = page.format(' presentation:use-footer-name="f"', p("x")) + page.format(
        ' presentation:use-footer-name="f"', typed
    )
    blocks = parse(odf(declared + pages, "presentation"), "a.odp").blocks
    assert [(block.page, block.text) for block in blocks if block.metadata.get("role") == "footer"] == [
        (1, "Confidential"),
        (2, "Lake Ltd"),
    ]


def test_what_a_program_says_of_a_picture_is_left_out(read):
    words = "<svg:title>duck.png</svg:title><svg:desc>A duck. Description automatically generated</svg:desc>"
    assert read(p(f"x<draw:frame>{words}</draw:frame>")) == [("paragraph", "x")]


def test_what_else_is_in_the_package_of_a_sheet_does_not_matter(parse):
    sheet = f'<table:table table:name="A">{row("a", "b")}</table:table>'
    menus = {
        "Configurations2__accelerator__current_xml": '<!DOCTYPE accel PUBLIC "x" "y.dtd"><accel/>',
        "Configurations2__empty_xml": "",
    }
    assert parse(odf(sheet, "spreadsheet", **menus), "a.ods").blocks[-1].text == "| a | b |\n| --- | --- |"


def test_a_template_of_styles_alone_has_no_text(reason):
    styles = '<o:document-styles xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><o:styles/></o:document-styles>'
    files = {"mimetype": "application/vnd.oasis.opendocument.text-template", "styles.xml": styles}
    assert reason(zipped(files), "a.ott") == "no_text"
