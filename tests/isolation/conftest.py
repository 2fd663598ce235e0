"""A parser of another package that does to its process whatever the file says, as a hostile file might."""

import sys
from pathlib import Path

import pytest

from rage_assets.blocks.isolation.limits import Limits
from rage_assets.blocks.isolation.pool import ReaderPool
from rage_assets.blocks.parsing import registry

_PARSER = """
import ctypes, errno, os, socket, subprocess, tempfile, time
from rage_assets.blocks.parsing.outline import Outline


class MischiefParser:
    name = "mischief"
    version = 1
    suffixes = {".mischief": "text/x-mischief"}

    def parse(self, content):
        outline = Outline()
        what, _, more = content.text.strip().partition(" ")
        outline.paragraph(str(getattr(self, what)(more)))
        return outline

    def say(self, more):
        return more

    def hang(self, more):
        time.sleep(3600)

    def hang_in_native_code(self, more):
        ctypes.CDLL(None).pause()

    def slow(self, more):
        outline = Outline()
        for page in range(12):
            time.sleep(0.2)
            outline.page = page
        return "slow but steady"

    def memory(self, more):
        return len(b"x" * (1 << 34))

    def crash(self, more):
        os.abort()

    def leave(self, more):
        os._exit(3)

    def connect(self, more):
        socket.create_connection(("127.0.0.1", int(more)), 2)

    def connect_natively(self, more):
        import http.client
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = libc.socket(2, 1, 0)
        address = (2).to_bytes(2, "little") + int(more).to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
        return "connected" if libc.connect(descriptor, address, 16) == 0 else "refused"

    def files(self, more):
        return len([open(os.devnull) for _ in range(5000)])

    def write(self, more):
        with tempfile.NamedTemporaryFile(delete=False) as file:
            for _ in range(128):
                file.write(bytes(1 << 20))
        return "written"

    def full(self, more):
        raise OSError(errno.ENOSPC, "No space left on device")

    def scratch(self, more):
        with tempfile.NamedTemporaryFile(delete=False) as file:
            return file.name

    def environment(self, more):
        return os.environ.get(more, "nothing")

    def print(self, more):
        print(more, flush=True)
        os.system(f"echo {more}; echo {more} >&2")
        return "printed"

    def process(self, more):
        return os.getpid()
"""


@pytest.fixture(scope="module")
def mischief(tmp_path_factory):
    """Has the package installed, for this process and the children that it starts meanwhile."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / "mischief.py").write_text(_PARSER)
    facts = folder / "mischief-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mischief\nVersion: 1\n")
    (facts / "entry_points.txt").write_text("[rage.parsers]\nmischief = mischief:MischiefParser\n")
    sys.path.insert(0, str(folder))
    registry.forget()
    yield folder
    sys.path.remove(str(folder))
    registry.forget()


@pytest.fixture
def readers(mischief):
    """Makes pools with limits that a test can wait for."""

    def make(**limits):
        given = {"seconds": 2, "total_seconds": 20, "memory_bytes": 1 << 29, "output_bytes": 64 << 20, "open_files": 64}
        return ReaderPool(2, Limits(**given | limits), max_bytes=1 << 30)

    return make


@pytest.fixture
def said(tmp_path: Path):
    """What a file with one line of mischief gives: its text, or the reason why there is none."""
    from resources.errors import ParseFailed

    def read(pool, line):
        try:
            reading = pool.submit([line.encode()], "a.mischief").result()
        except ParseFailed as error:
            return error.reason
        text = "\n".join(block.text for block in reading.stream())
        reading.close()
        return text

    return read
