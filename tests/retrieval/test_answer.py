"""Answers from real spaces, with an embedder of words."""

import re

import pytest

from resources.errors import NotFound
from resources.retrieval.answer import UNKNOWN, Answerer
from resources.retrieval.models import QueryRequest
from tests.retrieval.conftest import MALLORY, OWNER

pytestmark = pytest.mark.real

WARRANTY = "The warranty covers manufacturing defects for twenty-four months. Batteries are excluded from it."


@pytest.fixture
def stocked(library):
    library.add("warranty.md", ("heading", "Warranty"), WARRANTY, title="Warranty")
    library.add("travel.md", "Employees travel economy class. Exceptions are approved by the head.", title="Travel")
    return library


def ask(library, question, caller=OWNER):
    return Answerer(library.retriever()).answer(caller, QueryRequest(space=library.name, query=question))


def test_the_answer_is_a_sentence_of_the_evidence_with_its_citation(stocked):
    response = ask(stocked, "Which manufacturing defects are covered by the warranty?")
    assert response.answer.startswith("The warranty covers manufacturing defects for twenty-four months. [1]")
    assert [source.path for source in response.sources] == ["warranty.md"]
    assert not response.abstained


def test_every_mark_in_the_answer_has_its_citation(stocked):
    response = ask(stocked, "manufacturing defects warranty months batteries excluded")
    assert [int(n) for n in re.findall(r"\[(\d+)\]", response.answer)] == [each.n for each in response.citations]


def test_the_quote_stands_word_for_word_in_the_block(stocked):
    for citation in ask(stocked, "manufacturing defects of the warranty").citations:
        assert citation.quote in WARRANTY


@pytest.mark.parametrize("question", ["How tall is Mount Everest?", "asdf qwer", "???", "Who is the king of Spain?"])
def test_without_evidence_it_does_not_know(stocked, question):
    response = ask(stocked, question)
    assert (response.answer, response.abstained, response.citations, response.sources) == (UNKNOWN, True, [], [])


def test_an_empty_space_knows_nothing(library):
    assert ask(library, "What is covered?").abstained


def test_equal_sentences_are_said_once(stocked):
    stocked.add("copy.md", WARRANTY)
    response = ask(stocked, "Which manufacturing defects are covered by the warranty?")
    assert response.answer.count("manufacturing defects") == 1


def test_without_embedder_words_must_carry_the_answer(stocked):
    stocked.embedder.broken = True
    response = ask(stocked, "manufacturing defects warranty")
    assert response.degraded == ["embedder_unavailable"]
    assert "manufacturing defects" in response.answer
    assert ask(stocked, "the employees of Mount Everest's king").abstained


def test_a_stranger_gets_no_answer(stocked):
    with pytest.raises(NotFound):
        ask(stocked, "warranty", caller=MALLORY)


def test_a_removed_document_is_no_evidence(stocked):
    stocked.remove(stocked.add("gone.md", "The zanzibar contract was cancelled in May."))
    assert ask(stocked, "When was the zanzibar contract cancelled?").abstained


def test_the_stream_says_the_same_as_the_answer(stocked):
    request = QueryRequest(space=stocked.name, query="manufacturing defects warranty", stream=True)
    events = list(Answerer(stocked.retriever()).stream(OWNER, request))
    done = events[-1].data
    assert events[-1].name == "done"
    assert "".join(event.data["text"] for event in events if event.name == "token") == done["answer"]
    assert [event.data for event in events if event.name == "citation"] == done["citations"]


def test_a_stream_that_fails_ends_with_its_error(stocked):
    events = list(Answerer(stocked.retriever()).stream(MALLORY, QueryRequest(space=stocked.name, query="x")))
    assert [event.name for event in events] == ["error"]
    assert events[0].data["code"] == "not_found"
