"""Turns a sentence-transformers model into an OpenVINO one, once for a home, in a process of its own.

A process of its own, because torch and transformers take 15 s to import and a gigabyte that nobody gives back. The
converted model starts in half a second. It is made in two forms, exact (bfloat16 where the processor has AMX) and with
weights of 8 bits, and both are tried against the original: what does not give its vectors is out, of the rest the fastest
on this machine is kept.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from resources.logs import get_logger

VERSION = 2
_TIMEOUT_S = 600
# A conversion that failed is tried again after this time: what was in its way may be gone.
_AGAIN_S = 24 * 3600
_WHOLE, _PARTS, _PART = 1 << 20, 16, 1 << 16
_log = get_logger(__name__)


def converted_folder(home: Path, model: str) -> Path:
    """Where the conversion of `model` lies; another model, another original or another rule gets another folder."""
    from resources.embedding.model_files import model_folder
    from resources.identity import text_hash

    source = model_folder(model)
    facts = [[str(f.relative_to(source)), _print(f)] for f in sorted(source.rglob("*")) if f.is_file()]
    return home / "models" / f"{source.name}-{text_hash(json.dumps([VERSION, model, facts])).hex()[:16]}"


def ensure_converted(home: Path, model: str) -> Path | None:
    """The folder with the converted model, made on first use; None where the conversion does not serve."""
    from resources.embedding.model_files import check_weights, model_folder

    folder = converted_folder(home, model)
    if _is_due(folder):
        import fasteners

        folder.parent.mkdir(parents=True, exist_ok=True)
        with fasteners.InterProcessLock(folder.parent / ".lock"):
            if _is_due(folder):
                check_weights(model_folder(model))
                _convert_in_child(model, folder)
                _remove_older(folder, model)
    return folder if _meta(folder).get("usable") else None


def _print(file: Path) -> str:
    """What tells one version of a file from another: all of a small one, samples of a large one."""
    size = file.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with file.open("rb") as opened:
        if size <= _WHOLE:
            digest.update(opened.read())
        else:
            for part in range(_PARTS):
                opened.seek((size - _PART) * part // (_PARTS - 1))
                digest.update(opened.read(_PART))
    return digest.hexdigest()


def _meta(folder: Path) -> dict[str, Any]:
    try:
        meta: dict[str, Any] = json.loads((folder / "meta.json").read_text())
    except (OSError, ValueError):
        return {}
    return meta


def _is_due(folder: Path) -> bool:
    meta = _meta(folder)
    return not meta or not (meta["usable"] or time.time() - meta.get("failed_at", 0) < _AGAIN_S)


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
        why = " ".join(detail.decode(errors="replace").strip().splitlines()[-1:])
        _log.warning("conversion_failed", model=model, reason=why)
        facts = {"model": model, "usable": False, "why": why, "failed_at": time.time()}
        (scratch / "meta.json").write_text(json.dumps(facts))
    shutil.rmtree(folder, ignore_errors=True)
    scratch.rename(folder)


def _remove_older(folder: Path, model: str) -> None:
    """Removes what earlier versions of this model, or of this rule, left behind."""
    for other in folder.parent.iterdir():
        if other.name != folder.name and other.name.rpartition("-")[0] == folder.name.rpartition("-")[0]:
            meta = _meta(other)
            if meta and meta.get("model", model) == model:
                shutil.rmtree(other, ignore_errors=True)


def _convert(model: str, folder: Path) -> dict[str, Any]:
    """Makes the forms of the model, tries them, and keeps the best."""
    import openvino
    import torch

    from resources.embedding.cores import cores
    from resources.embedding.openvino import OpenVinoEmbedder
    from resources.embedding.quantise import quantise
    from resources.embedding.sentence_transformer import SentenceTransformerEmbedder
    from resources.embedding.trial import SAMPLES, chosen, trial

    torch.set_num_threads(cores())
    original = SentenceTransformerEmbedder(model, "cpu")
    module = original.module
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
    openvino.save_model(graph, folder / "exact.xml", compress_to_fp16=False)
    del graph
    forms = ["exact", *(["int8"] if quantise(folder / "exact.xml", folder / "int8.xml") else [])]
    (folder / "tokenizer.json").write_text(module.tokenizer.backend_tokenizer.to_str(), "utf-8")
    meta = {
        "model": model,
        "dimension": original.dimension,
        "window": original.model_window,
        "inputs": names,
        "pad": module.tokenizer.pad_token_id or 0,
    }
    (folder / "meta.json").write_text(json.dumps(meta))
    # The library's own way of encoding, so that whatever ours does differently shows.
    module.encode(["warm up"], show_progress_bar=False)
    started = time.perf_counter()
    vectors = module.encode(list(SAMPLES), prompt="", show_progress_bar=False, normalize_embeddings=True)
    speed = len(SAMPLES) / (time.perf_counter() - started)
    results = trial({form: OpenVinoEmbedder(model, folder, form=form).encode for form in forms}, vectors)
    choice = chosen(results)
    for form in forms:
        if form != choice:
            for file in (folder / f"{form}.xml", folder / f"{form}.bin"):
                file.unlink(missing_ok=True)
    shutil.rmtree(folder / "cache", ignore_errors=True)  # it holds what is compiled under this folder's passing name
    tried = {name: result._asdict() for name, result in results.items()}
    outcome: dict[str, Any] = {
        "usable": choice is not None,
        "form": choice,
        "tried": tried | {"torch": {"texts_per_s": round(speed, 2)}},
    }
    if choice is None:
        outcome |= {"why": "no form gives the original's vectors", "failed_at": time.time()}
    return meta | outcome


if __name__ == "__main__":
    target = Path(sys.argv[2])
    (target / "meta.json").write_text(json.dumps(_convert(sys.argv[1], target)))
