"""Uploads of which one is damaged."""

import io
from types import SimpleNamespace
from uuid import uuid4

import pytest

from rage_assets.raw.read import Refused, read_file
from rage_assets.raw.sources.upload import UploadReader
from resources.encryption.errors import KeyUnavailable, Tampered


class Objects:
    """Two uploads, of which one says what is wrong with it while it is read."""

    def __init__(self, error):
        self.error = error

    def uploads(self, space):
        return [SimpleNamespace(name=name, size=1, facts={"ETag": "1"}, path=name) for name in ("b.md", "a.md")]

    def open_upload(self, space, name):
        content = io.BytesIO(b"x")
        if name == "a.md":
            content.read = self.fail
        return content

    def fail(self, *_):
        raise self.error


@pytest.mark.parametrize("error", [Tampered("The bytes are not those that were written."), RuntimeError("of a driver")])
def test_a_damaged_upload_is_refused_and_the_others_are_read(error):
    reader = UploadReader(Objects(error), uuid4())
    damaged, sound = reader.scan()
    with pytest.raises(Refused) as refused:
        read_file(reader, damaged, 100)
    assert refused.value.reason == "unreadable" and str(error) in refused.value.detail
    assert read_file(reader, sound, 100).size == 1


def test_a_key_that_is_out_of_reach_is_no_fault_of_a_file():
    reader = UploadReader(Objects(KeyUnavailable("The key does not answer.")), uuid4())
    with pytest.raises(KeyUnavailable):
        read_file(reader, next(reader.scan()), 100)
