"""docs/operations.md lists every setting, as the error about an unknown one says."""

import re

from resources.settings import SECRETS, Settings
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
OTHERS = {"RAGE_CONFIG", "RAGE_DATABASE_URL_FILE"}  # no settings: where they stand, and an example of `…_FILE`


def test_every_setting_is_listed():
    said = set(re.findall(r"`(RAGE_[A-Z_]+[A-Z])`", PAGE)) - OTHERS
    assert said == {f"RAGE_{name.upper()}" for name in Settings.model_fields}


def test_every_secret_is_marked_as_one():
    for name in SECRETS:
        lines = [line for line in PAGE.splitlines() if f"`RAGE_{name.upper()}`" in line]
        marked = re.compile(rf"`RAGE_{name.upper()}`(?:, `RAGE_\w+`)* \(secrets?\)")
        assert any(marked.search(line) for line in lines), name


def test_what_is_no_secret_is_not_marked_as_one():
    marked = set(re.findall(r"`RAGE_([A-Z_]+)` \(secrets?\)", PAGE))
    assert {name.lower() for name in marked} <= SECRETS
