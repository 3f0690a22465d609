"""The registration pack tells carriers what really leaves: approved words only, within their lengths."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from tests import command

ENGLISH = ("count", "welcome", "opt_in", "opt_out", "help", "correction")


def _approve(home: Path, messages: Sequence[str], language: str) -> None:
    for message in messages:
        done = command.run(home, "messages", "approve", "--message", message, "--language", language, "--by", "ana@lincoln.invalid")
        assert done.returncode == 0, done.stderr


def test_the_pack_holds_approved_texts_as_families_read_them(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "pack"
    more = {"OUTREACH_DISTRICT_NAME": "Lincoln Schools"}
    missing = command.run(home, "registration-pack", "--out", str(out), more=more)
    assert (missing.returncode, "at least two sample texts" in missing.stderr or "not approved yet" in missing.stderr) == (2, True)
    assert not out.exists()
    _approve(home, ENGLISH, "en")
    _approve(home, ("count", "welcome"), "es")
    address = "https://lincoln.invalid/privacy"
    done = command.run(home, "registration-pack", "--out", str(out), "--privacy-url", address, more=more)
    assert done.returncode == 0, done.stderr
    told = json.loads((out / "campaign.json").read_text(encoding="utf-8"))
    with (out / "samples.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["message"], row["language"]) for row in rows} == {
        ("count", "en"), ("count", "es"), ("welcome", "en"), ("welcome", "es"), ("correction", "en"),
    }  # fmt: skip
    assert set(told["message_samples"]) == {row["text"] for row in rows}
    assert all(20 <= len(sample) <= 1024 and "Lincoln Schools" in sample and "{{" not in sample for sample in told["message_samples"])
    assert "START" in told["opt_out_message"]
    assert told["privacy_policy_url"] == address
    assert address in told["message_flow"]
    assert "fill in" in told["terms_and_conditions_url"], "what only the district knows is left open in plain sight"
    assert "10DLC" in (out / "README.md").read_text(encoding="utf-8")
