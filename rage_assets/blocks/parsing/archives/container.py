"""Archives: each member becomes a document of its own, at `archive.zip!/path/in/it`."""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, ClassVar

from rage_assets.blocks.parsing.archives.members import MOST_DEPTH, Member, Unpacked
from rage_assets.blocks.parsing.archives.tar import HEADER, is_tar
from rage_assets.blocks.parsing.content import Content
from rage_assets.blocks.parsing.outline import Outline, inner_path
from resources.domain import WITHIN, BlockType
from resources.errors import ParseFailed

_MOST_LISTED = 2000
_DAMAGED = (EOFError, OSError, tarfile.TarError, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, ValueError)


def _open_zstd(stream: IO[bytes]) -> IO[bytes]:
    """What is packed by Zstandard.

    Raises:
        ImportError: zstandard is not installed.
    """
    import zstandard

    unpacked: IO[bytes] = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True)
    return unpacked


_PACKED: dict[str, Any] = {"application/gzip": gzip.open, "application/x-bzip2": bz2.open, "application/x-xz": lzma.open,
                           "application/zstd": _open_zstd}  # fmt: skip


class ArchiveParser:
    """Opens zip archives, tar archives however they are packed, and single packed files.

    7z is opened where py7zr is installed, Zstandard where zstandard is.
    """

    name = "archive"
    version = 3
    reads_in_pieces = True
    suffixes: ClassVar[dict[str, str]] = {
        ".zip": "application/zip",
        ".tar": "application/x-tar",
        ".tgz": "application/gzip",
        ".gz": "application/gzip",
        ".tbz2": "application/x-bzip2",
        ".bz2": "application/x-bzip2",
        ".txz": "application/x-xz",
        ".xz": "application/x-xz",
        ".tzst": "application/zstd",
        ".zst": "application/zstd",
        ".7z": "application/x-7z-compressed",
    }

    def parse(self, content: Content) -> Outline:
        """The members as children, and their names as a list.

        Where only some can be read, `incomplete` says why of the first that cannot.

        Raises:
            ParseFailed: `broken` and `encrypted` where no member can be read, `too_deep`, `too_large`.
        """
        if content.path.count(WITHIN) >= MOST_DEPTH:
            raise ParseFailed("too_deep", f"Archives within archives are opened {MOST_DEPTH} deep.")
        outline = Outline()
        outline.title = content.name
        unpacked = Unpacked(content.size)
        members: dict[str, bytes | Path] = {}
        failure: ParseFailed | None = None
        try:
            for name, data in _members(content, unpacked):
                if isinstance(data, ParseFailed):
                    failure = failure or data
                else:
                    # of members with one name the last counts, as it does to whoever unpacks them
                    members[inner_path(name)] = data
                outline.progress()
        except _DAMAGED as error:
            failure = ParseFailed("broken", f"The archive is damaged: {error}.")
        if failure is not None and not members:
            raise failure
        names = [outline.attach(name, data) for name, data in members.items()]
        incomplete = failure.message if failure else None
        more = [f"- … and {len(names) - _MOST_LISTED} more"] if len(names) > _MOST_LISTED else []
        listed = [f"- {name}" for name in names[:_MOST_LISTED]] + more
        outline.add(BlockType.LIST, "\n".join(listed), members=len(names) or None, incomplete=incomplete)
        return outline


def _members(content: Content, unpacked: Unpacked) -> Iterator[Member]:
    from rage_assets.blocks.parsing.archives import members

    if content.media_type == "application/zip":
        yield from members.of_zip(content, unpacked)
    elif content.media_type == "application/x-7z-compressed":
        yield from members.of_7z(content, unpacked)
    elif content.media_type == "application/x-tar":
        with content.open() as stream:
            yield from members.of_tar(stream, unpacked)
    else:
        with content.open() as packed, _PACKED[content.media_type](packed) as stream:
            yield from _of_packed(content, stream, unpacked)


def _of_packed(content: Content, packed: IO[bytes], unpacked: Unpacked) -> Iterator[Member]:
    """What is in a packed file: a tar archive's members, or the one file that was packed."""
    from rage_assets.blocks.parsing.archives import members

    stream = unpacked.counted(packed)
    if is_tar(stream.peek(HEADER)):
        yield from members.of_tar(stream, unpacked)
    else:
        name = PurePosixPath(content.name)
        yield Member(name.stem if name.suffix else f"{name}.unpacked", unpacked.take(stream))
