"""The gate: what a glance lets through, the library lets through, too."""

import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rage_assets.blocks import checks as of_blocks
from rage_assets.embeddings import checks as of_vectors
from rage_assets.quality.gate import broken, judged

SUITES = {"blocks": of_blocks.suite(0.5), "vectors": of_vectors.suite(384)}
NUMBERS = st.one_of(
    st.integers(-1, 3),
    st.sampled_from([0.019, 0.02, 0.021, 0.5, 0.49, 1.0, 1.02, 384, 383, 5_000_000, 5_000_001, math.inf, math.nan, None]),
)


@pytest.mark.parametrize("name", SUITES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_glance_and_the_library_agree(name, data):
    suite = SUITES[name]
    columns = sorted({each.arguments["column"] for each in suite})
    row = st.fixed_dictionaries(dict.fromkeys(columns, NUMBERS))
    rows = data.draw(st.lists(row, min_size=1, max_size=3))
    if all(each.plainly_met(rows) for each in suite):
        assert judged(name, suite, rows) == {}
    assert broken(name, suite, rows) == judged(name, suite, rows)
    for each in suite:  # one at a time, they are met more often
        if each.plainly_met(rows):
            assert judged(name, [each], rows) == {}


def test_what_is_plainly_sound_loads_no_library():
    code = (
        "import sys; from rage_assets.blocks import checks; from rage_assets.quality.gate import broken\n"
        "row = {'characters': 9, 'empty_blocks': 0, 'longest_block': 9, 'replacement_share': 0.0, 'mojibake_share': 0.0,\n"
        "       'unknown_languages': 0, 'page_steps_back': 0, 'order_gaps': 0, 'text_kept': float('inf')}\n"
        "assert broken('blocks', checks.suite(0.5), [row]) == {}\n"
        "assert 'great_expectations' not in sys.modules and 'pandas' not in sys.modules\n"
        "assert broken('blocks', checks.suite(0.5), [row | {'empty_blocks': 1}])[0].name == 'no_empty_block'\n"
        "assert 'great_expectations' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
