"""Every reranker keeps the same promises: a model on this machine, and servers in all dialects."""

import shutil
import time

import numpy as np
import pytest

from resources.errors import InvalidSettings
from resources.reranking import OutOfTime, open_reranker
from resources.settings import Settings
from tests.reranking.conftest import KEY

TEXTS = [
    "Employees travel economy class on every flight.",
    "The warranty covers manufacturing defects for two years.",
    "A warranty is given for every machine.",
]
QUERY = "warranty manufacturing defects"


def soon(seconds=60.0):
    return time.monotonic() + seconds


@pytest.fixture(scope="session")
def local(cross_encoder):
    return open_reranker(Settings(reranker_model=str(cross_encoder), device="cpu"))


@pytest.fixture(params=["local", "tei", "cohere", "vllm", "logits"])
def reranker(request, server):
    if request.param == "local":
        yield request.getfixturevalue("local")
        return
    server.dialect = request.param
    opened = open_reranker(server.settings())
    yield opened
    opened.close()


def test_the_text_that_answers_has_the_highest_score(reranker):
    scores = reranker.score(QUERY, TEXTS, soon())
    assert scores.argsort().tolist() == [0, 2, 1]


def test_scores_lie_between_0_and_1(reranker):
    scores = reranker.score(QUERY, TEXTS, soon())
    assert scores.shape == (3,)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_score_does_not_depend_on_what_else_is_read(reranker):
    whole = reranker.score(QUERY, TEXTS * 15, soon())
    for index, text in enumerate(TEXTS):
        assert reranker.score(QUERY, [text], soon())[0] == pytest.approx(whole[index::3], abs=1e-3)


def test_no_texts_have_no_scores(reranker):
    assert reranker.score(QUERY, [], soon()).shape == (0,)


def test_a_deadline_that_passed_ends_the_work(reranker):
    with pytest.raises(OutOfTime):
        reranker.score(QUERY, TEXTS, time.monotonic())


@pytest.mark.parametrize("text", ["", " ", "\0", "word " * 50_000, "日本語", "🙂", "[SEP] [CLS]"])
def test_any_text_has_a_score(reranker, text):
    assert np.isfinite(reranker.score(QUERY, [text, TEXTS[1]], soon())).all()


def test_without_configuration_there_is_none():
    assert open_reranker(Settings()) is None


@pytest.mark.parametrize("url", ["nowhere", "ftp://host/rerank", "http://", "http://user:secret@host"])
def test_an_address_that_is_none_is_refused_and_not_shown_with_its_password(url):
    with pytest.raises(InvalidSettings) as refused:
        open_reranker(Settings(reranker_url=url))
    assert "secret" not in str(refused.value)


def test_the_work_of_a_model_ends_at_the_next_batch_behind_the_deadline(local):
    local.score(QUERY, TEXTS, soon())
    with pytest.raises(OutOfTime) as late:
        local.score(QUERY, ["word " * 200] * 400, soon(0.05))
    assert 0 < late.value.done < 400


def test_two_classes_are_no_and_yes(tmp_path):
    from tests.reranking.tiny_cross_encoder import save_tiny_cross_encoder

    folder = save_tiny_cross_encoder(tmp_path, labels=2)
    scores = open_reranker(Settings(reranker_model=str(folder), device="cpu")).score(QUERY, TEXTS, soon())
    assert scores.argsort().tolist() == [0, 2, 1]


def test_more_classes_are_no_reranker(tmp_path):
    from tests.reranking.tiny_cross_encoder import save_tiny_cross_encoder

    with pytest.raises(InvalidSettings, match="3 classes"):
        open_reranker(Settings(reranker_model=str(save_tiny_cross_encoder(tmp_path, labels=3)), device="cpu"))


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidSettings, match="RAGE_RERANKER_MODEL"):
        open_reranker(Settings(reranker_model=str(tmp_path)))


def test_weights_that_can_run_code_are_refused(cross_encoder, tmp_path):
    folder = tmp_path / "pickled"
    shutil.copytree(cross_encoder, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(InvalidSettings, match="can run code"):
        open_reranker(Settings(reranker_model=str(folder)))


def test_a_module_of_its_own_is_refused(cross_encoder, tmp_path):
    folder = tmp_path / "foreign"
    shutil.copytree(cross_encoder, folder)
    (folder / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "harm.Module"}]')
    with pytest.raises(InvalidSettings, match="code of its own"):
        open_reranker(Settings(reranker_model=str(folder)))


@pytest.mark.parametrize("content", ["{", "[]", '{"model_type": "nothing"}'])
def test_a_broken_configuration_is_named(cross_encoder, tmp_path, content):
    folder = tmp_path / "broken"
    shutil.copytree(cross_encoder, folder)
    (folder / "config.json").write_text(content)
    with pytest.raises(InvalidSettings):
        open_reranker(Settings(reranker_model=str(folder), device="cpu"))


def test_a_server_gets_its_key_and_its_model(server):
    server.dialect = "vllm"
    open_reranker(server.settings(reranker_api_key=KEY, reranker_model="some/model")).score(QUERY, TEXTS, soon())
    assert set(server.keys) == {f"Bearer {KEY}"}
    assert server.asked[-1][1]["model"] == "some/model"
    assert server.asked[-1][1]["top_n"] == 3
