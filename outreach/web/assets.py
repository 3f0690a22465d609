"""Files of libraries that pages load: taken from the installed packages, never copied here."""

from __future__ import annotations

from importlib.resources import files

from flask import Blueprint, Response

from outreach.web.permissions import open_to_all

blueprint = Blueprint("assets", __name__)


@blueprint.get("/assets/htmx.js")
@open_to_all("a library file without data")
def htmx() -> Response:
    """The htmx 2 script, which lets a page fetch a fresh part of itself."""
    script = files("js_lib_htmx").joinpath("static", "htmx", "htmx.min.js").read_bytes()
    return Response(script, mimetype="text/javascript")
