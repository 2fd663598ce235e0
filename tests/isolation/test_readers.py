"""What a hostile file can do to the process that reads it, and to everything else: nothing that lasts."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from resources.errors import ParseFailed


def scratch_folders():
    return set(Path(tempfile.gettempdir()).glob(f"rage-reading-{os.getpid()}-*"))


def test_one_process_reads_many_files(readers, said):
    with readers() as pool:
        assert len({said(pool, "process") for _ in range(20)}) <= pool.workers


@pytest.mark.parametrize("how", ["hang", "hang_in_native_code"])
def test_a_file_that_does_not_get_on_is_given_up(readers, said, how):
    with readers() as pool:
        began = time.monotonic()
        assert said(pool, how) == "timeout"
        assert time.monotonic() - began < 15


def test_a_file_that_gets_on_may_take_longer(readers, said):
    with readers(seconds=1) as pool:
        assert said(pool, "slow") == "slow but steady"


def test_no_file_takes_longer_than_the_whole_time(readers, said):
    with readers(seconds=60, total_seconds=1) as pool:
        assert said(pool, "hang") == "timeout"


def test_a_file_gets_no_more_memory_than_the_limit(readers, said):
    with readers() as pool:
        assert said(pool, "memory") == "memory"
        assert said(pool, "say fine") == "fine"


@pytest.mark.parametrize("how", ["crash", "leave"])
def test_a_process_that_dies_is_replaced(readers, said, how):
    with readers() as pool:
        assert said(pool, how) == "crashed"
        assert said(pool, "say fine") == "fine"


def test_others_are_read_while_one_hangs(readers, said):
    with readers(seconds=5) as pool:
        hanging = pool.submit([b"hang"], "h.mischief")
        began = time.monotonic()
        assert [said(pool, f"say {n}") for n in range(10)] == [str(n) for n in range(10)]
        assert not hanging.done() or time.monotonic() - began > 5
        with pytest.raises(ParseFailed, match="did not get on"):
            hanging.result()


@pytest.mark.parametrize("how", ["connect", "connect_natively"])
def test_no_network_is_reached(readers, said, how):
    with socket.create_server(("127.0.0.1", 0)) as server, readers() as pool:
        assert said(pool, f"{how} {server.getsockname()[1]}") in ("broken", "refused")
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_file_writes_no_more_than_the_limit(readers, said):
    with readers() as pool:
        assert said(pool, "write") == "too_large"


def test_a_full_disk_is_no_fault_of_the_file(readers, said):
    with readers() as pool, pytest.raises(OSError, match="No space left"):
        said(pool, "full")


def test_a_file_opens_no_more_files_than_the_limit(readers, said):
    with readers() as pool:
        assert said(pool, "files") == "broken"


def test_secrets_of_the_environment_stay_with_the_parent(readers, said, monkeypatch):
    monkeypatch.setenv("RAGE_LLM_API_KEY", "secret")
    with readers() as pool:
        assert said(pool, "environment RAGE_LLM_API_KEY") == "nothing"


def test_nothing_that_a_library_prints_reaches_the_parents_output(readers, said, capfd):
    with readers() as pool:
        assert said(pool, "print noise") == "printed"
    assert "noise" not in "".join(capfd.readouterr())


def test_what_a_file_left_in_its_scratch_folder_goes_with_it(readers, said):
    with readers() as pool:
        place = Path(said(pool, "scratch"))
        assert place.is_relative_to(next(iter(scratch_folders())))
        assert not place.exists()


@pytest.mark.parametrize("how", ["say fine", "hang", "crash", "memory"])
def test_no_process_and_no_scratch_file_outlives_the_pool(readers, said, how):
    with readers() as pool:
        said(pool, "say warm")
        children = {p.pid for p in psutil.Process().children(recursive=True) if "forkserver" in " ".join(p.cmdline())}
        said(pool, how)
    time.sleep(0.2)
    alive = [p for p in psutil.Process().children(recursive=True) if p.pid in children and len(p.parents()) > 1]
    readers_alive = [p for p in alive if p.ppid() != os.getpid() and p.status() != psutil.STATUS_ZOMBIE]
    assert not readers_alive
    assert not scratch_folders()


@pytest.mark.parametrize("busy", [False, True])
def test_children_end_with_a_parent_that_is_killed(mischief, tmp_path, monkeypatch, busy):
    code = (
        "import sys, time\n"
        f"sys.path.insert(0, {str(mischief)!r})\n"
        "from rage_assets.blocks.isolation.pool import ReaderPool\n"
        "pool = ReaderPool(2, max_bytes=1 << 30)\n"
        "pool.submit([b'some words here'], 'a.txt').result()\n"
        f"hanging = pool.submit([b'hang'], 'a.mischief') if {busy} else None\n"
        "time.sleep(1 if hanging else 0)\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    # a folder of its own: the pools of other tests tidy up, too
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "ready\n"
    children = psutil.Process(parent.pid).children(recursive=True)
    assert children
    parent.kill()
    parent.wait()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    # the next pool removes what the killed one left
    left = list(tmp_path.glob(f"rage-reading-{parent.pid}-*"))
    assert left
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    from rage_assets.blocks.isolation.pool import ReaderPool

    with ReaderPool(1, max_bytes=1):
        assert not any(folder.exists() for folder in left)
