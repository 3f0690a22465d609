"""Who lives together, as far as a feed can tell."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.district.households import households
from outreach.district.people import Address, Adult, Link, Phone

HOME = Address("12 Oak St", "", "Grand Bend", "TX", "73334")
AWAY = Address("9 Elm Ave", "Apt 2", "Grand Bend", "TX", "73334")


def adult(contact_id: str, children: str, *, home: Address = Address(), phones: tuple[str, ...] = ()) -> Adult:  # noqa: B008 - frozen
    """An adult tied to some children, each named by one letter."""
    numbers = tuple(Phone(e164=phone, raw=phone) for phone in phones)
    return Adult(contact_id, "Ada", "Lee", address=home, phones=numbers, links=tuple(Link(child) for child in children))


ONE, TWO = "+13125550142", "+13125550143"


@pytest.mark.parametrize(
    ("adults", "expected"),
    [
        pytest.param([adult("a", "x", home=HOME), adult("b", "x", home=HOME)], [("a", "ab", "x")], id="a child and an address"),
        pytest.param([adult("a", "x", phones=(ONE,)), adult("b", "x", phones=(TWO, ONE))], [("a", "ab", "x")], id="a child and a phone"),
        pytest.param(
            [adult("a", "x", home=HOME), adult("b", "x", home=AWAY)],
            [("a", "a", "x"), ("b", "b", "x")],
            id="parents who live apart are two households of one child",
        ),
        pytest.param(
            [adult("a", "x", home=HOME, phones=(ONE,)), adult("b", "y", home=HOME, phones=(ONE,))],
            [("a", "a", "x"), ("b", "b", "y")],
            id="neighbours who share all but a child",
        ),
        pytest.param(
            [adult("b", "xy", home=HOME), adult("a", "x"), adult("c", "y")],
            [("a", "a", "x"), ("b", "b", "xy"), ("c", "c", "y")],
            id="no place",
        ),
        pytest.param(
            [adult("a", "x", home=HOME), adult("b", "xy", home=HOME, phones=(ONE,)), adult("c", "y", phones=(ONE,))],
            [("a", "abc", "xy")],
            id="through a third adult and a sibling",
        ),
        pytest.param(
            [adult("a", "x", home=HOME), adult("b", "x", home=Address(" 12  OAK ST.", "", "grand bend", "tx", "73334-1234"))],
            [("a", "ab", "x")],
            id="letter case, spaces, full stops and ZIP+4",
        ),
        pytest.param(
            [adult("a", "x", home=Address("12 Oak St")), adult("b", "x", home=Address("12 Oak St"))],
            [("a", "a", "x"), ("b", "b", "x")],
            id="a street without a town is no address",
        ),
        pytest.param(
            [adult("a", "x", phones=("",)), adult("b", "x", phones=("",))], [("a", "a", "x"), ("b", "b", "x")], id="unreadable phones"
        ),
        pytest.param([adult("a", "")], [("a", "a", "")], id="an adult without a child"),
        pytest.param([], [], id="nobody"),
    ],
)
def test_households_are_contacts_of_common_children_with_a_common_place(adults: list[Adult], expected: list[tuple[str, str, str]]) -> None:
    """DESIGN, Households: key, adults, children."""
    found = [(h.key, "".join(a.contact_id for a in h.adults), "".join(h.student_ids)) for h in households(adults)]
    assert found == expected


places = st.sampled_from([Address(), HOME, AWAY, Address("12 OAK ST", "", "Grand Bend", "TX", "73334")])
numbers = st.lists(st.sampled_from([ONE, TWO, "+13125550144", ""]), max_size=2).map(tuple)
crowds = st.lists(
    st.builds(
        lambda children, home, phones: (children, home, phones),
        st.text("wxyz", max_size=3).map(lambda t: "".join(sorted(set(t)))),
        places,
        numbers,
    ),
    max_size=9,
).map(lambda found: [adult(f"c{n}", children, home=home, phones=phones) for n, (children, home, phones) in enumerate(found)])


def together(one: Adult, other: Adult) -> bool:
    """Whether two adults share a child and a place, asked of the pair alone."""
    children = {link.student_id for link in one.links} & {link.student_id for link in other.links}
    phones = {p.e164 for p in one.phones if p.e164} & {p.e164 for p in other.phones if p.e164}
    return bool(children) and (bool(phones) or (one.address.usable and other.address.usable and one.address.key == other.address.key))


@given(crowd=crowds, random=st.randoms(use_true_random=False))
def test_households_are_the_closure_of_living_together(crowd: list[Adult], random: Random) -> None:
    """Every adult in one household; pairs that live together are in one; nobody else is; the order told makes no difference."""
    found = households(crowd)
    assert sorted(a.contact_id for h in found for a in h.adults) == sorted(a.contact_id for a in crowd)
    of = {a.contact_id: h.key for h in found for a in h.adults}
    reach = {a.contact_id: {a.contact_id} for a in crowd}
    for _ in crowd:
        for one, other in combinations(crowd, 2):
            if together(one, other):
                joined = reach[one.contact_id] | reach[other.contact_id]
                for member in joined:
                    reach[member] = joined
    assert all((of[a.contact_id] == of[b.contact_id]) == (b.contact_id in reach[a.contact_id]) for a in crowd for b in crowd)
    assert households(random.sample(crowd, len(crowd))) == found


@given(crowd=crowds)
def test_a_household_keeps_its_key_while_its_first_contact_is_delivered(crowd: list[Adult]) -> None:
    """The key is the smallest contact id of it, and names one household only."""
    found = households(crowd)
    assert [h.key for h in found] == [min(a.contact_id for a in h.adults) for h in found]
    assert len({h.key for h in found}) == len(found)
    for household in found:
        if len(household.adults) > 1:
            rest = [a for a in crowd if a is not household.adults[-1]]
            assert household.key in {h.key for h in households(rest)}
