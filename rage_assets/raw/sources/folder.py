"""A folder on a local or mounted file system."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rage_assets.raw.sources.protocol import SeenFile
from resources.access.rules import FILE_NAME as ACCESS_FILE
from resources.errors import SourceUnreadable

# What tools make beside what people write. Names that start with a dot are left out, too.
IGNORED = frozenset({"node_modules", "__pycache__", "venv", "site-packages", "Thumbs.db", "desktop.ini"})


# A folder on the way may be one that RAGE's user can pass and not list.
_PASSING: int = getattr(os, "O_PATH", os.O_RDONLY)
# A path below the root, step by step.
_Parts = tuple[bytes, ...]
# What a folder becomes when somebody puts a link or something else in its place.
_REPLACED = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR)
# What the database can hold of a time; file systems know later ones.
_TIMES = 2**63


class FolderReader:
    """Walks a folder without following links to folders; a link to a file counts if it stays inside the root.

    Every folder and file is opened step by step from the file system's root, and no step follows a link: whoever swaps one
    in between listing and reading gains nothing. Hard links look like any file, so who may make them in the folder can
    show what RAGE's user may read on the same file system (Linux forbids it for files of others: fs.protected_hardlinks).

    Args:
        root: The folder, as `resources.intake` wrote it down: without links.
        left_out: A folder in it that is not read, whatever leads there: RAGE's own, with its keys.
    """

    def __init__(self, root: Path, left_out: Path | None = None) -> None:
        self._root = root
        self._left_out = os.fsencode(left_out.resolve()).rstrip(b"/") if left_out else None

    def identity(self) -> str | None:
        """The device that the root lies on."""
        return str(self._status().st_dev)

    def scan(self) -> Iterator[SeenFile]:
        """See `SourceReader.scan`. A folder below the root that cannot be read is named, and keeps what is known of it."""
        root = self._status()
        yield from self._walked()
        if not os.path.samestat(root, self._status()):  # unmounted, or another in its place: what was missed says nothing
            raise SourceUnreadable(
                f"The folder {self._root} became another one while it was read.",
                hint="Mount or restore it; nothing of it was removed.",
            )

    def _status(self) -> os.stat_result:
        with self._opened(()) as descriptor:
            return os.fstat(descriptor)

    def _walked(self) -> Iterator[SeenFile]:
        # Folders yet to be walked, the next one last: no depth of folders is a recursion here.
        waiting: list[Iterator[tuple[str, _Parts, SeenFile | None]]] = [self._listed("", ())]
        while waiting:
            found = next(waiting[-1], None)
            if found is None:
                waiting.pop()
                continue
            path, parts, file = found
            if file is not None:
                yield file
            else:
                waiting.append(self._listed(path, parts))

    def _listed(self, prefix: str, folder: _Parts) -> Iterator[tuple[str, _Parts, SeenFile | None]]:
        """What a folder holds, in the order of paths: files, and folders as None."""
        found: list[tuple[str, bytes, SeenFile | None]] = []
        try:
            with self._opened(folder) as descriptor, os.scandir(descriptor) as entries:
                for entry in entries:
                    name = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
                    if name != ACCESS_FILE and (name.startswith(".") or name in IGNORED or name.endswith(".egg-info")):
                        continue
                    if name == ACCESS_FILE:
                        # One that is no plain file in this folder cannot be opened, and so closes it; never ignored.
                        parts = (*folder, os.fsencode(entry.name))
                        rules = self._look(entry, f"{prefix}{name}", folder)
                        if rules is None or rules.problem:
                            rules = SeenFile(f"{prefix}{name}", 0, 0, parts)
                        found.append((name, os.fsencode(entry.name), rules))
                    elif self._is_left_out(os.path.join(os.fsencode(self._root), *folder, os.fsencode(entry.name))):
                        continue
                    elif entry.is_dir(follow_symlinks=False):
                        # "a/b" sorts after "a.txt": the slash belongs to the key
                        found.append((f"{name}/", os.fsencode(entry.name), None))
                    elif (file := self._look(entry, f"{prefix}{name}", folder)) is not None:
                        found.append((name, os.fsencode(entry.name), file))
        except _Gone:
            return  # since its parent was listed
        except OSError as error:
            if not prefix:
                raise self._unreadable(str(self._root), error) from error
            yield prefix, folder, SeenFile(prefix, 0, 0, problem=_problem(error))
            return
        # who may see a folder's files is known before the first of them: a scan may end anywhere
        for name, raw, file in sorted(found, key=lambda item: (item[0] != ACCESS_FILE, item[0])):
            yield f"{prefix}{name}", (*folder, raw), file

    def _look(self, entry: "os.DirEntry[str]", path: str, folder: _Parts) -> SeenFile | None:
        leads_to = ""
        try:
            parts = (*folder, os.fsencode(entry.name))
            if entry.is_symlink():
                # What it leads to now is what will be opened, whatever it leads to then.
                target = os.path.realpath(os.path.join(os.fsencode(self._root), *parts))
                root = os.fsencode(self._root).rstrip(b"/") + b"/"
                if not target.startswith(root) or self._is_left_out(target):
                    return None
                parts = tuple(target.removeprefix(root).split(b"/"))
                leads_to = b"/".join(parts).decode("utf-8", "backslashreplace")
                status = os.stat(target, follow_symlinks=False)
            else:
                status = entry.stat(follow_symlinks=False)
        except OSError as error:
            if error.errno in (*_REPLACED, errno.EINVAL):  # gone, a link to nowhere, a loop of links, or no link any more
                return None
            return SeenFile(path, 0, 0, problem=_problem(error))
        if not stat.S_ISREG(status.st_mode):
            return None
        time = (status.st_mtime_ns + _TIMES) % (2 * _TIMES) - _TIMES
        return SeenFile(path, status.st_size, time, parts, leads_to=leads_to)

    def _is_left_out(self, path: bytes) -> bool:
        return self._left_out is not None and (path + b"/").startswith(self._left_out + b"/")

    def open(self, file: SeenFile) -> IO[bytes]:
        """See `SourceReader.open`; never waits on a pipe that took the file's place, and follows no link."""
        *folder, name = file.locator
        try:
            with self._opened(tuple(folder)) as parent:
                descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        except (_Gone, SourceUnreadable) as error:
            raise FileNotFoundError(f"{file.path} is gone") from error
        except OSError as error:
            if error.errno in _REPLACED:
                raise FileNotFoundError(f"{file.path} is no file any more") from error
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise FileNotFoundError(f"{file.path} is no file any more")
        return os.fdopen(descriptor, "rb")

    @contextmanager
    def _opened(self, folder: _Parts) -> Iterator[int]:
        """A descriptor of a folder below the root.

        Raises:
            SourceUnreadable: The root is not there, or is reached through a link.
            _Gone: The folder is not there any more.
        """
        steps = (*filter(None, os.fsencode(self._root).split(b"/")), *folder)
        above = len(steps) - len(folder)
        flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open("/", flags | (_PASSING if steps else os.O_RDONLY))
        try:
            for at, step in enumerate(steps):
                try:
                    how = os.O_RDONLY if at + 1 == len(steps) else _PASSING
                    inner = os.open(step, flags | how, dir_fd=descriptor)
                except OSError as error:
                    if at < above:
                        raise self._not_there(error) from error
                    if error.errno in _REPLACED:
                        raise _Gone from error
                    raise
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    def _not_there(self, error: OSError) -> SourceUnreadable:
        if error.errno in (errno.ELOOP, errno.ENOTDIR) and self._root.is_dir():
            return SourceUnreadable(
                f"The folder {self._root} is reached through a link by now.",
                hint="Add the folder that it leads to, or put the folder back; nothing of it was removed.",
            )
        if error.errno not in _REPLACED:
            return self._unreadable(str(self._root), error)
        return SourceUnreadable(
            f"The folder {self._root} is not there.",
            hint="Mount or restore it, or remove the source; nothing of it was removed.",
        )

    @staticmethod
    def _unreadable(folder: str, error: OSError) -> SourceUnreadable:
        return SourceUnreadable(
            f"The folder {folder} cannot be read: {error.strerror or error}.",
            hint="Give RAGE's user the right to read it; nothing of the source was removed.",
        )


def _problem(error: OSError) -> str:
    return f"It cannot be read: {error.strerror or error}."


class _Gone(Exception):
    """A folder that was listed is not there any more."""
