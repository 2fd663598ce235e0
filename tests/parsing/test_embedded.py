"""Parts of an article that are named as furniture is, and furniture that stands in an article."""

import time

import pytest

SENTENCE = "The lake is cold in spring and warm in summer, and {} people swim there every day. "
BEFORE = "".join(f"<p>{SENTENCE.format(number) * 3}</p>" for number in range(10, 14))
AFTER = "".join(f"<p>{SENTENCE.format(number) * 3}</p>" for number in range(14, 18))
TABLE = "<table{}><tr><th>Lake</th><th>Depth</th></tr><tr><td>Ammer</td><td>81 m</td></tr></table>"
LINKS = "".join(f'<li><a href="/{n}">Another lake of the north, number {n}</a></li>' for n in range(4))


def texts(document):
    return [block.text for block in document.blocks]


@pytest.fixture(params=["article", "main", "div role='main'"])
def article(request, parse):
    """The texts of a page with an article around some HTML."""
    tag = request.param

    def read(part, after=AFTER):
        body = f"<{tag}><h1>Lakes</h1>{BEFORE}{part}{after}</{tag.split()[0]}>"
        menu = '<nav><a href="/">Home</a></nav>'
        return texts(parse(f"<html><body>{menu}{body}<footer>Imprint and more</footer></body></html>", "a.html"))

    return read


def test_all_headings_right_above_the_text_are_kept(parse):
    body = f"<h1>Lakes</h1><h2>Before you swim</h2><h3>Water</h3>{BEFORE}<h2>On the day</h2>{AFTER}"
    menu = '<nav><a href="/">Home</a> <a href="/a">More</a></nav>'
    found = texts(parse(f"<html><body>{menu}<main>{body}</main><footer>Imprint</footer></body></html>", "a.html"))
    assert found[:3] == ["Lakes", "Before you swim", "Water"]
    assert "On the day" in found


@pytest.mark.parametrize(
    "note",
    [
        "<aside>{}</aside>",
        "<aside class='starlight-aside starlight-aside--caution'><div>{}</div></aside>",
        "<aside class='admonition'><p>{}</p></aside>",
        "<div class='alert alert-warning' role='alert'>{}</div>",
    ],
)
def test_notes_between_the_text_are_kept(article, note):
    assert "Never dive before the ice has gone." in article(note.format("Never dive before the ice has gone."))


def test_the_last_note_is_kept_too(article):
    assert "Never dive before the ice has gone." in article(
        "<h2>Ice</h2>", f"{AFTER}<aside class='note'>Never dive before the ice has gone.</aside>"
    )


@pytest.mark.parametrize(
    "aside",
    [
        "<aside class='newsletter'><p>Get our best stories about lakes every morning.</p></aside>",
        "<aside class='related-stories'><p>Stories of other lakes that you may like, too.</p></aside>",
        "<aside class='author-bio'><p>Ann Lee writes about lakes. Get our best stories.</p></aside>",
        "<aside class='social-share'><p>Get our best stories where your friends are.</p></aside>",
        "<aside class='note cookie-consent'><p>Get our best stories with cookies in them.</p></aside>",
        "<aside><p>Get our best stories: <a href='/x'>Ten lakes you have never heard of</a></p></aside>",
        "<aside><form><p>Get our best stories about lakes every morning.</p><input name='mail'></form></aside>",
        "<aside class='pull-quote'><p>Get our best stories is what Ann said.</p></aside>",
        f"<aside><ul>{LINKS}</ul></aside>",
        f"<div><div><p>{SENTENCE}</p></div><aside><p>Get our best stories about lakes every morning.</p></aside></div>",
    ],
)
def test_asides_that_are_no_notes_are_left_out(article, aside):
    found = " ".join(article(aside))
    assert "best stories" not in found
    assert "other lakes" not in found
    assert "Another lake" not in found


