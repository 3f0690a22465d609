"""Why a message was not planned or did not leave, in words staff understand; the text after a colon says more."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """One reason; rows hold its words."""

    NO_CONTACT = "no contact: no feed names an adult of this child"
    BASELINE = "baseline: over the threshold when counting began; waits for a person's release"
    DECEASED = "deceased: nothing is sent about this child any more; only staff see it"
    LEFT_SCHOOL = "left school: not enrolled on this day"
    ADULT_STUDENT = "18 or older: the student's own right now, no message to parents"
    UNKNOWN_COUNT = "unknown count: some days are not known, so no number can be told"
    HELD_CODE = "held: an attendance code asks for quiet"
    SUSPENDED = "mostly suspended: half or more of the days missed are suspensions, so a person decides"
    BLOCKED = "blocked contact"
    MAY_NOT_RECEIVE = "may not receive: the feed says this contact gets no messages"
    LIVES_ELSEWHERE = "lives elsewhere: the feed does not say that this contact may receive messages"
    NO_PHONE = "no usable phone: no number that can be texted"
    UNVERIFIED = "unverified phone: nobody confirmed that the number is the family's"
    NO_CONSENT = "no consent: the feed names no consent to texts on this number"
    OPTED_OUT = "opted out: the family asked for no more texts"
    SUPPRESSED = "no usable phone: the number must not be texted"
    NO_ADDRESS = "no usable address: street and place are not known"
    NO_WORDS = "no approved words: nobody approved this message yet"
    TOO_SOON = "too soon: the family heard of this not long ago"
    SIBLING_FIRST = "too soon: this household's text speaks of another child first"
    MOVED = "contact changed: the number or adult is no longer the one it was planned for"
    BELOW = "no longer over the threshold"
    STALE = "stale attendance: no delivery for too long"
    EXPIRED = "too late: it could not leave in time"
    QUIET_HOURS = "quiet hours: leaves when the window opens"
    CORRECTION = "waits for approval: a number we told turned out wrong"
    CHANGED_AGAIN = "waits for approval again: the right number changed since a person approved it"
    RIGHT_AGAIN = "right again: the number we told is true after all"
    NEVER_TOLD = "never told: the message with the wrong number did not reach the family"
    DISMISSED = "dismissed: a person decided not to send it"
    SIS_DIFFERS = "totals differ: the student information system counts this child otherwise"
    WRONG_WORDS = "words do not fit: the approved text cannot be filled with these facts"
