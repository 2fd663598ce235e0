"""How long after a file was dropped into a watched folder a search finds it, with everything up."""

import json
import secrets
import time
from statistics import median

from benchmarks.bench import Bench, note
from benchmarks.figures import Figure, at_most
from benchmarks.homes import RAGE, SPACE
from benchmarks.processes import server
from benchmarks.serving import connected
from cli.ports import answers, free_port

_AIM_S, _LIMIT_S = 15.0, 60.0
_TRIES = 3
_LOOK_EVERY_S = 0.2
_HOST = "127.0.0.1"


def run(bench: Bench) -> list[Figure]:
    """Three files, one after the other, each found before the next is dropped."""
    home = bench.home()
    folder = bench.root / "watched"
    folder.mkdir()
    (folder / "first.md").write_text("# First\n\nWhat lay there before.\n")
    home.space(folder)
    home.rage("ingest", SPACE)
    port, dagster_port = free_port(_HOST), free_port(_HOST)
    url = f"http://{_HOST}:{port}"
    command = [str(RAGE), "up", "--json", "--port", str(port), "--dagster-port", str(dagster_port)]

    def ready() -> bool:
        # the last that is started, so that the daemon is there, too
        return answers(f"{url}/health") and answers(f"http://{_HOST}:{dagster_port}/server_info")

    taken = []
    note("starting everything")
    with server(command, home.environment, home.path, ready), connected(home, url) as client:
        client.search(SPACE, "first", "hybrid")
        for number in range(_TRIES):
            word = "q" + secrets.token_hex(6)
            (folder / f"{number}.md").write_text(f"# Dropped\n\nThe word is {word}.\n")
            began = time.monotonic()
            while not any(word in json.dumps(r) for r in client.search(SPACE, word, "lexical")["results"]):
                if time.monotonic() - began > 2 * _LIMIT_S:
                    raise RuntimeError(f"A dropped file was not found in {2 * _LIMIT_S:.0f} s.")
                time.sleep(_LOOK_EVERY_S)
            taken.append(time.monotonic() - began)
            note(f"found after {taken[-1]:.1f} s")
    home.remove()
    return [
        at_most("from a dropped file to its first hit, median", median(taken), "s", _AIM_S, f"{_TRIES} tries"),
        at_most("from a dropped file to its first hit, longest", max(taken), "s", _LIMIT_S),
    ]
