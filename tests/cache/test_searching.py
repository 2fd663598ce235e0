"""Searches and their caches: the same answers with and without, never an old one, and one computation for many."""

import time

import pytest

from resources.access import LOCAL_ADMIN, Caller, Role
from resources.cache import Layers
from resources.errors import NotFound, ServiceUnavailable
from resources.postgres import members
from resources.retrieval.models import SearchRequest
from tests.cache.conftest import together
from tests.retrieval.conftest import MALLORY, OWNER

QUERIES = [(query, mode) for query in ("warranty", "car flight") for mode in ("hybrid", "vector", "lexical", "pattern")]


def ask(shelf, retriever, query="warranty", caller=OWNER, **more):
    return retriever.search(caller, SearchRequest(space=shelf.name, query=query, **more))


def paths(response):
    return [result.document.path for result in response.results]


def answers(shelf, retriever):
    return [ask(shelf, retriever, query, mode=mode).model_dump(exclude={"took_ms"}) for query, mode in QUERIES]


def test_answers_are_the_same_cold_warm_disabled_and_in_another_process(shelf, layers_of):
    one = shelf.retriever(layers_of())
    cold = answers(shelf, one)
    warm = answers(shelf, one)
    disabled = answers(shelf, shelf.retriever(Layers(0)))
    after_a_restart = answers(shelf, shelf.retriever(layers_of()))
    assert cold == warm == disabled == after_a_restart
    assert sum(bool(each["results"]) for each in cold) == len(QUERIES) - 1  # nobody wrote "car flight"


def test_a_remembered_search_asks_no_store(shelf, work):
    retriever = shelf.retriever()
    ask(shelf, retriever)
    before = dict(work)
    ask(shelf, retriever)
    assert dict(work) == before


def test_another_process_asks_no_store_either(shelf, work, layers_of):
    ask(shelf, shelf.retriever(layers_of()))
    before = dict(work)
    ask(shelf, shelf.retriever(layers_of()))
    assert dict(work) == before


def test_blocks_that_were_read_are_not_read_again_while_their_passage_is_visible(shelf, work):
    retriever = shelf.retriever()
    ask(shelf, retriever, "warranty")
    read = work["blocks"]
    ask(shelf, retriever, "warranty defects")
    assert work["blocks"] == read
    assert work["passages"] == 2


@pytest.mark.parametrize("shared", [False, True])
def test_a_change_is_seen_at_once(shelf, layers_of, shared):
    retriever = shelf.retriever(layers_of() if shared else None)
    assert paths(ask(shelf, retriever, "zanzibar", mode="lexical")) == []
    document = shelf.add("new.md", "zanzibar")
    assert paths(ask(shelf, retriever, "zanzibar", mode="lexical")) == ["new.md"]
    shelf.remove(document)
    assert paths(ask(shelf, retriever, "zanzibar", mode="lexical")) == []


def test_a_right_that_is_gone_is_gone_from_what_is_remembered(shelf, layers_of):
    ann, retriever = Caller("user:ann", groups=("writers",)), shelf.retriever(layers_of())
    with shelf.platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        members.grant(connection, shelf.id, "group:writers", Role.READER, OWNER.principal)
    assert paths(ask(shelf, retriever, caller=ann))[0] == "warranty.md"
    with shelf.platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        members.revoke(connection, shelf.id, "group:writers")
    with pytest.raises(NotFound):
        ask(shelf, retriever, caller=ann)


def test_another_live_version_has_answers_of_its_own(shelf, work):
    retriever = shelf.retriever()
    request = SearchRequest(space=shelf.name, query="warranty")
    with shelf.platform.enter(OWNER, shelf.name) as (_, row):
        pass
    first = retriever._place(row, request)
    second = retriever._place(row | {"index_version": first.where.space}, request)
    assert first.key != second.key


