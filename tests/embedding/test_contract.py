"""What every embedder promises, whatever computes the vectors."""

import numpy as np
import pytest

TEXTS = [
    "The warranty covers defects for 24 months.",
    "Die Kündigungsfrist beträgt drei Monate zum Quartalsende.",
    "def total(rows):\n    return sum(row.price for row in rows)",
    "x",
    "契約期間は三年間とする。",
    "tumour suppressor mutations and survival " * 9,
]


def cosines(ours, theirs):
    return np.sum(ours * theirs, axis=1)


def test_vectors_are_of_unit_length_and_of_the_dimension(embedder):
    vectors = embedder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension) == (6, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


def test_they_are_the_vectors_of_the_library_itself(embedder, original):
    theirs = original.module.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    assert cosines(embedder.encode(TEXTS), theirs).min() > 0.99


def test_the_order_of_texts_is_kept(embedder):
    there, back = embedder.encode(TEXTS), embedder.encode(TEXTS[::-1])[::-1]
    assert cosines(there, back).min() > 0.999


def test_a_text_has_the_same_vector_alone_and_among_others(embedder):
    together = embedder.encode([*TEXTS, "some other text " * 40])[: len(TEXTS)]
    alone = np.vstack([embedder.encode([text]) for text in TEXTS])
    assert cosines(together, alone).min() > 0.995


@pytest.mark.parametrize("encode", ["encode", "encode_queries"])
def test_no_texts_have_no_vectors(embedder, encode):
    assert getattr(embedder, encode)([]).shape == (0, 384)
    assert embedder.token_spans([]) == []


def test_odd_texts_have_vectors_too(embedder):
    odd = ["", " ", "\0", "a\0b", "🚀👩‍🚀", "\ud800", "\u200b", "e\u0301", "\r\n\t", "ﷺ" * 20]
    vectors = embedder.encode(odd)
    assert np.isfinite(vectors).all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


def test_a_text_of_any_length_is_read_as_far_as_the_window(embedder):
    long = "Employees travel economy class. " * 20_000
    vectors = embedder.encode([long, "Employees travel economy class. " * 30])
    assert cosines(vectors[:1], vectors[1:]).min() > 0.9


def test_spans_cover_the_words_in_order(embedder):
    for text in TEXTS:
        spans = embedder.token_spans([text])[0]
        assert spans == sorted(spans)
        assert all(0 <= start <= end <= len(text) for start, end in spans)
        covered = {place for start, end in spans for place in range(start, end)}
        assert all(place in covered or character.isspace() for place, character in enumerate(text))


def test_spans_are_never_fewer_than_the_tokens(embedder, converted):
    for text in TEXTS:
        assert len(embedder.token_spans([text])[0]) >= len(converted.token_spans([text])[0])


def test_the_window_leaves_room_for_text(embedder):
    assert 200 < embedder.window <= 256
