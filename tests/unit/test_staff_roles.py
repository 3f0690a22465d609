"""Roles are data: what each may do is a table that these tests read."""

from __future__ import annotations

import pytest

from outreach.staff.queries import SignedIn
from outreach.staff.roles import GRANTS, Permission, Reach, Role, may


def person(role: Role, schools: frozenset[str] | None) -> SignedIn:
    return SignedIn(
        id=1, email="a@example.org", name="A", role=role, schools=schools, by_link=False, has_password=True, has_factor=False, session_id=""
    )


def test_every_role_has_a_grant_and_may_manage_its_own_account() -> None:
    assert set(GRANTS) == set(Role)
    assert all(may(role, Permission.ACCOUNT_SELF) for role in Role)


def test_every_permission_but_a_mentors_own_is_held_by_the_district_administrator() -> None:
    assert {permission for permission in Permission if not may(Role.DISTRICT_ADMINISTRATOR, permission)} == {Permission.CHILDREN_OWN}
    assert [role for role in Role if may(role, Permission.CHILDREN_OWN)] == [Role.MENTOR]


def test_a_mentor_sees_no_school() -> None:
    """What shows rows of schools shows a mentor none, whatever page it stands on."""
    assert GRANTS[Role.MENTOR].reach is Reach.CHILDREN
    assert GRANTS[Role.MENTOR].permissions == {Permission.ACCOUNT_SELF, Permission.CHILDREN_OWN}


@pytest.mark.parametrize("role", [Role.MENTOR, Role.TRANSLATOR, Role.LANGUAGE_HELPER, Role.EVALUATOR, Role.IT])
def test_roles_that_may_not_see_families_have_no_page_that_shows_them(role: Role) -> None:
    shows_families = {
        Permission.INBOX_READ,
        Permission.INBOX_ANSWER,
        Permission.INBOX_NOTE,
        Permission.DELIVERY_READ,
        Permission.DATA_CHILDREN,
        Permission.BLOCKS_READ,
        Permission.RECORDS_GIVE,
        Permission.RECORDS_KEEP,
        Permission.DISCLOSURES_READ,
    }
    assert not shows_families & GRANTS[role].permissions


def test_a_clerk_notes_but_does_not_answer() -> None:
    assert may(Role.ATTENDANCE_CLERK, Permission.INBOX_NOTE)
    assert not may(Role.ATTENDANCE_CLERK, Permission.INBOX_ANSWER)


@pytest.mark.parametrize("permission", [Permission.BASELINE_RELEASE, Permission.WORDS_APPROVE, Permission.SENDING_DECIDE])
def test_only_a_district_wide_role_changes_what_binds_the_whole_district(permission: Permission) -> None:
    holders = {role for role in Role if may(role, permission)}
    assert holders == {Role.DISTRICT_ADMINISTRATOR}
    assert all(GRANTS[role].reach is Reach.DISTRICT for role in holders)


@pytest.mark.parametrize(
    ("schools", "school", "sees"),
    [
        (None, "S1", True),
        (None, "", True),
        (frozenset({"S1"}), "S1", True),
        (frozenset({"S1"}), "S2", False),
        (frozenset({"S1"}), "", False),
        (frozenset(), "S1", False),
        (frozenset({""}), "", False),
    ],
)
def test_a_person_sees_only_rows_of_their_schools(schools: frozenset[str] | None, school: str, sees: bool) -> None:
    assert person(Role.COORDINATOR, schools).sees(school) is sees


def test_roles_are_spoken_in_words() -> None:
    assert [role.words for role in (Role.SCHOOL_ADMINISTRATOR, Role.IT)] == ["school administrator", "IT"]
