"""The site that ``make docs`` builds from README, CHANGELOG and ``docs/``; the same files read well where the project is kept."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

project = "Outreach"
root_doc = "README"
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md", "docs/*/*.md"]
extensions = ["myst_parser"]
myst_heading_anchors = 4  # as GitHub names them
html_theme = "furo"  # system fonts, nothing from another host
html_title = "Outreach"
html_copy_source = False
html_show_sphinx = False
highlight_language = "none"  # blocks say what they are

CONTENTS = {
    "Begin": ["install", "first-week", "letters-first", "promises"],
    "For you": [
        "roles/coordinator",
        "roles/administrator",
        "roles/leader",
        "roles/clerk",
        "roles/mentor",
        "roles/translator",
        "roles/helper",
        "roles/records",
        "roles/evaluator",
        "roles/it",
    ],
    "What it does": [
        "feeds",
        "counting",
        "planning",
        "words",
        "delivery",
        "replies",
        "inbox",
        "languages",
        "routing",
        "cases",
        "corrections",
        "team-week",
        "survey",
        "evidence",
        "pages",
    ],
    "Run it": ["operations", "upgrade", "signing-in", "security", "privacy", "vendor-form", "performance"],
    "Build on it": ["architecture", "extending", "../CONTRIBUTING", "adr/README", "../CHANGELOG"],
}
"""The pages in the order of the menu, under their headings; a test finds every page here."""


def setup(app: Sphinx) -> None:
    """Give the first page the menu, and the site a door at ``index.html``."""
    app.connect("source-read", _with_menu)
    app.connect("build-finished", _door)


def _with_menu(_app: Sphinx, name: str, source: list[str]) -> None:
    """Menus stand here and not in the pages: where the project is kept they would be read as code."""
    if name == root_doc:
        for caption, pages in CONTENTS.items():
            places = [page.removeprefix("../") if page.startswith("../") else f"docs/{page}" for page in pages]
            source[0] += "\n".join(["\n```{toctree}", ":hidden:", f":caption: {caption}", "", *places, "```\n"])
    if name == "docs/adr/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"


def _door(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        page = f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={root_doc}.html"><title>{project}</title>'
        Path(app.outdir, "index.html").write_text(page, encoding="utf-8")
