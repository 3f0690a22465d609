"""What a reply means: cautious, explained, the same for every channel.

The order is that of the design: danger and revocation first (both may hold), then an answer to a menu, a dispute, dates, a
language, a call, an absence note, then reasons, then questions. Where nothing is sure, a person reads it: ``to_human`` is false
only on the few paths where a specific automatic answer, or none, is enough and the message holds nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from outreach.replies.date_words import is_of_a_date
from outreach.replies.lexicon import DANGERS, NOTHING, Lexicon, shipped
from outreach.replies.likeness import Likely
from outreach.replies.normalise import normalise
from outreach.replies.quotes import without_our_words
from outreach.replies.reading import Hit, Reading
from outreach.replies.reasons import CATEGORY_OF, Intent

_REASON_LISTS = tuple(f"barrier.{reason}" for reason in CATEGORY_OF)
_GIVES_WAY = {
    "illness_acute": {
        "illness_chronic",
        "mental_health_trauma",
        "vacation_ok",
        "social_anxiety",
        "sick_any_symptom",
        "health_care_access",
        "family_responsibilities",
        "excused_ok",
        "online_ok",
    },
    "lost_track": {"excused_ok", "suspension_not_absence", "vacation_ok", "early_grades_dont_matter"},
    "discipline": {"suspension_not_absence", "system_involvement"},
    "housing": {"student_job"},
    "transportation": {"community_safety", "bullying_peers"},
    "caregiver_negative_experience": {"undiagnosed_disability"},
    "bored": {"credits_hopeless", "no_relevance"},
    "no_relevance": {"credits_hopeless"},
}
"""A general reason gives way to the more specific one found in the same text."""


@dataclass(frozen=True)
class Context:
    """What is known about the number when its text arrives."""

    language: str = ""
    """The family's locale on file; families answer in other languages too, so it only orders the search."""
    menu: tuple[tuple[str, str], ...] = ()
    """While a question of ours is open: digit → reason code or intent."""
    recent: tuple[str, ...] = ()
    """The texts we last sent to that number."""


@dataclass(frozen=True)
class Meaning:
    """What was understood, what must happen, and why."""

    intent: Intent
    barrier: str = ""
    urgent: bool = False
    suppress: bool = False
    to_human: bool = True
    why: str = ""
    locale: str = ""
    """The language of the words that decided; empty where none did."""

    @property
    def category(self) -> str:
        """The root cause of the barrier; empty without one."""
        return CATEGORY_OF[self.barrier] if self.barrier else ""


NO_CONTEXT = Context()

_SURE = {Intent.CRISIS.value: (1.65, 3.0), Intent.OPT_OUT.value: (0.7, 1.5), Intent.WRONG_NUMBER.value: (0.7, 1.5)}
"""Margins from which a text that only reads like danger or a revocation is taken for one: where no rule found a meaning, and where one
did. Set by replies whose words nothing was learned from: a false page wakes a person, and at most one ordinary reply in 200 should.
"""
_LIKELY = 0.2
_SAID_OF_A_DATE = 2
"""Words beside those of a date below which nothing is said of it: "the first of October" answers a question, and disputes nothing."""
_ENOUGH_TO_BE_LIKE = 3
"""Words (of Chinese and Korean: characters) below which only the lists say stop or danger."""
_STOPS = ("opt_out", "redirect", "wrong_number")
_LOOK_ALIKES: dict[str, tuple[str, ...]] = {
    Intent.CRISIS: tuple(f"crisis.{danger}" for danger in DANGERS),
    Intent.OPT_OUT: _STOPS,
    Intent.WRONG_NUMBER: _STOPS,
}
"""Intents that a text may be taken for in words that no list knows → the lists whose look-alikes say that it is not."""
_NEVER_GUESSED = {Intent.CRISIS, Intent.OPT_OUT, Intent.WRONG_NUMBER, Intent.OPT_IN, Intent.HELP, NOTHING}
"""Intents on which the service acts by itself: below a sure margin they are no guess to make."""


def understand(text: str, context: Context = NO_CONTEXT, lexicon: Lexicon | None = None) -> Meaning:
    """Return what *text* means; never raises, whatever it holds."""
    lexicon = lexicon or shipped()
    own = without_our_words(text, context.recent, lexicon)
    if own.reaction:
        intent = Intent.ACK if own.positive else Intent.UNCLEAR
        return Meaning(intent, to_human=not own.positive, why=f"{intent}: a phone's reaction that quotes our text")
    reading = Reading(normalise(own.rest), lexicon, context.language)
    if not reading.normal.tokens:
        return Meaning(Intent.UNCLEAR, why="unclear: no words")
    if reading.normal.cut:
        return _cut_short(reading)
    return _judge(reading, context)


def _judge(reading: Reading, context: Context) -> Meaning:
    safety = _danger(reading) or _revocation(reading)
    if safety is not None:
        return safety
    meaning = next((found for rule in _RULES if (found := rule(reading, context)) is not None), None)
    if meaning is not None and not meaning.to_human:
        return meaning
    return _grave_likeness(reading, meaning) or meaning or _likeness(reading)


