"""The lexical engines that must keep the contract."""

from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from resources.lexical.protocol import LexicalPassage
from resources.lexical.tantivy_index import open_lexical


def an_id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)


def passage(name, text, *, document="d", version="v", title="", section=""):
    return LexicalPassage(an_id(name), an_id(document), an_id(version), title, section, text, f"{document}.md")


@pytest.fixture(params=["tantivy"])
def opener(request, tmp_path):
    """Opens the same index again and again; another engine joins by another parameter."""
    opened = []

    def open_(create=False):
        index = {"tantivy": open_lexical}[request.param](tmp_path / "index", create=create)
        opened.append(index)
        return index

    yield open_
    for index in opened:
        index.close()


@pytest.fixture
def index(opener):
    return opener(create=True)
