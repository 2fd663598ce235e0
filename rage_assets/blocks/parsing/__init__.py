"""Files to blocks: one parser for each family of formats, and one place where all of them fail and finish."""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from rage_assets.blocks.parsing.code.generated import skip_generated, skipped
from rage_assets.blocks.parsing.content import WHOLE_BYTES, Content
from rage_assets.blocks.parsing.finish import Finisher, clean_title
from rage_assets.blocks.parsing.media_type import media_type_of
from rage_assets.blocks.parsing.outline import Outline, sink, text_budget
from rage_assets.blocks.parsing.registry import Parser, fingerprint, parser_for
from resources.domain import ParsedBlock, ParsedDocument
from resources.errors import ParseFailed

__all__ = ["PARSERS_FINGERPRINT", "Content", "Outline", "Parser", "most_bytes", "parse_file", "parser_for", "parser_version"]

MAX_BYTES = 8 << 30
# Tables repeat their header and JSON its keys; what grows by more than this was made to.
_MOST_GROWTH = 20
_SMALL_TEXT = 50_000_000
# What has nothing to do with the file: what comes of it finds no room on the disk, or more is written than may be.
_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def __getattr__(name: str) -> str:
    # Asking every installed package for its parsers takes a while, so not on import.
    if name == "PARSERS_FINGERPRINT":
        return fingerprint()
    raise AttributeError(name)


def parse_file(
    data: bytes | os.PathLike[str],
    path: str,
    *,
    max_bytes: int = MAX_BYTES,
    passwords: Sequence[str] = (),
    emit: Callable[[list[ParsedBlock]], None] | None = None,
) -> ParsedDocument:
    """Turn one file into blocks.

    Args:
        data: Its bytes, or where they are.
        path: Its path in its source; the name is half of how the format is found.
        max_bytes: A larger file is refused.
        passwords: What it may open with if it is encrypted.
        emit: Takes the blocks part by part, in order, while a long file is read; they are then not returned.

    Returns:
        The document with at least one block or file inside it; texts hold nothing that a store refuses.

    Raises:
        ParseFailed: With one of the reasons `empty`, `too_large`, `unsupported_format`, `binary`, `encoding`,
            `encrypted`, `broken`, `generated`, `too_deep` and `no_text`. What was emitted before is then of no use.
        OSError: The disk is full.
    """
    content = _open(data, path, max_bytes, passwords)
    parser = parser_for(path, content.media_type)
    if parser is None:
        raise ParseFailed("unsupported_format", f"No parser reads {content.media_type} ({content.name}).")
    if skip_generated.get() and (why := skipped(path, content.media_type, content.head)):
        raise ParseFailed("generated", why, hint="With RAGE_PARSE_GENERATED=true, such files are read.")
    finisher = Finisher()
    emitted = 0

    def hand_over(outline: Outline) -> None:
        nonlocal emitted
        emitted += len(outline.blocks)
        assert emit is not None
        emit(finisher.finish(outline.blocks))

    outline = _parsed(parser, content, hand_over if emit else None)
    if not emitted and not outline.blocks and not outline.children:
        raise ParseFailed("no_text", "There is no text in the file.")
    if emit and outline.blocks:
        hand_over(outline)
    return ParsedDocument(
        title=clean_title(outline.title),
        media_type=content.media_type,
        blocks=[] if emit else finisher.finish(outline.blocks),
        language=finisher.language,
        parser=f"{parser.name}/{parser.version}",
        children=outline.children,
    )


def _parsed(parser: Parser, content: Content, hand_over: Callable[[Outline], None] | None) -> Outline:
    """What the parser makes of a file; whatever it raises is a reason."""
    budget = text_budget.set(_MOST_GROWTH * content.size + _SMALL_TEXT)
    parts = sink.set(hand_over)
    try:
        return parser.parse(content)
    except (ParseFailed, MemoryError):
        raise
    except ImportError as error:
        message = f"Reading {content.media_type} needs a package that is not installed: {error.name}."
        raise ParseFailed("unsupported_format", message, hint=f"Install {error.name}.") from None
    except OSError as error:
        if error.errno in _OF_THE_MACHINE:
            raise
        raise _broken(parser, error) from error
    except RuntimeError as error:
        if "bad_alloc" in str(error):  # how native libraries say it
            raise MemoryError from error
        raise _broken(parser, error) from error
    except Exception as error:  # a parser's bug or a hostile file: a quarantined row, never a crash
        raise _broken(parser, error) from error
    finally:
        text_budget.reset(budget)
        sink.reset(parts)


def _broken(parser: Parser, error: Exception) -> ParseFailed:
    return ParseFailed("broken", f"The {parser.name} parser failed: {type(error).__name__}: {error}"[:500])


def parser_version(path: str, media_type: str | None = None) -> str:
    """The parser that would read a file of this name, as `markdown/1`; `unsupported` where there is none. Cheap.

    Args:
        path: The file's path.
        media_type: What an earlier look at the content found, which counts for more than the name.
    """
    parser = parser_for(path, media_type)
    return f"{parser.name}/{parser.version}" if parser else "unsupported"


def most_bytes(path: str, limit: int) -> int:
    """The most bytes that a file of this name is read with: all of them at once, unless its parser reads in pieces.

    Args:
        path: The file's path.
        limit: The operator's.
    """
    parser = parser_for(path)
    return limit if getattr(parser, "reads_in_pieces", False) else min(limit, WHOLE_BYTES)


def _open(data: bytes | os.PathLike[str], path: str, max_bytes: int, passwords: Sequence[str]) -> Content:
    source = data if isinstance(data, bytes) else Path(data)
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > max_bytes:
        raise ParseFailed("too_large", f"The file has {size} bytes; the limit is {max_bytes}.")
    if size == 0:
        raise ParseFailed("empty", "The file has no bytes.")
    return Content(source, path, media_type_of(source, path), passwords)
