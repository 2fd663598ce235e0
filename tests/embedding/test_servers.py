"""Servers that embed: both protocols, and what they may do wrong."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from resources.cache import Layers
from resources.embedding import open_embedder, server_http
from resources.embedding.estimate import SHARE, estimated_spans
from resources.embedding.spans import spans_of_pieces
from resources.errors import InvalidSettings, ServiceUnavailable
from resources.retrieval.remembered import Remembered
from resources.retrieval.vectors import Vectors
from resources.settings import Settings
from tests.embedding.models import PACKAGED
from tests.embedding.server import Fault

BOTH = pytest.mark.parametrize("api", ["openai", "tei"], indirect=True)


@pytest.fixture
def api(request):
    """What the server speaks."""
    return request.param


@pytest.fixture
def pair(serving, api):
    """A server of its own, and the embedder that asks it."""
    with serving(api) as (server, settings):
        yield server, open_embedder(PACKAGED, settings)


@BOTH
@pytest.mark.parametrize("fault", [Fault(500), Fault(503), Fault(429, {"Retry-After": "0"}), Fault(cut=True)])
def test_what_fails_once_is_asked_again(pair, fault, converted):
    server, embedder = pair
    server.faults.append(fault)
    assert np.allclose(embedder.encode(["text"]), converted.encode(["text"]), atol=1e-2)
    assert not server.faults


@BOTH
def test_a_server_is_asked_again_when_it_says(pair):
    server, embedder = pair
    server.faults.append(Fault(429, {"Retry-After": "1"}))
    began = time.monotonic()
    embedder.encode(["text"])
    assert 1 <= time.monotonic() - began < 10


@BOTH
def test_a_long_wait_is_for_the_caller(pair):
    server, embedder = pair
    server.faults.append(Fault(429, {"Retry-After": "3600"}))
    began = time.monotonic()
    with pytest.raises(ServiceUnavailable, match="asked too much") as caught:
        embedder.encode(["text"])
    assert caught.value.retry_after_s == 3600
    assert time.monotonic() - began < 5


@BOTH
def test_a_server_that_goes_on_failing_is_left_alone(pair):
    server, embedder = pair
    server.faults.extend(Fault(500) for _ in range(20))
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            embedder.encode(["text"])
    asked = len(server.asked)
    with pytest.raises(ServiceUnavailable, match="several times just now") as caught:
        embedder.encode(["text"])
    assert len(server.asked) == asked
    assert caught.value.retry_after_s > 1


@BOTH
def test_a_slow_server_is_waited_for_only_so_long(pair, monkeypatch):
    server, embedder = pair
    embedder._api._http._clients[server_http._PATIENT].timeout = 0.3
    server.faults.extend(Fault(wait_s=1.5) for _ in range(4))
    began = time.monotonic()
    with pytest.raises(ServiceUnavailable, match="ReadTimeout"):
        embedder.encode(["text"])
    assert time.monotonic() - began < 8


@BOTH
def test_a_query_is_asked_again_at_once_when_the_connection_is_cut(pair, converted):
    server, embedder = pair
    server.faults.append(Fault(cut=True))
    assert np.allclose(embedder.encode_queries(["text"]), converted.encode_queries(["text"]), atol=1e-2)


@BOTH
def test_searches_wait_for_a_server_that_says_nothing_for_seconds_in_all(pair):
    """However many ask, and however patient a run that embeds passages would be."""
    server, embedder = pair
    server.faults.extend(Fault(wait_s=30) for _ in range(20))
    vectors = Vectors(lambda _: embedder, Remembered(Layers()))
    began = time.monotonic()
    with ThreadPoolExecutor(10) as threads:
        asked = [threads.submit(vectors.of_query, "m", f"query {n}") for n in range(10)]
        assert all(isinstance(each.exception(), ServiceUnavailable) for each in asked)
    assert time.monotonic() - began < 12
    began = time.monotonic()
    with pytest.raises(ServiceUnavailable, match="just now"):
        vectors.of_query("m", "another")
    assert time.monotonic() - began < 0.5


def other_vectors(change):
    """An answer whose vectors are changed, in either protocol."""

    def changed(answer):
        if isinstance(answer, list):
            return change(answer)
        vectors = change([row["embedding"] for row in answer["data"]])
        return {"data": [{"index": n, "embedding": vector} for n, vector in enumerate(vectors)]}

    return changed


@BOTH
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda vectors: vectors[:1], "1 vectors for 2 texts"),
        (lambda vectors: [*vectors, vectors[0]], "3 vectors for 2 texts"),
        (lambda vectors: [vector[:100] for vector in vectors], "of 100 numbers now, and 384 before"),
        (lambda vectors: [vectors[0], vectors[1][:7]], "different lengths"),
        (lambda vectors: [vectors[0], [None] * 384], "numbers"),
        (lambda vectors: [vectors[0], ["?"] * 384], "numbers"),
        (lambda vectors: [vectors[0], [float("nan")] * 384], "numbers that are none"),
        (lambda vectors: [vectors[0], [0.0] * 384], "nothing but zeros"),
    ],
)
def test_vectors_that_are_none_are_refused(pair, change, said):
    server, embedder = pair
    server.faults.append(Fault(answer=other_vectors(change)))
    with pytest.raises(ServiceUnavailable, match=said):
        embedder.encode(["one", "two"])


@BOTH
@pytest.mark.parametrize("body", [b"<html>", b"", b"{}", b'{"data": 7}', b'"text"', b"[" * 100_000])
def test_an_answer_of_another_shape_is_refused(pair, body):
    server, embedder = pair
    server.faults.append(Fault(body=body))
    with pytest.raises(ServiceUnavailable, match="The embedding server"):
        embedder.encode(["one"])


@BOTH
def test_a_model_that_the_server_lacks_is_a_wrong_setting(serving, api):
    with serving(api, embedding_model="other") as (_, settings), pytest.raises(InvalidSettings, match="other"):
        open_embedder("other", settings)


@BOTH
def test_a_key_is_sent_and_a_wrong_one_named(serving, api):
    with serving(api, key="secret", embedding_api_key="secret") as (_, settings):
        assert open_embedder(PACKAGED, settings).dimension == 384
    with serving(api, key="secret", embedding_api_key="wrong") as (_, settings):
        with pytest.raises(InvalidSettings, match="RAGE_EMBEDDING_API_KEY") as caught:
            open_embedder(PACKAGED, settings)
        assert "wrong" not in str(caught.value)


@BOTH
def test_a_server_that_is_not_there_says_so(api):
    settings = Settings(home="/nowhere", embedding_url="http://127.0.0.1:9", embedding_api=api)
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        open_embedder(PACKAGED, settings)


@pytest.mark.parametrize("url", ["ftp://host", "no address", "http://user:word@host", "http://"])
def test_what_is_no_address_is_a_wrong_setting(url):
    with pytest.raises(InvalidSettings, match="RAGE_EMBEDDING_URL"):
        open_embedder(PACKAGED, Settings(home="/nowhere", embedding_url=url))


def test_the_metadata_service_of_a_cloud_is_no_embedding_server():
    settings = Settings(home="/nowhere", embedding_url="http://169.254.169.254")
    with pytest.raises((ServiceUnavailable, InvalidSettings), match="not a public host"):
        open_embedder(PACKAGED, settings)


@BOTH
def test_batches_are_bounded_and_several_are_under_way(pair):
    server, embedder = pair
    server.asked.clear()
    server.faults.extend(Fault(wait_s=0.1) for _ in range(6))
    vectors = embedder.encode([f"text number {n} " + "word " * 120 for n in range(150)])
    sizes = [len(given.get("inputs") or given.get("input")) for path, given in server.asked if "embed" in path]
    assert sum(sizes) == 150 == len(vectors)
    assert max(sizes) <= embedder._api.most_texts
    assert 2 <= server.most_under_way <= 4


@BOTH
def test_the_prompts_of_the_settings_stand_before_queries_and_passages(serving, api):
    given = {"embedding_query_prompt": "query: ", "embedding_passage_prompt": "passage: "}
    with serving(api, **given) as (server, settings):
        embedder = open_embedder(PACKAGED, settings)
        server.asked.clear()
        embedder.encode(["text"])
        embedder.encode_queries(["text"])
    sent = [(given.get("inputs") or given.get("input"))[0] for path, given in server.asked]
    assert sent == ["passage: text", "query: text"]
    assert embedder.window == 254  # two tokens of the prompt


@BOTH
def test_the_window_is_the_servers_and_no_larger_than_the_setting(serving, api):
    for setting, expected in ((None, 256), (128, 128)):
        with serving(api, embedding_window=setting) as (_, settings):
            assert open_embedder(PACKAGED, settings).window == expected


def test_without_a_tokenizer_a_part_of_the_window_stays_free(serving):
    with serving("openai", tokenizes=False) as (_, settings):
        assert open_embedder(PACKAGED, settings).window == int(256 * SHARE)


def test_a_text_that_the_server_finds_too_long_is_cut(serving, converted):
    with serving("openai") as (_, settings):
        embedder = open_embedder(PACKAGED, settings)
        vectors = embedder.encode(["Employees travel economy class. " * 200, "short"])
    assert vectors[1] @ converted.encode(["short"])[0] > 0.99


def test_vectors_in_base64_are_read(pair_of_openai, converted):
    import base64

    server, embedder = pair_of_openai

    def packed(answer):
        for row in answer["data"]:
            row["embedding"] = base64.b64encode(np.array(row["embedding"], "<f4").tobytes()).decode()
        return answer

    server.faults.append(Fault(answer=packed))
    assert np.allclose(embedder.encode(["text"]), converted.encode(["text"]), atol=1e-2)


@pytest.fixture
def pair_of_openai(serving):
    with serving("openai") as (server, settings):
        yield server, open_embedder(PACKAGED, settings)


def test_a_model_of_this_machine_stays_usable_beside_a_server(serving, models):
    with serving("openai", home=models.parent, embedding_model="served") as (server, settings):
        server.model = "served"
        assert open_embedder("served", settings).kind.startswith("a server")
        assert open_embedder(PACKAGED, settings).kind.startswith("OpenVINO")


def test_text_embeddings_inference_that_counts_bytes_is_understood():
    from resources.embedding.tei_api import _spans

    text = "Größe 契約 x"
    places = [(0, 7), (8, 14), (15, 16)]  # of its bytes
    tokens = [{"start": a, "stop": b, "special": False} for a, b in places]
    assert [text[a:b] for a, b in _spans(text, tokens)] == ["Größe", "契約", "x"]


@pytest.mark.parametrize(
    "pieces", [["he", "##llo", "world"], ["▁he", "llo", "▁world"], ["he", "llo", "Ġworld"], ["<0xE2>", "llo", "world"]]
)
def test_pieces_of_every_vocabulary_become_as_many_spans(pieces):
    spans = spans_of_pieces("Hello world", pieces)
    assert len(spans) == 3
    assert "Hello world"[slice(*spans[2])] == "world"


def test_an_estimate_is_no_less_than_the_tokens(converted, data):
    texts = [json.loads(line)["text"] for line in (data / "ir/cosqa_code/corpus.jsonl").open()][:50]
    texts += ["".join(chr(0x4E00 + n) for n in range(300)), "a b c d " * 50, "0x7fFf" * 40, "🚀" * 30]
    for text, real in zip(texts, converted.token_spans(texts), strict=True):
        assert len(estimated_spans(text)) >= len(real)
