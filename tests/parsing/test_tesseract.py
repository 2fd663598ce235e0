"""Tesseract: when it is asked, what is made of its answer, and what it is given."""

import io
import sys

import pytest

from rage_assets.blocks.parsing.images import ocr, tesseract
from rage_assets.blocks.parsing.images.tesseract import Tesseract, lines_of_tsv
from tests.parsing.pictures import LINES, drawn

TSV = """level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
1\t1\t0\t0\t0\t0\t0\t0\t600\t200\t-1\t
5\t1\t1\t1\t1\t1\t10\t20\t50\t30\t96.5\tСъешь
5\t1\t1\t1\t1\t2\t70\t22\t40\t28\t90.5\t"ещё
5\t1\t1\t1\t2\t1\t10\t60\t40\t28\t12.0\t~~
5\t1\t1\t1\t3\t1\t10\t90\t40\t28\t88\tчаю.
"""


def test_the_table_of_tesseract_is_read_by_lines():
    lines = lines_of_tsv(TSV)
    assert [line.text for line in lines] == ['Съешь "ещё', "чаю."]
    assert lines[0].bbox == (10, 20, 110, 50)
    assert lines[0].confidence == pytest.approx((96.5 * 5 + 90.5 * 4) / 900)


@pytest.mark.parametrize("table", ["", "no table at all", "level\tconf\ttext\n5\tx\ty\n"])
def test_output_of_tesseract_that_is_no_table_has_no_lines(table):
    assert lines_of_tsv(table) == []


@pytest.fixture
def program(tmp_path, monkeypatch):
    """A program in Tesseract's place, which knows English and Russian and prints the same table for every picture."""
    stub = tmp_path / "tesseract"
    stub.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "if '--list-langs' in sys.argv: print('List of available languages (2):\\neng\\nrus')\n"
        "elif '0' in sys.argv: print('Orientation in degrees: 0\\nScript: Cyrillic\\nScript confidence: 9')\n"
        f"else: sys.stdout.write({TSV!r})\n",
        encoding="utf-8",
    )
    stub.chmod(0o755)
    monkeypatch.setattr(tesseract.shutil, "which", lambda name: str(stub))
    Tesseract.installed.cache_clear()
    yield stub
    Tesseract.installed.cache_clear()


def test_tesseract_reads_what_rapidocr_does_not_know(program):
    page = ocr.recognise(drawn(["Съешь же ещё этих мягких французских", "булок, да выпей чаю, друг мой"]))
    assert (page.engine, page.lines[0].text) == ("tesseract", 'Съешь "ещё')


def test_tesseract_reads_the_languages_that_an_operator_names(program):
    token = ocr.languages.set(("ru",))
    try:
        assert ocr.recognise(drawn(LINES)).engine == "tesseract"
    finally:
        ocr.languages.reset(token)


def test_a_language_without_a_model_is_left_to_rapidocr(program):
    token = ocr.languages.set(("he",))
    try:
        assert ocr.recognise(drawn(LINES)).engine == "rapidocr"
    finally:
        ocr.languages.reset(token)


def test_tesseract_that_fails_has_no_lines(program):
    program.write_text(f"#!{sys.executable}\nraise SystemExit(1)\n")
    assert Tesseract(str(program), frozenset({"eng"})).read(drawn(LINES)).lines == []


def test_the_engines_are_given_no_environment(program):
    program.write_text(f"#!{sys.executable}\nimport os\nprint('PATH' in os.environ)\n")
    assert tesseract._run([str(program)], io.BytesIO().read()).strip() == "False"


def test_tesseract_finds_its_models_where_the_operator_keeps_them(program, monkeypatch):
    monkeypatch.setenv("TESSDATA_PREFIX", "/models")
    program.write_text(f"#!{sys.executable}\nimport os\nprint(os.environ['TESSDATA_PREFIX'])\n")
    assert tesseract._run([str(program)], b"").strip() == "/models"
