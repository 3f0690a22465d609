"""A disk that really is full: a command says so in one sentence, leaves nothing half-written, and works once there is room."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import requests
from twilio.request_validator import RequestValidator

from outreach.simulator.server import ACCOUNT_SID, AUTH_TOKEN
from tests.journeys.contract import DAYS, Stranger, Teller, district
from tests.journeys.test_contract_serve import serving

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it mounts a small disk")]
CHILDREN = [f"s{number}" for number in range(800)]
PHONE = "+13125550142"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of sixteen megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@contextmanager
def _room(disk: Path, left: int) -> Iterator[None]:
    """Only *left* bytes are free."""
    ballast, state = disk / "ballast", os.statvfs(disk)
    with suppress(OSError), ballast.open("wb", buffering=0) as file:  # somebody else may fill it meanwhile
        file.write(bytes(max(0, state.f_bavail * state.f_frsize - left)))
    try:
        yield
    finally:
        ballast.unlink()


@pytest.fixture
def stranger(disk: Path, teller: Teller, tmp_path: Path) -> Stranger:
    """Somebody whose home is on that disk, and whose feed is not."""
    return Stranger(tmp_path / "desk", teller, {"OUTREACH_HOME": str(disk / "home")})


def _files(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("left", [0, 50_000, 400_000])
def test_a_night_goes_on_where_a_full_disk_stopped_it(disk: Path, stranger: Stranger, left: int) -> None:
    feed = stranger.feed(district("".join(f"{child},7,{day},U\n" for child in CHILDREN for day in DAYS[::3]), students=" ".join(CHILDREN)))
    assert stranger.run("init").code == 0
    with _room(disk, left):
        stranger.run("import", feed).refused("disk")
    assert stranger.csv("counts").rows == []
    assert stranger.run("import", feed).code == 0
    assert len(stranger.csv("counts").rows) == len(CHILDREN)
    whole = _files(disk / "home" / "feeds")

    kept, leaving = disk / "kept", disk / "leaving"
    with _room(disk, left):
        for words in (["backup", "--to", str(kept)], ["export", str(leaving)], ["evaluate"]):
            stranger.run(*words).refused("disk")
    assert (_files(disk / "home" / "feeds"), list(disk.glob("kept/*")), list(disk.glob("leaving/*"))) == (whole, [], [])

    made = stranger.run("backup", "--to", str(kept))
    assert made.code == 0, made
    for words in (["export", str(leaving)], ["evaluate"]):
        done = stranger.run(*words)
        assert done.code == 0, done
    for source in (made.out.strip(), str(leaving)):
        elsewhere = {"OUTREACH_HOME": str(disk / f"of-{Path(source).name}")}
        with _room(disk, left):
            stranger.run("restore", source, **elsewhere).refused("disk")
        again = stranger.run("restore", source, **elsewhere)
        assert again.code == 0, again


def test_a_familys_words_are_refused_on_a_full_disk_so_that_the_carrier_repeats_them(disk: Path, stranger: Stranger) -> None:
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "TWILIO_MESSAGING_SERVICE_SID": "MG" + "1" * 32}
    public = {
        "OUTREACH_PROVIDER": "simulator",
        "OUTREACH_TWILIO_API_BASE": "http://127.0.0.1:9",
        "OUTREACH_PUBLIC_URL": "https://example.org",
    }
    assert stranger.run("init").code == 0
    with serving(stranger, **account, **public) as running:
        assert requests.get(f"{running.url}/readyz", timeout=10).ok
        with _room(disk, 0):
            full = _text(running.url)
        assert full >= 500, "a carrier repeats what was not taken"
        assert _text(running.url) == 200
    said = running.log.read_text(encoding="utf-8")
    assert not re.search(rf"STOP|{re.escape(PHONE)}", said)


def _text(url: str) -> int:
    params = {
        "MessageSid": "SM" + "7" * 32,
        "From": PHONE,
        "To": "+13125550100",
        "Body": "STOP",
        "NumMedia": "0",
        "AccountSid": ACCOUNT_SID,
    }
    signature = RequestValidator(AUTH_TOKEN).compute_signature("https://example.org/webhooks/twilio/inbound", params)
    return requests.post(f"{url}/webhooks/twilio/inbound", data=params, headers={"X-Twilio-Signature": signature}, timeout=30).status_code
