"""The pictures of the pages in ``docs/pictures``, taken from the demo; ``python -m tests.docs.pictures`` takes them anew after a change."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pypdfium2
import requests
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from outreach.demo.servers import free_port
from outreach.demo.stage import PASSWORD
from tests.rules.house import ROOT

FOLDER = ROOT / "docs" / "pictures"
DESK, PHONE = (1180, 680), (390, 760)
_PATIENCE_SECONDS = 120
_TAKEN_IN_SECONDS = 15
"""Time for the demo to take in what families wrote."""
_COLOURS = 24
_SIGNS = "Rosa Delgado"
CHILD = "Noah Foster"
SAID = (
    "The bus stopped coming to our street and I start work at 6",
    "He was at the doctor on Monday, I have the note",
    "My daughter is afraid of some kids on the bus. Can somebody call me?",
)


@dataclass(frozen=True)
class Shot:
    """One picture: who looks at what, on which screen, after pressing what."""

    name: str
    who: str
    place: str
    size: tuple[int, int] = DESK
    press: str = ""
    """A selector of what leads on from there."""


SHOTS = (
    Shot("inbox", "heron", "/inbox"),
    Shot("conversation", "heron", "/inbox", press="main a[href^='/cases/']"),
    Shot("conversation-phone", "heron", "/inbox", PHONE, "main a[href^='/cases/']"),
    Shot("rules", "admin", "/rules"),
    Shot("editor", "admin", "/words/edit/count/sms"),
    Shot("delivery", "admin", "/delivery"),
    Shot("figures", "admin", "/dashboard"),
    Shot("bench", "words", "/bench/words/es/count/sms"),
    Shot("feeds", "admin", "/mapping"),
    Shot("service", "admin", "/service"),
)


NEWCOMERS = (
    (Shot("notes", "kofi", "/notes"), "attendance_clerk", "Kofi Mensah"),
    (Shot("my-children", "lena", "/my-children"), "mentor", "Lena Ortiz"),
    (Shot("languages", "amal", "/languages"), "language_helper", "Amal Haddad"),
    (Shot("records", "ruth", "/records"), "records_officer", "Ruth Bergman"),
    (Shot("studies", "theo", "/studies"), "evaluator", "Theo Grant"),
)
"""Roles that nobody has in the demo: people who are brought in for their pictures, at Rosa's school."""


@dataclass(frozen=True)
class _Demo:
    folder: Path
    web: str
    phones: str
    said: str
    """What the demo printed: a letter's code, among others."""


