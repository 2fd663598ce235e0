"""Turns a sentence-transformers model into an OpenVINO one, once for a home, in a process of its own.

A process of its own, because torch and transformers take 15 s to import and a gigabyte that nobody gives back. The
converted model starts in half a second, and on CPUs with AMX computes in bfloat16: it is kept only if its vectors have a
cosine of at least `LEAST_COSINE` to the original's.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

LEAST_COSINE = 0.99
VERSION = 1
_TIMEOUT_S = 600
_SAMPLES = (
    "What does the warranty cover?",
    "def parse(path: str) -> list[Block]:\n    return [block for block in read(path) if block.text]",
    "Die Kündigungsfrist beträgt drei Monate zum Quartalsende.",
    "| region | revenue |\n|---|---|\n| north | 12.4 |\n| south | 9.1 |",
    "Employees travel economy class. Exceptions are approved by the head of the department before booking. " * 12,
    "x",
)


def converted_folder(home: Path, model: str) -> Path:
    """Where the conversion of `model` lies; another model, another original or another rule gets another folder."""
    from resources.embedding.sentence_transformer import model_folder
    from resources.identity import text_hash

    source = model_folder(model)
    facts = [[str(f.relative_to(source)), f.stat().st_size] for f in sorted(source.rglob("*")) if f.is_file()]
    return home / "models" / f"{source.name}-{text_hash(json.dumps([VERSION, model, facts])).hex()[:16]}"


def ensure_converted(home: Path, model: str) -> Path | None:
    """The folder with the converted model, made on first use; None where the conversion does not serve."""
    from resources.embedding.sentence_transformer import check_weights, model_folder

    folder = converted_folder(home, model)
    if not (folder / "meta.json").exists():
        import fasteners

        folder.parent.mkdir(parents=True, exist_ok=True)
        with fasteners.InterProcessLock(folder.parent / ".lock"):
            if not (folder / "meta.json").exists():
                check_weights(model_folder(model))
                _convert_in_child(model, folder)
    return folder if json.loads((folder / "meta.json").read_text())["usable"] else None


def _convert_in_child(model: str, folder: Path) -> None:
    scratch = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        subprocess.run(  # noqa: S603 -- this module, run by this interpreter
            [sys.executable, "-m", "resources.embedding.convert", model, str(scratch)],
            check=True,
            capture_output=True,
            timeout=_TIMEOUT_S,
            env=os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"},
        )
    except (subprocess.SubprocessError, OSError) as error:
        detail = getattr(error, "stderr", b"") or str(error).encode()
        tail = detail.decode(errors="replace").strip().splitlines()[-1:]
        (scratch / "meta.json").write_text(json.dumps({"usable": False, "why": " ".join(tail)}))
    shutil.rmtree(folder, ignore_errors=True)
    scratch.rename(folder)


def _convert(model: str, folder: Path) -> dict[str, Any]:
    import openvino
    import torch

    from resources.embedding.openvino import OpenVinoEmbedder
    from resources.embedding.sentence_transformer import SentenceTransformerEmbedder

    original = SentenceTransformerEmbedder(model, "cpu")
    module = original._model
    names = [n for n in ("input_ids", "attention_mask", "token_type_ids") if n in module.tokenizer.model_input_names]

    class Encoder(torch.nn.Module):
        """All modules of the model, pooling and normalisation included, as one graph."""

        def __init__(self) -> None:
            super().__init__()
            self.module = module  # registered, or tracing refuses its weights as constants

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            features = self.module.forward(dict(zip(names, inputs, strict=True)))
            return torch.nn.functional.normalize(features["sentence_embedding"], dim=-1)

    example = torch.ones((2, 16), dtype=torch.int64)
    with torch.no_grad():
        graph = openvino.convert_model(Encoder().eval(), example_input=tuple(example for _ in names))
    openvino.save_model(graph, folder / "model.xml", compress_to_fp16=False)
    original._tokenizer.no_truncation()
    original._tokenizer.no_padding()
    original._tokenizer.save(str(folder / "tokenizer.json"))
    meta = {"dimension": original.dimension, "window": original.window, "inputs": names}
    (folder / "meta.json").write_text(json.dumps(meta))
    ours, theirs = OpenVinoEmbedder(model, folder).encode(_SAMPLES), original.encode(_SAMPLES)
    least = float(np.min(np.sum(ours * theirs, axis=1)))
    return meta | {"usable": least >= LEAST_COSINE, "least_cosine": least}


if __name__ == "__main__":
    target = Path(sys.argv[2])
    (target / "meta.json").write_text(json.dumps(_convert(sys.argv[1], target)))
