"""A file has one subject and a function one thought; both say what they take and give."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.rules.house import ROOT, Function, files, functions, place, told

FILE_LINES = 400
FUNCTION_LINES = 50
TEST_NAME_WORDS = 4


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _written_by_hand()}
    broken = [f"{path.relative_to(ROOT)} has {lines} lines" for path, lines in lengths.items() if lines > FILE_LINES]

    assert not broken, told(broken)


def test_no_function_is_longer_than_50_lines() -> None:
    broken = [
        f"{place(path, function.lineno)} {function.name} has {_lines(function)} lines"
        for path in _written_by_hand()
        for function in functions(path)
        if _lines(function) > FUNCTION_LINES
    ]

    assert not broken, told(broken)


def test_every_function_says_what_it_takes_and_gives() -> None:
    broken = [
        f"{place(path, function.lineno)} {function.name} leaves {', '.join(missing)} without a type"
        for path in files(".py")
        for function in functions(path)
        if (missing := _unannotated(function))
    ]

    assert not broken, told(broken)


def test_every_test_is_named_by_a_sentence() -> None:
    """Its name has some words, or its docstring says the sentence."""
    broken = [
        f"{place(path, function.lineno)} {function.name}"
        for path in files(".py")
        if path.name.startswith("test_")
        for function in functions(path)
        if function.name.startswith("test_") and len(function.name.split("_")) <= TEST_NAME_WORDS and not ast.get_docstring(function)
    ]

    assert not broken, told(broken)


def _written_by_hand() -> list[Path]:
    """Python files without the migrations, which are generated and never edited after a release."""
    return [path for path in files(".py") if "versions" not in path.parts]


def _lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _unannotated(function: Function) -> list[str]:
    takes = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    takes += [argument for argument in (function.args.vararg, function.args.kwarg) if argument]
    missing = [argument.arg for argument in takes if argument.annotation is None and argument.arg not in {"self", "cls"}]
    return missing if function.returns is not None else [*missing, "its result"]
