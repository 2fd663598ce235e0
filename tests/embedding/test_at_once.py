"""A model that several threads open and ask first: all of them get their vectors."""

import subprocess
import sys

from tests.conftest import ROOT

CODE = """
import sys, threading
from pathlib import Path
from resources.embedding.openvino import OpenVinoEmbedder
folder, together = Path(sys.argv[1]), threading.Barrier(4)
def ask(number):
    together.wait()
    assert OpenVinoEmbedder("m", folder).encode(["x" * number, "y"]).shape[0] == 2
threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 5)]
[each.start() for each in threads]
[each.join() for each in threads]
"""


def test_threads_that_open_a_model_at_once_all_get_their_vectors(models):
    folder = next(models.glob("*/meta.json")).parent
    for _ in range(2):
        subprocess.run([sys.executable, "-c", CODE, str(folder)], cwd=ROOT, timeout=90, check=True)
