"""`rage search` and `rage ask`: no server needed."""

import re
from contextlib import suppress
from html import unescape
from typing import TYPE_CHECKING

import click

from cli.output import json_option, plain, print_json, progress, say
from cli.session import checked, opened
from resources.access import LOCAL_ADMIN
from resources.audit.acts import audited

if TYPE_CHECKING:
    from resources.platform import Platform

_COPIES = 3  # named for a person; --json names all


def _marked(highlight: str) -> str:
    """A highlight, which is HTML, for a terminal: what it marks is bold, where there is a terminal."""
    parts = [plain(unescape(part)) for part in re.split("</?em>", " ".join(highlight.split()))]
    return "".join(click.style(part, bold=True) if at % 2 else part for at, part in enumerate(parts))


@click.command()
@click.argument("space")
@click.argument("query")
@click.option("--mode", type=click.Choice(["hybrid", "vector", "lexical", "pattern"]), default="hybrid", show_default=True)
@click.option("-k", "k", type=click.IntRange(1, 100), default=10, show_default=True, help="The most results.")
@click.option("--diversify/--no-diversify", default=True, help="Whether one document leaves room for others.")
@json_option
def search(space: str, query: str, mode: str, k: int, diversify: bool, as_json: bool) -> None:
    """Search SPACE by meaning, by words or by a pattern ("phrase", wild*card, /regular expression/)."""
    from resources.retrieval.models import SearchRequest

    request = checked(SearchRequest, space=space, query=query, mode=mode, k=k, diversify=diversify)
    with (
        opened() as platform,
        progress("Searching"),
        audited(platform, "memory.search", space=space, change=False, query=query) as facts,
    ):
        from api.memory import open_retriever

        _load_reranker(platform)
        response = open_retriever(platform).search(LOCAL_ADMIN, request)
        facts["documents"] = [str(result.document.id) for result in response.results]
    if as_json:
        print_json(response)
        return
    for n, result in enumerate(response.results, 1):
        place = " › ".join([result.document.path, *result.block.section])
        page = f", p. {result.block.page}" if result.block.page else ""
        click.secho(plain(f"{n:>2}. {place}{page}"), bold=True, nl=False)
        say(f"  {result.score:.2f}  {result.block.id}")
        click.echo(f"    {_marked(result.highlight)}")
        others = sorted({copy.path for copy in result.also_in} - {result.document.path})
        if others:
            more = f" and {len(others) - _COPIES} more" if len(others) > _COPIES else ""
            say(f"    also in {plain(', '.join(others[:_COPIES]))}{more}")
    if not response.results:
        say("Nothing was found.")
    _say_degraded(response.degraded)


@click.command()
@click.argument("space")
@click.argument("question")
@json_option
def ask(space: str, question: str, as_json: bool) -> None:
    """Ask SPACE a question; the answer cites its evidence, or is "I don't know."."""
    from resources.retrieval.models import QueryRequest

    checked(QueryRequest, space=space, query=question)
    with opened() as platform:
        print_answer(platform, space, question, as_json)


def print_answer(platform: "Platform", space: str, question: str, as_json: bool) -> None:
    """Answers a question on the platform, and prints the answer with its citations."""
    from resources.retrieval.models import QueryRequest

    with progress("Reading"), audited(platform, "memory.query", space=space, change=False, query=question) as facts:
        from api.memory import open_answerer

        _load_reranker(platform)
        request = checked(QueryRequest, space=space, query=question)
        response = open_answerer(platform).answer(LOCAL_ADMIN, request)
        facts["documents"] = [str(citation.document_id) for citation in response.citations]
    if as_json:
        print_json(response)
        return
    say(response.answer)
    for citation in response.citations:
        page = f", p. {citation.page}" if citation.page else ""
        quote = plain(" ".join(citation.quote.split()), 200)
        say(f"  [{citation.n}] {citation.path}{page}: “{quote}” ({citation.block_id})")
    _say_degraded(response.degraded)


def _load_reranker(platform: "Platform") -> None:
    """Waits for the reranker, which a server would have loaded before the first query."""
    if platform.reranker is not None:
        with suppress(Exception):  # the response says that it was not there
            platform.reranker.warm()


def _say_degraded(degraded: list[str]) -> None:
    if degraded:
        click.echo(f"Degraded: {', '.join(degraded)}. `rage doctor` says why.", err=True)
