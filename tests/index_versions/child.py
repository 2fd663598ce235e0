"""A build in a process of its own, slow enough to be killed in the middle: `python -m … HOME SPACE MODEL`."""

import sys
import time
from pathlib import Path

from rage_assets.index_versions.run import run_build
from resources import platform
from resources.settings import Settings
from tests.index_versions.models import open_hashed

if __name__ == "__main__":
    platform.open_embedder = open_hashed
    home, space, model = sys.argv[1:]
    given = Settings(home=Path(home), embedding_model=model, batch_documents=1)
    run_build(given, space, model=model, on_progress=lambda *_: time.sleep(0.3))
