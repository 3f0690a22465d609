"""What carriers ask before they deliver a district's texts, filled in from its settings and from the texts that are approved now.

Field names are those of Twilio's ``Usa2p`` resource; lengths are its limits.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from outreach.messages import families
from outreach.messages.compose import text
from outreach.messages.languages import DEFAULT, languages
from outreach.messages.queries import in_force, pair_of
from outreach.messages.templates import sources
from outreach.resources import data_folder
from outreach.settings import Settings

_NAMED_IN_CAMPAIGN = 5
_OTHER_LANGUAGES = 2
_FEWEST = 2
_ANSWER, _ANSWERS = (20, 320), {"opt_in_message": "opt_in", "opt_out_message": "opt_out", "help_message": "help"}
_LENGTHS = {"description": (40, 4096), "message_flow": (40, 2048), **dict.fromkeys(_ANSWERS, _ANSWER)}
_KEYWORDS = {"opt_in_keywords": ["START"], "opt_out_keywords": ["STOP", "END", "CANCEL", "UNSUBSCRIBE", "QUIT"], "help_keywords": ["HELP"]}
_NOT_SENT_FIRST = {"confirmation", "page", "trial"}
_COUNT = "count"


class RegistrationError(ValueError):
    """What a carrier asks cannot be filled in yet."""


@dataclass(frozen=True)
class Sample:
    """One approved text as a made-up family would read it."""

    message: str
    locale: str
    body: str
    segments: int


def write(session: Session, settings: Settings, folder: Path, *, privacy_url: str, terms_url: str) -> Sequence[Sample]:
    """Write the pack into *folder*: a guide, the campaign's fields, and every approved text in every language.

    Raises RegistrationError where fewer than two texts, or no answer to STOP, START or HELP, are approved.
    """
    samples = approved(session, settings)
    told = campaign(samples, settings, privacy_url=privacy_url, terms_url=terms_url, answers=_answers(session, settings))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(_template("README.md"), encoding="utf-8")
    (folder / "campaign.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(("message", "language", "english_name", "text", "segments"))
    writer.writerows((one.message, one.locale, languages()[one.locale].english, one.body, one.segments) for one in samples)
    (folder / "samples.csv").write_text(rows.getvalue(), encoding="utf-8")
    return samples


def approved(session: Session, settings: Settings) -> list[Sample]:
    """Every text that is approved now, count texts first and English before the other languages."""
    ours = {source.message for source in sources(settings.home) if source.channel == "sms" and source.message_class not in _NOT_SENT_FIRST}
    found = [
        Sample(message, locale, said.body, said.segments)
        for (message, channel, locale), row in in_force(session).items()
        if channel == "sms" and message in ours
        for said in (text(pair_of(row), families.made_up(locale, district=settings.district_name)),)
    ]
    return sorted(found, key=lambda one: (one.message != _COUNT, one.locale != DEFAULT, one.message, one.locale))


def campaign(
    samples: Sequence[Sample], settings: Settings, *, privacy_url: str, terms_url: str, answers: dict[str, str]
) -> dict[str, object]:
    """The campaign's fields; raises RegistrationError for one that the carrier would refuse."""
    if len(samples) < _FEWEST:
        sentence = "Carriers ask for at least two sample texts. Approve the words first (outreach messages approve, or the page Words)."
        raise RegistrationError(sentence)
    facts = {"district": settings.district_name, "cap": settings.weekly_nudge_cap, "dose": settings.yearly_nudge_dose}
    welcome = "Numbers that nobody has confirmed are first asked once whether a family reads them. " if settings.welcome_unverified else ""
    links = {"privacy": f"{privacy_url}.", "terms": f"{terms_url}."}
    english, others = ([one for one in samples if (one.locale == DEFAULT) is ours] for ours in (True, False))
    several = [*english[: _NAMED_IN_CAMPAIGN - min(len(others), _OTHER_LANGUAGES)], *others[:_OTHER_LANGUAGES]]
    told: dict[str, object] = {
        "description": _template("description.txt").format(**facts).strip(),
        "message_flow": _template("flow.txt").format(**facts, welcome=welcome, **links).strip(),
        "us_app_to_person_usecase": "K12_EDUCATION",
        "message_samples": [one.body for one in several],
        **answers,
        **_KEYWORDS,
        "has_embedded_links": any("http" in one.body for one in samples),
        "has_embedded_phone": True,
        "privacy_policy_url": privacy_url,
        "terms_and_conditions_url": terms_url,
        "age_gated": False,
        "direct_lending": False,
    }
    for field, (least, most) in _LENGTHS.items():
        if not least <= len(str(told[field])) <= most:
            sentence = f"{field} has {len(str(told[field]))} characters; carriers take {least} to {most}."
            raise RegistrationError(sentence)
    return told


def _answers(session: Session, settings: Settings) -> dict[str, str]:
    """What a family reads after START, STOP and HELP."""
    words, said = in_force(session), {}
    for field, message in _ANSWERS.items():
        row = words.get((message, "sms", DEFAULT))
        if row is None:
            sentence = f"The English words of {message} are not approved yet, and carriers ask for them."
            raise RegistrationError(sentence)
        said[field] = text(pair_of(row), families.made_up(DEFAULT, district=settings.district_name)).body
    return said


def _template(name: str) -> str:
    return (data_folder("templates") / "registration" / name).read_text(encoding="utf-8")
