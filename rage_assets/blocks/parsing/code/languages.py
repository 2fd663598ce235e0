"""Which language code is written in, by its file's name and by what it says of itself."""

import re
from fnmatch import fnmatchcase
from functools import cache

# Suffixes that several of Pygments' languages claim, as people mean them, and some that it does not know.
_USUAL = {
    ".py": "python", ".pyi": "python", ".pyw": "python", ".h": "c", ".c": "c", ".js": "javascript", ".ts": "typescript",
    ".jsx": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".mts": "typescript", ".cts": "typescript",
    ".m": "objective-c", ".mm": "objective-c", ".r": "r", ".pl": "perl", ".pm": "perl", ".t": "perl", ".sql": "sql",
    ".ddl": "sql", ".psql": "sql", ".pgsql": "sql", ".s": "gas", ".v": "verilog", ".cs": "csharp", ".go": "go",
    ".rs": "rust", ".sh": "bash", ".zsh": "bash", ".ksh": "bash", ".bats": "bash", ".command": "bash",
    ".yaml": "yaml", ".yml": "yaml",
    ".toml": "toml", ".ini": "ini", ".cfg": "ini", ".conf": "nginx", ".editorconfig": "ini", ".properties": "properties",
    ".css": "css", ".less": "less", ".php": "php", ".cls": "apex", ".trigger": "apex", ".inc": "php", ".bas": "vb.net",
    ".pro": "prolog", ".ml": "ocaml", ".mli": "ocaml", ".hcl": "hcl", ".nomad": "hcl", ".tf": "terraform",
    ".tfvars": "terraform", ".bzl": "starlark", ".bazel": "starlark", ".star": "starlark", ".gd": "gdscript",
    ".prisma": "prisma", ".vue": "vue", ".svelte": "svelte", ".gradle": "groovy", ".kts": "kotlin", ".cu": "cuda",
    ".cuh": "cuda", ".ino": "arduino", ".graphqls": "graphql", ".gql": "graphql", ".graphql": "graphql",
    ".proto": "protobuf", ".mk": "make", ".cmake": "cmake", ".dockerfile": "docker", ".wgsl": "wgsl", ".zig": "zig",
    ".gleam": "gleam", ".odin": "odin", ".luau": "luau", ".hack": "hack", ".elm": "elm", ".purs": "purescript",
    ".nim": "nim", ".jl": "julia", ".ex": "elixir", ".exs": "elixir", ".erl": "erlang", ".hrl": "erlang", ".f90": "fortran",
    ".f95": "fortran", ".f03": "fortran", ".f08": "fortran", ".sv": "systemverilog", ".svh": "systemverilog", ".vhd": "vhdl",
    ".vhdl": "vhdl", ".pas": "delphi", ".dpr": "delphi", ".fs": "fsharp", ".fsx": "fsharp", ".fsi": "fsharp", ".d": "d",
    ".pp": "puppet", ".thrift": "thrift", ".sol": "solidity", ".el": "emacs-lisp", ".lisp": "common-lisp", ".rkt": "racket",
    ".hh": "cpp", ".hpp": "cpp", ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hxx": "cpp", ".ipp": "cpp", ".tpp": "cpp",
    ".swift": "swift", ".kt": "kotlin", ".scala": "scala", ".sc": "scala", ".dart": "dart", ".lua": "lua", ".rb": "ruby",
    ".rake": "ruby", ".gemspec": "ruby", ".java": "java", ".tsx": "tsx", ".scss": "scss", ".tcl": "tcl", ".vim": "vim",
    ".clj": "clojure", ".cljs": "clojure", ".cljc": "clojure", ".edn": "clojure", ".scm": "scheme", ".ss": "scheme",
    ".hs": "haskell", ".adb": "ada", ".ads": "ada", ".fish": "fish", ".ps1": "powershell", ".psm1": "powershell",
    ".glsl": "glsl", ".vert": "glsl", ".frag": "glsl", ".hx": "haxe",
}  # fmt: skip
_USUAL_NAMES = {
    "dockerfile": "docker", "containerfile": "docker", "makefile": "make", "gnumakefile": "make", "cmakelists.txt": "cmake",
    "gemfile": "ruby", "rakefile": "ruby", "podfile": "ruby", "vagrantfile": "ruby", "brewfile": "ruby", "fastfile": "ruby",
    "build": "starlark", "build.bazel": "starlark", "workspace": "starlark", "tiltfile": "starlark", "jenkinsfile": "groovy",
    "justfile": "make", ".bashrc": "bash", ".bash_profile": "bash", ".profile": "bash", ".zshrc": "bash", ".vimrc": "vim",
    ".gitconfig": "ini", ".editorconfig": "ini", ".npmrc": "ini", "pipfile": "toml", ".clang-format": "yaml",
}  # fmt: skip
_INTERPRETERS = {
    "sh": "bash", "bash": "bash", "zsh": "bash", "ksh": "bash", "dash": "bash", "ash": "bash", "fish": "fish",
    "python": "python", "pypy": "python", "node": "javascript", "nodejs": "javascript", "deno": "typescript",
    "bun": "typescript", "ts-node": "typescript", "tsx": "typescript", "ruby": "ruby", "perl": "perl", "php": "php",
    "lua": "lua", "luajit": "lua", "rscript": "r", "julia": "julia", "pwsh": "powershell", "groovy": "groovy",
    "awk": "awk", "gawk": "awk", "make": "make", "tclsh": "tcl", "wish": "tcl", "elixir": "elixir", "escript": "erlang",
    "runhaskell": "haskell", "ocaml": "ocaml", "scala": "scala", "swift": "swift", "kotlin": "kotlin", "racket": "racket",
    "guile": "scheme", "clojure": "clojure", "bb": "clojure", "sbcl": "common-lisp", "emacs": "emacs-lisp", "uv": "python",
}  # fmt: skip
_MODES = {
    "c++": "cpp", "sh": "bash", "shell-script": "bash", "zsh": "bash", "js": "javascript", "js2": "javascript",
    "py": "python", "cperl": "perl", "objc": "objective-c", "lisp": "common-lisp", "elisp": "emacs-lisp",
    "terraform": "terraform", "dockerfile": "docker", "proto": "protobuf", "cs": "csharp", "makefile": "make",
    "ts": "typescript", "conf-toml": "toml",
}  # fmt: skip
_SHEBANG = re.compile(r"#![ \t]*\S*?([^\s/]+)(?:[ \t]+([^\n]{0,200}))?(?:\n|$)")
_MODELINE = re.compile(
    r"-\*-[ \t]*(?:[^\n]{0,200}?\bmode:[ \t]*)?([\w+#-]{1,30})[ \t]*(?:;[^\n]{0,200}?)?-\*-", re.IGNORECASE
)
_VIM = re.compile(r"\b(?:vim?|ex):[^\n]{0,200}?\b(?:ft|filetype|syntax)=([\w+#-]{1,30})")
_CPP = re.compile(
    r"^[ \t]*(?:class[ \t]+\w+[^;\n]*$|namespace\b|template[ \t]*<|using[ \t]+\w|public:|private:)|\bstd::", re.MULTILINE
)
_OBJC = re.compile(r"^[ \t]*(?:@(?:interface|implementation|protocol|class|end|import)\b|#import\b)", re.MULTILINE)
_MATLAB = re.compile(r"^[ \t]*(?:function\b|classdef\b|%)", re.MULTILINE)
_PROLOG = re.compile(r"^:-|^[a-z]\w*\([^\n]*\)[ \t]*(?::-|\.$)", re.MULTILINE)
_PERL = re.compile(r"^\s*(?:use|package|sub|my|our)\b|^#!", re.MULTILINE)
_PASCAL = re.compile(r"\{\$\w|^[ \t]*(?:procedure|begin|end;|unit)\b", re.MULTILINE | re.IGNORECASE)
_C = re.compile(r"^[ \t]*(?:#[ \t]*(?:include|define|if|ifdef|ifndef|undef|pragma)\b|//|/\*|\}|.*;[ \t]*$)", re.MULTILINE)
_LOOKED_AT = 20_000


