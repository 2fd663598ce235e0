"""What the embedded index adds to the contract: files that break and processes that die."""

import subprocess
import sys

import pytest

from resources.lexical import tantivy_index
from resources.lexical.protocol import LexicalUnavailable
from resources.lexical.tantivy_index import TantivyIndex
from tests.lexical.conftest import an_id, found, passage

HOLD = """
import sys, time
from pathlib import Path
from resources.lexical.tantivy_index import TantivyIndex
index = TantivyIndex(Path(sys.argv[1]))
index.add([])
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path):
    index = TantivyIndex(tmp_path / "index", create=True)
    index.add([passage("a", "word")])
    index.commit()
    return tmp_path / "index"


@pytest.fixture
def holder(folder):
    """Another process that holds the writer."""
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_a_second_writer_gives_up_in_time_and_says_why(folder, holder, monkeypatch):
    monkeypatch.setattr(tantivy_index, "_WAIT_FOR_WRITER_S", 0.2)
    with pytest.raises(LexicalUnavailable) as error:
        TantivyIndex(folder).add([passage("b", "word")])
    assert error.value.reason == "locked"


def test_reading_goes_on_while_another_process_writes(folder, holder):
    assert len(TantivyIndex(folder).search("word", 5)) == 1


def test_a_killed_writer_leaves_the_index_usable(folder, holder):
    holder.kill()
    holder.wait()
    index = TantivyIndex(folder)
    index.add([passage("b", "word")])
    index.commit()
    assert index.count() == 2


@pytest.mark.parametrize("name", ["meta.json", "*.idx", "*.store", "*.term"])
def test_a_broken_file_is_reported(folder, name):
    for file in folder.glob(name):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(LexicalUnavailable) as error:
        TantivyIndex(folder, create=True).search("word", 1)
    assert error.value.reason == "broken"


def test_an_index_of_another_format_is_not_opened(folder):
    (folder / "rage-format").write_text("0")
    with pytest.raises(LexicalUnavailable) as error:
        TantivyIndex(folder)
    assert error.value.reason == "format"


def test_closing_drops_what_was_not_committed(tmp_path):
    index = TantivyIndex(tmp_path / "index", create=True)
    index.add([passage("a", "word")])
    index.close()
    other = TantivyIndex(tmp_path / "index")
    other.add([passage("b", "word")])
    other.commit()
    assert found(other, "word") == [an_id("b")]
