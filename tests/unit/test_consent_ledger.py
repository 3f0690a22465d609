"""The rules of the consent ledger, as a table and as properties over every order of statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.consent.ledger import Entry, apply, fold, is_news
from outreach.consent.states import Kind, Source

FAMILY, FEED, CARRIER, STAFF = Source.FAMILY, Source.FEED, Source.CARRIER, Source.STAFF
entries = st.lists(st.builds(Entry, st.sampled_from(Kind), st.sampled_from(Source), st.sampled_from(["", "wrong number"])), max_size=12)


@pytest.mark.parametrize(
    ("said", "opted_out", "suppressed"),
    [
        ([], False, False),
        ([(Kind.OPT_OUT, FAMILY)], True, False),
        ([(Kind.OPT_OUT, STAFF)], True, False),
        ([(Kind.OPT_OUT, CARRIER)], True, False),
        ([(Kind.OPT_OUT, FEED)], True, False),
        ([(Kind.OPT_OUT, FAMILY), (Kind.OPT_IN, FAMILY)], False, False),
        ([(Kind.OPT_OUT, FAMILY), (Kind.OPT_IN, FEED)], True, False),
        ([(Kind.OPT_OUT, FAMILY), (Kind.OPT_IN, STAFF)], True, False),
        ([(Kind.OPT_OUT, FEED), (Kind.OPT_IN, FEED)], False, False),
        ([(Kind.OPT_OUT, FEED), (Kind.OPT_IN, FAMILY)], False, False),
        ([(Kind.OPT_OUT, STAFF), (Kind.OPT_IN, FAMILY)], False, False),
        ([(Kind.OPT_OUT, CARRIER), (Kind.OPT_IN, FAMILY)], False, False),
        ([(Kind.OPT_OUT, FAMILY), (Kind.OPT_OUT, STAFF), (Kind.OPT_IN, STAFF)], True, False),
        ([(Kind.OPT_IN, FAMILY), (Kind.OPT_OUT, CARRIER)], True, False),
        ([(Kind.SUPPRESSED, STAFF), (Kind.OPT_IN, FAMILY)], False, True),
        ([(Kind.SUPPRESSED, CARRIER), (Kind.OPT_IN, FAMILY)], False, True),
        ([(Kind.SUPPRESSED, CARRIER), (Kind.UNSUPPRESSED, STAFF)], False, False),
        ([(Kind.SUPPRESSED, STAFF), (Kind.UNSUPPRESSED, FEED)], False, True),
        ([(Kind.SUPPRESSED, STAFF), (Kind.UNSUPPRESSED, FAMILY)], False, True),
    ],
)
def test_what_stands_after_each_sequence(said: list[tuple[Kind, Source]], opted_out: bool, suppressed: bool) -> None:
    standing = fold(Entry(kind, source) for kind, source in said)
    assert (standing.opted_out, bool(standing.suppressed)) == (opted_out, suppressed)


def test_what_a_person_said_about_a_number_is_shown_before_what_the_carrier_said() -> None:
    standing = fold([Entry(Kind.SUPPRESSED, CARRIER, "landline"), Entry(Kind.SUPPRESSED, STAFF, "wrong number")])
    assert standing.suppressed == "wrong number"


@given(entries)
def test_an_opt_out_as_the_last_word_always_stands(said: list[Entry]) -> None:
    for source in Source:
        assert fold([*said, Entry(Kind.OPT_OUT, source)]).opted_out


@given(entries, entries)
def test_nobody_but_the_family_lifts_the_familys_stop(before: list[Entry], after: list[Entry]) -> None:
    later = [entry for entry in after if not (entry.kind is Kind.OPT_IN and entry.source is FAMILY)]
    assert fold([*before, Entry(Kind.OPT_OUT, FAMILY), *later]).opted_out


@given(entries)
def test_start_lifts_every_opt_out_and_nothing_else(said: list[Entry]) -> None:
    before = fold(said)
    after = apply(before, Entry(Kind.OPT_IN, FAMILY))
    assert not after.opted_out
    assert (after.suppressions, after.verified) == (before.suppressions, before.verified)


@given(entries)
def test_the_version_grows_with_every_statement(said: list[Entry]) -> None:
    assert fold(said).version == len(said)


@given(st.lists(st.sampled_from([Kind.OPT_IN, Kind.OPT_OUT]), max_size=10))
def test_leaving_out_what_is_no_news_never_changes_what_stands(feed: list[Kind]) -> None:
    standing = fold([])
    for kind in feed:
        if is_news(standing.feed_said, Entry(kind, FEED)):
            standing = apply(standing, Entry(kind, FEED))
    assert standing.opted_out == fold(Entry(kind, FEED) for kind in feed).opted_out


@given(entries)
def test_a_feed_that_says_no_every_night_does_not_undo_a_start(said: list[Entry]) -> None:
    standing = fold([*said, Entry(Kind.OPT_OUT, FEED), Entry(Kind.OPT_IN, FAMILY)])
    assert not is_news(standing.feed_said, Entry(Kind.OPT_OUT, FEED))
    assert not standing.opted_out
