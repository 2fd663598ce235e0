"""What a person reads of a search."""

import click

from cli.search import _marked


def test_what_is_marked_is_bold_and_the_text_is_as_it_was_written():
    shown = _marked("say &quot;a &lt;em&gt; b&quot;: <em>row</em>\n level")
    assert shown == 'say "a <em> b": ' + click.style("row", bold=True) + " level"


def test_no_text_acts_on_the_terminal():
    assert "\x1b" not in _marked("a&#27;[2Jb \x1b[0m")
