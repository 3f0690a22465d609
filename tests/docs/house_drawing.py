"""The house as a picture, drawn from the floors that import-linter keeps; ``python -m tests.docs.house_drawing`` draws it anew."""

from __future__ import annotations

import ast
import tomllib
from html import escape

from tests.rules.house import ROOT

FILE = ROOT / "docs" / "pictures" / "house.svg"
_WIDTH, _ROW, _GAP = 900, 34, 6
_ONE_LINE = 96
"""Characters of a floor's sentence that fit beside its name."""
_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="t d"'
    ' font-family="system-ui, sans-serif" font-size="13">\n'
    '<title id="t">The house, floor by floor</title>\n'
    '<desc id="d">From the roof to the ground: {floors}. A package imports only from the floors below it.</desc>\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>'
)
_FLOOR = (
    '<rect x="4" y="{y}" width="{width}" height="{row}" rx="5" fill="#eef3f8" stroke="#5b7a99"/>'
    '<text x="16" y="{text}" fill="#12283d"><tspan font-weight="600">{names}</tspan><tspan dx="14" fill="#3c5166">{says}</tspan></text>'
)


def floors() -> list[list[str]]:
    """Return the packages of each floor, the roof first, as ``[tool.importlinter]`` has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["id"] == "floors")
    return [[name.strip() for name in layer.split("|")] for layer in layers]


def drawn() -> str:
    """Return the picture as SVG: one bar a floor, with what the package says of itself where it has the floor alone."""
    house = floors()
    told = "; ".join(", ".join(floor) for floor in house)
    height = len(house) * (_ROW + _GAP) + _GAP
    lines = [_HEAD.format(width=_WIDTH, height=height, floors=escape(told))]
    for number, floor in enumerate(house):
        y = _GAP + number * (_ROW + _GAP)
        says = _says(floor[0]) if len(floor) == 1 else ""
        lines.append(_FLOOR.format(y=y, width=_WIDTH - 8, row=_ROW, text=y + 22, names=escape(" · ".join(floor)), says=escape(says)))
    return "\n".join([*lines, "</svg>", ""])


def _says(name: str) -> str:
    """The first sentence of a module's or package's docstring, as far as it fits."""
    folder = ROOT / "outreach" / name
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    first = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0].replace("``", "").replace("`", "")
    return first if len(first) <= _ONE_LINE else first[:_ONE_LINE].rsplit(" ", 1)[0].rstrip(",;:") + " …"


if __name__ == "__main__":
    FILE.write_text(drawn(), encoding="utf-8")
