ARTICLE = """<article xmlns:xlink="http://www.w3.org/1999/xlink"><front><journal-meta>
<journal-title>Lake Studies</journal-title>
</journal-meta><article-meta><article-id pub-id-type="doi">10.1/x</article-id><title-group>
<article-title>On lakes</article-title>
</title-group><contrib-group><contrib contrib-type="author"><name><surname>Lee</surname><given-names>Ann</given-names></name>
</contrib><contrib contrib-type="editor"><name><surname>Ray</surname><given-names>Bo</given-names></name></contrib>
</contrib-group>
<aff><label>1</label><institution>Lake House</institution><country>Bavaria</country></aff>
<pub-date><day>1</day><month>5</month><year>2024</year></pub-date><abstract><p>Cold.</p></abstract></article-meta></front>
<body><sec id="s1"><title>Depth</title><p>It is <italic>deep</italic> [<xref>1</xref>].<fig id="f"><label>Fig 1</label>
<caption><title>Map.</title></caption></fig></p><p>So <inline-formula>
<tex-math>\\begin{document}$x^2$\\end{document}</tex-math>
</inline-formula> holds.</p><table-wrap><label>Table 1</label><caption><title>Lakes.</title></caption><table><thead>
<tr><th>Lake</th>
<th>Depth</th></tr></thead><tbody><tr><td>Ammer</td><td>81</td></tr></tbody></table><table-wrap-foot><p>In metres.</p>
</table-wrap-foot></table-wrap></sec></body><back><ack><p>Thanks.</p></ack><ref-list><ref><label>1</label><element-citation>
<person-group><name><surname>Ray</surname><given-names>B</given-names></name></person-group>
<article-title>Old lakes</article-title>
<source>Lakes</source><year>2001</year><volume>3</volume><fpage>1</fpage><lpage>9</lpage>
<pub-id pub-id-type="doi">10.1/y</pub-id>
</element-citation></ref></ref-list></back><sub-article article-type="reply"><front-stub><title-group>
<article-title>Reply</article-title>
</title-group></front-stub><body><p>We agree.</p></body></sub-article></article>"""


def texts(document):
    return [block.text for block in document.blocks]


def headings(document):
    return [block.text for block in document.blocks if block.type.value == "heading"]


def test_an_article_has_its_front_matter_text_and_references(parse):
    document = parse(ARTICLE, "a.nxml")
    assert headings(document) == ["On lakes", "Abstract", "Depth", "Acknowledgments", "References"]
    assert texts(document)[1:3] == ["Ann Lee", "Lake House, Bavaria"]
    assert "It is deep [1]." in texts(document)
    assert texts(document)[-1] == "1. Ray B. Old lakes. Lakes 3:1–9 (2001). DOI: 10.1/y"


def test_what_files_an_article_is_metadata(parse):
    facts = parse(ARTICLE, "a.nxml").blocks[0].metadata
    assert (facts["doi"], facts["journal"], facts["date"]) == ("10.1/x", "Lake Studies", "2024-05-01")
    assert facts["editors"] == "Ray Bo"


def test_figures_tables_and_formulas_of_an_article(parse):
    document = parse(ARTICLE, "a.nxml")
    kinds = {block.text: block.type.value for block in document.blocks}
    assert kinds["Fig 1 Map."] == "image"
    assert "So $x^2$ holds." in kinds
    at = texts(document).index("Table 1 Lakes.")
    assert document.blocks[at + 1].text == "| Lake | Depth |\n| --- | --- |\n| Ammer | 81 |"
    assert (document.blocks[at + 2].text, document.blocks[at + 2].metadata["role"]) == ("In metres.", "footnote")


def test_a_letter_within_an_article_is_a_document_of_its_own(parse):
    document = parse(ARTICLE, "a.nxml")
    assert [child.name for child in document.children] == ["Reply.xml"]
    assert texts(parse(document.children[0].data, "Reply.xml")) == ["Reply", "We agree."]


def test_docbook_has_sections_lists_code_and_tables(parse):
    xml = """<book xmlns="http://docbook.org/ns/docbook"><info><title>Lakes</title></info><chapter xml:id="c">
    <title>Depth</title>
    <para>It is <emphasis>deep</emphasis>.</para><orderedlist><listitem><para>Look</para></listitem><listitem>
    <para>Dive</para>
    </listitem></orderedlist><programlisting language="sh">dive\n  --deep</programlisting><note><para>Cold.</para></note>
    <informaltable><tgroup cols="2"><colspec colname="a"/><colspec colname="b"/><thead><row><entry>Lake</entry>
    <entry>Depth</entry></row>
    </thead><tbody><row><entry namest="a" nameend="b">none</entry></row></tbody></tgroup></informaltable></chapter></book>"""
    document = parse(xml, "a.xml")
    assert headings(document) == ["Lakes", "Depth"]
    assert "1. Look\n2. Dive" in texts(document)
    code = next(block for block in document.blocks if block.type.value == "code")
    assert (code.text, code.language) == ("dive\n  --deep", "sh")
    assert next(block for block in document.blocks if block.text == "Cold.").metadata["role"] == "note"
    assert texts(document)[-1] == "| Lake | Depth |\n| --- | --- |\n| none |  |"


