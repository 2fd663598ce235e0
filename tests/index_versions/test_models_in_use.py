"""The query layer opens the models of all versions before a search needs them, and does not wait for those it lacks."""

import threading
import time

import pytest

from api.models_in_use import ModelsInUse
from resources import platform
from resources.errors import ServiceUnavailable
from tests.index_versions.models import GOOD, SMALLER, open_hashed


@pytest.fixture
def api(garden):
    opened = garden.home.platform("api", embedding_model=GOOD)
    yield opened
    opened.close()


def test_the_models_of_all_versions_are_opened_before_they_are_asked_for(garden, api):
    garden.build(SMALLER)
    ModelsInUse(api).look()
    assert api.loaded_embedder(SMALLER) is not None and api.loaded_embedder(GOOD) is not None


def test_a_model_that_cannot_be_opened_stands_in_no_other_ones_way(garden, api, vanishing):
    garden.build("words-64")
    vanishing("words-64")
    ModelsInUse(api).look()
    assert api.loaded_embedder("words-64") is None and api.loaded_embedder(GOOD) is not None


def test_a_search_does_not_wait_for_a_model_that_is_still_being_opened(garden, api, monkeypatch):
    let_go = threading.Event()

    def slowly(model, *more):
        if model == "words-32":
            let_go.wait(60)
        return open_hashed(model, *more)

    monkeypatch.setattr(platform, "open_embedder", slowly)
    models = ModelsInUse(api, look_s=0.05)
    models.start()
    try:
        with pytest.raises(ServiceUnavailable, match="still being opened"):
            models.embedder_of("words-32")
        let_go.set()
        assert models.embedder_of("words-32").dimension == 32
    finally:
        let_go.set()
        models.close()


def test_a_search_waits_for_the_configured_model_of_a_server_for_a_moment_only(garden, monkeypatch):
    let_go = threading.Event()

    def silent(*_):
        let_go.wait(60)
        raise ServiceUnavailable("The embedding server does not answer.")

    monkeypatch.setattr(platform, "open_embedder", silent)
    opened = garden.home.platform("api", embedding_model=GOOD, embedding_url="http://127.0.0.1:9")
    models = ModelsInUse(opened)
    models.start()
    try:
        began = time.monotonic()
        with pytest.raises(ServiceUnavailable, match="still being opened"):
            models.embedder_of(GOOD)
        assert time.monotonic() - began < 10
        let_go.set()
        deadline = time.monotonic() + 30
        refusal = ""
        while "cannot be opened" not in refusal:
            assert time.monotonic() < deadline
            with pytest.raises(ServiceUnavailable) as caught:
                models.embedder_of(GOOD)
            refusal = str(caught.value)
    finally:
        let_go.set()
        models.close()
        opened.close()
