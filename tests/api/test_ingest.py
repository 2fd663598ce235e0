"""Uploads, locations and jobs."""

import pytest

from resources.postgres import runs
from tests.api.conftest import error_of

URL = "/api/v1/memory/ingest"


def upload(client, space, *files):
    return client.post(URL, data={"space": space}, files=[("file", file) for file in files])


def test_an_upload_is_kept_and_a_run_is_launched(client, memory, launcher, api_platform):
    response = upload(client, memory.name, ("a b – é.md", b"# A"), ("b.md", b"# B"))
    assert response.status_code == 202, response.text
    job_id = response.json()["job_id"]
    assert [(space, shards, str(job)) for space, shards, job in launcher.launched] == [(memory.name, 1, job_id)]
    folder = api_platform.objects.uploads_path(memory.space)
    assert sorted(path.rsplit("/", 1)[1] for path in api_platform.objects.fs.ls(folder, detail=False)) == [
        "a b – é.md",
        "b.md",
    ]
    job = client.get(response.json()["status_url"]).json()
    assert (job["state"], job["run_id"], job["errors"]) == ("queued", None, [])
    assert job["documents"]["new"] == 0
    sources = memory.home.rows("SELECT kind FROM sources WHERE name = 'uploads' AND space_id = %s", memory.space)
    assert sources == [{"kind": "upload"}]


def test_uploading_again_lets_a_removed_document_back(client, memory):
    upload(client, memory.name, ("a.md", b"# A"))
    source = memory.home.rows("SELECT id FROM sources WHERE name = 'uploads' AND space_id = %s", memory.space)[0]["id"]
    memory.source = source
    document = memory.add("a.md", "A")
    assert client.delete(f"/api/v1/memory/file/{document}").status_code == 202
    assert memory.home.rows("SELECT * FROM exclusions", space=memory.space)
    assert upload(client, memory.name, ("a.md", b"# A")).status_code == 202
    assert not memory.home.rows("SELECT * FROM exclusions", space=memory.space)


@pytest.mark.parametrize("name", ["../up.md", "a/b.md", "a\\b.md", "..", "n" * 251, "é" * 126])
def test_names_are_data_and_never_paths(client, memory, launcher, name):
    error_of(upload(client, memory.name, (name, b"x")), 422, "invalid")
    assert not launcher.launched


def test_control_characters_in_a_name_are_refused(client, memory):
    # written by hand, because well-behaved clients escape them
    lines = ["--b", 'Content-Disposition: form-data; name="space"', "", memory.name]
    lines += ["--b", 'Content-Disposition: form-data; name="file"; filename="tab\there.md"', "", "x", "--b--", ""]
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    error_of(client.post(URL, content="\r\n".join(lines).encode(), headers=headers), 422, "invalid")


def test_what_is_too_large_is_refused_and_what_is_as_large_as_allowed_is_not(client, memory):
    error_of(upload(client, memory.name, ("a.md", b"x" * 50_001)), 413, "too_large")
    error_of(upload(client, memory.name, ("a.md", b"x" * 3_000_000)), 413, "too_large")
    assert upload(client, memory.name, ("a.md", b"x" * 50_000)).status_code == 202


def test_forms_that_say_too_little_or_too_much_are_refused(client, memory):
    error_of(upload(client, memory.name), 415, "unsupported_media_type")
    error_of(client.post(URL, files=[("file", ("a.md", b"x"))]), 422, "invalid")
    error_of(upload(client, memory.name, ("a.md", b"1"), ("a.md", b"2")), 422, "invalid")
    error_of(upload(client, "no-such-space", ("a.md", b"1")), 404, "not_found")
    error_of(upload(client, "a|b", ("a.md", b"1")), 422, "invalid")
    error_of(client.post(URL, content=b"x", headers={"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    broken = client.post(URL, content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=y"})
    error_of(broken, 422, "invalid")


def test_a_folder_becomes_a_source_once(client, memory, tmp_path, launcher):
    for _ in range(2):
        assert client.post(URL, json={"space": memory.name, "location": str(tmp_path)}).status_code == 202
    rows = memory.home.rows("SELECT name FROM sources WHERE location = %s", str(tmp_path))
    assert rows == [{"name": tmp_path.name}]
    assert len(launcher.launched) == 2


@pytest.mark.parametrize(
    "location", ["/no/such/folder", "relative", "", "ftp://user:password@host/x", "https://user@example.org/", __file__]
)
def test_locations_that_cannot_be_read_are_refused(client, memory, location):
    error = error_of(client.post(URL, json={"space": memory.name, "location": location}), 422, "invalid")
    assert "password@" not in error["message"]


def test_patterns_are_kept_until_others_are_given(client, memory, tmp_path):
    body = {"space": memory.name, "location": str(tmp_path)}
    for given, kept in (
        ({"include": ["*.md", " *.md "], "exclude": ["drafts/"]}, (["*.md"], ["drafts/"])),
        ({}, (["*.md"], ["drafts/"])),
        ({"exclude": []}, (["*.md"], [])),
    ):
        assert client.post(URL, json=body | given).status_code == 202
        (row,) = memory.home.rows("SELECT include, exclude FROM sources WHERE location = %s", str(tmp_path))
        assert (row["include"], row["exclude"]) == kept


@pytest.mark.parametrize("patterns", ["*.md", [""], ["# x"], ["a\nb"], ["x" * 501], [f"{n}" for n in range(101)], [1]])
def test_what_is_no_pattern_is_refused(client, memory, tmp_path, patterns):
    body = {"space": memory.name, "location": str(tmp_path), "include": patterns}
    error_of(client.post(URL, json=body), 422, "invalid")


def test_a_body_that_is_no_json_is_refused(client, memory):
    error_of(client.post(URL, content=b"{", headers={"Content-Type": "application/json"}), 422, "invalid")
    error_of(client.post(URL, json={"space": memory.name}), 422, "invalid")


def test_jobs_tell_how_far_they_are(client, memory, launcher):
    url = upload(client, memory.name, ("a.md", b"1")).json()["status_url"]
    job = launcher.launched[-1][2]
    platform = memory.home.platform("worker")
    with platform.database.transaction(space=memory.space) as connection:
        runs.start(connection, job, memory.space, f"d-{job}", job="ingest", code_version="1")
        runs.count(connection, f"d-{job}", {"new": 2, "quarantined": 1}, {})
        runs.add_errors(connection, f"d-{job}", [{"path": "x.pdf", "reason": "encrypted"}])
    assert client.get(url).json()["state"] == "running"
    with platform.database.transaction(space=memory.space) as connection:
        runs.finish(connection, job)
    platform.close()
    told = client.get(url).json()
    assert (told["state"], told["run_id"], told["documents"]["new"]) == ("partly", f"d-{job}", 2)
    assert told["errors"] == [{"path": "x.pdf", "reason": "encrypted"}]


def test_a_run_that_nobody_carries_out_fails(client, memory, launcher):
    url = upload(client, memory.name, ("a.md", b"1")).json()["status_url"]
    launcher.deaths[launcher.launched[-1][2]]("The run's process ended with status 9.")
    told = client.get(url).json()
    assert told["state"] == "failed"
    assert told["errors"] == [{"path": "", "reason": "The run's process ended with status 9."}]


def test_unknown_jobs_are_not_there(client):
    error_of(client.get(f"{URL}/00000000-0000-0000-0000-000000000000"), 404, "not_found")
    error_of(client.get(f"{URL}/nonsense"), 422, "invalid")
