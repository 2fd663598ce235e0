"""A large file passes through in a few megabytes of memory."""

import hashlib
import tracemalloc

import pytest

SIZE, PIECE = 200 * 2**20, bytes(range(256)) * 4096


class Large:
    """Bytes that are nowhere."""

    def __init__(self):
        self.left = SIZE

    def read(self, size=-1):
        piece = PIECE[: min(size, self.left)]
        self.left -= len(piece)
        return piece


@pytest.mark.real
def test_200_megabytes_go_in_and_out_in_less_than_64_of_memory(worker, space):
    digest = hashlib.sha256()
    for _ in range(SIZE // len(PIECE)):
        digest.update(PIECE)
    worker.keyring(space)
    tracemalloc.start()
    try:
        worker.store.put(space, digest.digest(), Large())
        read = hashlib.sha256()
        for piece in worker.store.stream(space, digest.digest()):
            read.update(piece)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        worker.store.delete_space(space)
    assert read.digest() == digest.digest()
    assert most < 64 * 2**20, most
