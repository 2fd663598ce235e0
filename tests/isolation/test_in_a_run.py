"""Files that hang, crash or eat memory, in a real run beside good ones."""

import pytest

pytestmark = pytest.mark.real
GOOD = {f"good-{n}.md": f"# Good {n}\n\nA good document about the number {n}.\n" for n in range(12)}
BAD = {"hangs.mischief": "timeout", "dies.mischief": "crashed", "eats.mischief": "memory", "calls.mischief": "broken"}


def test_whatever_a_file_does_to_its_reader_the_others_go_live(mischief, home, write):
    does = {"hangs.mischief": "hang", "dies.mischief": "crash", "eats.mischief": "memory", "calls.mischief": "connect 1"}
    space = home.space(folder=write(GOOD | does))
    report = home.ingest(parse_timeout_s=4)
    assert report.state == "partly"
    assert {row["path"] for row in home.rows("SELECT path FROM documents", space=space)} == set(GOOD)
    assert {row["path"]: row["reason"] for row in home.rows("SELECT path, reason FROM quarantine", space=space)} == BAD
