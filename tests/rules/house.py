"""The files the house rules look at, and how a broken rule is told."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef

_NOT_OURS = {"__pycache__", "build", "dist", "node_modules", "var"}


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """Return every file of the project with one of *suffixes* (all, if none is given); what is built or run here is left out."""
    return tuple(path for path in sorted(_walk(ROOT)) if not suffixes or path.suffix in suffixes)


@cache
def tree(path: Path) -> ast.Module:
    """Return the parsed module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(path: Path) -> Iterator[Function]:
    """Yield every function and method of a module, nested ones too."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, Function))


def place(path: Path, line: int) -> str:
    """Return ``folder/file.py:line`` as editors open it."""
    return f"{path.relative_to(ROOT)}:{line}"


def told(broken: list[str]) -> str:
    """Return the breaches, one on each line, for a failing test to show."""
    return "\n" + "\n".join(broken)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_symlink() or path.name in _NOT_OURS or path.name.endswith(".egg-info"):
            continue
        if path.is_file():
            yield path
        elif not path.name.startswith(".") or path.name == ".ci":
            yield from _walk(path)