def test_dita_has_titles_steps_and_notes(parse):
    xml = """<task id="t"><title>Dive</title><shortdesc>How to dive.</shortdesc><taskbody><steps><step>
    <cmd>Look.</cmd></step>
    <step><cmd>Jump.</cmd></step></steps></taskbody></task>"""
    assert texts(parse(xml, "a.dita")) == ["Dive", "How to dive.", "1. Look.\n2. Jump."]


def test_tei_has_its_title_divisions_and_verses(parse):
    xml = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>Songs</title><author>Ann</author>
    </titleStmt></fileDesc></teiHeader><text><body><div><head>Lake</head><lg><l>Cold water,</l><l>deep water.</l>
    </lg></div></body>
    </text></TEI>"""
    document = parse(xml, "a.xml")
    assert texts(document) == ["Songs", "Lake", "Cold water,\ndeep water."]
    assert document.blocks[0].metadata["author"] == "Ann"


def test_a_feed_has_a_section_for_each_item(parse):
    xml = """<rss><channel><title>News</title><item><title>Ice</title><link>https://a.example/ice</link><pubDate>Mon</pubDate>
    <description>&lt;p&gt;It is &lt;b&gt;cold&lt;/b&gt;.&lt;/p&gt;</description></item></channel></rss>"""
    document = parse(xml, "a.rss")
    assert texts(document) == ["News", "Ice", "It is cold."]
    assert document.blocks[1].metadata["link"] == "https://a.example/ice"


def test_an_atom_feed_is_read_alike(parse):
    xml = """<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><entry><title>Ice</title><author><name>Ann</name></author>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Cold.</p></div></content></entry></feed>"""
    document = parse(xml, "a.atom")
    assert texts(document) == ["News", "Ice", "Cold."]
    assert document.blocks[1].metadata["author"] == "Ann"


def test_an_outline_is_a_nested_list(parse):
    xml = '<opml><head><title>Feeds</title></head><body><outline text="Lakes"><outline text="Ice" xmlUrl="https://a.example"/></outline></body></opml>'
    assert texts(parse(xml, "a.opml")) == ["Feeds", "- Lakes\n  - Ice (https://a.example)"]


def test_a_drawing_has_its_title_and_labels(parse):
    xml = '<svg xmlns="http://www.w3.org/2000/svg"><title>Map</title><text>Rain</text><g><text>Lake</text></g></svg>'
    assert texts(parse(xml, "a.svg")) == ["Map", "Rain\nLake"]


def test_records_are_lines_of_names_and_values(parse):
    record = '<book id="{0}"><title>Lake {0}</title><author><name>Ann</name></author><text>{1}</text></book>'
    xml = "<shelf><owner>Bob</owner>" + "".join(record.format(number, "Cold. " * 100) for number in range(3)) + "</shelf>"
    document = parse(xml, "a.xml")
    assert document.blocks[1].text.startswith("id: 1\ntitle: Lake 1\nauthor/name: Ann\ntext: Cold.")
    assert document.blocks[1].metadata["path"] == "shelf/book"
    assert any("owner: Bob" in text for text in texts(document))


def test_small_records_stand_together(parse):
    document = parse("<r>" + "<i><a>1</a><b>two</b></i>" * 100 + "</r>", "a.xml")
    assert 2 < len(document.blocks) < 20


def test_a_sentence_with_marks_in_it_is_one_value(parse):
    assert texts(parse("<r><a>See <b>there</b> now.</a><c>2</c></r>", "a.xml")) == ["a: See there now.\nc: 2"]


def test_a_page_under_the_name_of_xml_is_a_page(parse):
    xml = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><h1>Lake</h1><p>Cold.</p></body></html>'
    assert headings(parse(xml, "a.xml")) == ["Lake"]


def test_entities_that_multiply_are_refused(reason):
    bomb = '<!DOCTYPE r [<!ENTITY a "aaa"><!ENTITY b "&a;&a;&a;">]><r>&b;</r>'
    assert reason(bomb, "a.xml") == "broken"
    assert reason('<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>', "a.xml") == "broken"


def test_broken_xml_is_refused(reason):
    assert reason("<r><a></r>", "a.xml") == "broken"


def test_xml_is_known_by_its_declaration(parse):
    assert texts(parse('<?xml version="1.0"?><r><a>1</a></r>', "unnamed")) == ["a: 1"]


def test_entities_of_html_are_known_without_their_document_type(parse):
    doctype = '<!DOCTYPE article PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "http://docbook.example/docbookx.dtd">'
    document = parse(f"{doctype}<article><para>Ann &mdash; Bob</para></article>", "a.xml")
    assert texts(document) == ["Ann — Bob"]
    assert texts(parse(f"{doctype}<r><a>1 &times; 2</a></r>", "a.xml")) == ["a: 1 × 2"]


def test_a_large_document_is_read_in_pieces(parse, monkeypatch):
    monkeypatch.setattr("rage_assets.blocks.parsing.web.xml._LARGEST", 10)
    assert "title: Lake" in texts(parse("<book><title>Lake</title><para>Cold.</para></book>", "a.xml"))[0]


def test_a_docbook_article_about_journals_is_no_journal(parse):
    text = "<article><title>The journal</title><section><title>Body</title><para>It logs.</para></section></article>"
    assert texts(parse(text, "a.xml")) == ["The journal", "Body", "It logs."]


def test_an_entity_that_nobody_knows_is_its_name(parse):
    doctype = '<!DOCTYPE article PUBLIC "-//KDE//DTD DocBook" "kdedbx45.dtd">'
    assert texts(parse(f"{doctype}<article><para>&konsole; is open.</para></article>", "a.xml")) == ["konsole is open."]


def test_facts_of_a_docbook_work_take_a_line_each(parse):
    info = (
        "<title>Lakes</title><authorgroup><author><firstname>Ann</firstname> <surname>Lee</surname></author>"
        "<author><personname>Bob Ray</personname></author></authorgroup>"
        "<copyright><year>2020</year><year>2021</year><holder>Ann Lee</holder></copyright>"
        "<abstract><para>About lakes.</para></abstract>"
    )
    document = parse(
        f"<book><bookinfo>{info}</bookinfo><chapter><title>One</title><para>Deep.</para></chapter></book>", "a.xml"
    )
    assert texts(document) == ["Lakes", "Ann Lee, Bob Ray", "2020 2021 Ann Lee", "About lakes.", "One", "Deep."]


def test_menus_and_keys_are_told_apart_from_words(parse):
    menu = "<menuchoice><guimenu>File</guimenu><guimenuitem>Save</guimenuitem></menuchoice>"
    keys = "<keycombo><keycap>Ctrl</keycap><keycap>S</keycap></keycombo>"
    assert texts(parse(f"<article><para>Use {menu} or {keys}.</para></article>", "a.xml")) == ["Use File > Save or Ctrl+S."]


def test_the_front_of_an_article_keeps_translated_titles_reviewed_works_and_notes(parse):
    front = (
        "<title-group><article-title>Lake</article-title><trans-title-group><trans-title>See</trans-title>"
        "</trans-title-group></title-group><author-notes><fn><p>No conflict.</p></fn></author-notes>"
        "<product><source>A Book</source></product><funding-group><award-group><funding-source>Fund</funding-source>"
        "<award-id>A1</award-id></award-group></funding-group>"
    )
    notes = "<notes><p>Data on request.</p></notes>"
    text = f"<article><front><article-meta>{front}</article-meta>{notes}</front><body><p>b</p></body></article>"
    blocks = parse(text, "a.nxml").blocks
    assert [block.text for block in blocks] == ["Lake", "See", "A Book", "b"]
    assert (blocks[0].metadata["notes"], blocks[0].metadata["funding"]) == ("No conflict.; Data on request.", "Fund A1")


def test_headings_of_articles_have_their_labels_and_appendices_their_parts(parse):
    text = (
        "<article><body><sec><label>2.1</label><title>Cold</title><statement><label>Theorem 1</label><title>T</title>"
        "<p>s</p></statement></sec></body><back><app-group><app><label>A</label><title>More</title><p>x</p></app></app-group>"
        "</back></article>"
    )
    found = [(block.type.value, block.text) for block in parse(text, "a.nxml").blocks]
    assert found == [
        ("heading", "2.1 Cold"), ("heading", "Theorem 1 T"), ("paragraph", "s"), ("heading", "A More"), ("paragraph", "x"),
    ]  # fmt: skip


def test_a_list_within_an_item_keeps_its_title(parse):
    text = (
        "<article><body><list><list-item><p>a</p><list><title>In</title><list-item><p>b</p></list-item></list></list-item>"
        "</list></body></article>"
    )
    assert parse(text, "a.nxml").blocks[0].text == "- a\n  In\n  - b"
