"""Who of a household is told, and on which number: pure. Rules: DESIGN, Households."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from outreach.consent.queries import PhoneConsent
from outreach.district.people import Adult, Phone
from outreach.planning.reasons import Reason

_MOBILE = frozenset({"mobile", "cell", "cellular", "cell phone", "mobile phone"})
_NEVER = frozenset({"fax", "unlisted"})
_LAST = 10**6
"""Where an empty priority stands: after every given one."""


@dataclass(frozen=True)
class Permissions:
    """What decides who may be told: blocks by (student, contact), and the district's rule for adults who live elsewhere."""

    blocks: Mapping[tuple[str, str], str]
    living_elsewhere: Literal["hold", "write"]
    without_letters: Collection[str] = frozenset()
    """Contacts who asked for no more letters."""
    protected: Collection[str] = frozenset()
    """Contacts to whose address on file nothing may go."""

    def no_post(self, adult: Adult) -> str:
        """Why *adult* gets no letters, whatever they may be told; empty where they do."""
        if adult.contact_id in self.protected:
            return Reason.ADDRESS_PROTECTED
        return Reason.NO_LETTERS if adult.contact_id in self.without_letters else ""

    def refusal(self, adult: Adult, student_id: str) -> str:
        """Why *adult* may not be told about the child; empty where they may. A block beats every other rule."""
        link = adult.link(student_id)
        if block := self.blocks.get((student_id, adult.contact_id)):
            return block
        if link is None:
            return Reason.NO_CONTACT
        if link.may_receive is False:
            return Reason.MAY_NOT_RECEIVE
        if link.lives_with is False and not link.may_receive and self.living_elsewhere == "hold":
            return Reason.LIVES_ELSEWHERE
        return ""


@dataclass(frozen=True)
class Numbers:
    """What decides whether a number may be texted: the ledger, and the sources whose registration a child's schools trust."""

    consents: Mapping[str, PhoneConsent]
    trusted_sources: Mapping[str, frozenset[str]]
    """Child → the sources that its schools trust."""
    shared: Collection[str] = frozenset()
    """Numbers of contacts of different families who have not all confirmed that they read them."""
    verified_from: date | None = None
    """A feed's verification before this day no longer counts; None: it always does."""

    def refusal(self, phone: Phone, student_id: str) -> str:
        """Why *phone* may not be texted about a child; empty where it may."""
        if not phone.e164 or not _texts(phone):
            return Reason.NO_PHONE
        consent = self.consents.get(phone.e164, PhoneConsent(phone.e164))
        trusted = phone.source in self.trusted_sources.get(student_id, ())
        if consent.opted_out or (phone.consent is False and not consent.version):
            return Reason.OPTED_OUT  # the ledger knows the feed's "no", and what the family said since
        if consent.suppressed:
            return Reason.SUPPRESSED
        if phone.e164 in self.shared:
            return Reason.SHARED_NUMBER
        fresh = phone.verified_on is not None and (self.verified_from is None or phone.verified_on >= self.verified_from)
        if not (fresh or consent.verified or trusted):
            return Reason.UNVERIFIED
        return "" if phone.consent or consent.verified or trusted else Reason.NO_CONSENT


def _texts(phone: Phone) -> bool:
    kind = phone.type.casefold()
    if kind in _NEVER or phone.can_text is False:
        return False
    return bool(phone.can_text) or kind in _MOBILE


@dataclass(frozen=True)
class Found:
    """The adult to write to, and the number for a text; or why there is none."""

    adult: Adult | None = None
    phone: str = ""
    refusal: str = ""


def in_order(adults: Iterable[Adult], student_id: str) -> list[Adult]:
    """The adults of a child as they are asked: priority 1 first and empty last, then primary, then id."""

    def rank(adult: Adult) -> tuple[int, bool, str]:
        link = adult.link(student_id)
        priority = link.priority if link and link.priority is not None else _LAST
        return priority, not (link and link.primary), adult.contact_id

    return sorted(adults, key=rank)


def permitted(adults: Iterable[Adult], student_id: str, permissions: Permissions) -> tuple[list[Adult], str]:
    """The adults who may be told about a child, in order; where there is none, the reason that stops the first of them."""
    ordered = in_order((adult for adult in adults if adult.link(student_id)), student_id)
    refusals = [permissions.refusal(adult, student_id) for adult in ordered]
    allowed = [adult for adult, refusal in zip(ordered, refusals, strict=True) if not refusal]
    return allowed, "" if allowed else next(iter(refusals), Reason.NO_CONTACT)


_NEAREST = (Reason.OPTED_OUT, Reason.SHARED_NUMBER, Reason.UNVERIFIED, Reason.NO_CONSENT, Reason.SUPPRESSED, Reason.NO_PHONE)
"""Where no number will do, the reason nearest to a usable one is told: it is the one a person can act on."""


def for_text(adults: Iterable[Adult], student_id: str, permissions: Permissions, numbers: Numbers) -> Found:
    """The first permitted adult with a number that may be texted."""
    allowed, refusal = permitted(adults, student_id, permissions)
    if refusal:
        return Found(refusal=refusal)
    refusals: set[str] = {Reason.NO_PHONE}
    for adult in allowed:
        for phone in sorted(adult.phones, key=_phone_rank):
            why_not = numbers.refusal(phone, student_id)
            if not why_not:
                return Found(adult, phone.e164)
            refusals.add(why_not)
    return Found(refusal=next(reason for reason in _NEAREST if reason in refusals))


def refused_for(
    reason: Reason, adults: Iterable[Adult], student_id: str, permissions: Permissions, numbers: Numbers
) -> tuple[Adult, Phone] | None:
    """The first permitted adult with a number that *reason* alone keeps from texts; None where there is none."""
    for adult in permitted(adults, student_id, permissions)[0]:
        for phone in sorted(adult.phones, key=_phone_rank):
            if numbers.refusal(phone, student_id) == reason:
                return adult, phone
    return None


def for_letter(adults: Iterable[Adult], student_id: str, permissions: Permissions) -> tuple[list[Adult], str]:
    """The adults a letter about a child names, the one whose address it carries first; or why there is none."""
    allowed, refusal = permitted(adults, student_id, permissions)
    if refusal:
        return [], refusal
    kept_back = {adult.contact_id: permissions.no_post(adult) for adult in allowed}
    # whoever lives with somebody whose address is protected has the same address
    places = {adult.address.key for adult in allowed if adult.contact_id in permissions.protected and adult.address.usable}
    kept_back |= {adult.contact_id: Reason.ADDRESS_PROTECTED for adult in allowed if adult.address.key in places}
    allowed = [adult for adult in allowed if not kept_back[adult.contact_id]]
    if not allowed:
        return [], next(iter(kept_back.values()))
    addressed = [adult for adult in allowed if adult.address.usable]
    if not addressed:
        return [], Reason.NO_ADDRESS
    return [addressed[0], *(adult for adult in allowed if adult is not addressed[0])], ""


def _phone_rank(phone: Phone) -> tuple[int, int]:
    return phone.priority if phone.priority is not None else _LAST, phone.id
