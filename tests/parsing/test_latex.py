import time

import pytest


def kinds(document):
    return [(block.type.value, block.text) for block in document.blocks]


def words(parse, text):
    return parse(text, "a.tex").blocks[0].text


def test_title_and_author_are_set_where_the_title_is_made(parse):
    document = parse(
        "\\title{A \\emph{lake}}\\author{Ann \\and Bob}\n\\begin{document}\\maketitle\nText\\end{document} no", "a.tex"
    )
    assert document.title == "A lake"
    assert kinds(document) == [("heading", "A lake"), ("paragraph", "Ann, Bob"), ("paragraph", "Text")]


def test_sections_are_headings_of_the_levels_in_use(parse):
    blocks = parse("\\section{A}\\label{a}\none\n\\subsection*{B}\ntwo", "a.tex").blocks
    assert [(block.text, block.metadata.get("level"), block.section) for block in blocks] == [
        ("A", 1, []), ("one", None, ["A"]), ("B", 2, ["A"]), ("two", None, ["A", "B"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Caf\\'e na\\\"{\\i}ve \\c{c}a \\ss{} \\o{}re \\v Skoda", "Café naïve ça ß øre Škoda"),
        ("``So'' --- 50\\% of~it % comment", "“So” — 50% of it"),
        ("\\textbf{b} {\\large big} \\textcolor{red}{red} \\unknown{kept}", "b big red kept"),
        ("See~\\cite[p.~3]{ann,bob} and \\ref{x}", "See [ann,bob, p. 3] and [x]"),
        ("\\href{https://x.org/a%20b}{here} \\url{https://y.org/100%25}", "here https://y.org/100%25"),
        ("so $E = mc^2$ and \\(a+b\\), costs \\$5", "so $E = mc^2$ and $a+b$, costs $5"),
        ("\\verb|a_b| and a\\\\b", "`a_b` and a\nb"),
    ],
)
def test_commands_leave_their_words(parse, text, shown):
    assert words(parse, text) == shown


def test_own_commands_are_expanded(parse):
    text = "\\newcommand{\\rage}{RAGE\\xspace}\\newcommand{\\pair}[2][x]{(#1, #2)}\\def\\hi#1{Hi #1!}"
    assert words(parse, text + "\\rage is \\pair{y} \\pair[a]{b} \\hi{you}") == "RAGE is (x, y) (a, b) Hi you!"


def test_commands_that_call_themselves_end(parse):
    start = time.monotonic()
    parse("\\newcommand{\\a}{\\a\\a x}text \\a", "a.tex")
    assert time.monotonic() - start < 20


def test_lists_nest_and_describe(parse):
    text = (
        "\\begin{itemize}\\item a\\begin{enumerate}\\item x\n\\item y\\end{enumerate}\\item b\\end{itemize}"
        "\\begin{description}\\item[CPU] brain\\end{description}"
    )
    assert kinds(parse(text, "a.tex")) == [("list", "- a\n  - x\n  - y\n- b"), ("list", "- CPU: brain")]


def test_a_table_has_its_caption_and_merged_cells(parse):
    text = (
        "\\begin{table}\\caption{Results}\\begin{tabular}{l|c|r}\\toprule\n"
        "A & \\multicolumn{2}{c}{B} \\\\ \\cmidrule(lr){2-3}\n"
        "\\multirow{2}{*}{x} & 1 & 2\\% \\\\[2pt]\n & \\textbf{3} & 4 \\& 5 \\\\ \\bottomrule\\end{tabular}\\end{table}"
    )
    assert kinds(parse(text, "a.tex")) == [
        ("paragraph", "Results"),
        ("table", "| A | B |  |\n| --- | --- | --- |\n| x | 1 | 2% |\n|  | 3 | 4 & 5 |"),
    ]


def test_a_long_table_has_its_head_once(parse):
    text = (
        "\\begin{longtable}{ll}H & I \\\\ \\endfirsthead\nH & I \\\\ \\endhead\n"
        "\\multicolumn{2}{r}{continued} \\\\ \\endfoot\na & b \\\\\n\\end{longtable}"
    )
    assert kinds(parse(text, "a.tex")) == [("table", "| H | I |\n| --- | --- |\n| a | b |")]


def test_a_displayed_formula_stays_latex(parse):
    block = parse("\\begin{equation}\\label{e}\n\\frac{1}{2} % half\n\\end{equation}", "a.tex").blocks[0]
    assert (block.text, block.metadata["role"]) == ("$$\\frac{1}{2}$$", "formula")


def test_code_stays_as_it_is(parse):
    text = (
        "\\begin{lstlisting}[language=Python]\ndef f(): # 100%\n    \\no\n\\end{lstlisting}"
        "\\begin{verbatim}\n \\x{%}\n\\end{verbatim}"
    )
    blocks = parse(text, "a.tex").blocks
    assert [(block.text, block.language) for block in blocks] == [("def f(): # 100%\n    \\no", "python"), (" \\x{%}", None)]


def test_a_figure_is_its_caption(parse):
    block = parse("\\begin{figure}\\includegraphics[width=3cm]{a.png}\\caption{A lake}\\end{figure}", "a.tex").blocks[0]
    assert (block.type, block.text, block.metadata["source"]) == ("image", "A lake", "a.png")


def test_what_a_document_would_read_is_named_and_not_read(parse):
    block = parse("text \\input{/etc/passwd}", "a.tex").blocks[0]
    assert (block.text, block.metadata["includes"]) == ("text", ["/etc/passwd"])


def test_footnotes_theorems_and_drawings(parse):
    text = (
        "\\newtheorem{thm}{Satz}a\\footnote{A note.} b\n\n\\begin{thm}[Main] Wet. \\end{thm}"
        "\\begin{tikzpicture}\\node{x};\\end{tikzpicture}\\begin{comment} no \\end{comment}"
    )
    assert kinds(parse(text, "a.tex")) == [
        ("paragraph", "a b"),
        ("paragraph", "A note."),
        ("paragraph", "Satz (Main). Wet."),
    ]


@pytest.mark.parametrize(
    "part", ["{", "\\foo[", "\\section{", "\\footnote{", "\\begin{tabular}{c}", "$ ", "\\item[", '\\"{']
)
def test_what_is_never_closed_takes_no_time(part):
    from rage_assets.blocks.parsing.content import Content
    from rage_assets.blocks.parsing.texts.latex.parser import LatexParser

    start = time.monotonic()
    LatexParser().parse(Content(b"x " + part.encode() * 5000, "a.tex", "text/x-tex"))
    assert time.monotonic() - start < 10


def test_a_document_that_is_only_shown_begins_none(parse):
    shown = "\\begin{verbatim}\n\\documentclass{article}\n\\begin{document}\nHi\n\\end{document}\n\\end{verbatim}\n"
    document = parse(f"\\section{{Fonts}}\nBefore it.\n\n{shown}\nBehind it.\n", "a.tex")
    assert [block.text for block in document.blocks if block.type.value != "code"] == [
        "Fonts",
        "Before it.",
        "Behind it.",
    ]


def test_a_title_page_is_set_where_no_command_sets_it(parse):
    front = "\\begin{frontmatter}\n\\title{The lake}\n\\author{Ann Lee}\n\\author{Bob Ray}\n\\end{frontmatter}\n"
    document = parse(
        f"\\documentclass{{elsarticle}}\n\\begin{{document}}\n{front}\\section{{Depth}}\nDeep.\n\\end{{document}}", "a.tex"
    )
    assert document.title == "The lake"
    assert [block.text for block in document.blocks] == ["The lake", "Ann Lee, Bob Ray", "Depth", "Deep."]


def test_what_stands_on_a_title_page_is_kept(parse):
    document = parse("\\title{T}\\subtitle{Sub}\\institute{Inst}\n\\begin{document}\\maketitle\n\\end{document}", "a.tex")
    assert [(block.text, block.metadata.get("role")) for block in document.blocks[1:]] == [
        ("Sub", "subtitle"),
        ("Inst", "institute"),
    ]


def test_quotation_marks_are_umlauts_and_hyphens_in_german(parse):
    text = '\\begin{document}\nM"uller "`Bad"\' S"ud"=West, Schiff"|fahrt\n\\end{document}'
    assert parse("\\usepackage{german}\n" + text, "a.tex").blocks[0].text == "Müller „Bad“ Süd-West, Schifffahrt"
    assert '"u' in parse(text, "a.tex").blocks[0].text


def test_arguments_of_unknown_commands_are_words_apart(parse):
    assert parse('\\entry{2010}{Baker}{Bonn} Gr{\\"o}{\\ss}e', "a.tex").blocks[0].text == "2010 Baker Bonn Größe"


def test_lengths_without_braces_are_no_text(parse):
    text = "\\parindent=0pt \\vskip 1.5ex plus 2pt minus 1pt\nThree lakes, 5 cm deep.\n\n\\hskip\\parindent Four."
    assert [block.text for block in parse(text, "a.tex").blocks] == ["Three lakes, 5 cm deep.", "Four."]


def test_code_that_is_coloured_by_commands_is_code(parse):
    code = (
        "\\begin{Highlighting}[]\n\\KeywordTok{def}\\NormalTok{ f(}\\OperatorTok{\\{\\}}\\NormalTok{):}\n\\end{Highlighting}"
    )
    assert parse(code, "a.tex").blocks[0].text == "def f({}):"


def test_a_heading_has_the_words_that_are_printed(parse):
    assert parse("\\section{\\texorpdfstring{The \\emph{lake}}{The lake}}\nText.", "a.tex").blocks[0].text == "The lake"


def test_options_of_code_in_a_line_are_no_code(parse):
    assert parse("Run \\lstinline[style=sh]{ls -l} now.", "a.tex").blocks[0].text == "Run `ls -l` now."
    assert parse("\\newcommand{\\sh}[1]{\\lstinline[a=b]{#1}}\nRun \\sh{ls} now.", "a.tex").blocks[0].text == "Run `ls` now."


def test_fields_and_parts_of_a_letter_are_text(parse):
    letter = "\\begin{letter}{Ben Low\\\\Bonn}\\opening{Dear Ben,} Yes.\n\\closing{Yours}\\end{letter}"
    document = parse(f"\\setkomavar{{fromname}}{{Ann Lee}}\n\\begin{{document}}{letter}\\end{{document}}", "a.tex")
    assert [block.text for block in document.blocks] == ["Ann Lee", "Ben Low\nBonn", "Dear Ben,", "Yes.", "Yours"]


def test_the_last_foot_of_a_long_table_stands_below_its_rows(parse):
    text = (
        "\\begin{longtable}{ll}H & I \\\\ \\endhead\nmore \\\\ \\endfoot\nTotal & 3 \\\\ \\endlastfoot\n"
        "a & 1 \\\\ b & 2 \\\\\n\\end{longtable}"
    )
    table = "| H | I |\n| --- | --- |\n| a | 1 |\n| b | 2 |\n| Total | 3 |"
    assert kinds(parse(text, "a.tex")) == [("table", table)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\\iffalse a \\figref{x} \\iff b \\fi c", "c"),
        ("\\iffalse a \\ifdraft b \\else c \\fi d \\else e \\fi f", "e f"),
        ("\\newcommand{\\hide}{\\iffalse a \\fi b} \\hide{} c", "b c"),
        ("a \\iffalse b", "a b"),
    ],
)
def test_what_is_never_true_is_left_out_as_far_as_it_goes(parse, text, shown):
    assert words(parse, text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\\SI{5}{\\kilo\\gram} at \\qty[x=y]{10}{\\metre\\per\\second\\squared}", "5 kg at 10 m/s²"),
        ("\\SIrange{1}{5}{\\milli\\volt}, \\unit{\\celsius}, \\si{kg.m}", "1–5 mV, °C, kg m"),
        ("\\ang{45} and \\SI{3}{\\furlong}", "45° and 3 furlong"),
    ],
)
def test_quantities_keep_their_units(parse, text, shown):
    assert words(parse, text) == shown