def _cut_short(reading: Reading) -> Meaning:
    """A text too long to be read whole still raises alarm and stops; a person reads the rest."""
    found = _danger(reading) or _revocation(reading)
    if found is None:
        return Meaning(Intent.UNCLEAR, why="unclear: longer than a text message can be")
    return Meaning(found.intent, found.barrier, found.urgent, found.suppress, to_human=True, why=found.why)


# --- danger and revocation -------------------------------------------------------------------------------------------------------


def _danger(reading: Reading) -> Meaning | None:
    hits = [hit for danger in DANGERS for hit in reading.hits(f"crisis.{danger}") if not _is_past(reading, hit)]
    if not hits:
        return None
    stops = reading.hits("opt_out", "redirect", "wrong_number")
    why = "; ".join(hit.why for hit in (*hits[:2], *stops[:1]))
    reason = _reason(reading)[0] or ("housing" if any(hit.group == "crisis.shelter" for hit in hits) else "")
    return Meaning(Intent.CRISIS, reason, urgent=True, suppress=bool(stops), why=why)


def _is_past(reading: Reading, hit: Hit) -> bool:
    """Years ago is no danger now; without words of a distant past it is."""
    return bool(reading.hits("past")) and hit.group != "crisis.taken"


def _revocation(reading: Reading) -> Meaning | None:
    wrong, stops, anger = reading.hits("wrong_number"), reading.hits("opt_out", "redirect"), reading.hits("angry_legal")
    if wrong:
        return Meaning(Intent.WRONG_NUMBER, suppress=True, why=_why(wrong, stops))
    if not stops:
        return None
    if anger:
        return Meaning(Intent.ANGRY_LEGAL, _reason(reading)[0], suppress=True, why=_why(anger, stops))
    more = reading.hits("redirect") or reading.left_over(stops) or _says_more(reading) or all(hit.how == "misspelt phrase" for hit in stops)
    return Meaning(Intent.OPT_OUT, suppress=True, to_human=bool(more), why=_why(stops), locale=stops[0].locale)


def _says_more(reading: Reading) -> bool:
    return bool(reading.hits("dispute_count", "ask_dates", "request_call", "report_absence", "visit", *_REASON_LISTS))


# --- where no list is sure -------------------------------------------------------------------------------------------------------


def _grave_likeness(reading: Reading, meaning: Meaning | None) -> Meaning | None:
    """A text that reads much like danger or a revocation is taken for one, in whatever words: to miss it costs more, and a person looks."""
    likely = reading.likely
    if likely is None or likely.label not in _SURE or len(reading.normal.spoken) < _ENOUGH_TO_BE_LIKE:
        return None
    if likely.margin < _SURE[likely.label][meaning is not None]:
        return None
    gainsaid = meaning is not None and (likely.label == Intent.WRONG_NUMBER or meaning.intent == Intent.OPT_IN)
    if gainsaid or reading.looks_only_alike(*_LOOK_ALIKES[likely.label]):
        return None
    intent, urgent = Intent(likely.label), likely.label == Intent.CRISIS
    return Meaning(intent, meaning.barrier if meaning else "", urgent=urgent, suppress=not urgent, why=_reads_like(likely))


def _likeness(reading: Reading) -> Meaning:
    """What a text reads like where no rule knows its words; a person reads it in any case."""
    likely = reading.likely
    if likely is None or likely.margin < _LIKELY or likely.label in _NEVER_GUESSED or reading.looks_only_alike(likely.label):
        return Meaning(Intent.UNCLEAR, why="unclear: no rule knows these words")
    if likely.label == Intent.DISPUTE_COUNT and sum(not is_of_a_date(word) for word in reading.normal.spoken) < _SAID_OF_A_DATE:
        return Meaning(Intent.UNCLEAR, why="unclear: a date, and no rule knows what is said of it")
    if likely.label in CATEGORY_OF:
        return Meaning(Intent.BARRIER_REPORT, likely.label, why=_reads_like(likely))
    return Meaning(Intent(likely.label), why=_reads_like(likely))


def _reads_like(likely: Likely) -> str:
    words = ", ".join(f'"{word}"' for word in likely.words) or "parts of words"
    return f"{likely.label}: reads like other such replies ({words})"


# --- everything else, in order ---------------------------------------------------------------------------------------------------


def _bare_words(reading: Reading, _context: Context) -> Meaning | None:
    if helped := reading.first("help"):
        return Meaning(Intent.HELP, to_human=False, why=helped.why, locale=helped.locale)
    if wished := reading.hits("opt_in"):
        return Meaning(Intent.OPT_IN, to_human=not reading.covers(wished), why=_why(wished), locale=wished[0].locale)
    return None


_SETTLED = frozenset({Intent.CONFIRM_NUMBER, Intent.CONFIRM_CHANGE})
"""Digits that settle what we asked; a person reads every other answer."""


