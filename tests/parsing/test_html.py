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


def test_a_figure_is_its_caption(parse):
    html = page('<figure><img src="a.png" alt="A lake"><figcaption>The lake in May.</figcaption></figure>')
    block = parse(html, "a.html").blocks[0]
    assert (block.type.value, block.text, block.metadata["alt"], block.metadata["source"]) == (
        "image", "The lake in May.", "A lake", "a.png",
    )  # fmt: skip


def test_a_linked_picture_is_its_alternative_text(parse):
    assert texts(parse(page('<a href="/x"><img src="a.png" alt="To the lake"></a>'), "a.html")) == ["To the lake"]


def test_an_alternative_text_that_is_the_files_name_is_none(parse):
    html = page('<p>Cold.</p><img src="/up/North-Lake-in-May.jpg" alt="North Lake in May">')
    assert texts(parse(html, "a.html")) == ["Cold."]


def test_a_formula_is_latex(parse):
    math = "<math><mfrac><mi>a</mi><mi>b</mi></mfrac></math>"
    assert texts(parse(page(f"<p>Let {math} be.</p>"), "a.html")) == [r"Let $\frac{a}{b}$ be."]


def test_a_formula_whose_readable_form_is_hidden_stands_once(parse):
    html = (
        '<p>So <span class="mwe-math-element"><span style="display: none"><math alttext="x^2"><mi>x</mi></math></span>'
        '<img class="mwe-math-fallback-image-inline" alt="x squared is shown"></span> holds.</p>'
    )
    assert texts(parse(page(html), "a.html")) == ["So $x^2$ holds."]


def test_the_reading_of_ruby_stands_behind_it(parse):
    html = page("<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字</p>")
    assert texts(parse(html, "a.html")) == ["漢(かん)字"]


def test_terms_and_their_definitions_are_a_list(parse):
    assert texts(parse(page("<dl><dt>Lake</dt><dd>Standing water</dd></dl>"), "a.html")) == ["- Lake\n  Standing water"]


def test_hidden_elements_are_left_out(parse):
    html = page('<p>Seen</p><p hidden>No</p><p style="display: none">No</p><template><p>No</p></template>')
    assert texts(parse(html, "a.html")) == ["Seen"]


def test_the_button_that_opens_a_section_is_its_heading(parse):
    document = parse(page("<h3><button>How deep is it?</button></h3><p>Eighty metres.</p><button>Send</button>"), "a.html")
    assert texts(document) == ["How deep is it?", "Eighty metres."]


def test_quotes_and_footnotes_say_so(parse):
    html = page('<blockquote><p>So be it.</p></blockquote><aside role="doc-footnote"><p>Said in May.</p></aside>')
    document = parse(f"<html><body>{html}</body></html>", "a.html")
    assert document.blocks[0].metadata["role"] == "quote"


def test_a_heading_keeps_its_anchor(parse):
    document = parse(page('<h2 id="depth">Depth</h2><section id="s"><h3>Cold</h3></section>'), "a.html")
    assert [block.metadata["anchor"] for block in document.blocks] == ["depth", "s"]


def test_code_beside_the_numbers_of_its_lines_is_code(parse):
    html = page(
        '<table class="highlighttable"><tr><td class="linenos"><pre>1\n2</pre></td><td class="code">'
        '<div class="highlight-python"><pre>a = 1\nb = 2</pre></div></td></tr></table>'
    )
    block = parse(html, "a.html").blocks[0]
    assert (block.type.value, block.text) == ("code", "a = 1\nb = 2")


def test_lists_in_cells_keep_their_numbers(parse):
    html = page("<table><tr><th>A</th><th>B</th></tr><tr><td>x</td><td><ol><li>one</li><li>two</li></ol></td></tr></table>")
    assert "1. one 2. two" in texts(parse(html, "a.html"))[0]


def test_columns_of_a_page_are_no_table(parse):
    html = page("<table><tr><td><p>One.</p><p>Two.</p></td><td><p>Three.</p><p>Four.</p></td></tr></table>")
    assert {block.type.value for block in parse(html, "a.html").blocks} == {"paragraph"}


def test_words_may_break_without_a_mark(parse):
    assert texts(parse(page("<p>Donau&shy;dampf&#8203;schiff</p>"), "a.html")) == ["Donaudampfschiff"]


def test_a_seven_bit_encoding_is_read_as_declared(parse):
    html = page("<p>湖は冷たい。</p>", '<meta charset="iso-2022-jp">').encode("iso2022_jp")
    assert texts(parse(html, "a.html")) == ["湖は冷たい。"]


def test_a_page_in_a_seven_bit_encoding_keeps_the_characters_that_only_windows_has(parse):
    html = page("<p>LAKE</p>", '<meta charset="iso-2022-jp">').encode().replace(b"LAKE", b"\x1b$B2q5D$O-!HV\x1b(B")
    assert texts(parse(html, "a.html")) == ["会議は①番"]


def test_the_labels_of_a_drawing_are_kept_and_icons_are_not(parse):
    drawing = "<svg><text>Rain</text><text>Lake</text><text>Sea</text></svg>"
    assert texts(parse(page(f"<p>So:</p>{drawing}<svg><title>icon</title></svg>"), "a.html")) == ["So:", "Rain Lake Sea"]


def test_a_page_that_is_no_site_is_all_content():
    from rage_assets.blocks.parsing.web.html import page as whole

    html = page('<div class="header"><p>Dear Ann,</p></div><p>See you.</p><div class="footer"><p>Bob, Lakes Inc.</p></div>')
    assert [block.text for block in whole(html).blocks] == ["Dear Ann,", "See you.", "Bob, Lakes Inc."]


def test_a_page_that_no_memory_holds_is_too_large(reason, monkeypatch):
    monkeypatch.setattr("rage_assets.blocks.parsing.web.html._LARGEST", 10)
    assert reason(page("<p>Lake</p>"), "a.html") == "too_large"
