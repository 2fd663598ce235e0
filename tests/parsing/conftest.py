"""What the parsing tests share: short ways to parse."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rage_assets.blocks.parsing import parse_file
from resources.domain import ParsedDocument
from resources.errors import ParseFailed

SHARED = Path(__file__).resolve().parents[2].parent / "shared/data"


@pytest.fixture
def shared() -> Path:
    """The evaluation data."""
    if not SHARED.is_dir():
        pytest.skip("the evaluation data is not beside this checkout")
    return SHARED


@pytest.fixture
def parse() -> Callable[[str | bytes, str], ParsedDocument]:
    """Parses text or bytes under a name."""
    return lambda data, name: parse_file(data.encode() if isinstance(data, str) else data, name)


@pytest.fixture
def reason() -> Callable[[str | bytes, str], str]:
    """The reason for which text or bytes under a name cannot be parsed."""

    def ask(data: str | bytes, name: str) -> str:
        with pytest.raises(ParseFailed) as failure:
            parse_file(data.encode() if isinstance(data, str) else data, name)
        return failure.value.reason

    return ask
