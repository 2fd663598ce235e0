"""Which folders of this machine a caller may name. What lies outside them is not even looked at."""

from collections.abc import Sequence
from pathlib import Path

from resources.errors import Forbidden, InvalidInput


def named_folder(location: str, base: Path | None, roots: Sequence[Path] | None, forbidden: Path | None) -> Path | None:
    """The folder that a location names, links followed.

    Args:
        location: A path.
        base: What a relative path is relative to; without it, a path must be absolute, and `~` is a name like any other.
        roots: The folders that may be named, with all in them; None for any.
        forbidden: A folder that may not be named, nor anything in it; the reader of what holds it leaves it out.

    Returns:
        None where there is no such folder.

    Raises:
        Forbidden: It may not be named. Whether it exists makes no difference.
        InvalidInput: It is a file.
    """
    if "\0" in location:
        return None
    try:
        path = Path(location) if base is None else base / Path(location).expanduser()
        if not path.is_absolute():
            return None
        # `..` behind a link leads where the text does not say, so it is for those who may look anywhere.
        if roots is not None and ".." in path.parts:
            raise _outside()
        path = path.resolve()
        if roots is not None and not any(path.is_relative_to(root.expanduser().resolve()) for root in roots):
            raise _outside()
        home = forbidden.expanduser().resolve() if forbidden is not None else None
        if home is not None and path.is_relative_to(home):
            raise Forbidden(
                "A source may not lie in RAGE's own folder: its keys would become documents.",
                hint="Name a folder beside it, or move RAGE_HOME.",
            )
        if path.is_dir():
            return path
        is_file = path.is_file()
    except (OSError, RuntimeError, ValueError):  # too long a name, a loop of links, an unknown user behind `~`
        return None
    if is_file:
        raise InvalidInput(f"{location[:200]!r} is a file.", hint="Give the folder that holds it.")
    return None


def _outside() -> Forbidden:
    return Forbidden(
        "This folder is not among those that may be named through the API.",
        hint="The operator lists them in RAGE_SOURCE_ROOTS, or adds the source with `rage source add`.",
    )
