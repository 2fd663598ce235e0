"""Lines of running text, told from pieces of tables that stand beside them."""

from collections.abc import Iterable, Sequence

from rage_assets.blocks.parsing.pdf.lines import Segment

PROSE = 12  # times the height of the font; wider pieces are lines of text
_SAME_LEFT = 3.0  # points
_LINES = 6  # that follow each other closely; a cell of a table has fewer
_PITCH = 2.0  # times the height of the font
_READS_ON = 0.4  # of the lines of a text begin within a sentence


def without_prose(segments: Sequence[Segment]) -> list[Segment]:
    """The pieces without those that are lines of a column of text."""
    prose: set[int] = set()
    for group in _columns(segments):
        run: list[Segment] = []
        for segment in [*group, None]:
            if segment is not None and (not run or 0 < run[-1].base - segment.base < _PITCH * segment.size):
                run.append(segment)
                continue
            if len(run) >= _LINES and reads_on(piece.text for piece in run):
                prose.update(map(id, run))
            run = [segment] if segment is not None else []
    return [segment for segment in segments if id(segment) not in prose]


def reads_on(texts: Iterable[str]) -> bool:
    """Whether so many lines begin in lower case that each reads on from the one above."""
    lower = [text[:1].islower() for text in texts]
    return sum(lower) > _READS_ON * len(lower)


def _columns(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Wide pieces that begin at the same place, from the top."""
    groups: list[list[Segment]] = []
    for segment in sorted((each for each in segments if each.width > PROSE), key=lambda each: each.left):
        if groups and segment.left - groups[-1][0].left <= _SAME_LEFT:
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [sorted(group, key=lambda each: -each.base) for group in groups]
