"""A folder whose owner does not mean well: nothing outside it is ever read."""

import os
import subprocess
import threading
from pathlib import Path

import pytest

from rage_assets.raw.sources.folder import FolderReader
from resources.access.rules import FILE_NAME
from resources.errors import SourceUnreadable

SECRET = b"canary-outside"


@pytest.fixture
def outside(tmp_path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "a.md").write_bytes(SECRET)
    return folder


@pytest.fixture
def root(tmp_path) -> Path:
    folder = tmp_path / "root"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.md").write_bytes(b"inside")
    return folder


def read(reader, file) -> bytes:
    with reader.open(file) as content:
        return content.read()


def test_links_out_of_the_root_are_not_listed(root, outside):
    (root / "file.md").symlink_to(outside / "a.md")
    (root / "folder").symlink_to(outside)
    (root / "up.md").symlink_to("../outside/a.md")
    (root / "sibling.md").symlink_to(root.parent / "rooted.md")
    (root.parent / "rooted.md").write_bytes(SECRET)
    (root / "hop").symlink_to(root / "folder" / "a.md")
    (root / "loop").symlink_to(root / "loop")
    assert [file.path for file in FolderReader(root).scan()] == ["sub/a.md"]


def test_a_link_inside_the_root_is_read(root):
    (root / "link.md").symlink_to("sub/a.md")
    reader = FolderReader(root)
    assert {file.path: read(reader, file) for file in reader.scan()} == {"link.md": b"inside", "sub/a.md": b"inside"}


def test_a_file_swapped_for_a_link_is_not_read(root, outside):
    reader = FolderReader(root)
    (file,) = reader.scan()
    (root / "sub" / "a.md").unlink()
    (root / "sub" / "a.md").symlink_to(outside / "a.md")
    with pytest.raises(FileNotFoundError):
        reader.open(file)


def test_a_folder_swapped_for_a_link_is_not_read(root, outside):
    reader = FolderReader(root)
    (file,) = reader.scan()
    (root / "sub").rename(root / "moved")
    (root / "sub").symlink_to(outside)
    with pytest.raises(FileNotFoundError):
        reader.open(file)


def test_a_link_that_is_turned_elsewhere_after_the_scan_is_read_as_it_was(root, outside):
    (root / "link.md").symlink_to("sub/a.md")
    reader = FolderReader(root)
    file = next(file for file in reader.scan() if file.path == "link.md")
    (root / "link.md").unlink()
    (root / "link.md").symlink_to(outside / "a.md")
    assert read(reader, file) == b"inside"


def test_a_root_swapped_for_a_link_is_unreadable_and_not_empty(root, outside):
    reader = FolderReader(root)
    root.rename(root.parent / "moved")
    root.symlink_to(outside)
    for look in (reader.identity, lambda: list(reader.scan())):
        with pytest.raises(SourceUnreadable):
            look()


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_racing_swap_never_shows_what_is_outside(root, outside, what):
    """Another thread swaps a file or its folder for a link and back as fast as it can."""
    stop = threading.Event()
    target = root / "sub" / "a.md" if what == "file" else root / "sub"
    honest, link = root.parent / "honest", root.parent / "link"
    link.symlink_to(outside / "a.md" if what == "file" else outside)

    def swap():
        while not stop.is_set():
            os.rename(target, honest)
            os.rename(link, target)
            os.rename(target, link)
            os.rename(honest, target)

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen = set()
    try:
        reader = FolderReader(root)
        for _ in range(3000):
            for file in reader.scan():
                try:
                    seen.add(read(reader, file))
                except FileNotFoundError:
                    seen.add(None)
    finally:
        stop.set()
        swapper.join()
    assert SECRET not in seen
    assert b"inside" in seen


def test_pipes_and_sockets_are_no_files_and_stop_nobody(root):
    import socket

    os.mkfifo(root / "pipe.md")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(root / "s.md"))
        assert [file.path for file in FolderReader(root).scan()] == ["sub/a.md"]


def test_a_file_swapped_for_a_pipe_does_not_block(root):
    reader = FolderReader(root)
    (file,) = reader.scan()
    (root / "sub" / "a.md").unlink()
    os.mkfifo(root / "sub" / "a.md")
    with pytest.raises(FileNotFoundError):
        reader.open(file)


def test_folders_nested_deeper_than_any_path_are_walked(tmp_path):
    """Deeper than Python's recursion, and longer than the longest path that the system takes at once."""
    root = tmp_path / "deep"
    root.mkdir()
    here = os.open(root, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("folder", dir_fd=here)
        inner = os.open("folder", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("a.md", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    reader = FolderReader(root)
    (file,) = reader.scan()
    assert file.path == "folder/" * 1200 + "a.md"
    assert read(reader, file) == b""
    subprocess.run(["rm", "-r", str(root)], check=True)  # what cleans up after tests would need a deeper stack


def test_no_descriptor_is_left_open(root):
    before = len(os.listdir("/proc/self/fd"))
    reader = FolderReader(root)
    for _ in range(50):
        scan = reader.scan()
        file = next(scan)
        read(reader, file)
        with pytest.raises(FileNotFoundError):
            reader.open(type(file)("x", 0, 0, (b"sub", b"none")))
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_an_access_file_that_is_no_file_is_seen_and_cannot_be_read(root, outside, kind):
    """Were it left out, the folder would be open to everyone."""
    path = root / "sub" / FILE_NAME
    if kind == "link":
        path.symlink_to(outside / "a.md")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    reader = FolderReader(root)
    first, _ = reader.scan()
    assert first.path == f"sub/{FILE_NAME}"
    with pytest.raises(FileNotFoundError):
        reader.open(first)


def test_the_platforms_own_folder_is_left_out_of_a_source_that_holds_it_links_into_it_too(tmp_path):
    home = tmp_path / "state"
    (home / "keys").mkdir(parents=True)
    (home / "keys" / "token.key").write_text("secret")
    (tmp_path / "a.md").write_text("text")
    (tmp_path / "link.md").symlink_to(home / "keys" / "token.key")
    (tmp_path / "stateful.md").write_text("text")
    assert [file.path for file in FolderReader(tmp_path, left_out=home).scan()] == ["a.md", "stateful.md"]
