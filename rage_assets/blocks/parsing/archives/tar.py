"""How a tar archive is known."""

import tarfile

HEADER = tarfile.BLOCKSIZE


def is_tar(start: bytes) -> bool:
    """Whether bytes begin a tar archive.

    Args:
        start: The first bytes, `HEADER` of them or more. The oldest archives have no mark, but a sum of their header.
    """
    if start[257:262] == b"ustar":
        return True
    try:
        return bool(tarfile.TarInfo.frombuf(start[:HEADER], "utf-8", "surrogateescape").name)
    except (tarfile.TarError, ValueError):
        return False