@contextmanager
def _demo() -> Iterator[_Demo]:
    """Run a demo of its own, in a folder of its own, until its pages answer."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, Path(folder, "said").open("w+") as said:
        command = [str(Path(sys.executable).with_name("outreach")), "demo", "--port", str(port)]
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "100"})
        try:
            end = time.monotonic() + _PATIENCE_SECONDS
            while "Sign in as" not in Path(said.name).read_text(encoding="utf-8") and time.monotonic() < end and process.poll() is None:
                time.sleep(0.2)
            yield _Demo(
                Path(folder), f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", Path(said.name).read_text(encoding="utf-8")
            )
        finally:
            process.terminate()
            process.wait(timeout=_PATIENCE_SECONDS)


def _families_write(demo: _Demo) -> None:
    """Let families of one school answer, once they were written to."""
    wordings, written = list(SAID), set[str]()
    end = time.monotonic() + _PATIENCE_SECONDS
    while wordings and time.monotonic() < end:
        for place in re.findall(r'href="(/phones/\d+)"', requests.get(demo.phones, timeout=30).text):
            thread = requests.get(f"{demo.phones}{place}/thread", timeout=30).text
            if wordings and place not in written and _SIGNS in thread:
                requests.post(demo.phones + place, data={"body": wordings.pop(0)}, timeout=30)
                written.add(place)
        time.sleep(1)


def _signed_in(browser: Browser, demo: _Demo, shot: Shot) -> Page:
    width, height = shot.size
    page = browser.new_context(viewport={"width": width, "height": height}, base_url=demo.web).new_page()
    page.goto("/sign-in")
    page.fill("#email", f"{shot.who}@demo.invalid")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page


def _keep(name: str, shown: bytes) -> None:
    """Write a picture in few colours, so that the repository stays small."""
    image = Image.open(io.BytesIO(shown)).convert("RGB").quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    image.save(FOLDER / f"{name}.png", "png", optimize=True)


def _take(browser: Browser, demo: _Demo, shot: Shot) -> None:
    page = _signed_in(browser, demo, shot)
    page.goto(shot.place)
    if shot.press:
        page.locator(shot.press).first.click()
        page.wait_for_load_state()
    _keep(shot.name, page.screenshot())
    page.context.close()


def _newcomer(browser: Browser, demo: _Demo, shot: Shot, role: str, name: str) -> None:
    """Bring somebody in by the link that IT hands them, and see what they see; a mentor is given a child first."""
    command = [str(Path(sys.executable).with_name("outreach")), "user", "add", f"{shot.who}@demo.invalid", "--name", name, "--role", role]
    home = demo.folder / "var" / "demo"
    told = {**os.environ, "OUTREACH_HOME": str(home), "OUTREACH_DATABASE_URL": f"sqlite:///{home / 'demo.db'}"}
    done = subprocess.run([*command, "--school", "E1"], cwd=demo.folder, env=told, capture_output=True, text=True, check=True)
    if role == "mentor":
        page = _signed_in(browser, demo, Shot("mentors", "admin", "/mentors"))
        page.goto("/mentors")
        page.fill("input[name=child]", CHILD)
        page.locator("form:has(input[name=child]) button").click()
        page.context.close()
    page = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}, base_url=demo.web).new_page()
    page.goto(urlsplit(done.stdout.strip()).path)
    page.click("main button")
    page.wait_for_load_state()
    page.goto(shot.place)
    _keep(shot.name, page.screenshot())
    page.context.close()


def _family_page(browser: Browser, demo: _Demo) -> None:
    """What a family sees with its letter's code and its child's birth date."""
    found = re.search(r"letter's code (\S+), child born (\w+) (\d+), (\d+)", demo.said)
    if found is None:
        return
    page = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}).new_page()
    page.goto(f"{demo.web}/f/en#{found[1]}")
    born = datetime.strptime(" ".join(found.groups()[1:]), "%B %d %Y")  # noqa: DTZ007 - a birth date has no zone
    page.select_option("[name=month]", str(born.month))
    page.fill("[name=day]", str(born.day))
    page.fill("[name=year]", str(born.year))
    page.click("main button")
    page.wait_for_load_state()
    _keep("family", page.screenshot())
    page.context.close()


def _packet(browser: Browser, demo: _Demo) -> None:
    """The first page of a team's packet; it names nobody."""
    page = _signed_in(browser, demo, Shot("packet", "heron", "/packet"))
    page.goto("/packet")
    with page.expect_download() as download:
        page.click("main form button")
    with closing(pypdfium2.PdfDocument(download.value.path())) as document:
        shown = io.BytesIO()
        document[0].render(scale=1.4).to_pil().save(shown, "png")
    _keep("packet", shown.getvalue())
    page.context.close()


def take_all() -> None:
    """Play the demo for a moment and take every picture."""
    FOLDER.mkdir(exist_ok=True)
    chromium = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium"))), None)
    with _demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        _families_write(demo)
        time.sleep(_TAKEN_IN_SECONDS)
        for shot in SHOTS:
            _take(browser, demo, shot)
        for shot, role, name in NEWCOMERS:
            _newcomer(browser, demo, shot, role, name)
        _family_page(browser, demo)
        _packet(browser, demo)
        browser.close()


if __name__ == "__main__":
    take_all()
