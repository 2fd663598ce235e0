"""What a model wants put before queries and before passages, as its configuration says."""

import json
from pathlib import Path
from typing import NamedTuple

from resources.errors import InvalidSettings
from resources.settings import Settings

# By these names models publish their prompts; sentence-transformers looks for them in this order.
_QUERY = ("query", "search_query", "s2p_query")
_PASSAGE = ("document", "passage", "corpus", "search_document")


class Prompts(NamedTuple):
    """What stands before a query and before a passage; empty for most models."""

    query: str = ""
    passage: str = ""


NONE = Prompts()


def configured_prompts(settings: Settings) -> Prompts:
    """The prompts of the settings, for servers and for models that name none."""
    return Prompts(settings.embedding_query_prompt, settings.embedding_passage_prompt)


def prompts_of(folder: Path, otherwise: Prompts = NONE) -> Prompts:
    """The prompts of a sentence-transformers model; `otherwise` where it names none.

    Raises:
        InvalidSettings: Its configuration cannot be read.
    """
    file = folder / "config_sentence_transformers.json"
    if not file.is_file():
        return otherwise
    try:
        facts = json.loads(file.read_text("utf-8"))
        named: dict[str, str] = {str(k): v for k, v in (facts.get("prompts") or {}).items() if isinstance(v, str)}
        default = named.get(str(facts.get("default_prompt_name")), "")
    except (OSError, ValueError, AttributeError) as error:
        raise InvalidSettings(f"{file} is no configuration of a sentence-transformers model: {error}.") from error
    found = Prompts(_first(named, _QUERY, default), _first(named, _PASSAGE, default))
    return found if any(found) else otherwise


def pools_prompts(folder: Path) -> bool:
    """Whether a prompt's tokens count in the vector; models made for instructions leave them out."""
    for file in folder.glob("*/config.json"):
        try:
            if json.loads(file.read_text("utf-8")).get("include_prompt") is False:
                return False
        except (OSError, ValueError, AttributeError):
            continue
    return True


def _first(named: dict[str, str], names: tuple[str, ...], default: str) -> str:
    return next((named[name] for name in names if name in named), default)