def language_named(path: str) -> str | None:
    """The language of a file whose whole name is reserved, such as `CMakeLists.txt`, whatever its suffix says."""
    return _USUAL_NAMES.get(path.replace("\\", "/").rsplit("/", 1)[-1].lower())


def code_language(path: str) -> str | None:
    """The programming language that a file of this name is written in, as Pygments calls it; None for no code."""
    name = path.replace("\\", "/").rsplit("/", 1)[-1]
    if usual := language_named(name) or (name.lower().startswith("dockerfile.") and "docker"):
        return usual
    by_suffix, by_pattern = _patterns()
    suffix = "." + name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if suffix in by_suffix:
        return by_suffix[suffix]
    return next((alias for pattern, alias in by_pattern if fnmatchcase(name, pattern)), None)


def language_in(head: str) -> str | None:
    """The programming language that the first lines of a file name: by its interpreter, or for an editor."""
    if head.startswith("<?php"):
        return "php"
    shebang = _SHEBANG.match(head)
    if shebang:
        words = [shebang[1], *(shebang[2] or "").split()]
        if words[0] == "env":
            words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        program = words[0].rsplit("/", 1)[-1].lower() if words else ""
        return _INTERPRETERS.get(program) or _INTERPRETERS.get(program.rstrip("0123456789.")) or None
    lines = head[:_LOOKED_AT].split("\n")
    for line in lines[:5]:
        mode = _MODELINE.search(line[:500]) or _VIM.search(line[:500])
        if mode and ":" not in mode[1]:
            return _known(mode[1].lower())
    return None


def refined(language: str, text: str) -> str:
    """The language of a file whose suffix several languages share, by its text."""
    head = text[:_LOOKED_AT]
    if language == "c" and _OBJC.search(head):
        return "objective-c"
    if language == "c" and _CPP.search(head):
        return "cpp"
    if language == "objective-c" and not _OBJC.search(head) and _MATLAB.search(head):
        return "matlab"
    if language == "perl" and not _PERL.search(head) and _PROLOG.search(head):
        return "prolog"
    if language == "php" and "<?" not in head:  # what is included in other languages
        return "delphi" if _PASCAL.search(head) else "cpp" if _C.search(head) else language
    return language


def _known(mode: str) -> str | None:
    mode = _MODES.get(mode, mode)
    return mode if mode in set(_USUAL.values()) | set(_INTERPRETERS.values()) else None


@cache
def _patterns() -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Pygments' file names: plain suffixes for a quick look, and the patterns. No lexer is loaded."""
    from pygments.lexers import get_all_lexers

    suffixes: dict[str, str] = {}
    patterns: list[tuple[str, str]] = []
    for _, aliases, names, _ in get_all_lexers(plugins=False):
        for pattern in names if aliases else ():
            if re.fullmatch(r"\*\.[\w+-]+", pattern):
                suffixes.setdefault(pattern[1:].lower(), aliases[0])
            else:
                patterns.append((pattern, aliases[0]))
    return suffixes | _USUAL, patterns
