"""Headers and cookies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, request

from outreach.settings import Settings
from outreach.web.context import services

# pictures as data: Bootstrap's stylesheet carries its small ones so
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LARGEST_REQUEST = 256 * 1024
"""Bytes; a carrier's webhook and our longest form are a few kilobytes."""
SESSION_LIFETIME = timedelta(hours=12)
_YEAR = 365 * 24 * 3600


def is_https(settings: Settings) -> bool:
    """Whether people reach the service over HTTPS; behind a proxy a request itself does not tell."""
    return settings.public_url.startswith("https://")


def cookies(settings: Settings) -> dict[str, Any]:
    """Flask settings for the session cookie; over HTTPS it is bound to this host and never sent in the clear."""
    secure = is_https(settings)
    return {
        "SESSION_COOKIE_NAME": "__Host-outreach" if secure else "outreach",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": SESSION_LIFETIME,
    }


def add_headers(response: Response) -> Response:
    """Put the security headers on every answer, and keep pages out of every cache; a page may only have a stricter policy of its own."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint in {"static", "bootstrap.static", "assets.htmx"}:
        response.headers.setdefault("Cache-Control", "public, max-age=3600")
    else:
        response.headers["Cache-Control"] = "no-store"
    if is_https(services().settings):
        response.headers["Strict-Transport-Security"] = f"max-age={_YEAR}; includeSubDomains"
    return response
