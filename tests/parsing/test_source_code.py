import time
from uuid import UUID

import pytest

from rage_assets.blocks.parse import _block_id
from rage_assets.blocks.parsing.code.generated import skip_generated
from rage_assets.blocks.parsing.code.languages import code_language

PYTHON = '''"""A module."""
import os

# Says hello.
@cache
def hello(name: str) -> str:
    """Greets.

    At length.
    """

    def inner():
        return 1

    return "hi"


class Lake:
    def depth(self):
        return 3


LIMIT = 3
'''

SMALL = {
    "a.py": ("def f(a):\n    return a\n", "f"),
    "a.js": ("import a from 'b'\n\nexport const f = async (a) => {\n  return a\n}\n", "f"),
    "a.ts": ("export abstract class Cart<T> {\n  add(a: T): void {}\n}\n", "Cart"),
    "a.tsx": ("export const Page: FC = () => <div/>;\n", "Page"),
    "b.ts": ("export const useCart = create((set) => ({\n  a: 1,\n}))\n", "useCart"),
    "a.go": ("package a\n\nfunc (s *server) Get(a int) error {\n\treturn nil\n}\n", "server.Get"),
    "a.rs": ("use a::b;\n\nimpl Lake {\n    fn depth(&self) {}\n}\n", "Lake"),
    "a.java": ("package a;\n\npublic class Cart {\n  void add() {}\n}\n", "Cart"),
    "a.kt": ("package a\n\nfun f(a: Int): Int {\n  return a\n}\n", "f"),
    "a.scala": ("object Main {\n  def f(a: Int): Int = a\n}\n", "Main"),
    "a.cs": ("using A;\n\nnamespace Shop\n{\n  class Cart { }\n}\n", "Cart"),
    "a.c": ("#include <a.h>\n\nstatic int *f(int a)\n{\n  return 0;\n}\n", "f"),
    "a.cpp": ("void Cart::add(int a) {\n  n = a;\n}\n", "Cart.add"),
    "a.m": ("#import <A.h>\n\n@implementation Cart\n- (void)add {\n}\n@end\n", "Cart"),
    "a.swift": ("import A\n\nstruct Cart {\n  func add() {}\n}\n", "Cart"),
    "a.rb": ("require 'a'\n\nclass Cart\n  def add\n  end\nend\n", "Cart"),
    "a.php": ("<?php\n\nfunction f($a) {\n  return $a;\n}\n", "f"),
    "a.lua": ("local M = {}\n\nfunction M.f(a)\n  return a\nend\n", "M.f"),
    "a.pl": ("use strict;\n\nsub f {\n  return 1;\n}\n", "f"),
    "a.r": ("f <- function(a) {\n  a\n}\n", "f"),
    "a.jl": ("function f(a)\n  a\nend\n", "f"),
    "a.sh": ("set -e\n\nf() {\n  echo 1\n}\n", "f"),
    "a.ps1": ("function Get-Cart {\n  1\n}\n", "Get-Cart"),
    "a.hs": ("module A where\n\nf :: Int -> Int\nf 0 = 1\nf x = x\n", "f"),
    "a.ml": ("let f x =\n  x + 1\n", "f"),
    "a.ex": ("defmodule Shop.Cart do\n  def add(a), do: a\nend\n", "Shop.Cart"),
    "a.erl": ("-module(a).\n\nf(0) -> 1;\nf(X) -> X.\n", "f"),
    "a.clj": ("(ns a)\n\n(defn f [a]\n  a)\n", "f"),
    "a.dart": ("int f(int a) {\n  return a;\n}\n", "f"),
    "a.sql": ("SELECT 1;\n\nCREATE TABLE shop.cart (\n  id int\n);\n", "shop.cart"),
    "Makefile": ("X = 1\n\nall: a b\n\techo 1\n", "all"),
    "Dockerfile": ("ARG X=1\nFROM a AS build\nRUN x\nFROM b\nRUN y\n", "build"),
    "a.tf": ('resource "aws_s3_bucket" "b" {\n  a = 1\n}\n', "resource.aws_s3_bucket.b"),
    "a.proto": ('syntax = "proto3";\n\nmessage Cart {\n  string a = 1;\n}\n', "Cart"),
    "a.graphql": ("type Cart {\n  a: Int\n}\n", "Cart"),
    "a.css": (".cart, .lake {\n  color: red;\n}\n", ".cart, .lake"),
    "a.scss": ("@mixin wide($a) {\n  width: $a;\n}\n", "wide"),
    "a.yaml": ("a: 1\nservices:\n  web:\n    image: x\n", "services"),
    "a.toml": ('title = "x"\n\n[tool.lake]\ndepth = 3\n', "tool.lake"),
    "a.ini": ("[lake]\ndepth = 3\n", "lake"),
    "src/CMakeLists.txt": ("function(f a)\n  x()\nendfunction()\n", "f"),
    "a.cmake": ("function(f a)\n  x()\nendfunction()\n", "f"),
    "a.sol": ("contract Cart {\n  uint x;\n}\n", "Cart"),
    "a.zig": ("pub fn f(a: i32) i32 {\n  return a;\n}\n", "f"),
}


