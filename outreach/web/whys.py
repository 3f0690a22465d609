"""Why a message waits, did not leave or did not arrive, as staff say it, and what a person can do about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from outreach.delivery import filtering, instance, letter_returns, lookups
from outreach.delivery.actions import NO_PROVIDER, TWIN, UNHEARD
from outreach.delivery.errors import MEANINGS, Action, Meaning
from outreach.planning.reasons import Reason


@dataclass(frozen=True)
class Why:
    """A reason in plain words, the next step beside it, and the page (an endpoint) where that is done; empty where there is none."""

    words: str
    step: str
    page: str = ""


_NOTHING = "Nothing to do."
_NUMBER = "Ask the family for a mobile number and correct it in the SIS."
_CALL = "Call the family."
_R = Reason
_BY_REASON: Mapping[str, Why] = MappingProxyType(
    {
        _R.NO_CONTACT: Why("No adult is on file for this child", "Add a contact in the SIS."),
        _R.BASELINE: Why("Over the threshold when counting began", "Release it with the first round.", "baseline.page"),
        _R.DECEASED: Why("The child has died", _NOTHING),
        _R.LEFT_SCHOOL: Why("The child does not attend any more", "If it does, correct the enrolment in the SIS."),
        _R.ADULT_STUDENT: Why("The student is 18 or older", "Speak with the student."),
        _R.UNKNOWN_COUNT: Why("Some days are not known, so no number can be told", "Settle the unknown days.", "data_health.page"),
        _R.HELD_CODE: Why("An attendance code asks for quiet around this family", _NOTHING),
        _R.SUSPENDED: Why("Most of the days missed are suspensions", "Decide whether to call the family.", "students.page"),
        _R.BLOCKED: Why("This adult may not be told about the child", "If that is wrong, have the block lifted.", "blocks.page"),
        _R.MAY_NOT_RECEIVE: Why("The SIS says this adult gets no messages", "If that is wrong, correct it in the SIS."),
        _R.LIVES_ELSEWHERE: Why("The adult lives elsewhere", "Say in the SIS whether this adult may receive messages."),
        _R.NO_PHONE: Why("Phone cannot receive texts", _NUMBER, "call_list.page"),
        _R.UNVERIFIED: Why("Nobody has confirmed that the number is the family's", "Confirm it with the family.", "call_list.page"),
        _R.SHARED_NUMBER: Why("Different families share this number", "Ask each family which number is theirs.", "call_list.page"),
        _R.NO_CONSENT: Why("The family has not agreed to texts", "Ask the family, and note it in the SIS.", "call_list.page"),
        _R.OPTED_OUT: Why("The family asked for no more texts", "A letter goes where one may; else leave it."),
        _R.NO_LETTERS: Why("The family asked for no more letters", _NOTHING),
        _R.ADDRESS_PROTECTED: Why("The family's address is protected", "Call, or hand the letter over.", "call_list.page"),
        _R.SUPPRESSED: Why("Phone cannot receive texts", _NUMBER, "call_list.page"),
        _R.NO_ADDRESS: Why("The address is not complete", "Ask the family, and correct it in the SIS.", "call_list.page"),
        _R.NO_WORDS: Why("Nobody has approved the words in this language yet", "Approve them.", "words.page"),
        _R.TOO_SOON: Why("The family heard of this not long ago", _NOTHING),
        _R.SIBLING_FIRST: Why("This week's text speaks of a brother or sister", _NOTHING),
        _R.OTHER_CONTACT: Why("Another system told the family not long ago", _NOTHING),
        _R.TRUANCY: Why("A truancy notice went out lately", "Decide with your attendance team what this family hears."),
        _R.DOSE: Why("The family has heard as often as it may this year", "Call, if it is still needed."),
        _R.TOLD_TWICE: Why("Two counts did not help; another would not either", "Look into the case that was opened.", "inbox.page"),
        _R.MOVED: Why("The number or the adult has changed since it was planned", "Nothing to do: it is planned anew."),
        _R.BELOW: Why("The child is no longer over the threshold", _NOTHING),
        _R.STALE: Why("No attendance has come for too long", "Have the feed looked at.", "data_health.page"),
        _R.EXPIRED: Why("It could not leave in time", "Nothing to do: it is planned anew where it still holds."),
        _R.QUIET_HOURS: Why("It is too early or too late in the day", "Nothing to do: it leaves when the hours allow it."),
        _R.NO_SCHOOL: Why("School is closed", "Nothing to do: it leaves on the next school day."),
        _R.CORRECTION: Why("A number we told was wrong", "Look at the correction and approve it.", "inbox.page"),
        _R.CHANGED_AGAIN: Why("The right number changed since it was approved", "Look at the correction again.", "inbox.page"),
        _R.RIGHT_AGAIN: Why("The number we told is true after all", _NOTHING),
        _R.NEVER_TOLD: Why("The wrong number never reached the family", _NOTHING),
        _R.DISMISSED: Why("A person decided not to send it", _NOTHING),
        _R.LEFT_IN_PEACE: Why("A person asked for quiet around this family", "It can be ended earlier.", "sending.page"),
        _R.SIS_DIFFERS: Why("The SIS counts this child otherwise", "Compare the days with the SIS.", "data_health.page"),
        _R.STOPPED: Why("A person pressed the stop button", "Start again when the reason is gone.", "sending.page"),
        _R.SHADOW: Why("Shadow mode plans it and does not send it", "Switch shadow mode off to go live.", "sending.page"),
        _R.SPENT: Why("Today's texts have cost as much as they may", "It leaves tomorrow, or the cap is raised.", "sending.page"),
        _R.TURN: Why("The school has written to as many families today as it can answer", "Nothing to do: its turn comes."),
        _R.MASS_SEND: Why("Many more messages than usual", "A second person must let them go.", "sending.page"),
        _R.BATCH_WAITS: Why("A person looks at each night's messages first", "Look at the batch.", "sending.page"),
        _R.TAKEN_BACK: Why("A person took this batch back", "Let it go, or leave it.", "sending.page"),
        _R.TWO_WAY_OFF: Why("Too few people on call have answered a test", "Have the people on call tested.", "oncall.page"),
        _R.NOBODY_ANSWERS: Why("Nobody at this school answers families", "Name a coordinator for the school."),
        _R.NOT_IMPROVED: Why("The child does not come to school more often any more", _NOTHING),
        _R.NOT_THIS_ROUND: Why("The study gives this family its turn later", _NOTHING),
        _R.NOTHING_MISSED: Why("There are no days to name", "Answer the family yourself.", "inbox.page"),
        _R.NO_TRIAL: Why("Words under work go to a pretended phone only", _NOTHING),
        _R.WRONG_WORDS: Why("The approved text cannot be filled with these facts", "Have the words looked at.", "words.page"),
    }
)
_BY_ACTION: Mapping[Action, Why] = MappingProxyType(
    {
        Action.SUPPRESS: Why("", _NUMBER, "call_list.page"),
        Action.OPT_OUT: Why("", "A letter goes where one may; else leave it."),
        Action.RETRY: Why("", "Nothing to do: it is asked again soon."),
        Action.STOP_ALL: Why("", "Have the account mended, then mark the item as done.", "attention.page"),
        Action.FIX: Why("", "Have the words looked at.", "words.page"),
        Action.FAILED: Why("", _CALL, "call_list.page"),
    }
)
_OTHER: Mapping[str, Why] = MappingProxyType(
    {
        NO_PROVIDER: Why("Nobody carries texts yet", "Have a provider set (IT)."),
        UNHEARD: Why("The family has just written; its words are read first", "Nothing to do: it is looked at again in a minute."),
        TWIN: Why("The same words to this number have no answer yet", "Nothing to do: the carrier's list is asked."),
        lookups.FIRST: Why("The carrier is asked first what kind of line this is", "Nothing to do: it is looked at again in a minute."),
        filtering.STOPPED: Why(
            "The carrier filters these words", "Have the words looked at, then mark the item as done.", "attention.page"
        ),
        letter_returns.REASON: Why("Post came back from this address", "Find out where the family lives.", "letters_returned.page"),
        "returned by the post": Why("The post brought it back", "Find out where the family lives.", "letters_returned.page"),
        "no post arrives at this address": Why(
            "No post arrives at this address", "Find out where the family lives.", "letters_returned.page"
        ),
        "the mail house refused it": Why("The mail house refused the letter", "Print it here, or tell IT.", "letters.page"),
        "cannot be printed": Why("The letter cannot be printed", "Look at what it says after the colon.", "letters.page"),
        "taken back with letter batch": Why("Its batch of letters was taken back", "Decide on the batch's page.", "letters.page"),
        "given up with letter batch": Why("Its batch of letters was given up", _NOTHING),
        "pulled before it was posted": Why(
            "Pulled out of the pile before it was posted", "Nothing to do: it is planned anew where it still holds."
        ),
        "not needed": Why("The first text arrived after all", _NOTHING),
        "the carrier never answered twice": Why("The carrier never answered", _CALL, "call_list.page"),
        "no answer from the carrier": Why("The carrier has not answered", "Nothing to do: its list is asked, and it is never sent twice."),
        "no clear answer": Why("The carrier gave no clear answer", "Nothing to do: its list is asked, and it is never sent twice."),
        "the carrier is busy": Why("The carrier is busy", "Nothing to do: it is asked again in a minute."),
        "not confirmed": Why("Sent, and no phone has confirmed it in three days", "Call, if it matters that the family knows."),
        "waits for its time": Why("It waits for its time", _NOTHING),
        "blocked contact": Why("This adult may not be told about the child", "If that is wrong, have the block lifted.", "blocks.page"),
        instance.HELD: Why("This database is a copy, and nothing leaves from it", "Have it released (IT)."),
        "The carrier refused it (code": Why("", "Tell IT the code, and call the family.", "call_list.page"),
    }
)


def of(reason: str) -> Why:
    """What a stored reason means and asks for; one that nobody foresaw keeps its own words, and a person looks at it."""
    if (meaning := _MEANINGS.get(reason)) is not None:
        return of_meaning(meaning)
    begins = max((start for start in KNOWN if reason.startswith(start)), key=len, default="")
    found = KNOWN.get(begins, Why("", "Look at the message."))
    return found if found.words else Why(reason[:1].upper() + reason[1:], found.step, found.page)


def of_meaning(meaning: Meaning) -> Why:
    """What an error of the carrier asks for, in its own words."""
    found = _BY_ACTION[meaning.action]
    if meaning.may_have_arrived:
        found = Why("", "It may have arrived: call, if it matters that the family knows.")
    elif meaning.again is not None:
        found = Why("", "Nothing to do: it is tried again by itself, then a letter goes or the family is on the call list.")
    return Why(meaning.words, found.step, found.page)


KNOWN: Mapping[str, Why] = MappingProxyType({**_BY_REASON, **_OTHER})
"""How stored reasons begin, and what each means."""
_MEANINGS = {meaning.words: meaning for meaning in MEANINGS.values()}