def test_many_threads_cause_one_embedding_and_one_look_into_each_store(shelf, work):
    retriever = shelf.retriever()
    found = together(100, lambda _: ask(shelf, retriever))
    assert {tuple(paths(each)) for each in found} == {tuple(paths(found[0]))}
    assert {name: work[name] for name in ("embedded", "nearest", "lexical", "passages", "blocks")} == {
        "embedded": 1,
        "nearest": 1,
        "lexical": 1,
        "passages": 1,
        "blocks": 1,
    }


def test_many_threads_cause_one_computation_even_without_memory(shelf, work):
    retriever = shelf.retriever(Layers(0))
    found = together(30, lambda _: ask(shelf, retriever))
    assert {tuple(paths(each)) for each in found} == {tuple(paths(found[0]))}
    assert work["nearest"] < 5  # a thread that comes after the others have their answer begins anew


def test_two_processes_compute_once(shelf, work, layers_of):
    retrievers = [shelf.retriever(layers_of()) for _ in range(2)]
    found = together(40, lambda number: ask(shelf, retrievers[number % 2]))
    assert {tuple(paths(each)) for each in found} == {tuple(paths(found[0]))}
    assert (work["embedded"], work["nearest"]) == (1, 1)


def test_who_waits_has_their_own_rights_checked(shelf, work):
    retriever = shelf.retriever()
    found = together(20, lambda number: ask(shelf, retriever, caller=MALLORY if number % 2 else OWNER))
    assert {type(each) for each in found[1::2]} == {NotFound}
    assert {tuple(paths(each)) for each in found[::2]} == {tuple(paths(found[0]))}


def test_a_failure_is_everybodys_and_the_next_search_tries_again(shelf, monkeypatch):
    retriever = shelf.retriever()
    with monkeypatch.context() as broken:

        def fails(*_, **__):
            time.sleep(0.2)
            raise ServiceUnavailable("The database does not answer.")

        broken.setattr(retriever, "_computed", fails)
        found = together(10, lambda _: ask(shelf, retriever))
    assert {type(each) for each in found} == {ServiceUnavailable}
    assert paths(ask(shelf, retriever))[0] == "warranty.md"


class Renewal:
    """A search that was remembered, outdated since, and is being renewed by somebody else."""

    def __init__(self, shelf, stale_s=60.0):
        self.shelf = shelf
        self.retriever = shelf.retriever(Layers(stale_s=stale_s))
        self.request = SearchRequest(space=shelf.name, query="warranty car")
        self.before = self.retriever.attempt(OWNER, self.request)

    def attempt(self):
        """What another is given meanwhile: what was remembered, or the flight to wait for."""
        row = self.shelf.platform.glance(OWNER, self.shelf.name)
        self.retriever._remembered.flights.join(self.retriever._place(row, self.request).key)
        return self.retriever.attempt(OWNER, self.request)


def test_while_somebody_renews_a_response_the_last_one_is_given(shelf):
    renewal = Renewal(shelf)
    shelf.add("other.md", "nothing of the kind")
    assert renewal.attempt() is renewal.before


def test_a_response_with_a_removed_document_is_never_given_again(shelf):
    renewal = Renewal(shelf)
    shelf.remove(renewal.before.documents[0])
    assert renewal.attempt() is not renewal.before


def test_a_response_with_a_document_that_is_being_removed_is_not_given_either(shelf):
    renewal = Renewal(shelf)
    shelf.hide(renewal.before.documents[0])
    assert renewal.attempt() is not renewal.before


def test_a_response_that_was_replaced_too_long_ago_is_not_given(shelf):
    renewal = Renewal(shelf, stale_s=0.05)
    shelf.add("other.md", "nothing of the kind")
    time.sleep(0.06)
    assert renewal.attempt() is not renewal.before


def test_without_a_time_for_it_nothing_outdated_is_given(shelf):
    renewal = Renewal(shelf, stale_s=0)
    shelf.add("other.md", "nothing of the kind")
    assert renewal.attempt() is not renewal.before
