"""The recipe: by which rules a file is read. A new one reads again the documents it concerns, and no others."""

from rage_assets.blocks.parsing import parser_version
from rage_assets.embeddings.passages import PASSAGE_RULES


def recipe_of(path: str, media_type: str | None = None) -> str:
    """The version of the parser that reads a file now, and that of the rules that make passages.

    Args:
        path: The file's path.
        media_type: What its content was when it was read last, which counts for more than its name.
    """
    return f"{parser_version(path, media_type)} {PASSAGE_RULES}"
