"""Imports point one way, and what is heavy is imported where it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {
    "resources": set(),
    "rage_assets": {"resources"},
    "sensors": {"resources", "rage_assets"},
    "api": {"resources"},
    "cli": {"resources", "rage_assets", "sensors", "api"},
}


def imports(file: Path):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room):
    wrong = {
        (str(file.relative_to(ROOT)), name)
        for file in (ROOT / room).rglob("*.py")
        for name in imports(file)
        if (top := name.split(".")[0]) in ROOMS and top != room and top not in ROOMS[room]
    }
    assert not wrong


def test_the_clients_of_the_platform_know_no_dagster():
    wrong = {
        (file.name, name)
        for file in (ROOT / "resources").rglob("*.py")
        for name in imports(file)
        if name.split(".")[0] == "dagster"
    }
    assert not wrong


def test_only_the_postgres_room_writes_to_the_database_driver():
    wrong = {
        str(file.relative_to(ROOT))
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        if any(name.split(".")[0] == "psycopg" for name in imports(file)) and "postgres" not in file.parts
    }
    assert not wrong


def test_loading_the_definitions_imports_nothing_heavy():
    heavy = ["torch", "transformers", "unstructured", "great_expectations", "pandas", "openvino", "scipy", "sklearn"]
    code = f"import sys, sensors.definitions; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_no_file_is_a_drawer_for_everything():
    names = {"utils", "helpers", "common", "misc"}
    assert not [f for room in ROOMS for f in (ROOT / room).rglob("*.py") if f.stem in names or names & set(f.parts)]
