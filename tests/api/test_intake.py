"""What a location is, and what a schedule is."""

import pytest

from resources.errors import InvalidInput
from resources.intake import identify, parse_every


def test_locations_are_told_apart(tmp_path):
    (tmp_path / "bare.git").mkdir()
    assert identify(str(tmp_path)) == ("folder", str(tmp_path))
    assert identify(f"file://{tmp_path}") == ("folder", str(tmp_path))
    assert identify("bare.git", base=tmp_path) == ("folder", str(tmp_path / "bare.git"))
    for location, kind in {
        "git@github.com:a/b": "git",
        "ssh://git@host/a": "git",
        "git+https://host/a": "git",
        "https://host/a.git": "git",
        "https://host/handbook": "web",
        "s3://bucket/prefix": "object_store",
    }.items():
        assert identify(location) == (kind, location)


@pytest.mark.parametrize("location", ["", " ", "a\nb", "x" * 3000, "bare.git/none", "file:///none", "s3://k:secret@b/"])
def test_what_is_no_location_is_refused_without_telling_passwords(location):
    with pytest.raises(InvalidInput) as error:
        identify(location)
    assert "secret" not in str(error.value)


def test_schedules_are_a_number_and_a_unit():
    assert [parse_every(every) for every in ("30s", "10m", "6 h", "1D")] == [30, 600, 21600, 86400]
    for wrong in ("", "10", "0s", "-1m", "1w", "9999d"):
        with pytest.raises(InvalidInput):
            parse_every(wrong)
