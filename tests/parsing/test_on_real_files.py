"""The parsers read real documents at least as well as others do."""

import json
import subprocess
import sys

import pytest

from rage_assets.blocks.parsing import parse_file
from resources.errors import ParseFailed

pytestmark = pytest.mark.real

# The better of two widely used parsers on the same files: text, recall of headings, cells. Of old office files, which
# they do not read, what we hold ourselves to.
_OTHERS = {
    "asciidoc": (0.92, 1.0, 1.0),
    "csv": (1.0, None, 1.0),
    "docx": (0.901, 0.990, 0.950),
    "images": (0.986, None, None),
    "legacy_office": (0.9, 0.95, 0.95),
    "pdf_text": (0.794, 0.671, 0.574),
    "pdf_tables": (None, None, 0.338),
    "pptx": (0.899, 1.0, 0.707),
    "xlsx": (0.860, 1.0, 0.946),
    "rtf": (0.985, None, None),
    "epub": (0.999, 1.0, None),
    "html": (0.942, 1.0, 0.988),
    "xml_jats": (0.734, None, 0.5),
    "latex": (0.95, 1.0, None),
    "markdown": (0.988, 1.0, 1.0),
    "vtt": (1.0, None, None),
}


@pytest.mark.parametrize("name", _OTHERS)
def test_real_documents_are_read_at_least_as_well_as_by_others(shared, tmp_path, name):
    tool = shared.parent / "tools/score_documents.py"
    if not tool.is_file():
        pytest.skip("the scoring tool is not beside this checkout")
    documents = shared / "documents"
    with (tmp_path / "parsed.jsonl").open("w") as out:
        for path in sorted((documents / name).iterdir()):
            if ".truth." in path.name or path.name == "SOURCE.txt":
                continue
            row = {"path": path.relative_to(documents).as_posix()}
            try:
                row["blocks"] = parse_file(path, path.name).model_dump(mode="json")["blocks"]
            except ParseFailed as failure:
                row["error"] = {"reason": failure.reason}
            out.write(json.dumps(row) + "\n")
    run = [sys.executable, str(tool), str(documents), str(tmp_path / "parsed.jsonl"), "--only", name, "--json"]
    scores = json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout)["total"]
    for metric, other in zip(("text", "head_r", "cells"), _OTHERS[name], strict=True):
        assert other is None or scores[metric] >= other - 0.0005, (metric, scores[metric])
