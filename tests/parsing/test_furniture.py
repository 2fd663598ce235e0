import json

import pytest

SENTENCE = "The lake is cold in spring and warm in summer, and {} people swim there every day. "
ARTICLE = "".join(f"<p>{SENTENCE.format(number) * 3}</p>" for number in range(10, 18))
MENU = '<nav><a href="/">Home</a></nav>'


def texts(document):
    return [block.text for block in document.blocks]


def site(body, head="<title>Lakes of the north</title>"):
    return f"<html><head>{head}</head><body>{MENU}{body}<footer>Imprint and more</footer></body></html>"


def words(document):
    return " ".join(texts(document))


def test_teasers_beside_an_article_are_left_out(parse):
    teasers = "".join(
        f'<div class="box"><h4><a href="/{n}">Another story {n}</a></h4><span>Today</span></div>' for n in range(8)
    )
    document = parse(site(f"<h1>Lakes of the north</h1><div><div>{ARTICLE}</div></div><div>{teasers}</div>"), "a.html")
    assert document.blocks[0].text == "Lakes of the north"
    assert len(document.blocks) == 9


def test_bylines_above_and_share_lines_below_an_article_are_left_out(parse):
    body = (
        f"<article><h1>Lakes of the north</h1><p>By Ann Lee</p><div>{ARTICLE}</div><p>Share this on Mastodon</p></article>"
    )
    document = parse(site(body), "a.html")
    assert "Ann Lee" not in words(document)
    assert "Mastodon" not in words(document)


@pytest.mark.parametrize("name", ["rating", "tools", "related-work", "popular-lakes"])
def test_a_part_of_the_article_stays_whatever_its_class_says(parse, name):
    part = f'<div class="{name}"><p>{SENTENCE.format(99) * 3}</p></div>'
    assert "99 people" in words(parse(site(f"<article><h1>Lakes</h1>{ARTICLE}{part}{ARTICLE}</article>"), "a.html"))


def test_tables_and_code_within_an_article_stay(parse):
    table = "<table><tr><th>Lake</th><th>Depth</th></tr><tr><td>Ammer</td><td>81</td></tr></table>"
    document = parse(site(f"<article><h1>Lakes</h1>{ARTICLE}{table}<pre>dive --deep</pre></article>"), "a.html")
    assert [block.type.value for block in document.blocks[-2:]] == ["table", "code"]


def test_headings_of_parts_that_went_go_with_them(parse):
    links = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("One", "Two", "Three"))
    more = f"<h2>More lakes</h2><ul>{links}</ul>"
    assert "More lakes" not in texts(parse(site(f"<article><h1>Lakes</h1>{ARTICLE}{more}</article>"), "a.html"))


def test_comments_of_readers_are_no_part_of_an_article(parse):
    comments = f'<div id="comments"><p>{"I swam there once, and it was colder than the article says. " * 4}</p></div>'
    assert "I swam" not in words(parse(site(f"<article><h1>Lakes</h1>{ARTICLE}</article>{comments}"), "a.html"))


def test_a_page_without_furniture_is_kept_whole(parse):
    below = "<p>Signed: Ann</p><p><a href='/x'>Source</a></p>"
    html = f"<html><body><h1>Lakes</h1><p>Draft of May</p>{ARTICLE}{below}</body></html>"
    document = parse(html, "a.html")
    assert {"Draft of May", "Signed: Ann", "Source"} <= set(texts(document))


def test_documentation_keeps_its_short_parts(parse):
    parts = "".join(f"<h2 id='o{n}'>option_{n}</h2><p>Default: {n}</p><pre>set {n}</pre>" for n in range(20))
    document = parse(site(f"<main><h1>Options</h1><p>{SENTENCE.format(5)}</p>{parts}</main>"), "a.html")
    assert sum(block.type.value == "heading" for block in document.blocks) == 21
    assert sum(block.text.startswith("Default") for block in document.blocks) == 20


def test_the_declared_body_of_an_article_is_a_vote_for_it(parse):
    body = " ".join(SENTENCE.format(number) * 2 for number in range(8))
    head = f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "articleBody": body})}</script>'
    document = parse(site("<div id='app'></div>", head), "a.html")
    assert "7 people" in words(document)


def test_what_a_page_says_of_itself_is_metadata_of_the_first_block(parse):
    head = (
        '<link rel="canonical" href="https://lakes.example/north"><meta name="author" content="Ann Lee">'
        '<meta property="article:published_time" content="2024-05-01"><meta name="description" content="All about lakes.">'
    )
    html = site(f"<h1>Lakes</h1>{ARTICLE}", head).replace("<html>", '<html lang="en">')
    facts = parse(html, "a.html").blocks[0].metadata
    assert facts["canonical"] == "https://lakes.example/north"
    assert (facts["author"], facts["date"], facts["lang"]) == ("Ann Lee", "2024-05-01", "en")
    assert facts["description"] == "All about lakes."


def test_a_large_page_is_read_in_linear_time(parse):
    document = parse(site("<h2>A lake</h2><p>It is cold.</p>" * 8000), "a.html")
    assert len(document.blocks) > 8000


def test_of_documentation_all_sections_with_code_are_kept_with_their_headings(parse):
    prose = "This command moves back through the directories that were visited before, one after the other. " * 6
    body = (
        '<section id="a"><h1>prevd</h1><section id="b"><h2>Synopsis</h2><pre>prevd [POS]</pre></section>'
        f'<section id="c"><h2>Description</h2><p>{prose}</p></section>'
        '<section id="d"><h2>Example</h2><pre>prevd 2</pre></section></section>'
    )
    menu = '<div class="sidebar"><h3>Navigation</h3><ul><li><a href="x">Next</a></li></ul></div>'
    page = f"<html><head><title>prevd</title></head><body>{menu}<div role='main'>{body}</div></body></html>"
    texts = [block.text for block in parse(page, "a.html").blocks if not block.text.startswith("This")]
    assert texts == ["prevd", "Synopsis", "prevd [POS]", "Description", "Example", "prevd 2"]


def test_a_section_of_a_document_may_be_called_as_furniture_is(parse):
    prose = "Policy is changed by those who propose, discuss and second a text until nobody objects to it any more. " * 6
    sections = "".join(
        f'<section id="{name.lower().replace(" ", "-")}"><h2>{name}</h2><p>{prose}</p><p>Short: {name}.</p></section>'
        for name in ("Process", "Other tags", "Related work")
    )
    menu = '<div class="sidebar"><h3>Navigation</h3><ul><li><a href="x">Next</a></li></ul></div>'
    body = f"{menu}<div class='body'><section id='policy'><h1>Policy</h1>{sections}</section></div>"
    texts = [block.text for block in parse(f"<html><body>{body}</body></html>", "a.html").blocks]
    assert [text for text in texts if not text.startswith("Policy is")] == [
        "Policy", "Process", "Short: Process.", "Other tags", "Short: Other tags.", "Related work", "Short: Related work.",
    ]  # fmt: skip


def test_a_heading_may_be_called_as_furniture_is(parse):
    prose = "The lake was measured in spring and again in autumn, with two boats and a line of lead. " * 6
    work = f'<h2 id="related-work">Related work</h2><p>{prose}</p>'
    page = f'<body><div class="menu">Menu</div><h1>Lake</h1><p>{prose}</p>{work}</body>'
    assert "Related work" in [block.text for block in parse(page, "a.html").blocks]
