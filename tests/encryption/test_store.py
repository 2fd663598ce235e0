"""The object store of encrypted spaces: the same calls, and nothing in the clear."""

import io
import os
import shutil
from uuid import UUID, uuid4

import pytest

from rage_assets.raw.sources.upload import UploadReader
from resources.domain import Isolation
from resources.encryption.errors import Tampered
from resources.encryption.stream import CHUNK, HEADER_BYTES
from resources.errors import NotFound
from tests.encryption.conftest import CANARY, sha


def test_what_the_pipeline_puts_the_query_layer_reads(worker, api, space):
    content = os.urandom(2 * CHUNK + 5)
    key = worker.put(space, content)
    assert api.store.read(space, key) == content == b"".join(api.store.stream(space, key))
    assert api.store.exists(space, key) and [e["size"] for e in api.store.listing(space)] == [len(content)]


def test_the_same_bytes_are_stored_once(worker, space):
    for _ in range(2):
        worker.put(space, b"twice")
    assert len(worker.store.listing(space)) == 1


def test_an_empty_object_comes_back(worker, space):
    key = worker.put(space, b"")
    assert worker.store.read(space, key) == b"" == b"".join(worker.store.stream(space, key))


def test_a_removed_object_is_gone_with_what_killed_writers_left(worker, vault, space):
    key = worker.put(space, b"to be removed")
    [file] = vault.files(space)
    shutil.copy(file, f"{file}.0123456789ab.part")
    assert worker.store.delete(space, key) and not worker.store.delete(space, key)
    assert not vault.files(space) and not worker.store.exists(space, key)


def test_what_is_not_there_is_not_found_before_the_first_byte(api, space):
    for use in (api.store.read, api.store.stream):
        with pytest.raises(NotFound):
            use(space, sha(b"never stored"))


def test_nothing_of_content_names_or_hashes_is_in_the_stores_folder(worker, api, vault, space):
    key = worker.put(space, CANARY * 1000)
    api.store.save_upload(space, f"{CANARY.decode()}.txt", io.BytesIO(CANARY * 5))
    seen = b"".join(bytes(f) + f.read_bytes() for f in vault.files(space))
    assert len(vault.files(space)) == 2
    for secret in (CANARY, key.hex().encode(), key):
        assert secret not in seen


def test_bytes_that_a_failed_writer_had_written_are_removed(worker, vault, space):
    class Breaks(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise OSError("the source broke")
            return super().read(size)

    with pytest.raises(OSError, match="broke"):
        worker.store.put(space, sha(b"x"), Breaks(os.urandom(3 * CHUNK)))
    assert not vault.files(space)


@pytest.mark.parametrize("at", [0, 10, 30, HEADER_BYTES, HEADER_BYTES + 20, -1])
def test_a_changed_byte_is_an_error_before_anything_is_given_out(worker, vault, space, at):
    key = worker.put(space, os.urandom(300))
    [file] = vault.files(space)
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)
    for use in (worker.store.read, worker.store.stream):
        with pytest.raises(Tampered):
            use(space, key)


def test_a_broken_second_part_ends_the_stream_after_the_first(worker, vault, space):
    content = os.urandom(2 * CHUNK)
    key = worker.put(space, content)
    [file] = vault.files(space)
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    pieces = worker.store.stream(space, key)
    assert next(pieces) == content[:CHUNK]
    with pytest.raises(Tampered):
        next(pieces)


def test_an_object_in_the_place_of_another_is_an_error(worker, vault, space):
    one, other = worker.put(space, b"one"), worker.put(space, b"two")
    first, second = vault.files(space)
    data = first.read_bytes(), second.read_bytes()
    first.write_bytes(data[1])
    second.write_bytes(data[0])
    for key in (one, other):
        with pytest.raises(Tampered):
            worker.store.read(space, key)


def test_an_object_of_another_space_is_an_error(worker, vault, space):
    other = vault.space("other-" + uuid4().hex[:8])
    key = worker.put(space, b"same")
    worker.put(other, b"same")
    [mine], [theirs] = vault.files(space), vault.files(other)
    assert mine.name != theirs.name
    shutil.copy(theirs, mine)
    with pytest.raises(Tampered):
        worker.store.read(space, key)


def test_an_object_in_the_clear_is_never_taken_for_an_encrypted_one(worker, vault, space):
    name = sha(b"planted").hex()
    planted = vault.home.path / "store" / "objects" / str(space) / name[:2] / name
    planted.parent.mkdir(parents=True)
    planted.write_bytes(b"planted")
    with pytest.raises(NotFound):
        worker.store.read(space, sha(b"planted"))


