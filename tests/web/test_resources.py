"""The page of resources: whose they are to write, and what is not offered says why."""

from __future__ import annotations

from tests.web.conftest import SignedIn, send


def test_a_coordinator_adds_a_resource_for_her_schools_and_everybody_sees_why_it_is_not_offered(signed_in: SignedIn) -> None:
    ana, raj, kim = signed_in("ana"), signed_in("raj"), signed_in("kim")
    status, where, _ = send(ana, "/resources/new", "/resources/new", name="Bus pass desk", need="transportation", capacity="0", how="Jo")
    assert (status, where) == (302, "/resources")
    page = ana.get("/resources").text
    for words in ("Bus pass desk", "Getting to school", "Lincoln Elementary", "0 of 0 places left", "Not offered. Full"):
        assert words in page
    assert "Bus pass desk" in kim.get("/resources?need=transportation").text
    assert "Bus pass desk" not in kim.get("/resources?need=food").text
    assert raj.get("/resources/1").status_code == 404
    status, _, page = send(raj, "/resources/new", "/resources/1", name="Mine now", need="food")
    assert status == 422
    assert "schools of yours" in page
    assert send(ana, "/resources/new", "/resources/new", name="", need="food")[0] == 422