def _menu(reading: Reading, context: Context) -> Meaning | None:
    words = reading.normal.words
    if len(words) != 1 or not words[0].isdecimal():
        return None
    chosen = dict(context.menu).get(words[0], "")
    if chosen in CATEGORY_OF:
        return Meaning(Intent.BARRIER_REPORT, chosen, why=f'barrier_report: "{words[0]}" (answer to our question)')
    if chosen in set(Intent):
        why = f'{chosen}: "{words[0]}" (answer to our question)'
        return Meaning(Intent(chosen), suppress=chosen == Intent.WRONG_NUMBER, to_human=chosen not in _SETTLED, why=why)
    return Meaning(Intent.UNCLEAR, why=f'unclear: "{words[0]}" (a number, and no question of ours is open)')


def _anger(reading: Reading, _context: Context) -> Meaning | None:
    hits = reading.hits("angry_legal")
    return Meaning(Intent.ANGRY_LEGAL, _reason(reading)[0], why=_why(hits)) if hits else None


def _dispute(reading: Reading, _context: Context) -> Meaning | None:
    hits = reading.hits("dispute_count")
    return Meaning(Intent.DISPUTE_COUNT, _reason(reading)[0], why=_why(hits)) if hits else None


def _dates(reading: Reading, _context: Context) -> Meaning | None:
    hits = reading.hits("ask_dates")
    if not hits:
        return None
    alone = reading.covers([*hits, *reading.hits("ack")]) and not _says_other_than_dates(reading)
    return Meaning(Intent.ASK_DATES, to_human=not alone, why=_why(hits))


def _says_other_than_dates(reading: Reading) -> bool:
    return bool(reading.hits("request_call", "visit", *_REASON_LISTS))


def _who(reading: Reading, _context: Context) -> Meaning | None:
    hits = reading.hits("who")
    if not hits or not reading.covers([*hits, *reading.hits("ack")]):
        return None
    return Meaning(Intent.QUESTION, to_human=False, why=_why(hits))


def _language(reading: Reading, _context: Context) -> Meaning | None:
    named, other = reading.hits("language_request"), reading.hits("other_language")
    if not (named or other):
        return None
    enough = bool(named) and not other and reading.covers([*named, *reading.hits("ack")]) and not _says_more(reading)
    return Meaning(Intent.LANGUAGE_REQUEST, to_human=not enough, why=_why(named, other))


def _call(reading: Reading, _context: Context) -> Meaning | None:
    hits = reading.hits("request_call")
    return Meaning(Intent.REQUEST_CALL, _reason(reading)[0], why=_why(hits)) if hits else None


def _absence(reading: Reading, _context: Context) -> Meaning | None:
    hits = reading.hits("report_absence")
    if reading.hits("barrier.sick_any_symptom", "barrier.suspension_not_absence"):
        return None
    if hits:
        return Meaning(Intent.REPORT_ABSENCE, why=_why(hits))
    return _ill_today(reading)


def _ill_today(reading: Reading) -> Meaning | None:
    """A child who is ill today is absent today, whether or not the text says so; one who is ill and nothing else explains the past."""
    ill, today = reading.hits("barrier.illness_acute"), reading.hits("today")
    others = any(reading.hits(reason) for reason in _REASON_LISTS if reason != "barrier.illness_acute")
    return Meaning(Intent.REPORT_ABSENCE, why=_why(ill, today)) if ill and today and not others else None


def _barrier(reading: Reading, _context: Context) -> Meaning | None:
    reason, why = _reason(reading)
    return Meaning(Intent.BARRIER_REPORT, reason, why=why) if reason else None


def _thanks(reading: Reading, _context: Context) -> Meaning | None:
    hits, visits = reading.hits("ack"), reading.hits("visit")
    if visits:
        return Meaning(Intent.ACK, why=_why(visits))
    if not hits or reading.normal.asks or not reading.covers(hits):
        return None
    return Meaning(Intent.ACK, to_human=False, why=_why(hits))


def _question(reading: Reading, _context: Context) -> Meaning | None:
    hits = reading.hits("question", "who")
    if hits:
        return Meaning(Intent.QUESTION, why=_why(hits))
    return Meaning(Intent.QUESTION, why="question: a question mark") if reading.normal.asks else None


def _unrelated(reading: Reading, _context: Context) -> Meaning | None:
    hits = reading.hits("unrelated")
    if not hits or _says_more(reading):
        return None
    return Meaning(Intent.UNRELATED, to_human=False, why=_why(hits))


_RULES: tuple[Callable[[Reading, Context], Meaning | None], ...] = (
    _bare_words,
    _menu,
    _unrelated,
    _anger,
    _dispute,
    _dates,
    _who,
    _language,
    _call,
    _absence,
    _barrier,
    _thanks,
    _question,
)


def _reason(reading: Reading) -> tuple[str, str]:
    """Return the reason the writer leads with, and why; empty texts if none is given."""
    hits = reading.hits(*_REASON_LISTS)
    named = {hit.group.removeprefix("barrier.") for hit in hits}
    for hit in hits:
        reason = hit.group.removeprefix("barrier.")
        if not _GIVES_WAY.get(reason, set()) & named:
            return reason, hit.why
    return "", ""


def _why(*groups: tuple[Hit, ...]) -> str:
    return "; ".join(hits[0].why for hits in groups if hits)