def test_an_aside_beside_the_article_is_left_out(parse):
    aside = "<aside><p>We write about lakes since 1990, every day of the week.</p></aside>"
    body = f"<article><h1>Lakes</h1>{BEFORE}{AFTER}</article>{aside}<div>{LINKS}</div>"
    assert "since 1990" not in " ".join(texts(parse(f"<html><body>{body}</body></html>", "a.html")))


@pytest.mark.parametrize("name", ["tools", "related-standards", "subscription-table", "footer", "promo-codes"])
@pytest.mark.parametrize("form", ["<h2>Depths</h2>{table}", "<h2>Depths</h2><div class='{name}'>{bare}</div>"])
def test_tables_of_data_are_kept_whatever_their_class_says(article, name, form):
    found = article(form.format(name=name, table=TABLE.format(f" class='{name}'"), bare=TABLE.format("")))
    assert "| Lake | Depth |\n| --- | --- |\n| Ammer | 81 m |" in found
    assert "Depths" in found


def test_cells_of_a_table_are_kept_whatever_their_class_says(article):
    assert "| Lake | Depth |\n| --- | --- |\n| Ammer | 81 m |" in article(
        TABLE.format("").replace("<td>81", "<td class='rating'>81")
    )


def test_code_is_kept_whatever_its_class_says(article):
    assert "dive --deep" in article("<h2>Search</h2><pre class='search'>dive --deep</pre>")


@pytest.mark.parametrize(
    "table",
    [
        f"<table class='related'><tr><td>More</td><td>Lakes</td></tr><tr><td>{LINKS}</td><td>Now</td></tr></table>",
        "<table class='newsletter'><tr><td>Another lake every day: write your address here</td></tr></table>",
        TABLE.format(" class='sr-only'").replace("Ammer", "Another lake"),
        "<table class='comments'><tr><td>Bob</td><td>Another lake!</td></tr><tr><td>Cem</td><td>Yes</td></tr></table>",
    ],
)
def test_tables_of_links_and_boxes_are_left_out(article, table):
    assert "Another lake" not in " ".join(article(table))


@pytest.mark.parametrize(("title", "name"), [("Rating", "rating"), ("Related work", "related-work"), ("Tags", "tags")])
def test_a_part_with_a_heading_above_it_is_kept_whatever_its_class_says(article, title, name):
    part = f"<h2>{title}</h2><div class='{name}'><p>Each lake gets a mark from one to five by the board.</p></div>"
    found = article(part, f"<h2>Later</h2>{AFTER}")
    assert title in found
    assert "Each lake gets a mark from one to five by the board." in found


@pytest.mark.parametrize(
    "part",
    [
        f"<h2>Related lakes</h2><ul class='related'>{LINKS}</ul>",
        "<h2>Share this</h2><div class='share'><p>Send it to all of your friends and their other lakes.</p></div>",
        "<h2>Comments</h2><div class='comments'><p>I swam in other lakes once, and it was colder there.</p></div>",
        "<h2>Newsletter</h2><div class='newsletter'><p>Get our best stories about other lakes every day.</p></div>",
        "<h2>Search</h2><div class='search'><form><p>Type what you want to know about other lakes.</p></form></div>",
        "<h2>Rating</h2><div class='rating'>4.5 of 5, other lakes</div>",
    ],
)
def test_furniture_with_a_heading_above_it_is_left_out(article, part):
    found = " ".join(article(part, f"<h2>Later</h2>{AFTER}"))
    assert "other lakes" not in found
    assert "Another lake" not in found


def test_large_tables_with_named_cells_take_time_in_proportion(parse):
    rows = "<tr><td class='rating'>5</td><td class='tools'>6</td></tr>" * 4000
    html = f"<html><body><nav>Home</nav><main><h1>Lakes</h1>{BEFORE}<table>{rows}</table></main></body></html>"
    start = time.perf_counter()
    assert parse(html, "a.html").blocks
    assert time.perf_counter() - start < 15
