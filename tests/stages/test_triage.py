"""Triage judges a file of replies by what the live system does with them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from outreach.cases.triage import Reply, TriageError, read, run, triage


def test_a_file_is_judged_in_order_with_its_quoted_lines_mark_and_further_columns(tmp_path: Path) -> None:
    source, target = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(
        'id,text,language,note\nb,"STOP\n",en,x\na,"he has a gun, ""really""\nin his backpack",en,y\nc,gracias,es,\n', encoding="utf-8-sig"
    )

    assert run(source, target) == 3
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "intent", "barrier", "category", "urgent", "suppress", "to_human", "why"]
    assert [(r["id"], r["intent"], r["urgent"], r["suppress"], r["to_human"]) for r in rows] == [
        ("b", "opt_out", "0", "1", "0"),
        ("a", "crisis", "1", "0", "1"),
        ("c", "ack", "0", "0", "0"),
    ]


def test_equal_texts_do_not_disturb_one_another() -> None:
    rows = list(triage([Reply("1", "STOP"), Reply("2", "thanks"), Reply("3", "STOP"), Reply("3", "the bus never comes")]))
    assert [(row.suppress, row.to_human) for row in rows] == [(1, 0), (0, 0), (1, 0), (0, 1)]
    assert (rows[3].barrier, rows[3].category) == ("transportation", "barriers")


def test_any_odd_text_is_judged_and_lost_to_nobody() -> None:
    odd = ["", "\0", "\u202e\u200b", "\ud83d", "🤷", "x" * 20_000, "<script>alert(1)</script>", "'; drop table cases; --"]
    assert [row.to_human for row in triage(Reply(str(n), text) for n, text in enumerate(odd))] == [1] * len(odd)


def test_a_file_without_its_columns_is_refused_with_their_names(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("number,words\n1,hello\n")
    with pytest.raises(TriageError, match=r"in\.csv has no column id and no column text\."):
        read(source)
    with pytest.raises(TriageError, match="cannot be read"):
        read(tmp_path / "none.csv")


def test_a_reply_that_speaks_for_others_says_what_they_would() -> None:
    texts = ["STOP", "alto", "thanks", "gracias", "the bus never comes", "no tenemos carro", "wrong number", "2", "which days?", "HELP"]
    texts += ["I want to die", "me quiero matar", "stop texting, he will kill us", "call me please", "START", "my lawyer will call you"]
    replies = [Reply(str(number), text, language) for number, text in enumerate(texts) for language in ("en", "es")]
    assert list(triage(replies)) == list(triage(replies, every=True))
