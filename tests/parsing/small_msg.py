"""A writer of small OLE containers, for messages as Outlook saves them."""

import struct
from itertools import pairwise

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR, _MINI = 512, 64
Tree = dict[str, "bytes | Tree"]


def ole(tree: Tree) -> bytes:
    """A container with these streams (bytes) and storages (dictionaries); streams are below 4096 bytes each."""
    entries: list[list] = [["Root Entry", 5, _FREE, _FREE, 0]]
    mini = bytearray()
    mini_fat: list[int] = []

    def add(children: Tree) -> int:
        """Add children as a chain of siblings; the number of the first."""
        numbers = []
        for name, value in children.items():
            numbers.append(len(entries))
            entries.append([name, 1 if isinstance(value, dict) else 2, _FREE, _END, 0])
            entry = entries[-1]
            if isinstance(value, dict):
                entry[3] = 0
                entry.append(add(value))
            else:
                assert len(value) < 4096
                sectors = -(-len(value) // _MINI)
                entry[3], entry[4] = (len(mini_fat) if sectors else _END), len(value)
                mini_fat.extend([*range(len(mini_fat) + 1, len(mini_fat) + sectors), _END] if sectors else [])
                mini.extend(value.ljust(sectors * _MINI, b"\0"))
        for one, following in pairwise(numbers):
            entries[one][2] = following
        return numbers[0] if numbers else _FREE

    entries[0].append(add(tree))
    directory = b"".join(_entry(*entry) for entry in entries)
    parts = [_padded(directory), _padded(bytes(mini)), _padded(struct.pack(f"<{len(mini_fat)}I", *mini_fat), b"\xff")]
    counts = [len(part) // _SECTOR for part in parts]
    # The FAT is the first sector, then the parts in their order.
    fat = [_FAT]
    starts = []
    for count in counts:
        starts.append(len(fat) if count else _END)
        fat += [*range(len(fat) + 1, len(fat) + count), _END] if count else []
    assert len(fat) <= _SECTOR // 4
    root = _entry("Root Entry", 5, _FREE, starts[1], len(mini), entries[0][5])
    parts[0] = root + parts[0][128:]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIIII", 0, 1, starts[0], 0, 4096, starts[2], counts[2], _END, 0, 0)[:36]
    header += struct.pack("<I", _END) if len(header) < 72 else b""
    header = header[:76].ljust(76, b"\0") + struct.pack("<109I", 0, *[_FREE] * 108)
    return header + struct.pack(f"<{len(fat)}I", *fat).ljust(_SECTOR, b"\xff") + b"".join(parts)


def _entry(name: str, kind: int, right: int, start: int, size: int, child: int = _FREE) -> bytes:
    wide = name.encode("utf-16-le")
    head = wide.ljust(64, b"\0") + struct.pack("<HBBIII", len(wide) + 2, kind, 1, _FREE, right, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


def _padded(data: bytes, fill: bytes = b"\0") -> bytes:
    return data.ljust(-(-len(data) // _SECTOR) * _SECTOR, fill)
