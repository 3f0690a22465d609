"""``/metrics``: what the service is measured by, for Prometheus."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterator

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from outreach.keeping.measures import measures
from outreach.web.context import now, services
from outreach.web.permissions import open_to_all

blueprint = Blueprint("metrics", __name__)


class _Rows(Collector):
    """The measures of one moment."""

    def __init__(self, session: Session) -> None:
        """Keep where they are read."""
        self._session = session

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Each measure with all its labels."""
        families: dict[str, GaugeMetricFamily] = {}
        for one in measures(self._session, services().settings, now()):
            names = [name for name, _ in one.labels]
            family = families.setdefault(one.name, GaugeMetricFamily(f"outreach_{one.name}", one.about, labels=names))
            family.add_metric([value for _, value in one.labels], one.value)
        yield from families.values()


@blueprint.get("/metrics")
@open_to_all("numbers without names, and only for this machine or whoever has metrics_token")
def show() -> ResponseReturnValue:
    """The numbers in Prometheus' text format; 403 for others."""
    if not _may_see():
        abort(403)
    registry = CollectorRegistry(auto_describe=False)
    with services().database.read() as session:
        registry.register(_Rows(session))
        return generate_latest(registry), {"Content-Type": CONTENT_TYPE_LATEST}


def _may_see() -> bool:
    """Whoever brings the token; without one only this machine itself, and nobody through a proxy on it."""
    if token := services().settings.metrics_token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    through_a_proxy = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Via"))
    return not through_a_proxy and ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104 - nobody's address
