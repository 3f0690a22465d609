"""Data goes one way, and a reader finds all that a module needs at its top."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from importlinter.api import read_configuration
from importlinter.cli import lint_imports

from tests.rules.house import ROOT, Function, files, functions, place, told, tree

CONTRACTS = {contract["id"]: contract["name"] for contract in read_configuration(str(ROOT / "pyproject.toml"))["contracts_options"]}
LAZY = ("import_module", "__import__")
OPENERS = {"create_engine", "Database", "Client", "BackgroundScheduler", "BlockingScheduler", "load_settings"}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract)
def test_the_layers_of_the_house_are_kept(contract: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each contract of ``[tool.importlinter]`` holds; the report of a broken one names the import and its line."""
    outcome = lint_imports(config_filename=str(ROOT / "pyproject.toml"), limit_to_contracts=(contract,), no_cache=True)

    assert outcome == 0, f"{CONTRACTS[contract]}\n{capsys.readouterr().out}"


def test_no_import_stands_inside_a_function() -> None:
    """An import inside a function hides a dependency, most often a cycle; only the command line loads its commands by name."""
    broken = [place(path, line) for path in files(".py") for function in functions(path) for line in _imports_in(function, path)]

    assert not broken, told(broken)


def test_nothing_is_opened_by_an_import() -> None:
    """An engine, client or scheduler made at import time would exist before anybody chose its settings."""
    broken = [
        f"{place(path, call.lineno)} calls {_called(call)}"
        for path in files(".py")
        for statement in tree(path).body
        if not isinstance(statement, Function | ast.ClassDef | ast.If)
        for call in ast.walk(statement)
        if isinstance(call, ast.Call) and _called(call) in OPENERS
    ]

    assert not broken, told(broken)


def test_no_test_replaces_a_part_of_the_service() -> None:
    """A patched test proves the patch: what stands outside is faked once, by the simulator over HTTP."""
    broken = [
        place(path, node.lineno)
        for path in files(".py")
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("unittest.mock", "pytest_mock")))
        or (isinstance(node, ast.Import) and any(name.name.startswith("unittest") for name in node.names))
        or (
            isinstance(node, ast.Attribute)
            and node.attr == "setattr"
            and isinstance(node.value, ast.Name)
            and node.value.id == "monkeypatch"
        )
    ]

    assert not broken, told(broken)


def _imports_in(function: Function, path: Path) -> set[int]:
    by_name = () if path.relative_to(ROOT).as_posix().startswith(("outreach/cli", "benchmarks/__main__")) else LAZY
    return {
        node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) or (isinstance(node, ast.Call) and _called(node) in by_name)
    }


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""
