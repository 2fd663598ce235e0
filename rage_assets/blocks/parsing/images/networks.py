"""The two networks of PaddleOCR that come with RapidOCR: one finds lines, one reads them."""

import os
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_FINDS = "ch_PP-OCRv4_det_infer.onnx"
_READS = "ch_PP-OCRv4_rec_infer.onnx"
# Parsers run in several processes beside each other.
_THREADS = 2
LINE_HEIGHT = 48
COLUMN = 8  # pixels of a line's picture for each column of what is read
_LEAST_WIDTH, _MOST_WIDTH = 320, 6400
_GRID = 32  # what the first network wants sides to be multiples of


class Networks:
    """Both networks, ready to be asked."""

    def __init__(self) -> None:
        import cv2
        import rapidocr_onnxruntime
        from rapidocr_onnxruntime.ch_ppocr_det.utils import DBPostProcess

        cv2.setNumThreads(_threads())
        models = Path(rapidocr_onnxruntime.__file__).parent / "models"
        self._finder, self._reader = _session(models / _FINDS), _session(models / _READS)
        # Spaced letters are faint to it; what is no text at all, nothing is read in.
        self._corners = DBPostProcess(thresh=0.3, box_thresh=0.3, unclip_ratio=1.6, use_dilation=True)

    @cached_property
    def alphabet(self) -> list[str]:
        """The characters that are known: first one that stands for none, last the space."""
        known = self._reader.get_modelmeta().custom_metadata_map["character"].splitlines()
        return ["", *known, " "]

    @cached_property
    def accented(self) -> dict[str, list[int]]:
        """For each letter, the places in the alphabet where it bears a mark."""
        found: dict[str, list[int]] = {}
        for at, char in enumerate(self.alphabet):
            parts = unicodedata.normalize("NFD", char)
            if len(parts) > 1 and parts[0].isascii() and parts[0].isalpha():
                found.setdefault(parts[0], []).append(at)
        return found

    def find(self, pixels: "np.ndarray") -> list["np.ndarray"]:
        """The places of the lines in a picture (BGR), four corners each in no certain order."""
        import cv2

        height, width = pixels.shape[:2]
        grid = [max(round(side / _GRID), 1) * _GRID for side in (width, height)]
        wanted = _normal(cv2.resize(pixels, grid))
        answer = self._finder.run(None, {self._finder.get_inputs()[0].name: wanted[None]})[0]
        boxes, _ = self._corners(answer, (height, width))
        return list(boxes)

    def read(self, line: "np.ndarray") -> "np.ndarray":
        """For each column of a line's picture (BGR), how likely each character of the alphabet is."""
        import numpy as np

        height, width = line.shape[:2]
        wide = min(max(round(LINE_HEIGHT * width / height), 1), _MOST_WIDTH)
        wanted = np.zeros((3, LINE_HEIGHT, max(wide, _LEAST_WIDTH)), dtype=np.float32)
        wanted[:, :, :wide] = _normal(level(line, wide))
        answer: np.ndarray = self._reader.run(None, {self._reader.get_inputs()[0].name: wanted[None]})[0][0]
        return answer


def level(line: "np.ndarray", wide: int) -> "np.ndarray":
    """A line's picture at the height that lines are read at."""
    import cv2

    shrinks = line.shape[0] > 1.5 * LINE_HEIGHT
    resized: np.ndarray = cv2.resize(
        line, (wide, LINE_HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return resized


def _normal(pixels: "np.ndarray") -> "np.ndarray":
    import numpy as np

    normal: np.ndarray = (pixels.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)
    return normal


def _threads() -> int:
    return max(1, min(_THREADS, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1))


def _session(model: Path) -> Any:
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = _threads(), 1
    options.log_severity_level = 4
    # Memory of the largest picture would be held for ever, and threads that wait would take turns from other processes.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
