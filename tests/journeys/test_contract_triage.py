"""``outreach triage`` as contracted: a file of replies in, a file of judgements out, and no database touched."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from tests.journeys.contract import Done, Stranger

COLUMNS = ["id", "intent", "barrier", "category", "urgent", "suppress", "to_human", "why"]


def judge(stranger: Stranger, content: bytes, **settings: str) -> tuple[Done, list[dict[str, str]]]:
    """Run the command on a file of *content*."""
    source, target = stranger.folder / "in.csv", stranger.folder / "out.csv"
    source.write_bytes(content)
    target.unlink(missing_ok=True)
    done = stranger.run("triage", "--input", source, "--output", target, **settings)
    if not target.exists():
        return done, []
    with target.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        rows = list(reader)
    assert reader.fieldnames == COLUMNS
    return done, rows


def test_byte_order_marks_quoted_newlines_extra_columns_and_order(stranger: Stranger) -> None:
    """Same order, quoted newlines, BOM and extra columns are fine; flags are 0 or 1; exit 0 whenever it ran."""
    content = (
        '\ufeffextra,text,language,id\r\nx,STOP,en,z 9\r\ny,"The bus\nnever, ""ever"" comes",en,001\r\nz,PARE,es,a\r\n'
        "w,,,empty\r\nv,He wants to kill himself,en,d\r\nu,STOP,en,z 9\r\n"
    )
    done, rows = judge(stranger, content.encode())
    assert done.code == 0, done
    assert [row["id"] for row in rows] == ["z 9", "001", "a", "empty", "d", "z 9"]
    assert {row[flag] for row in rows for flag in ("urgent", "suppress", "to_human")} == {"0", "1"}
    assert [row["suppress"] for row in rows] == ["1", "0", "1", "0", rows[4]["suppress"], "1"]
    assert [row["urgent"] for row in rows] == ["0", "0", "0", "0", "1", "0"]
    assert (rows[1]["to_human"], rows[4]["to_human"]) == ("1", "1")
    assert all(row["why"] for row in rows)


def test_triage_needs_and_touches_no_database(stranger: Stranger) -> None:
    """Needs and touches no database, whatever the environment names; a moved clock and a provider change nothing."""
    plain = judge(stranger, b"id,text\n1,STOP\n2,hola\n")[1]
    settings = {
        "OUTREACH_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "OUTREACH_NOW": "2031-01-01T03:00:00+09:00",
        "OUTREACH_PROVIDER": "twilio",
        "OUTREACH_TIMEZONE": "Asia/Tokyo",
    }
    done, rows = judge(stranger, b"id,text\n1,STOP\n2,hola\n", **settings)
    assert (done.code, rows) == (0, plain)
    assert not (stranger.folder / "home").exists()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "in.csv"),
        (b"id,message\n1,STOP\n", "text"),
        (b"text\nSTOP\n", "id"),
        (b"id,text\n1,Jos\xe9\n", "in.csv"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence_and_nothing_is_written(stranger: Stranger, content: bytes, word: str) -> None:
    """2 refused, one clear sentence, nothing written."""
    done, rows = judge(stranger, content)
    done.refused(word)
    assert rows == []
    assert not (stranger.folder / "out.csv").exists()


def test_a_file_without_replies_gives_a_header(stranger: Stranger) -> None:
    """A header-only file has no replies."""
    done, rows = judge(stranger, b"id,text,language\n")
    assert (done.code, rows) == (0, [])
    assert (stranger.folder / "out.csv").read_text().strip() == ",".join(COLUMNS)


def test_files_that_are_not_there_or_cannot_be_written_are_refused(stranger: Stranger) -> None:
    """One sentence, no traceback."""
    stranger.run("triage", "--input", "none.csv", "--output", "out.csv").refused("none.csv")
    (stranger.folder / "in.csv").write_text("id,text\n1,STOP\n")
    stranger.run("triage", "--input", "in.csv", "--output", Path("nowhere", "out.csv")).refused("nowhere")


def test_hostile_and_foreign_texts_are_judged_one_by_one(stranger: Stranger) -> None:
    """Replies in many scripts, emoji, control characters, formulas, very long ones: a row each, in order."""
    texts = [
        "Ayúdame",
        "请停止发送",
        "يرجى التوقف",
        "Не пишите мне",
        "한국어",
        "\u202eevil",
        "=1+1",
        "\u200b",
        "🙂" * 500,
        "a" * 50_000,
        "\x07",
        "STOP ALL",
        "st\u00f3p",
        "ＳＴＯＰ",
    ]
    lines = "".join(f'{n},"{text}"\n' for n, text in enumerate(texts))
    done, rows = judge(stranger, f"id,text\n{lines}".encode())
    assert done.code == 0, done
    assert [row["id"] for row in rows] == [str(n) for n in range(len(texts))]
    assert rows[texts.index("ＳＴＯＰ")]["suppress"] == "1"
    assert rows[texts.index("STOP ALL")]["suppress"] == "1"


@pytest.mark.long
def test_a_thousand_replies_take_seconds(stranger: Stranger) -> None:
    """A thousand rows come back in order, well within two minutes even on a busy machine."""
    begun = time.monotonic()
    done, rows = judge(stranger, ("id,text\n" + "".join(f"{n},The bus did not come {n}\n" for n in range(1_000))).encode())
    assert done.code == 0
    assert [row["id"] for row in rows] == [str(n) for n in range(1_000)]
    assert time.monotonic() - begun < 120