def test_a_line_that_ends_within_a_cell_ends_no_row(parse):
    text = "\\begin{tabular}{ll}\\makecell{a \\\\ b} & c \\\\*\nd & e \\\\\\end{tabular}"
    assert kinds(parse(text, "a.tex")) == [("table", "| a b | c |\n| --- | --- |\n| d | e |")]


@pytest.mark.parametrize("begin", ["NiceTabular}{ll}[hvlines]", "tabu} to \\textwidth {XX}"])
def test_tables_of_packages_are_tables(parse, begin):
    name = begin.partition("}")[0]
    text = f"\\begin{{{begin} a & b \\\\ c & d \\\\ \\end{{{name}}}"
    assert kinds(parse(text, "a.tex")) == [("table", "| a | b |\n| --- | --- |\n| c | d |")]


def test_commands_have_the_parameters_that_they_declare(parse):
    text = "\\NewDocumentCommand{\\p}{s O{some more} m}{#3 (#2)}\\p{A}, \\p*[v2]{B}."
    assert words(parse, text) == "A (some more), B (v2)."


def test_environments_for_code_that_a_document_defines_keep_their_signs(parse):
    text = (
        "\\lstnewenvironment{py}[1][]{\\lstset{language=Python}}{}\\newminted{java}{linenos}"
        "\\DefineVerbatimEnvironment{shell}{Verbatim}{}\n\\begin{document}\n"
        "\\begin{py}\n5 % 3 # {\n\\end{py}\n\\begin{javacode}\na % b\n\\end{javacode}\n"
        "\\begin{shell}\n$HOME % 1\n\\end{shell}\n\\end{document}"
    )
    found = [(block.text, block.language) for block in parse(text, "a.tex").blocks]
    assert found == [("5 % 3 # {", "python"), ("a % b", "java"), ("$HOME % 1", None)]


