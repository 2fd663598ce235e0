"""Object stores: a real S3 on this machine, what other drivers say of files, and what becomes of them without a driver."""

import os
import tracemalloc
from datetime import UTC, datetime

import pytest
from fsspec.implementations.local import LocalFileSystem

from rage_assets.raw.sources.object_store import ObjectStoreReader, change_token, open_url
from resources.errors import SourceUnreadable
from tests.sources.buckets import s3_server

FILES = {"b.md": b"b", "a/z.md": b"in a", "a.txt": b"a", "a-1.md": b"-", "\u00fc/\u00f1.md": b"more", "a b.md": b"space"}


@pytest.fixture(scope="module")
def s3():
    with s3_server() as client:
        yield client


@pytest.fixture
def bucket(s3, request):
    name = f"b{abs(hash(request.node.name))}"
    s3.create_bucket(Bucket=name)
    for key, body in FILES.items():
        s3.put_object(Bucket=name, Key=f"docs/{key}", Body=body)
    s3.put_object(Bucket=name, Key="beside/x.md", Body=b"not ours")
    s3.put_object(Bucket=name, Key="docs/folder/", Body=b"")
    return name


def listed(reader):
    return {file.path: (file.size, file.mtime_ns) for file in reader.scan()}


def test_a_bucket_is_listed_in_the_order_of_paths_and_opened(bucket):
    reader = open_url(f"s3://{bucket}/docs")
    found = {}
    for file in reader.scan():
        with reader.open(file) as content:
            found[file.path] = content.read()
    assert found == FILES and list(found) == sorted(FILES)


def test_an_etag_stands_for_the_content_whatever_its_time(s3, bucket):
    before = listed(open_url(f"s3://{bucket}/docs"))
    s3.put_object(Bucket=bucket, Key="docs/b.md", Body=b"c")
    s3.put_object(Bucket=bucket, Key="docs/a.txt", Body=b"a")  # written again, as it was
    s3.copy_object(Bucket=bucket, Key="docs/renamed.md", CopySource=f"{bucket}/docs/a/z.md")
    s3.delete_object(Bucket=bucket, Key="docs/a/z.md")
    after = listed(open_url(f"s3://{bucket}/docs"))
    assert {path for path in before if before[path] != after.get(path)} == {"b.md", "a/z.md"}
    assert after["renamed.md"] == before["a/z.md"]


def test_a_bucket_that_is_not_there_or_may_not_be_read_is_unreadable(s3, bucket, monkeypatch):
    for url in ("s3://no-such-bucket-here/docs", f"s3://{bucket}/none"):
        with pytest.raises(SourceUnreadable, match=r"cannot be (listed|opened)"):
            list(open_url(url).scan())
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(SourceUnreadable, match=r"cannot be (listed|opened)"):
        list(open_url(f"s3://{bucket}/docs").scan())


@pytest.mark.parametrize(
    ("url", "driver"), [("gs://b/x", "gcsfs"), ("az://c/x", "adlfs"), ("sftp://localhost/x", "paramiko")]
)
def test_a_driver_that_is_missing_is_named(url, driver):
    pytest.importorskip("fsspec")
    with pytest.raises(SourceUnreadable, match="(?i)" + driver):
        list(open_url(url, ["localhost"]).scan())


def test_what_drivers_say_of_a_file_changes_with_it():
    early, late = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)
    for name in ("ETag", "etag", "md5Hash", "generation", "mtime", "last_modified", "modify", "updated"):
        for one, other in (("a", "b"), (early, late), (1.0, 2.0)):
            assert change_token({name: one}) == change_token({name: one}) != change_token({name: other})
    both = {"ETag": "a", "LastModified": early}
    assert change_token(both) == change_token(both | {"LastModified": late})
    assert change_token({"size": 1}) != change_token({"size": 1})


def test_a_long_listing_is_not_held_twice(tmp_path):
    class Long(LocalFileSystem):
        def isdir(self, path):
            return True

        def find(self, path, detail=True, **_):
            facts = {"type": "file", "size": 1}
            return {f"/x/{n:07}.md": dict(facts, name=f"/x/{n:07}.md", ETag=os.urandom(8).hex()) for n in range(30_000)}

    tracemalloc.start()
    listing = Long().find("/x")
    alone, _ = tracemalloc.get_traced_memory()
    del listing
    tracemalloc.reset_peak()
    count = sum(1 for _ in ObjectStoreReader(Long(skip_instance_cache=True), "/x").scan())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 30_000 and peak < alone * 1.6


class Flaky(LocalFileSystem):
    """A server with real folders, of which one answers with an error."""

    cachable = False

    def __init__(self, failing, error):
        super().__init__()
        self.failing, self.error = failing, error

    def ls(self, path, detail=False, **given):
        if path.endswith(self.failing):
            raise self.error
        return super().ls(path, detail=detail, **given)


@pytest.fixture
def folders(tmp_path):
    for name in ("a/b/x.md", "a/y.md", "z.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return str(tmp_path)


def test_a_server_that_breaks_off_within_a_listing_is_unreadable_and_not_emptied(folders):
    for error in (OSError("connection reset"), ConnectionResetError(), TimeoutError(), RuntimeError("of the driver")):
        with pytest.raises(SourceUnreadable, match="cannot be listed"):
            list(ObjectStoreReader(Flaky("/a/b", error), folders).scan())


def test_a_folder_of_a_server_without_the_right_to_it_is_named_and_the_others_are_listed(folders):
    found = list(ObjectStoreReader(Flaky("/a/b", PermissionError("no")), folders).scan())
    assert [(file.path, bool(file.problem)) for file in found] == [("a/b/", True), ("a/y.md", False), ("z.md", False)]
    with pytest.raises(SourceUnreadable):
        list(ObjectStoreReader(Flaky(folders, PermissionError("no")), folders).scan())


def test_a_folder_that_goes_while_it_is_listed_is_gone(folders):
    found = ObjectStoreReader(Flaky("/a/b", FileNotFoundError()), folders).scan()
    assert [file.path for file in found] == ["a/y.md", "z.md"]


@pytest.mark.parametrize("when", ["open", "read"])
def test_an_error_of_a_driver_is_one_of_the_file_alone(folders, when):
    class Breaking(LocalFileSystem):
        cachable = False

        def open(self, path, mode="rb", **given):
            if when == "open":
                raise RuntimeError("quota of the driver")
            file = super().open(path, mode, **given)
            file.read = self.fail
            return file

        def fail(self, *_):
            raise RuntimeError("quota of the driver")

    reader = ObjectStoreReader(Breaking(), folders)
    file = next(reader.scan())
    with pytest.raises(OSError, match="RuntimeError: quota of the driver"), reader.open(file) as content:
        content.read()


def test_keys_that_differ_by_a_slash_are_two_documents(s3, bucket):
    s3.put_object(Bucket=bucket, Key="docs//b.md", Body=b"another")
    reader = open_url(f"s3://{bucket}/docs")
    found = {}
    for file in reader.scan():
        with reader.open(file) as content:
            found[file.path] = content.read()
    assert found == FILES | {"/b.md": b"another"}


def test_a_name_or_a_time_that_the_database_cannot_hold_stops_no_listing():
    class Odd(LocalFileSystem):
        cachable = False

        def isdir(self, path):
            return True

        def find(self, path, **_):
            return {"/x/\udcff.md": {"type": "file", "size": 1, "mtime": 1e30}}

    (file,) = ObjectStoreReader(Odd(), "/x").scan()
    assert file.path == "\\udcff.md" and abs(file.mtime_ns) < 2**63
