"""Addresses as the post writes them: what is shortened, what stays as it is, and who lives together by them."""

from __future__ import annotations

import pytest

from outreach.district.households import households
from outreach.district.normalising import for_post, normalised
from outreach.district.people import Address, Adult, Link


def _in_chicago(line1: str, line2: str = "", postal_code: str = "60601") -> Address:
    return Address(line1, line2, "Chicago", "Illinois", postal_code)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (_in_chicago("123 North Main Street", "Apartment 4"), ("123 N MAIN ST", "APT 4")),
        (_in_chicago("12 elm st. #3B"), ("12 ELM ST", "# 3B")),
        (_in_chicago("9 West Oak Avenue, Unit 12", "", "60601-1234"), ("9 W OAK AVE", "UNIT 12")),
    ],
)
def test_what_is_understood_is_written_as_the_post_writes_it(given: Address, written: tuple[str, str]) -> None:
    found = normalised(given)
    assert (found.line1, found.line2, found.city, found.state) == (*written, "CHICAGO", "IL")
    assert normalised(found) == found, "again it changes nothing"


@pytest.mark.parametrize("line1", ["PO Box 55", "Calle Luna 5", "RR 2 Box 11", "the blue house behind the church", "5", "   "])
def test_what_is_not_understood_stays_as_it_was_given(line1: str) -> None:
    given = _in_chicago(line1)
    assert normalised(given) == given


def test_an_address_that_is_not_complete_is_not_touched() -> None:
    given = Address("123 North Main Street", "", "", "IL", "60601")
    assert normalised(given) == given


def test_what_a_person_here_said_is_written_as_they_said_it() -> None:
    typed = _in_chicago("123 North Main Street")
    assert for_post(Adult("c1", "Ana", "Lee", address=typed, address_said=True)) == typed
    assert for_post(Adult("c1", "Ana", "Lee", address=typed)).line1 == "123 N MAIN ST"


def _adult(contact_id: str, line1: str, child: str = "st1") -> Adult:
    return Adult(contact_id, "Ana", "Lee", address=_in_chicago(line1), links=(Link(child),))


@pytest.mark.parametrize(
    ("one", "other", "homes"),
    [
        ("123 North Main Street", "123 N. Main St", 1),
        ("123 North Main Street Apt 4", "123 N Main St #4", 2),  # written alike is not the same unit for certain
        ("123 North Main Street", "123 South Main Street", 2),
        ("123 North Main Street", "125 N Main St", 2),
    ],
)
def test_a_child_s_adults_live_together_where_the_post_writes_their_addresses_alike(one: str, other: str, homes: int) -> None:
    assert len(households([_adult("c1", one), _adult("c2", other)])) == homes


def test_an_address_alone_joins_nobody_without_a_common_child() -> None:
    assert len(households([_adult("c1", "123 North Main Street"), _adult("c2", "123 N Main St", child="st2")])) == 2
