"""docs/security.md: every test that it names exists, every requirement has its line, every link leads somewhere."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`((?:\w+/)+test_\w+\.py(?:::\w+)?)`", PAGE)))
# The requirements of levels 1 and 2 of OWASP ASVS 5.0.0: of each section the first so many. In this version those of
# level 3 stand behind them in every section.
REQUIREMENTS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
    "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip


@cache
def functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_is_named_exists(named):
    name, _, function = named.partition("::")
    file = ROOT / "tests" / name
    assert file.is_file()
    assert not function or function in functions(file)


def test_the_threats_and_the_table_name_tests_at_all():
    assert len(NAMED) > 150


def chapters() -> dict[int, str]:
    found = re.split(r"^### V(\d+) .*$", PAGE.partition("## OWASP ASVS 5.0, level 2")[2], flags=re.MULTILINE)
    return {int(number): text for number, text in zip(found[1::2], found[2::2], strict=True)}


def test_every_requirement_of_levels_1_and_2_has_its_line_once_and_in_its_chapter():
    wanted = {f"{section}.{n}" for section, count in REQUIREMENTS.items() for n in range(1, count + 1)}
    listed = []
    for number, text in chapters().items():
        cells = text if number == 17 else "\n".join(re.findall(r"^\|([^|]*)\|", text, re.MULTILINE))
        here = re.findall(r"\b\d+\.\d+\.\d+\b", cells)
        assert all(each.startswith(f"{number}.") for each in here)
        listed += here
    assert sorted(listed) == sorted(wanted)


def test_every_line_says_how_and_by_what_it_is_shown_or_why_by_nothing():
    for text in chapters().values():
        for line in re.findall(r"^\| \d.*\|$", text, re.MULTILINE):
            _, requirement, how, shown, _ = map(str.strip, line.split("|"))
            excused = how.startswith(("–", "[")) or re.search(r"\*\*not met\*\*|\*operator\*|\*Operator\*", how)
            assert how, requirement
            assert shown or excused, requirement


def anchors(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md"))])
def test_every_link_of_a_page_leads_somewhere(page):
    file = ROOT / page
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", file.read_text("utf-8"), flags=re.DOTALL)):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        where = (file.parent / path).resolve() if path else file
        assert where.exists(), target
        assert not anchor or anchor in anchors(where), target
