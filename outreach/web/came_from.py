"""Where a request comes from, as something that nobody can turn back."""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app, request

from outreach.web.context import services


def hashed() -> str:
    """The address as a hash that only this service can make; with proxies, what the outermost of them saw."""
    proxies = services().settings.proxies
    seen_by_proxies = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    address = seen_by_proxies[-proxies] if 0 < proxies <= len(seen_by_proxies) else request.remote_addr or ""
    return hmac.new(str(current_app.secret_key).encode(), address.encode(), hashlib.sha256).hexdigest()
