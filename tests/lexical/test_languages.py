"""Every engine finds words in their own language, in a space that holds several."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.lexical.analysis import content_stems, index_text, matches, query_terms, stems, words
from tests.conftest import DATA
from tests.lexical.conftest import an_id, found, passage


def filled(index, *passages):
    index.add(passages)
    index.commit()
    return index


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        ("de", "Die Häuser der Kunden wurden verkauft", "Haus eines Kunden"),
        ("de", "Die Straße nach Köln", "strasse koln"),
        ("de", "Herr Müller hat gekündigt", "Mueller"),
        ("fr", "Les éléphants nagent", "elephant"),
        ("es", "Las canciones españolas", "cancion"),
        ("ru", "Хранение документов", "хранения документа"),
        ("ar", "قرأ الطالب الكِتَابَ في المدرسة", "كتاب مدرسه"),
        ("ar", "سنة ٢٠٢٤", "2024"),
        ("hi", "किताबें हिन्दी में", "किताब हिंदी"),
        ("ja", "日本語のテキストを検索する", "検索"),
        ("zh", "知识产权保护法律", "产权"),
        ("zh", "我喜欢喝茶", "茶"),
        ("ko", "한국어 문서를 검색합니다", "검색"),
        ("th", "ค้นหาข้อความภาษาไทย", "ข้อความ"),
        ("ja", "ﾊﾝｶｸのカナ", "ハンカク"),
    ],
)
def test_a_passage_is_found_in_its_own_language(index, language, text, query):
    filled(index, passage("a", text, languages=[language]), passage("b", "nothing of the kind", languages=["en"]))
    assert found(index, query) == [an_id("a")]


def test_in_a_space_that_is_mostly_english_a_german_question_finds_german_text(index):
    english = [passage(str(n), f"invoice number {n} was paid", languages=["en"]) for n in range(20)]
    filled(index, *english, passage("de", "Alle Rechnungen wurden bezahlt", languages=["de"]))
    assert found(index, "Wann wurde die Rechnung bezahlt?") == [an_id("de")]


def test_in_a_space_that_is_mostly_german_an_english_question_finds_english_text(index):
    german = [passage(str(n), f"Rechnung Nummer {n} wurde bezahlt", languages=["de"]) for n in range(20)]
    filled(index, *german, passage("en", "All invoices were cancelled", languages=["en"]))
    assert found(index, "when was the invoice cancelled") == [an_id("en")]


def test_a_passage_whose_language_was_guessed_wrong_is_found_all_the_same(index):
    filled(index, passage("a", "The invoices were cancelled", languages=["no"]), passage("b", "x", languages=["en"]))
    assert found(index, "cancelled invoices") == [an_id("a")]


def test_a_passage_in_two_languages_is_found_in_both(index):
    filled(index, passage("a", "Alle Rechnungen und all invoices", languages=["de", "en"]))
    assert found(index, "Rechnung") == found(index, "invoice") == [an_id("a")]


def test_a_text_of_unknown_language_is_found_by_its_words(index):
    filled(index, passage("a", "Zanzibar 12-7"))
    assert found(index, "zanzibar") == [an_id("a")]


def test_the_languages_of_a_query_can_be_given(index):
    filled(index, passage("a", "Die Häuser", languages=["de"]))
    assert found(index, "Haus", languages=["de"]) == [an_id("a")]


@pytest.mark.parametrize(
    "query", ["parseConfigFile", "parse config", "config_path", "os.path.join", "path join", "parseconfigfile", "CONFIG"]
)
def test_an_identifier_is_found_whole_and_by_its_parts(index, query):
    code = "def parseConfigFile(config_path):\n    return os.path.join(config_path)"
    filled(index, passage("a", code, languages=["python"], code=True), passage("b", "nothing", code=True))
    assert found(index, query) == [an_id("a")]


def test_the_whole_identifier_stands_before_its_parts(index):
    filled(index, passage("a", "user name of the get call", code=True), passage("b", "get_user_name()", code=True))
    assert found(index, "get_user_name")[0] == an_id("b")


def test_questions_of_form_words_alone_find_them(index):
    filled(index, passage("a", "to be or not to be"))
    assert found(index, "to be") == [an_id("a")]


def test_new_languages_are_noticed_with_the_commit(index):
    filled(index, passage("a", "invoices", languages=["en"]))
    assert found(index, "Häuser") == []
    filled(index, passage("b", "Haus", languages=["de"]))
    assert found(index, "Häuser") == [an_id("b")]


def test_the_word_for_die_is_no_form_word_in_english():
    assert "die" in query_terms("how to die with dignity", ["de", "en"])
    assert "die" not in query_terms("wie heißt die Hauptstadt", ["de", "en"])


@given(st.text(st.sampled_from("abÄß_.日本語人 กข xyYZ9"), max_size=60), st.data())
def test_matches_are_the_words_with_one_of_the_stems(text, data):
    every = list(words(text, ["de", "ja"]))
    wanted = data.draw(st.sets(st.sampled_from(sorted({word.stem for word in every}) or ["x"])))
    assert list(matches(text, wanted, ["de", "ja"])) == [word for word in every if word.stem in wanted]


def test_encoded_data_is_not_taken_for_words():
    assert index_text(["x" * 300 + " word " + "aB" * 40], ["en"]).split() == ["word", "ab" * 40]


def test_words_stand_where_they_are_in_the_text():
    text = "Die Häuser, os.path und 日本語"
    placed = {(word.stem, text[word.start : word.end]) for word in words(text, ["de"])}
    assert {("haus", "Häuser"), ("path", "path"), ("os.path", "os.path"), ("日本", "日本")} <= placed


@pytest.mark.parametrize(
    "text", ["Häuser of ein XMLFile", "parse_config v1.2", "日本語 ﾊﾝｶｸ", "ﷺ ½ İstanbul", "A\u200dB\u0301c"]
)
def test_what_is_indexed_is_what_is_shown(text):
    indexed = set(index_text([text], ["de"]).split())
    assert set(stems(text, ["de"])) == indexed
    assert set(content_stems(text, ["de"])) <= indexed


@pytest.mark.parametrize(("name", "language", "least"), [("xquad_en", "en", 0.96), ("xquad_de", "de", 0.935)])
def test_real_questions_find_their_paragraph_first(index, request, name, language, least):
    if not (DATA / "ir" / name).is_dir():
        pytest.skip(f"the evaluation data is not there ({DATA})")
    lines = [json.loads(line) for line in (DATA / "ir" / name / "corpus.jsonl").read_text("utf-8").splitlines()]
    filled(index, *(passage(row["_id"], row["text"], title=row["title"], languages=[language]) for row in lines))
    asked = [json.loads(line) for line in (DATA / "ir" / name / "queries.jsonl").read_text("utf-8").splitlines()][::6]
    answers = dict(line.split("\t")[:2] for line in (DATA / "ir" / name / "qrels.tsv").read_text().splitlines()[1:])
    first = sum(an_id(answers[row["_id"]]) in found(index, row["text"], 3) for row in asked)
    assert first / len(asked) >= least
