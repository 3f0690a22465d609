"""The benchmarks run at a small size, their district is what it says, and their record keeps the figures of others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import compose, import_again, import_full, inbound, inbox_growth, letters, loading
from benchmarks.__main__ import main, names
from benchmarks.district import DAYS, District
from benchmarks.measuring import alone, insert_plainly, record
from outreach.messages.compose import values
from outreach.messages.segments import normalise


def test_every_benchmark_is_listed_and_no_helper(capsys: pytest.CaptureFixture[str]) -> None:
    assert {"import_full", "import_again", "nightly_growth", "evaluate", "inbox_growth"} <= set(names())
    assert not {"district", "loading", "measuring"} & set(names())
    assert main([]) == 0
    assert "import_full" in capsys.readouterr().out


def test_an_unknown_name_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import_ful"]) == 2
    assert "import_ful" in capsys.readouterr().err


def test_a_district_is_the_same_each_time_and_has_sixteen_marks_a_child() -> None:
    marks = District(2_000).marks()
    assert marks.height == 16 * 2_000
    assert marks.equals(District(2_000).marks())
    assert not marks.select("student_id", "date").is_duplicated().any()


def test_a_year_has_180_school_days_from_monday_to_friday() -> None:
    assert len(set(DAYS)) == 180
    assert {day.weekday() for day in DAYS} == {0, 1, 2, 3, 4}


def test_a_night_touches_the_children_it_says(tmp_path: Path) -> None:
    loading.write(tmp_path / "feed", 200)
    loading.load(tmp_path, tmp_path / "feed")
    District(200).write_delta(tmp_path / "delta", students=40, rows=60)
    assert len(set(District(200).touched(40))) == 40
    assert loading.load(tmp_path, tmp_path / "delta") == 60
    assert loading.count(tmp_path, District(200).touched(40)) == 40


@pytest.mark.long
def test_a_first_load_is_measured_with_its_counts_and_memory() -> None:
    found = import_full.run(200)
    assert found["marks"] == 16 * 200
    assert isinstance(found["ratio"], float)
    assert isinstance(found["load_ratio"], float)
    assert found["ratio"] > found["load_ratio"] > 0
    assert isinstance(found["load_peak_mib"], int)
    assert found["load_peak_mib"] > 20


def test_texts_are_composed_in_every_language_and_bare_jinja_says_the_same() -> None:
    assert compose.run(texts=64, rounds=1)["languages"] == 16
    for pair in compose.PAIRS:
        known = values(compose.told(7), pair.locale, year=False)
        assert normalise(compose.compiled(pair).render(known)) == compose.composed(pair, compose.told(7))


def test_letters_are_set_beside_bare_typst() -> None:
    found = letters.run(single=1, batch=2, rounds=1)
    assert isinstance(found["single_ratio"], float)
    assert found["single_ratio"] > 0


@pytest.mark.long
def test_a_first_inbox_page_is_measured_with_its_questions_and_the_families_that_wait() -> None:
    found = inbox_growth.run((1_000, 4_000))
    assert found["waiting"] == [5, 20]
    assert 5 < int(str(found["queries"])) <= 15


@pytest.mark.long
def test_the_same_delivery_again_changes_a_hundred_rows_when_shuffled() -> None:
    assert import_again.run(200)["rows_changed"] == import_again.CHANGED


def test_the_baseline_refuses_the_same_mark_twice_and_takes_everything_else(tmp_path: Path) -> None:
    assert insert_plainly(tmp_path / "one.db", [("a", "b"), ("a", "c")], unique=True) > 0
    with pytest.raises(Exception, match="UNIQUE"):
        insert_plainly(tmp_path / "two.db", [("a", "b"), ("a", "b")], unique=True)


def test_work_alone_returns_its_value_and_time() -> None:
    measured = alone(len, "four")
    assert measured.value == 4
    assert measured.seconds >= 0


def test_a_record_stands_beside_those_of_other_benchmarks(tmp_path: Path) -> None:
    file = tmp_path / "var" / "bench.json"
    record("one", {"ratio": 1.5}, file)
    record("two", {"ratio": 0.5}, file)
    record("one", {"ratio": 1.2}, file)
    known = json.loads(file.read_text(encoding="utf-8"))
    assert {name: entry["ratio"] for name, entry in known.items()} == {"one": 1.2, "two": 0.5}
    assert known["one"]["machine"]["cores"] >= 1


@pytest.mark.long
def test_texts_that_come_in_are_measured_until_the_carrier_has_its_answer_and_none_is_left() -> None:
    found = inbound.run(10)
    assert isinstance(found["ratio"], float)
    assert found["not_taken_in"] == 0
