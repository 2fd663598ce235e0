"""Micro-batches: what comes while the model is busy goes into its next batch, and everybody gets their own vector."""

import threading

import numpy as np
import pytest

from resources.embedding.micro_batch import MicroBatches


class Model:
    """Embeds a text as its number; the first batch waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def encode(self, texts):
        self.batches.append(list(texts))
        self.begun.set()
        assert self.go.wait(20)
        if "bad" in texts:
            raise ValueError("bad")
        return np.array([[float(text)] for text in texts], np.float32)


def ask(batches, texts):
    """What each of these texts gets, asked for at once behind one that holds the model up."""
    model = batches._encode.__self__
    outcomes: dict[int, object] = {}

    def run(number, text):
        try:
            outcomes[number] = batches.encode(text)[0]
        except Exception as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(-1, "0"))]
    threads[0].start()
    assert model.begun.wait(20)
    threads += [threading.Thread(target=run, args=each) for each in enumerate(texts)]
    for thread in threads[1:]:
        thread.start()
    while len(batches._waiting) < len(texts):
        threading.Event().wait(0.005)
    model.go.set()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    return [outcomes[number] for number in range(len(texts))]


@pytest.fixture
def model() -> Model:
    return Model()


def test_what_waits_is_embedded_together_and_everybody_gets_their_own(model):
    assert ask(MicroBatches(model.encode), ["1", "2", "3", "4"]) == [1, 2, 3, 4]
    assert sorted(map(len, model.batches)) == [1, 4]


def test_equal_texts_are_embedded_once(model):
    assert ask(MicroBatches(model.encode), ["7", "7", "7"]) == [7, 7, 7]
    assert model.batches[1:] == [["7"]]


def test_a_batch_has_a_bound_and_the_rest_follows(model):
    assert ask(MicroBatches(model.encode, most=2), ["1", "2", "3", "4", "5"]) == [1, 2, 3, 4, 5]
    assert all(len(batch) <= 2 for batch in model.batches)


def test_a_text_that_the_model_refuses_spoils_no_others(model):
    found = ask(MicroBatches(model.encode), ["1", "bad", "3"])
    assert (found[0], found[2]) == (1, 3)
    assert isinstance(found[1], ValueError)


def test_an_idle_model_is_asked_at_once(model):
    model.go.set()
    batches = MicroBatches(model.encode)
    assert [batches.encode(text)[0] for text in ("1", "2")] == [1, 2]
    assert model.batches == [["1"], ["2"]]
