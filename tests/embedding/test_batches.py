"""How texts are put together, for the cores and the memory at hand."""

import numpy as np
import pytest

from resources.embedding.batches import batches, of_unit_length, padded
from resources.embedding.cores import cores
from resources.embedding.memory import Budget, per_token_bytes
from resources.embedding.sentence_transformer import SentenceTransformerEmbedder
from resources.errors import ServiceUnavailable
from tests.embedding.models import PACKAGED

TEXTS = [f"text {n} " + "economy class " * (n % 17) for n in range(60)]


def test_every_text_is_in_one_batch_with_texts_of_like_length():
    lengths = [3, 200, 5, 199, 8, 7, 30, 256]
    made = list(batches(lengths, 512, 256))
    assert sorted(row for batch in made for row in batch.rows) == list(range(8))
    assert all(len(batch.rows) == 1 or len(batch.rows) * batch.width <= 512 for batch in made)
    assert [batch.width for batch in made] == sorted((batch.width for batch in made), reverse=True)


def test_little_of_a_batch_is_padding():
    rng = np.random.default_rng(5)
    lengths = rng.integers(3, 257, 5000).tolist()
    computed = sum(len(batch.rows) * batch.width for batch in batches(lengths, 4096, 256))
    assert computed < 1.06 * sum(lengths)


def test_no_batch_is_wider_than_the_window():
    assert max(batch.width for batch in batches([50, 49, 3], 4096, 50)) == 50


def test_what_is_padding_is_masked():
    batch = next(batches([3, 2], 64, 64))
    given = padded([[1, 2, 3], [4, 5]], batch, 9)
    assert given["input_ids"].tolist() == [[1, 2, 3, 9, 9, 9, 9, 9], [4, 5, 9, 9, 9, 9, 9, 9]]
    assert given["attention_mask"].sum(axis=1).tolist() == [3, 2]


def test_a_vector_without_length_stays_one():
    vectors = of_unit_length(np.array([[3, 4], [0, 0]], np.float32))
    assert np.allclose(vectors, [[0.6, 0.8], [0, 0]])


@pytest.mark.parametrize(
    ("files", "line", "expected"),
    [
        ({"cpu.max": "max 100000"}, "0::/", None),
        ({"cpu.max": "100000 100000"}, "0::/", 1),
        ({"a/cpu.max": "max 100000", "cpu.max": "50000 100000"}, "0::/a/b", 1),
        ({"a/b/cpu.max": "100 100", "cpu.max": "max 100"}, "0::/a/b", 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "4:cpu,cpuacct:/", None),
        ({"cpu/x/cpu.cfs_quota_us": "100000", "cpu/x/cpu.cfs_period_us": "100000"}, "4:cpu,cpuacct:/x", 1),
        ({"cpu.max": "nonsense"}, "0::/", None),
        ({}, "nonsense", None),
    ],
)
def test_the_quota_of_a_container_bounds_the_cores(tmp_path, files, line, expected):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    own = tmp_path / "own"
    own.write_text(f"{line}\n")
    everything = cores(tmp_path / "absent", tmp_path / "absent")
    assert cores(tmp_path, own) == (expected or everything)


def test_a_budget_is_what_the_memory_holds_and_at_least_one_text():
    assert Budget.of_memory(2**30, 2**13, 256).tokens == 2**16
    assert Budget.of_memory(140 * 2**30, 2**13, 256).tokens == 2**18
    assert Budget.of_memory(2**10, 2**13, 256).tokens == 256


def test_a_budget_is_halved_once_for_threads_that_fail_together():
    budget = Budget(1024, 256)
    budget.halve(1024)
    budget.halve(1024)
    assert budget.tokens == 512


def test_a_token_of_a_larger_model_takes_more():
    class Small:
        hidden_size, intermediate_size, num_attention_heads, max_position_embeddings = 384, 1536, 12, 512

    class Large:
        hidden_size, intermediate_size, num_attention_heads, max_position_embeddings = 1024, 4096, 16, 8192

    assert per_token_bytes(Small) < per_token_bytes(Large)
    assert per_token_bytes(None) > 0


def short_of_memory(module, most):
    """A model that fails as torch does where a batch has more than `most` tokens."""
    import torch

    forward, sizes = module.forward, []

    def limited(features, **given):
        sizes.append(features["input_ids"].numel())
        if sizes[-1] > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(features, **given)

    return limited, sizes


def test_what_does_not_fit_the_memory_is_computed_in_smaller_batches(original, monkeypatch):
    expected = original.encode(TEXTS)
    limited, sizes = short_of_memory(original.module, 300)
    monkeypatch.setattr(original.module, "forward", limited)
    monkeypatch.setattr(original, "_budget", Budget(4096, 256))
    assert np.allclose(original.encode(TEXTS), expected, atol=1e-4)
    assert original._budget.tokens == 256
    sizes.clear()
    original.encode(TEXTS)
    assert max(sizes) <= 300  # it is remembered


def test_a_memory_too_small_for_one_text_is_an_error_that_says_so(original, monkeypatch):
    limited, _ = short_of_memory(original.module, 4)
    monkeypatch.setattr(original.module, "forward", limited)
    monkeypatch.setattr(original, "_budget", Budget(4096, 256))
    with pytest.raises(ServiceUnavailable, match="not enough memory"):
        original.encode(TEXTS)


def test_the_next_texts_are_tokenised_while_these_are_computed(original, monkeypatch):
    from resources.embedding import sentence_transformer

    events = []
    ids, compute = original._tokens.ids, original._computed

    def noted_ids(texts, prompt=""):
        events.append("tokenised")
        return ids(texts, prompt)

    def noted_compute(given, skipped):
        yield from compute(given, skipped)
        events.append("computed")

    monkeypatch.setattr(sentence_transformer, "_TEXTS_AT_ONCE", 20)
    monkeypatch.setattr(original._tokens, "ids", noted_ids)
    monkeypatch.setattr(original, "_computed", noted_compute)
    assert original.encode(TEXTS).shape == (60, 384)
    assert events.index("computed") > 1  # the second chunk was ready before the first one was through
    assert events.count("tokenised") == 3


def test_half_precision_gives_nearly_the_same_vectors(original):
    halved = SentenceTransformerEmbedder(PACKAGED, "cpu")
    halved._halve()
    assert str(next(halved.module.parameters()).dtype) == "torch.float16"
    assert np.sum(halved.encode(TEXTS[:8]) * original.encode(TEXTS[:8]), axis=1).min() > 0.999


def test_a_model_that_leaves_the_range_of_float16_runs_in_bfloat16(monkeypatch):
    wide = SentenceTransformerEmbedder(PACKAGED, "cpu")
    with monkeypatch.context() as patched:
        patched.setattr(wide, "_encode_batch", lambda ids, batch, skipped: np.full((1, 384), np.inf, np.float32))
        wide._halve()
    assert str(next(wide.module.parameters()).dtype) == "torch.bfloat16"
    assert np.isfinite(wide.encode(TEXTS[:2])).all()
