"""Where a repository on this machine really lies, so that none in an open folder leads to one elsewhere."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from resources.errors import SourceUnreadable

_MOST_BYTES = 64 * 1024
_MOST_PLACES = 100


def check_within(repository: Path, roots: Sequence[Path]) -> None:
    """Refuses a repository below one of `roots` of which a part lies outside of them; any other is its operator's choice.

    Raises:
        SourceUnreadable: A link, a `.git` file, or borrowed objects lead elsewhere.
    """
    if not any(repository.is_relative_to(root) or repository.is_relative_to(root.resolve()) for root in roots):
        return
    allowed = [root.resolve() for root in roots]
    for place in _places(repository):
        if not any(place.is_relative_to(root) for root in allowed):
            raise SourceUnreadable(
                f"The repository {repository} leads out of the folders that may be read.",
                hint="Its operator can name them in RAGE_SOURCE_ROOTS; nothing of the source was removed.",
            )


def _places(repository: Path) -> Iterator[Path]:
    """The folders that git reads for it: itself, where its `.git` leads, and where its objects lie."""
    waiting = [repository, repository / ".git"]
    seen: set[Path] = set()
    while waiting and len(seen) < _MOST_PLACES:
        place = waiting.pop().resolve()
        if place in seen:
            continue
        seen.add(place)
        yield place
        if place.is_file():
            waiting += [place.parent / line.removeprefix("gitdir:").strip() for line in _lines(place)[:1]]
            continue
        waiting += [place / line for line in _lines(place / "commondir")]
        waiting.append(place / "objects")
        waiting += [place / line for line in _lines(place / "info" / "alternates")]
        if place.name == "objects" and place.is_dir():
            waiting += [inside for folder in (place, place / "pack") for inside in folder.glob("*") if inside.is_symlink()]


def _lines(file: Path) -> list[str]:
    try:
        with file.open("rb") as content:
            return [line for line in content.read(_MOST_BYTES).decode("utf-8", "surrogateescape").split("\n") if line]
    except OSError:
        return []
