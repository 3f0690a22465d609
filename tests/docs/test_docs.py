"""Every link leads somewhere, every page stands in the menu, every command and setting exists, and the house is drawn as it stands."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from outreach.cli import cli
from outreach.settings import Settings
from tests.docs import house_drawing
from tests.rules.house import ROOT

PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"])
_SHELL = {"sh", "bash", "shell", "console"}


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def _tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


@cache
def _anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as the site and GitHub make them of their words."""
    headings = [
        after.children or [] for token, after in zip(_tokens(page), _tokens(page)[1:], strict=False) if token.type == "heading_open"
    ]
    words = ["".join(child.content for child in heading if child.type in {"text", "code_inline"}) for heading in headings]
    return frozenset(re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in words)


def _links(page: Path) -> list[str]:
    inner = [child for token in _tokens(page) for child in token.children or []]
    targets = [child.attrGet("href" if child.type == "link_open" else "src") for child in inner if child.type in {"link_open", "image"}]
    return [unquote(str(target)) for target in targets if target and not re.match(r"[a-z]+:", str(target))]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page: Path) -> None:
    for target in _links(page):
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        assert file.exists(), target
        assert not anchor or anchor in _anchors(file), target


def test_every_page_stands_in_the_menu_of_the_site() -> None:
    settings = ast.parse((ROOT / "docs" / "conf.py").read_text(encoding="utf-8"))
    (contents,) = (node.value for node in settings.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CONTENTS")
    listed = {(ROOT / "docs" / f"{name}.md").resolve() for names in ast.literal_eval(contents).values() for name in names}

    assert {page for page in PAGES if not re.match(r"\d{4}-", page.name)} == {*listed, ROOT / "README.md"}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_command_and_setting_named_there_exists(page: Path) -> None:
    """Commands with the options that they are shown with; settings where they are written as in the environment."""
    blocks = [token.content for token in _tokens(page) if token.type == "fence" and token.info.strip() in _SHELL]
    inline = [child.content for token in _tokens(page) for child in token.children or [] if child.type == "code_inline"]
    commands = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()] + inline
    broken = [problem for line in commands if (problem := _wrong(line))]
    text = page.read_text(encoding="utf-8")
    settings = {name.lower() for name in re.findall(r"OUTREACH_([A-Z_]*[A-Z])\b", text)}

    assert broken == []
    assert settings <= _settings()


def test_the_house_is_drawn_as_import_linter_keeps_it() -> None:
    """After a change of floors: ``python -m tests.docs.house_drawing``."""
    assert house_drawing.FILE.read_text(encoding="utf-8") == house_drawing.drawn()


@pytest.mark.long
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "docs", ".", tmp_path], check=True, cwd=ROOT, timeout=300
    )

    assert (tmp_path / "index.html").exists()
    assert (tmp_path / "docs" / "adr" / "0001-stages-meet-in-rows.html").exists()


def _settings() -> set[str]:
    """What the environment may hold beside the settings: the clock, and the browser of the tests."""
    return {*Settings.model_fields, "now", "chromium"}


def _wrong(line: str) -> str:
    """Say what is wrong with a line that calls ``outreach``; other lines are none of ours."""
    found = re.match(r"(?:[$] )?(?:sudo (?:-u \S+ )?)?(?:[A-Z_]+=\S* )*(?:\S*/bin/)?outreach(?: |$)(.*)", line)
    if not found or not re.match(r"[a-z-]", found[1]):
        return ""
    group: click.Command = cli
    for word in shlex.split(found[1], comments=True):
        if isinstance(group, click.Group) and not word.startswith("-"):
            inner = group.get_command(click.Context(group), word)
            if inner is None:
                return f"{line}: there is no {word}"
            group = inner
        elif word.startswith("--") and word.partition("=")[0] not in {option for parameter in group.params for option in parameter.opts} | {
            "--help"
        }:
            return f"{line}: {group.name} has no {word}"
    return ""


def test_every_file_named_in_code_exists() -> None:
    """Tests, programs and data that a page names: a renamed file would leave the reader looking."""
    named = {
        (page, name)
        for page in PAGES
        if page.name != "CHANGELOG.md"
        for token in _tokens(page)
        for child in token.children or []
        if child.type == "code_inline"
        for name in re.findall(r"^((?:outreach|tests|scheduler|config|deploy|benchmarks|docs)/[\w./*-]+)$", child.content)
    }
    broken = [f"{_name(page)}: {name}" for page, name in sorted(named) if not list(ROOT.glob(name.rstrip("/")))]

    assert broken == []


def test_every_test_that_a_page_names_as_a_proof_exists_and_each_behaviour_of_the_inbox_has_one() -> None:
    defined = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    named = {(_name(page), name) for page in PAGES for name in re.findall(r"`(test_\w+)`", page.read_text("utf-8"))}
    assert {one for one in named if one[1] not in defined} == set()
    section = (ROOT / "docs" / "inbox.md").read_text("utf-8").partition("## What each behaviour is proved by")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert [row for row in rows if "`test_" not in row] == []
    assert len(rows) == 10 + 6, "the ten behaviours, and what goes without saying"
