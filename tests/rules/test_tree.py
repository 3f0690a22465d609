"""The tree fits every machine, and its settings explain themselves."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from outreach.settings import Settings
from tests.rules.house import ROOT, files, told

DEFAULTS = ROOT / "config" / "default.toml"
PRIVATE = {
    "a folder of one machine": re.compile(r"/(?:home|Users|root)/\w|[A-Z]:\\Users|file:/{3}"),
    "the address of a package registry": re.compile(
        r"//[\w.-]+/(?:simple|pypi)\b|//(?:files|registry)\.[\w.-]+\.org\b|-(?:index[-_]url|find[-_]links|trusted[-_]host)\b"
    ),
}


def test_no_file_names_a_machine_path_or_a_registry_address() -> None:
    """Such a name works in one place only; where packages come from is the machine's own setting."""
    private = {**PRIVATE, "this checkout": re.compile(re.escape(f"{ROOT}/"))}
    broken = [
        f"{path.relative_to(ROOT)}:{number} names {what}: {found[0]}"
        for path, number, line in _lines()
        for what, pattern in private.items()
        if (found := pattern.search(line))
    ]

    assert not broken, told(broken)


def test_the_lock_names_everything_the_project_asks_for() -> None:
    """A dependency added without ``make lock`` would be missing on every machine but the one it was added on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {
        requirement.name: requirement
        for requirement in map(Requirement, [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())])
    }
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    broken = [
        f"{requirement} is not met by requirements.lock; run 'make lock'"
        for name, requirement in asked.items()
        if not requirement.specifier.contains(locked.get(canonicalize_name(name), "0"), prereleases=True)
    ]

    assert not broken, told(broken)


def test_every_shipped_setting_is_a_field_and_every_field_without_a_default_is_shipped() -> None:
    """``config/default.toml`` is the one place of defaults; fields that have theirs in Python come from the environment alone."""
    shipped = set(tomllib.loads(DEFAULTS.read_text(encoding="utf-8")))
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}

    assert shipped == required


def test_every_shipped_setting_stands_under_a_comment() -> None:
    """Keys that one comment explains stand together under it, with no empty line between."""
    broken = []
    explained = False
    for number, line in enumerate(DEFAULTS.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            explained = False
        elif line.startswith("#"):
            explained = True
        elif re.match(r"\w+ *=", line) and not explained:
            broken.append(f"config/default.toml:{number} {line}")

    assert not broken, told(broken)


def test_every_data_file_begins_by_saying_what_it_is() -> None:
    broken = [
        str(path.relative_to(ROOT))
        for path in files(".toml")
        if path.is_relative_to(ROOT / "config") and not path.read_text(encoding="utf-8").startswith("#")
    ]

    assert not broken, told(broken)


def _lines() -> Iterator[tuple[Path, int, str]]:
    for path in files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a font, a picture
        for number, line in enumerate(text.splitlines(), 1):
            yield path, number, line
