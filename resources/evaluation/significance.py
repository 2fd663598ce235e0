"""Is the new worse than the old, or is it chance? A paired test over the queries of a set."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from resources.evaluation.models import Comparison, Loss

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FEWEST, _MOST, _TOSSES = 999, 9_999, 5_000_000
_SEED = 20_071_106
_MOST_NAMED = 20
_EQUAL = 1e-9
_AT_ONCE = 1_000_000  # signs in memory together


def paired_test(old: Mapping[str, float], new: Mapping[str, float]) -> Comparison:
    """Compares two systems on the same queries by Fisher's randomisation test.

    If both are equally good, the sign of each query's difference is a coin's toss; the p-value is the share of tosses whose
    mean is as bad for the new one as what was seen. It assumes no distribution, and is what is recommended for retrieval:
    M. Smucker, J. Allan, B. Carterette, "A Comparison of Statistical Significance Tests for Information Retrieval
    Evaluation", CIKM 2007, https://doi.org/10.1145/1321440.1321528. All tosses are looked at where there are few queries,
    otherwise 999 to 9,999 that are the same every time.

    Args:
        old: A score for each query, by id, such as nDCG@10.
        new: The same of the other system; queries that only one of them has do not count.

    Returns:
        The comparison; without a common query its p-value is 1.
    """
    import numpy as np

    common = [query for query in old if query in new]
    differences = np.array([new[query] - old[query] for query in common], dtype=float)
    if not common:
        return Comparison(mean_old=0, mean_new=0, difference=0, p_value=1, queries=0)
    lost = sorted((query for query in common if new[query] < old[query]), key=lambda query: (new[query] - old[query], query))
    return Comparison(
        mean_old=round(float(np.mean([old[query] for query in common])), 4),
        mean_new=round(float(np.mean([new[query] for query in common])), 4),
        difference=round(float(differences.mean()), 4),
        p_value=_p_value(differences),
        queries=len(common),
        worse=[Loss(id=query, before=old[query], after=new[query]) for query in lost[:_MOST_NAMED]],
    )


def _p_value(differences: "NDArray[np.float64]") -> float:
    import numpy as np
    from scipy.stats import permutation_test

    changed = differences[np.abs(differences) > _EQUAL]  # whatever its sign, nothing adds nothing
    if changed.size < 2:  # a single toss, of which SciPy makes none
        return 0.5 if changed.size and changed[0] < 0 else 1.0
    found = permutation_test(
        (changed,),
        np.sum,
        permutation_type="samples",
        alternative="less",
        vectorized=True,
        n_resamples=max(_FEWEST, min(_MOST, _TOSSES // changed.size)),
        batch=max(1, _AT_ONCE // changed.size),
        rng=np.random.default_rng(_SEED),
    )
    return round(float(found.pvalue), 4)
