"""`rage up` as a person meets it: the asset graph in a browser, and a run started there."""

import json
import os
import subprocess
import sys
import time

import httpx
import pytest

from cli.ports import free_port
from tests.conftest import ROOT

pytestmark = pytest.mark.real
LAUNCH = """mutation($tags: [ExecutionTag!]!) { launchPipelineExecution(executionParams: {
  selector: {repositoryLocationName: "rage", repositoryName: "__repository__", pipelineName: "ingest"},
  runConfigData: {}, mode: "default", executionMetadata: {tags: $tags}
}) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


@pytest.fixture(scope="module")
def up(shared_home, tmp_path_factory):
    """A running platform; gives the addresses, the home and the folder of its space."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "a.md").write_text("# Bicycles\n\nBicycles are parked behind the building.\n")
    shared_home.space(folder=folder, every=86400)  # its sensor leaves it alone, so that every run is ours
    shared_home.ingest()
    api, dagster = free_port("127.0.0.1"), free_port("127.0.0.1")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RAGE_")} | {"RAGE_HOME": str(shared_home.path)}
    command = [sys.executable, "-m", "cli.main", "up", "--port", str(api), "--dagster-port", str(dagster), "--json"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    lines = []
    while not lines or lines[-1].rstrip() != "}":
        line = process.stdout.readline()
        assert line, "it ended before it was ready"
        lines.append(line)
    yield json.loads("".join(lines)), shared_home, folder
    process.terminate()
    process.wait(timeout=40)


def graphql(addresses, query, **variables):
    answer = httpx.post(f"{addresses['dagster']}/graphql", json={"query": query, "variables": variables}, timeout=60)
    return answer.json()["data"]


def test_a_run_started_in_the_ui_works_like_one_from_the_command_line(up):
    addresses, home, folder = up
    (folder / "b.md").write_text("# Cars\n\nCars are parked in front of the building.\n")
    tags = {"dagster/partition": "00|demo", "dagster/partition/space": "demo", "dagster/partition/shard": "00"}
    launched = graphql(addresses, LAUNCH, tags=[{"key": key, "value": value} for key, value in tags.items()])
    run = launched["launchPipelineExecution"]["run"]["runId"]
    deadline = time.monotonic() + 120
    while (status := graphql(addresses, STATUS, id=run)["runOrError"]["status"]) not in ("SUCCESS", "FAILURE", "CANCELED"):
        assert time.monotonic() < deadline
        time.sleep(1)
    assert status == "SUCCESS"
    (row,) = home.rows("SELECT state, counts FROM runs WHERE dagster_run_id = %s", run)
    assert (row["state"], row["counts"]["new"], row["counts"]["unchanged"]) == ("succeeded", 1, 1)


def test_the_browser_shows_the_graph_the_checks_and_the_metadata(up, tmp_path):
    addresses, *_ = up
    chromium = os.environ.get("RAGE_TEST_CHROMIUM")
    if not chromium:
        pytest.skip("RAGE_TEST_CHROMIUM does not name a browser")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(f"{addresses['dagster']}/asset-groups")
        for group in ("raw", "blocks", "embeddings", "lexical", "live"):
            page.get_by_text(group, exact=True).first.wait_for(timeout=30_000)
        page.goto(f"{addresses['dagster']}/assets/live_documents")
        page.get_by_text("published").first.wait_for(timeout=30_000)
        page.goto(f"{addresses['dagster']}/assets/content_blocks?view=checks")
        page.get_by_text("blocks_are_sound").first.wait_for(timeout=30_000)
        page.get_by_text("Succeeded").first.wait_for(timeout=30_000)
        browser.close()
