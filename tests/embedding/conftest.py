"""The packaged model as every embedder computes it."""

from contextlib import contextmanager

import pytest

from resources.settings import Settings
from tests.embedding.models import PACKAGED
from tests.embedding.server import EmbeddingServer


@pytest.fixture(scope="session")
def conversion(models):
    """The folder with the converted model."""
    from resources.embedding.convert import ensure_converted

    return ensure_converted(models.parent, PACKAGED)


@pytest.fixture(scope="session")
def converted(conversion):
    """The converted model, in the form that was chosen."""
    from resources.embedding.openvino import OpenVinoEmbedder

    return OpenVinoEmbedder(PACKAGED, conversion)


@pytest.fixture(scope="session")
def quantised(conversion, tmp_path_factory):
    """The converted model with weights of 8 bits, whether it was chosen or not."""
    import shutil

    from resources.embedding.openvino import OpenVinoEmbedder
    from resources.embedding.quantise import quantise

    if not (conversion / "exact.xml").exists():  # then it is what was chosen
        return OpenVinoEmbedder(PACKAGED, conversion, form="int8")
    folder = tmp_path_factory.mktemp("quantised")
    for name in ("meta.json", "tokenizer.json"):
        shutil.copyfile(conversion / name, folder / name)
    assert quantise(conversion / "exact.xml", folder / "int8.xml") == 36
    return OpenVinoEmbedder(PACKAGED, folder, form="int8")


@pytest.fixture(scope="session")
def original():
    """The model on torch, which takes 15 s to import: all tests share it."""
    from resources.embedding.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(PACKAGED, "cpu")


@pytest.fixture(scope="session")
def serving(converted):
    """Makes a server, and the settings for it."""

    @contextmanager
    def serve(api, home="/nowhere", tokenizes=True, key=None, **given):
        server = EmbeddingServer(converted, tokenizes, key)
        try:
            yield server, Settings(home=home, embedding_url=server.url, embedding_api=api, **given)
        finally:
            server.close()

    return serve


@pytest.fixture(scope="session", params=["torch", "converted", "quantised", "openai", "openai without tokenizer", "tei"])
def embedder(request):
    """The model by each way there is."""
    from resources.embedding import open_embedder

    names = {"torch": "original", "converted": "converted", "quantised": "quantised"}
    if request.param in names:
        yield request.getfixturevalue(names[request.param])
        return
    serve = request.getfixturevalue("serving")
    with serve(request.param.split()[0], tokenizes="without" not in request.param) as (_, settings):
        yield open_embedder(PACKAGED, settings)