@pytest.mark.parametrize(
    ("begin", "shown"),
    [
        ("tcolorbox}[colback=red,title={A \\emph{lake}, cold}]", ["A lake, cold", "x"]),
        ("mdframed}[frametitle=Lakes]", ["Lakes", "x"]),
        ("exercise}[Swimming]", ["Swimming", "x"]),
        ("exercise}[how to swim]", ["how to swim", "x"]),
        ("scope}[fragile, noitemsep]", ["x"]),
        ("columns}[T,onlytextwidth]", ["x"]),
        ("table}[!Htbp]", ["x"]),
    ],
)
def test_titles_in_the_options_of_environments_are_text(parse, begin, shown):
    name = begin.partition("}")[0]
    blocks = parse(f"\\begin{{{begin}\nx\n\\end{{{name}}}", "a.tex").blocks
    assert [block.text for block in blocks] == shown


def test_parts_of_figures_and_code_keep_their_captions(parse):
    text = (
        "\\begin{figure}\\subfloat[Left]{\\includegraphics{a}}\\subfigure[Right]{\\includegraphics{b}}\\caption{Both}\\end{figure}"
        "\\begin{lstlisting}[caption={One, two}]\nf()\n\\end{lstlisting}"
    )
    assert [block.text for block in parse(text, "a.tex").blocks] == ["Left", "Right", "Both", "One, two", "f()"]


def test_theorems_of_thmtools_have_their_name(parse):
    text = "\\declaretheorem[name=Satz]{satz}\\begin{satz}[Klein]Wahr.\\end{satz}"
    assert words(parse, text) == "Satz (Klein). Wahr."


def test_terms_that_the_preamble_defines_stand_where_they_are_printed_or_at_the_end(parse):
    terms = "\\newacronym{api}{API}{An \\emph{Interface}}\\newglossaryentry{lake}{name={Lake},description={Still, deep}}"
    shown = "- API: An Interface\n- Lake: Still, deep"
    for end in ("\\printglossaries", ""):
        text = f"{terms}\n\\begin{{document}}\\gls{{api}}\n{end}\\end{{document}}"
        assert kinds(parse(text, "a.tex")) == [("paragraph", "api"), ("list", shown)]