# What a part of a large unit is called, whatever the unit is wrapped in.
_LINES = "  x := 1;\n" * 20
WRAPPED = {
    "a.js": (
        "(function ($) {\n  'use strict';\n\n"
        + "".join(f"  function f{n}() {{\n" + "    go();\n" * 20 + "  }\n\n" for n in range(3))
        + "})(jQuery);\n",
        ["f0", "f1", "f2"],
    ),
    "a.vhd": (
        "package body P is\n"
        + "".join(f"  function F{n} return real is\n  begin\n{_LINES}    return 1.0;\n  end F{n};\n\n" for n in range(3))
        + "end P;\n",
        ["P", "P.F0", "P.F1", "P.F2"],
    ),
    "a.adb": (
        "package body P is\n"
        + "".join(f"   procedure F{n} is\n   begin\n{_LINES}   end F{n};\n\n" for n in range(3))
        + "end P;\n",
        ["P", "P.F0", "P.F1", "P.F2"],
    ),
    "a.m": ("## Octave.\nfunction f (a)\n  # It's.\n  a\nendfunction\n\nfunction g (a)\n  a\nendfunction\n", ["f", "g"]),
    "a.d": ("module a;\nversion (Posix):\n\nint f(int a)\n{\n    return a;\n}\n", ["f"]),
    "a.vim": ("vim9script\n# It's new\n\ndef Add(a: number)\n  echo a\nenddef\n", ["Add"]),
}


def java_class(methods: int, changed: int = -1) -> str:
    body = "".join(
        f"    /** Does {n}. */\n    @Override\n    public int m{n}(int a) {{\n"
        f"        return {0 if n == changed else n};\n    }}\n\n"
        for n in range(methods)
    )
    return f"package a;\n\nclass Big extends Base {{\n    private int x = 1;\n\n{body}}}\n"


def ids(document):
    places = {}
    found = {}
    for block in document.blocks:
        place = (tuple(block.section), block.type.value)
        places[place] = places.get(place, -1) + 1
        found[_block_id(UUID(int=0), place, places[place])] = block.text
    return found


def test_python_has_a_block_for_each_function_and_class(parse):
    blocks = parse(PYTHON, "a.py").blocks
    assert [(block.metadata.get("symbol"), block.metadata["lines"]) for block in blocks] == [
        (None, [1, 2]), ("hello", [4, 15]), ("Lake", [18, 20]), (None, [23, 23]),
    ]  # fmt: skip


def test_a_function_says_how_it_is_called_and_what_it_is_for(parse):
    block = parse(PYTHON, "a.py").blocks[1]
    assert block.text.startswith("# Says hello.\n@cache")
    assert block.metadata["signature"] == "def hello(name: str) -> str"
    assert block.metadata["docstring"] == "Greets.\nAt length."
    assert "def inner" in block.text


@pytest.mark.parametrize("name", SMALL)
def test_each_language_is_parted_at_its_units(parse, name):
    code, symbol = SMALL[name]
    blocks = parse(code, name).blocks
    assert symbol in [block.metadata.get("symbol") for block in blocks]
    assert "\n".join(block.text for block in blocks).split() == code.split()


@pytest.mark.parametrize("name", WRAPPED)
def test_the_functions_in_what_wraps_them_are_blocks(parse, name):
    code, symbols = WRAPPED[name]
    blocks = parse(code, name).blocks
    assert [block.metadata["symbol"] for block in blocks if "symbol" in block.metadata] == symbols
    assert "\n".join(block.text for block in blocks).split() == code.split()


def test_what_other_languages_include_is_no_php(parse):
    assert parse("#include <a.h>\nint f(int a) {\n  return 0;\n}\n", "a.inc").blocks[0].language == "cpp"
    assert parse("<?php\nfunction f() {\n}\n", "a.inc").blocks[0].language == "php"


def test_the_comment_above_a_function_is_its_docstring(parse):
    block = parse("int x;\n\n/**\n * Adds.\n * @param a what\n */\nint f(int a) { return a; }\n", "a.c").blocks[1]
    assert block.metadata["docstring"] == "Adds.\n@param a what"
    assert block.text.startswith("/**")


