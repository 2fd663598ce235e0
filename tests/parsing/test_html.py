def texts(document):
    return [block.text for block in document.blocks]


def page(body, head="<title>T</title>"):
    return f"<html><head>{head}</head><body>{body}</body></html>"


ARTICLE = "<p>" + "The lake is cold in spring and warm in summer. " * 5 + "</p>"


def test_page_furniture_is_left_out(parse):
    above = '<nav><a href="/">Home</a></nav><div class="cookie-banner">Accept cookies</div>'
    below = "<footer>Imprint</footer><script>x()</script>"
    document = parse(page(above + "<h1>Lakes</h1>" + ARTICLE + below), "a.html")
    assert len(document.blocks) == 2
    assert document.blocks[0].text == "Lakes"


def test_a_page_that_is_only_a_menu_keeps_it(parse):
    assert texts(
        parse(page('<nav><ul><li><a href="/a">First</a></li><li><a href="/b">Second</a></li></ul></nav>'), "a.html")
    )


def test_the_title_is_the_pages_own(parse):
    assert parse(page(ARTICLE), "a.html").title == "T"


def test_nested_lists_are_one_block(parse):
    html = page("<ul><li>Asia<ul><li>Japan</li></ul></li><li>Europe</li></ul>")
    assert texts(parse(html, "a.html")) == ["- Asia\n  - Japan\n- Europe"]


def test_a_merged_cell_stands_once(parse):
    html = page("<table><tr><th rowspan=2>A</th><th>B</th></tr><tr><td>C</td></tr></table>")
    assert texts(parse(html, "a.html")) == ["| A | B |\n| --- | --- |\n|  | C |"]


def test_a_table_that_lays_out_the_page_is_text(parse):
    document = parse(page("<table><tr><td><p>One.</p><p>Two.</p></td></tr></table>"), "a.html")
    assert [block.type.value for block in document.blocks] == ["paragraph", "paragraph"]


def test_double_line_breaks_part_paragraphs(parse):
    assert texts(parse(page("First<br>line<br><br>Second"), "a.html")) == ["First\nline", "Second"]


def test_preformatted_text_is_code(parse):
    block = parse(page('<pre><code class="language-sh">a\n  b</code></pre>'), "a.html").blocks[0]
    assert (block.type.value, block.language, block.text) == ("code", "sh", "a\n  b")


def test_the_declared_encoding_counts(parse):
    html = page("<p>Съешь ещё этих булок</p>", '<meta charset="windows-1251">').encode("cp1251")
    assert texts(parse(html, "a.html")) == ["Съешь ещё этих булок"]


def test_deep_nesting_is_read_to_a_bound(parse, reason):
    assert texts(parse(page("<div>" * 1000 + "deep"), "a.html")) == ["deep"]
    assert reason(page("<div>" * 100_000 + "deep"), "a.html") == "no_text"


def test_the_link_sign_of_a_heading_is_no_part_of_it(parse):
    html = page('<h2>Install<a class="headerlink" href="#i">¶</a></h2>' + ARTICLE)
    assert texts(parse(html, "a.html"))[0] == "Install"