def test_a_shared_space_is_as_it_was_and_asks_for_no_key(worker, vault):
    shared = vault.space("shared-" + uuid4().hex[:8], Isolation.SHARED)
    key = worker.put(shared, b"plain")
    [file] = vault.files(shared)
    assert file.read_bytes() == b"plain" and file.name == key.hex()
    assert worker.store.encrypted(shared) is None and worker.store.read(shared, key) == b"plain"
    assert not vault.owner("SELECT 1 FROM space_keys WHERE space_id = %s", shared)


def test_the_isolation_of_a_space_is_looked_up_once(worker, vault, monkeypatch):
    shared = vault.space("once-" + uuid4().hex[:8], Isolation.SHARED)
    worker.store.exists(shared, sha(b"x"))
    monkeypatch.setattr(worker.keyring, "vault", None)
    assert not worker.store.exists(shared, sha(b"x"))


def test_a_space_that_does_not_exist_gets_no_bytes_in_the_clear(worker, vault):
    with pytest.raises(NotFound):
        worker.put(uuid4(), b"whose?")


def test_a_probe_needs_no_space(worker):
    nobody = UUID(int=0)
    key = worker.put(nobody, b"probe")
    assert worker.store.read(nobody, key) == b"probe"
    worker.store.delete_space(nobody)


def test_deleting_a_space_removes_all_its_files(worker, vault, space):
    worker.put(space, b"x")
    worker.store.save_upload(space, "a.txt", io.BytesIO(b"y"))
    worker.store.delete_space(space)
    assert not vault.files(space)


def test_uploads_are_listed_and_read_by_their_plain_names(worker, api, space):
    for name, content in {"b.md": b"two", "ä ö/".strip("/") + "x" * 200: b"", "a.md": os.urandom(CHUNK + 9)}.items():
        api.store.save_upload(space, name, io.BytesIO(content))
    reader = UploadReader(worker.store, space)
    seen = {file.path: file for file in reader.scan()}
    assert list(seen) == sorted(seen) and {file.size for file in seen.values()} == {3, 0, CHUNK + 9}
    with reader.open(seen["b.md"]) as stream:
        assert stream.read(1 << 20) == b"two"
    with reader.open(seen["a.md"]) as stream:
        assert len(stream.read()) == CHUNK + 9


def test_a_new_upload_takes_the_place_of_the_old_and_looks_changed(worker, api, space):
    reader = UploadReader(worker.store, space)
    api.store.save_upload(space, "a.txt", io.BytesIO(b"old"))
    [before] = reader.scan()
    api.store.save_upload(space, "a.txt", io.BytesIO(b"new"))
    [after] = reader.scan()
    assert after.mtime_ns != before.mtime_ns
    with reader.open(after) as stream:
        assert stream.read() == b"new"


def test_a_removed_upload_is_gone(worker, api, space):
    api.store.save_upload(space, "a.txt", io.BytesIO(b"x"))
    [file] = UploadReader(worker.store, space).scan()
    worker.store.delete_upload(space, "a.txt")
    worker.store.delete_upload(space, "a.txt")
    assert not list(UploadReader(worker.store, space).scan())
    with pytest.raises(FileNotFoundError):
        UploadReader(worker.store, space).open(file)


def test_a_foreign_file_among_the_uploads_stops_the_listing(worker, api, vault, space):
    api.store.save_upload(space, "a.txt", io.BytesIO(b"x"))
    [file] = vault.files(space)
    shutil.copy(file, file.with_name("planted"))
    with pytest.raises(Tampered):
        list(UploadReader(worker.store, space).scan())


def test_uploads_of_a_shared_space_are_read_as_before(worker, api, vault):
    shared = vault.space("uploads-" + uuid4().hex[:8], Isolation.SHARED)
    assert list(UploadReader(worker.store, shared).scan()) == []
    api.store.save_upload(shared, "a.txt", io.BytesIO(b"plain"))
    [file] = UploadReader(worker.store, shared).scan()
    assert (file.path, file.size) == ("a.txt", 5)
    with UploadReader(worker.store, shared).open(file) as stream:
        assert stream.read() == b"plain"


def test_a_store_elsewhere_than_on_a_disk_serves_as_well(vault, space):
    side = vault.side("worker", object_store_url=f"memory://{space.hex}")
    key = side.put(space, CANARY * 100)
    side.store.save_upload(space, "a.txt", io.BytesIO(CANARY))
    assert side.store.read(space, key) == CANARY * 100
    assert [upload.name for upload in side.store.uploads(space)] == ["a.txt"]
    assert all(CANARY not in side.store.fs.cat_file(path) for path in side.store.fs.find(f"/{space.hex}"))
    assert side.store.delete(space, key) and not side.store.exists(space, key)
