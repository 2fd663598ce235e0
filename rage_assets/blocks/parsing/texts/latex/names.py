"""What the commands and environments of LaTeX and its usual packages are for."""

SECTIONS = ("part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph")
# How many arguments of a command are no text.
SILENT = {
    "label": 1, "vspace": 1, "hspace": 1, "setlength": 2, "addtolength": 2, "usepackage": 1, "RequirePackage": 1,
    "documentclass": 1, "bibliographystyle": 1, "pagestyle": 1, "thispagestyle": 1, "pagenumbering": 1, "color": 1,
    "textcolor": 1, "colorbox": 1, "fcolorbox": 2, "definecolor": 3, "fontsize": 2, "setcounter": 2, "addtocounter": 2,
    "newcounter": 1, "newlength": 1, "hypersetup": 1, "geometry": 1, "graphicspath": 1, "raisebox": 1, "rule": 2,
    "scalebox": 1, "resizebox": 2, "rotatebox": 1, "parbox": 1, "cline": 1, "cmidrule": 1, "rowcolor": 1, "rowcolors": 3,
    "columncolor": 1, "cellcolor": 1, "hyphenation": 1, "theoremstyle": 1, "index": 1, "phantom": 1, "hphantom": 1,
    "vphantom": 1, "hypertarget": 1, "hyperlink": 1, "pdfbookmark": 2, "addcontentsline": 3, "markboth": 2, "markright": 1,
    "selectlanguage": 1, "foreignlanguage": 1, "tikzset": 1, "usetikzlibrary": 1, "lstset": 1, "captionsetup": 1,
    "sisetup": 1, "nocite": 1, "let": 2, "DeclareMathOperator": 2, "newenvironment": 3, "renewenvironment": 3, "usetheme": 1,
    "usecolortheme": 1, "newcolumntype": 2, "specialrule": 3, "bibliography": 1, "addbibresource": 1, "setmainfont": 1,
    "titleformat": 5, "titlespacing": 4, "fancyhf": 1, "fancyhead": 1, "fancyfoot": 1, "lhead": 1, "rhead": 1, "chead": 1,
    "lfoot": 1, "rfoot": 1, "cfoot": 1, "crefname": 3, "Crefname": 3, "newif": 1, "setstretch": 1, "linespread": 1,
    "makebox": 0, "framebox": 0, "ensuremath": 0, "arraystretch": 0, "allowdisplaybreaks": 0,
    "pgfplotsset": 1, "newfloat": 3, "floatname": 2, "numberwithin": 2, "setitemize": 1, "setlist": 1, "crefrange": 2,
    "begingroup": 0, "lstinputlisting": 1, "inputminted": 2, "includepdf": 1, "verbatiminput": 1, "setkeys": 2,
    "enlargethispage": 1, "addvspace": 1,
    "ExplSyntaxOn": 0, "multirowcell": 1, "newsavebox": 1, "usebox": 1, "fontfamily": 1,
}  # fmt: skip
# What stands on a title page besides the title.
TITLE_FACTS = (
    "subtitle", "author", "affil", "affiliation", "institute", "institution", "address", "email", "date", "subject",
    "titlehead", "publishers", "dedication", "keywords", "signature", "telephone",
)  # fmt: skip
# Settings that take a length or a number without braces.
LENGTHS = frozenset(
    ("vskip", "hskip", "kern", "mskip", "parindent", "parskip", "baselineskip", "hsize", "vsize", "textwidth", "textheight",
     "oddsidemargin", "evensidemargin", "topmargin", "headheight", "headsep", "footskip", "leftskip", "rightskip",
     "hangindent", "hangafter", "tabcolsep", "lineskip", "tolerance", "hbadness", "vbadness", "pretolerance",
     "clubpenalty", "widowpenalty", "penalty", "looseness", "fboxsep", "fboxrule", "arrayrulewidth", "columnsep",
     "advance", "emergencystretch", "topskip", "hoffset", "voffset", "itemsep", "leftmargin", "parsep")
)  # fmt: skip
MATH = frozenset(
    ("equation", "displaymath", "math", "align", "alignat", "flalign", "gather", "multline", "eqnarray", "dmath",
     "IEEEeqnarray", "subequations")
)  # fmt: skip
VERBATIM = frozenset(("verbatim", "Verbatim", "BVerbatim", "alltt", "lstlisting", "minted", "code", "Highlighting"))
# Of these, what holds commands that colour the code.
COMMANDED = frozenset(("alltt", "Highlighting"))
DRAWN = frozenset(
    ("tikzpicture", "pgfpicture", "picture", "comment", "filecontents", "CCSXML", "axis", "pspicture", "forest", "tikzcd")
)
TABLES = {"tabular": 1, "tabularx": 2, "tabulary": 2, "tabular*": 2, "longtable": 1, "supertabular": 1, "xltabular": 2,
          "tblr": 1, "longtblr": 1, "array": 1, "longtable*": 1, "tabularx*": 2,
          "NiceTabular": 1, "NiceTabular*": 2, "NiceTabularX": 2, "tabu": 1, "longtabu": 1, "xtabular": 1,
          "supertabular*": 2}  # fmt: skip
LISTS = frozenset(
    ("itemize", "enumerate", "description", "compactitem", "compactenum", "inparaenum", "asparaenum", "easylist",
     "thebibliography", "tasks", "questions", "parts")
)  # fmt: skip
# Arguments of environments that are no text.
SILENT_ENVIRONMENTS = {
    "minipage": 1, "multicols": 1, "wrapfigure": 2, "wraptable": 2, "subfigure": 1, "subtable": 1, "adjustbox": 1,
    "spacing": 1, "otherlanguage": 1, "thebibliography": 1, "column": 1, "list": 2, "adjustwidth": 2, "turn": 1,
    "textblock": 1, "overlayarea": 2, "mdframed": 0,
}  # fmt: skip
QUOTES = frozenset(("quote", "quotation", "verse", "displayquote", "epigraph"))
FIGURES = frozenset(("figure", "wrapfigure", "SCfigure", "sidewaysfigure", "marginfigure", "subfigure"))
THEOREMS = {
    "theorem": "Theorem", "lemma": "Lemma", "proposition": "Proposition", "corollary": "Corollary", "proof": "Proof",
    "definition": "Definition", "remark": "Remark", "example": "Example", "conjecture": "Conjecture", "claim": "Claim",
}  # fmt: skip
