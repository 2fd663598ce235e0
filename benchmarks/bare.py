"""The model alone, in a process of its own: `python -m benchmarks.bare TEXTS.json` prints the seconds that it took."""

import json
import sys
import time
from pathlib import Path

from benchmarks.homes import MODEL
from resources.embedding.sentence_transformer import load_model


def main() -> None:
    """Encodes the texts with sentence-transformers on torch, as its own documentation does on a CPU."""
    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    model = load_model(MODEL, "cpu")
    model.encode(texts[:64], batch_size=32, show_progress_bar=False)
    started = time.perf_counter()
    model.encode(texts, batch_size=32, show_progress_bar=False)
    print(json.dumps({"seconds": time.perf_counter() - started}))


if __name__ == "__main__":
    main()
