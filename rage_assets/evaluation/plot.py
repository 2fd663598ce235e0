"""The history of a set as a picture, in Markdown that the Dagster UI shows."""

import base64
import io
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from resources.evaluation.models import EvaluatedMode, Result

_COLOURS = {"hybrid": "#1f77b4", "vector": "#2ca02c", "lexical": "#ff7f0e"}


def history_plot(name: str, modes: Mapping[EvaluatedMode, Sequence[Result]]) -> str:
    """nDCG@10 of one set over time as an image in Markdown: a line for each mode, and where another version went live.

    Args:
        name: The set's.
        modes: Results by mode, the newest first.
    """
    import matplotlib as mpl

    mpl.use("Agg", force=False)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 2.8), dpi=80, layout="constrained")
    axes = figure.subplots()
    for mode, results in modes.items():
        times: Any = [each.measured_at for each in reversed(results)]
        values = [each.metrics.ndcg_10 for each in reversed(results)]
        axes.plot(times, values, marker="o", markersize=3, linewidth=1.2, label=mode, color=_COLOURS.get(mode))
    shown = next((list(results) for results in modes.values() if results), [])
    for later, earlier in pairwise(shown):
        if later.index_version != earlier.index_version:
            moment: Any = later.measured_at
            axes.axvline(moment, color="grey", linestyle=":", linewidth=1)
            axes.annotate(later.model.replace("$", r"\$"), (moment, 0.02), rotation=90, fontsize=6, color="grey")
    axes.set_ylim(0, 1.02)
    axes.set_title(f"nDCG@10 of {name}".replace("$", r"\$"), fontsize=9)
    axes.tick_params(labelsize=7)
    axes.grid(visible=True, linewidth=0.3)
    axes.legend(fontsize=7, loc="lower left")
    figure.autofmt_xdate(rotation=20, ha="right")
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return f"![nDCG@10 of {name}](data:image/png;base64,{base64.b64encode(picture.getvalue()).decode()})"
