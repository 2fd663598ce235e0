"""Any model: its prompts, its dimension, its normalisation and its window come from its own files."""

import json

import numpy as np
import pytest

from resources.embedding import kind_of, open_embedder
from resources.embedding.openvino import OpenVinoEmbedder
from resources.embedding.prompts import Prompts, prompts_of
from resources.embedding.sentence_transformer import SentenceTransformerEmbedder
from resources.errors import InvalidSettings
from resources.settings import Settings
from tests.embedding.models import PACKAGED, prompted_model, shuffled_model, smaller_model

TEXTS = ["The warranty covers defects for 24 months.", "Employees travel economy class.", "x = y + 1"]
PROMPTS = Prompts("query: ", "passage: ")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ("", "")),
        ({"prompts": {"query": "q: ", "passage": "p: "}}, ("q: ", "p: ")),
        ({"prompts": {"query": "q: ", "document": "d: "}}, ("q: ", "d: ")),
        ({"prompts": {"search_query": "q: ", "search_document": "d: "}}, ("q: ", "d: ")),
        ({"prompts": {"all": "a: "}, "default_prompt_name": "all"}, ("a: ", "a: ")),
        ({"prompts": {"query": "q: ", "all": "a: "}, "default_prompt_name": "all"}, ("q: ", "a: ")),
        ({"prompts": None}, ("", "")),
    ],
)
def test_prompts_are_the_models_own(tmp_path, facts, expected):
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(facts))
    assert prompts_of(tmp_path) == expected


def test_the_settings_prompts_are_for_models_without(tmp_path):
    own, empty = tmp_path / "own", tmp_path / "empty"
    for folder, query in ((own, "q: "), (empty, "")):
        folder.mkdir()
        (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": query, "document": ""}}))
    assert prompts_of(own, PROMPTS) == ("q: ", "")
    assert prompts_of(empty, PROMPTS) == PROMPTS


@pytest.mark.parametrize("facts", ["[]", "{", '{"prompts": 7}'])
def test_a_broken_configuration_is_named(tmp_path, facts):
    (tmp_path / "config_sentence_transformers.json").write_text(facts)
    with pytest.raises(InvalidSettings, match="config_sentence_transformers"):
        prompts_of(tmp_path)


@pytest.mark.parametrize("form", ["torch", "converted"])
def test_prompts_stand_before_queries_and_passages(form, original, conversion, converted):
    plain = original if form == "torch" else converted
    prompted = _with_prompts(form, original, conversion)
    for encode, prompt in ((prompted.encode, "passage: "), (prompted.encode_queries, "query: ")):
        assert np.allclose(encode(TEXTS), plain.encode([prompt + text for text in TEXTS]), atol=1e-2)
        assert np.abs(encode(TEXTS) - plain.encode(TEXTS)).max() > 0.02


@pytest.mark.parametrize("form", ["torch", "converted"])
def test_a_prompts_tokens_count_in_the_window(form, original, conversion):
    prompted = _with_prompts(form, original, conversion)
    assert prompted.window == 254
    word = "economy "
    full = prompted.encode([word * (prompted.window - 2), word * 1000])
    assert full[0] @ full[1] > 0.9999  # nothing of the first is cut


def test_a_prompt_as_long_as_the_window_is_refused(conversion):
    with pytest.raises(InvalidSettings, match="prompt"):
        OpenVinoEmbedder(PACKAGED, conversion, Prompts("", "word " * 250))


def test_another_dimension_without_normalisation_is_normalised_all_the_same(tmp_path):
    modules = smaller_model(tmp_path / "small", 128) / "modules.json"
    modules.write_text(json.dumps([each for each in json.loads(modules.read_text()) if "Normalize" not in each["type"]]))
    embedder = SentenceTransformerEmbedder(str(tmp_path / "small"), "cpu")
    vectors = embedder.encode(TEXTS)
    assert vectors.shape == (3, 128) == (3, embedder.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


def test_another_model_is_converted_with_its_prompts_and_dimension(tmp_path, original):
    folder = smaller_model(prompted_model(tmp_path / "own"))
    embedder = open_embedder(str(folder), Settings(home=tmp_path / "home"))
    assert kind_of(embedder) in ("OpenVINO, exact", "OpenVINO, int8")
    assert (embedder.dimension, embedder.window) == (256, 254)
    theirs = original.encode([f"passage: {text}" for text in TEXTS])
    near, far = embedder.encode(TEXTS) @ embedder.encode(TEXTS).T, theirs @ theirs.T
    assert np.abs(near - far).max() < 0.15
    meta = json.loads(next((tmp_path / "home" / "models").glob("*/meta.json")).read_text())
    assert meta["tried"][meta["form"]]["least_cosine"] >= 0.99
    assert {"exact", "int8", "torch"} == set(meta["tried"])


def test_a_shuffled_model_is_another_model(tmp_path, original):
    embedder = SentenceTransformerEmbedder(str(shuffled_model(tmp_path / "shuffled")), "cpu")
    assert embedder.dimension == 384
    assert np.sum(embedder.encode(TEXTS) * original.encode(TEXTS), axis=1).max() < 0.5


def _with_prompts(form, original, conversion):
    if form == "converted":
        return OpenVinoEmbedder(PACKAGED, conversion, PROMPTS)
    from resources.embedding.tokens import Tokens

    prompted = object.__new__(SentenceTransformerEmbedder)  # shares the weights of the other, which take a second to load
    prompted.__dict__ |= original.__dict__
    prompted._prompts = PROMPTS
    prompted._tokens = Tokens(original.module.tokenizer.backend_tokenizer.to_str(), original.model_window, PROMPTS)
    prompted.window = prompted._tokens.left_for_text(PROMPTS.passage)
    return prompted