def test_a_large_class_becomes_its_head_and_its_methods(parse):
    blocks = parse(java_class(12), "Big.java").blocks
    assert [block.metadata.get("symbol") for block in blocks[:4]] == [None, "Big", "Big.m0", "Big.m1"]
    assert blocks[1].text == "class Big extends Base {\n    private int x = 1;"
    assert blocks[2].text.startswith("    /** Does 0. */\n    @Override")
    assert (blocks[2].metadata["signature"], blocks[2].metadata["docstring"]) == ("public int m0(int a)", "Does 0.")
    assert blocks[2].section == ["Big", "m0"]


def test_every_line_stands_in_exactly_one_block(parse):
    code = java_class(12)
    lines = [line for block in parse(code, "Big.java").blocks for line in range(*block.metadata["lines"])]
    ends = [block.metadata["lines"][1] for block in parse(code, "Big.java").blocks]
    filled = [at for at, line in enumerate(code.split("\n"), start=1) if line.strip()]
    assert len(lines + ends) == len({*lines, *ends}) and set(filled) <= {*lines, *ends}


def test_a_change_in_one_function_changes_one_block_and_no_id(parse):
    before, after = ids(parse(java_class(12), "Big.java")), ids(parse(java_class(12, changed=5), "Big.java"))
    assert before.keys() == after.keys()
    assert len([key for key in before if before[key] != after[key]]) == 1


def test_a_function_put_above_leaves_the_other_blocks_as_they_are(parse):
    added = PYTHON.replace("# Says hello.", "def new():\n    return 0\n\n\n# Says hello.")
    before, after = ids(parse(PYTHON, "a.py")), ids(parse(added, "a.py"))
    assert before.items() <= after.items() and len(after) == len(before) + 1


def test_one_changed_function_of_a_real_file_is_one_changed_block(parse, shared):
    code = (shared / "documents/code/checkoutservice_main.go").read_text()
    before = ids(parse(code, "main.go"))
    after = ids(parse(code.replace("failed to prepare order: %w", "failed: %w"), "main.go"))
    changed = [key for key in before if before[key] != after.get(key)]
    assert before.keys() == after.keys() and len(changed) <= 1 < 15 < len(before)


@pytest.mark.parametrize("name", ["a.py", "a.js", "a.go", "a.rb", "a.sql", "a.yaml"])
def test_broken_code_is_still_read(parse, name):
    code = "def f(:\n  x {{{\n\ndef g():\n  y ]]\n  z\n"
    assert "\n".join(block.text for block in parse(code, name).blocks).split() == code.split()


@pytest.mark.parametrize(
    "code", ["f(x)+" * 40_000, "(" * 100_000, "\n".join(" " * n + "if x:" for n in range(1200)), "a:\n" * 50_000]
)
@pytest.mark.parametrize("name", ["a.sh", "a.py", "a.yaml", "a.js"])
def test_hostile_code_is_read_in_bounded_time(parse, name, code):
    start = time.monotonic()
    token = skip_generated.set(False)
    try:
        assert parse(code, name).blocks
    finally:
        skip_generated.reset(token)
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("a.py", "python"),
        ("Dockerfile", "docker"),
        ("a.tsx", "tsx"),
        ("a.rs", "rust"),
        ("a.yaml", "yaml"),
        ("a.sql", "sql"),
        ("a.tf", "terraform"),
        ("build.gradle", "groovy"),
        ("a.unknown", None),
    ],
)
def test_the_language_is_found_by_name(name, language):
    assert code_language(name) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("#!/bin/sh\necho hi\n", "bash"),
        ("#!/usr/bin/env -S python3 -u\nprint(1)\n", "python"),
        ("#!/usr/bin/env node\nf()\n", "javascript"),
        ("# -*- mode: ruby -*-\nputs 1\n", "ruby"),
        ("-- vim: set ft=lua :\nprint(1)\n", "lua"),
        ("<?php\necho 1;\n", "php"),
    ],
)
def test_a_script_without_a_suffix_is_known_by_its_first_lines(parse, text, language):
    assert parse(text, "run").blocks[0].language == language


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("a.h", "class A {\npublic:\n  int x;\n};\n", "cpp"),
        ("a.h", "@interface A : B\n@end\n", "objective-c"),
        ("a.h", "int f(void);\n", "c"),
        ("a.m", "function y = f(x)\n  y = x;\nend\n", "matlab"),
    ],
)
def test_a_suffix_of_several_languages_is_told_apart_by_the_text(parse, name, text, language):
    assert parse(text, name).blocks[0].language == language


def test_a_long_key_of_a_configuration_is_parted_at_the_keys_below(parse):
    services = "".join(f"  s{n}:\n    image: a\n    ports:\n      - {n}\n" for n in range(20))
    symbols = [block.metadata.get("symbol") for block in parse("services:\n" + services, "a.yml").blocks]
    assert symbols[:3] == ["services", "services.s0", "services.s1"] and len(symbols) == 21
