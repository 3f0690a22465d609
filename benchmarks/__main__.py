"""Runs one benchmark by name (``make bench ARGS=NAME``), or lists those there are."""

from __future__ import annotations

import json
import pkgutil
import sys
from importlib import import_module

import benchmarks
from benchmarks.measuring import record


def names() -> list[str]:
    """Return the benchmarks that exist: every module of this folder with a ``run()``."""
    modules = sorted(module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_"))
    return [name for name in modules if hasattr(import_module(f"benchmarks.{name}"), "run")]


def main(arguments: list[str]) -> int:
    """Run the named benchmarks and print their figures as JSON, one line each; return the exit code."""
    known = names()
    if not arguments:
        print("Benchmarks: " + (", ".join(known) if known else "none yet"))
        return 0
    if unknown := [name for name in arguments if name not in known]:
        print(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(known) or 'none yet'}", file=sys.stderr)
        return 2
    for name in arguments:
        print(json.dumps({name: record(name, import_module(f"benchmarks.{name}").run())}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
