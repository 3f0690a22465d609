"""Our segment counts are those of Twilio's calculator: as it counted once, recorded, and as its package counts today."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
import regex

from outreach.messages.segments import measure

RECORDED = json.loads((Path(__file__).parent / "recorded_segments.json").read_text(encoding="utf-8"))
"""Text, encoding and segments of 228 texts, from sms-segments-calculator 1.3.0: random ones, and our own with the longest names."""
PACKAGE = "sms-segments-calculator@1.3.0"
ASK = """
const { SegmentedMessage } = require("sms-segments-calculator");
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const counted = texts.map((text) => { const it = new SegmentedMessage(text, "auto"); return [it.encodingName, it.segmentsCount]; });
process.stdout.write(JSON.stringify(counted));
"""
POOLS = (
    "abcdefghij KLMNOP 0123456789 .,!?'", "éèùìòÇñüäö ÄÖÑÜ¿¡", "[]{}^~\\|€", "áíóúâêîôûëïãõœ", "你好学校缺课天数",
    "مدرسة غياب يوم", "Школа пропуски",
    "학교결석", "ትምህርት ቤት", "🙂👍🏫", "👨‍👩‍👧👩🏽‍🏫", "e\u0301a\u0300n\u0303", "\r\n\n",
)  # fmt: skip


@pytest.mark.parametrize("start", range(0, len(RECORDED), 20))
def test_segments_are_those_the_calculator_counted(start: int) -> None:
    for text, encoding, segments in RECORDED[start : start + 20]:
        size = measure(text)
        assert (size.encoding.value, size.segments) == (encoding, segments), text


@pytest.mark.long
def test_segments_of_random_texts_are_those_the_calculator_counts(tmp_path: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("the calculator is a package of Node, and Node is not installed here")
    installed = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", PACKAGE], cwd=tmp_path, capture_output=True, timeout=120, check=False
    )
    if installed.returncode:
        pytest.skip("the calculator's package cannot be installed here")
    texts = random_texts(3000)
    told = subprocess.run([node, "-e", ASK], cwd=tmp_path, input=json.dumps(texts), capture_output=True, text=True, timeout=120, check=True)
    ours = [(size.encoding.value, size.segments) for size in map(measure, texts)]
    assert ours == [tuple(one) for one in json.loads(told.stdout)]


def random_texts(number: int) -> list[str]:
    """Texts of one to three scripts, many of them as long as a segment is, or one more."""
    chance = random.Random(34)  # noqa: S311 - the same texts every time, no secret
    texts = []
    for _ in range(number):
        letters = regex.findall(r"\X", " ".join(chance.sample(POOLS, chance.choice((1, 1, 2, 3)))))
        texts.append("".join(chance.choices(letters, k=chance.choice((0, 1, 30, 69, 70, 71, 134, 135, 160, 161, 306, 307, 400)))))
    return texts
