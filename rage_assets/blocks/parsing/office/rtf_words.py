"""RTF's control words, by what they do to the text in and after them."""

CHARACTERS = {
    "tab": "\t", "line": "\n", "lbr": "\n", "softline": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘",
    "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ", "qmspace": " ", "zwj": "\u200d",
    "zwnj": "\u200c", "~": "\xa0", "_": "\u2011", "-": "\xad", "{": "{", "}": "}", "\\": "\\", "\t": "\t",
}  # fmt: skip
ENCODINGS = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
# Private use: picture fonts, of which only bullets mean something.
PRIVATE = range(0xE000, 0xF900)
BULLETS = frozenset((0xF0B7, 0xF0A7, 0xF0D8, 0xF076, 0xF0FC, 0xF0A8, 0xF06E, 0xF071))
# Where text is not the document's: it says how things look, repeats them for old programs, or is data.
SKIPPED = frozenset(
    """aftncn aftnsep aftnsepc atndate atnicn atnid atnref atnparent atntime atrfend atrfstart background bkmkend bkmkstart
    blipuid colortbl colorschememapping datafield datastore defchp defpap docvar factoidname falt ffdeftext ffentrymcr
    ffexitmcr ffformat ffhelptext ffl ffname ffstattext filetbl fldtype fontemb formfield ftncn ftnsep ftnsepc generator
    keycode latentstyles levelnumbers leveltext listlevel listname listoverride listoverridetable listpicture
    liststylename listtable mailmerge nextfile nonesttables nonshppict objalias objclass objdata objname objsect objtime
    oldcprops oldpprops oldsprops oldtprops panose passwordhash pgp pgptbl picprop pict pn pnseclvl pntxta pntxtb
    private protusertbl pxe revtbl rsidtbl rxe shprslt sn sv svb tc template themedata txe userprops wgrffmtfilter xe
    xmlnstbl xform mmathPr htmltag""".split()  # noqa: SIM905
)
# Where text goes that is kept apart.
SENT = {
    "fonttbl": "fonts", "stylesheet": "styles", "info": "info", "listtext": "label", "pntext": "label",
    "fldinst": "instruction", "fldrslt": "text", "atnauthor": "atnauthor", "upr": "upr", "ud": "text", "shp": "text",
    "shpinst": "text", "do": "text", "nesttableprops": "text", "moMath": "text", "moMathPara": "text",
}  # fmt: skip
FACTS = frozenset(("title", "subject", "author", "keywords", "doccomm", "category"))
HEADERS = frozenset(("header", "headerl", "headerr", "headerf"))
FOOTERS = frozenset(("footer", "footerl", "footerr", "footerf"))
# Texts of their own; what is no note, comment, header or footer stands beside the paragraph that it is anchored in.
STORIES = HEADERS | FOOTERS | {"footnote", "annotation", "shptxt", "dptxbxtext", "result"}
