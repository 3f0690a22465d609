"""The roster files of a delivery (schools to ties) go into their tables; they are always delivered whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import available_timezones

import phonenumbers
import polars as pl
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from outreach.attendance import bulk
from outreach.attendance.calendars import meaning_of
from outreach.attendance.canonical import CanonicalFile, Type
from outreach.attendance.comparing import Changes, compare, one_per_key
from outreach.attendance.parsing import Action, Parsed, gather, problems_of
from outreach.attendance.reading import LINE
from outreach.attendance.schedules import WEEKDAYS
from outreach.attendance.source_settings import SourceSettings
from outreach.attendance.years import end_of_year
from outreach.database import Base
from outreach.district.tables import (
    CalendarEvent,
    Contact,
    ContactPhone,
    Enrolment,
    OtherContact,
    School,
    SectionPlace,
    SisTotal,
    Student,
    StudentAdult,
    StudentContact,
)
from outreach.messages.languages import locale_of

_TYPES = {Type.DATE: pl.Date, Type.FLAG: pl.Boolean, Type.WHOLE: pl.Int64}
TABLES: dict[str, type[Base]] = {
    "schools": School,
    "calendar": CalendarEvent,
    "students": Student,
    "enrollments": Enrolment,
    "contacts": Contact,
    "contact_phones": ContactPhone,
    "student_contacts": StudentContact,
    "sections": SectionPlace,
    "student_adults": StudentAdult,
    "other_contacts": OtherContact,
    "sis_totals": SisTotal,
}
TAKEN = "another source brings this one; its row stays"
KEPT_WHEN_GONE = frozenset({"schools", "students", "contacts"})
"""Their rows outlive a delivery that no longer names them: messages and cases still speak of them."""


@dataclass(frozen=True)
class Applied:
    """One file's outcome: what changed in the table, and every problem found."""

    changes: Changes
    problems: pl.DataFrame
    held: pl.DataFrame
    """Rows left out because they speak of somebody the feeds do not name."""
    doubled: int
    """Rows that repeat another row of the file."""


def table_of(model: type[Base]) -> Table:
    """The Core table of a mapped class."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - every class of ours maps one table
    return table


def apply(session: Session, spec: CanonicalFile, parsed: Parsed, settings: SourceSettings, import_id: int) -> Applied:
    """Bring the table of *spec* to what the file says, for this source only."""
    rows, derived_problems = _DERIVE.get(spec.name, _nothing)(parsed.rows, settings)
    held, orphan_problems = _orphans(session, spec, rows)
    rows = rows.join(held.select(LINE), on=LINE, how="anti")
    rows, losers = one_per_key(rows, list(spec.key), in_order=False)
    values = [name for name in rows.columns if name not in {*spec.key, LINE}]
    old, foreign = _existing(session, spec, rows, values, settings.name)
    theirs = rows.join(foreign, on=list(spec.key), how="semi") if spec.name in KEPT_WHEN_GONE else rows.clear()
    changes = compare(rows.join(theirs.select(LINE), on=LINE, how="anti"), old, list(spec.key), values)
    _write(session, spec, changes, settings.name, import_id)
    key = spec.key[0]
    taken = problems_of(
        theirs,
        pl.lit(value=True),
        field=key,
        value=pl.col(key),
        problem=TAKEN,
        action=Action.NOTED,
    )
    same = losers.join(rows, on=[*spec.key, *values], how="anti", nulls_equal=True)
    doubled = problems_of(
        same,
        pl.lit(value=True),
        field=key,
        value=pl.col(key),
        problem="another row of this file says otherwise of the same",
        action=Action.NOTED,
    )
    return Applied(changes, gather([parsed.problems, derived_problems, orphan_problems, taken, doubled]), held, losers.height)


def _existing(
    session: Session, spec: CanonicalFile, rows: pl.DataFrame, values: list[str], source: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The source's own rows (a row that had gone counts as changed when it returns), and the keys that other sources hold."""
    table = table_of(TABLES[spec.name])
    schema = {name: rows.schema[name] for name in (*spec.key, *values)}
    chosen = [table.c[name] for name in schema]
    mine = select(*chosen).where(table.c.source == source)
    if spec.name not in KEPT_WHEN_GONE:
        return bulk.read(session, mine, schema), rows.select(spec.key).clear()
    present = bulk.read(session, mine.where(table.c.gone_import_id.is_(None)), schema)
    keys = {name: schema[name] for name in spec.key}
    foreign = select(*[table.c[name] for name in spec.key]).where(table.c.source != source, table.c.gone_import_id.is_(None))
    return present, bulk.read(session, foreign, keys)


def _write(session: Session, spec: CanonicalFile, changes: Changes, source: str, import_id: int) -> None:
    table, key = table_of(TABLES[spec.name]), list(spec.key)
    stamped = [
        frame.rename({LINE: "line"}).with_columns(pl.lit(source).alias("source"), pl.lit(import_id).alias("import_id"))
        for frame in (changes.inserted, changes.changed)
    ]
    if spec.name not in KEPT_WHEN_GONE:
        mine = changes.vanished.with_columns(pl.lit(source).alias("source"))
        bulk.delete_by_key(session, table, mine)
        bulk.insert(session, table, stamped[0])
        bulk.update_by_key(session, table, stamped[1], [*key, "source"])
        return
    everyone = bulk.read(session, select(*[table.c[name] for name in key]), dict.fromkeys(key, pl.String))
    present = pl.lit(None, dtype=pl.Int64).alias("gone_import_id")
    returning = stamped[0].join(everyone, on=key, how="semi")
    bulk.insert(session, table, stamped[0].join(everyone, on=key, how="anti").with_columns(present))
    bulk.update_by_key(session, table, pl.concat([returning, stamped[1]]).with_columns(present), key)
    bulk.update_by_key(session, table, changes.vanished.with_columns(pl.lit(import_id).alias("gone_import_id")), key)


_PARENTS = {
    "calendar": (),
    "enrollments": (("student_id", Student), ("school_id", School)),
    "contact_phones": (("contact_id", Contact),),
    "student_contacts": (("student_id", Student), ("contact_id", Contact)),
    "sections": (("student_id", Student), ("school_id", School)),
    "student_adults": (("student_id", Student),),
    "other_contacts": (("student_id", Student),),
    "sis_totals": (("student_id", Student), ("school_id", School)),
}


def _orphans(session: Session, spec: CanonicalFile, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that name a child, school or contact whom no feed delivers: held, because often the other file comes later."""
    held, problems = rows.clear(), []
    for name, parent in _PARENTS.get(spec.name, ()):
        table = table_of(parent)
        known = bulk.read(session, select(table.c[name]).where(table.c.gone_import_id.is_(None)), {name: pl.String})
        orphans = rows.join(known, on=name, how="anti")
        said = f"no feed names this {name.removesuffix('_id')}"
        problems.append(problems_of(orphans, pl.lit(value=True), field=name, value=pl.col(name), problem=said, action=Action.HELD))
        held = pl.concat([held, orphans])
    return held.unique(LINE), gather(problems)


_Derivation = Callable[[pl.DataFrame, SourceSettings], tuple[pl.DataFrame, pl.DataFrame]]


def _nothing(rows: pl.DataFrame, _settings: SourceSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
    return rows, gather([])


def _locales(column: str, to: str) -> _Derivation:
    def derive(rows: pl.DataFrame, settings: SourceSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
        names = rows[column].unique().to_list()
        known = {name: locale_of(name, settings.languages) for name in names if name}
        found = rows.with_columns(pl.col(column).replace_strict(known, default="", return_dtype=pl.String).alias(to))
        unlisted = (pl.col(column) != "") & (pl.col(to) == "")
        said = "this language has no locale in source.toml; the family gets approved English"
        return found, problems_of(found, unlisted, field=column, value=pl.col(column), problem=said, action=Action.NOTED)

    return derive


def _zones(rows: pl.DataFrame, _settings: SourceSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Quiet hours and dates are told by a school's zone, so one that does not exist is left empty and the district's own holds."""
    odd = ~pl.col("timezone").is_in(["", *available_timezones()])
    said = "is no time zone name such as America/Chicago; read as empty"
    problems = problems_of(rows, odd, field="timezone", value=pl.col("timezone"), problem=said, action=Action.NOTED)
    return rows.with_columns(pl.when(odd).then(pl.lit("")).otherwise(pl.col("timezone")).alias("timezone")), problems


def _enrolment_notes(rows: pl.DataFrame, settings: SourceSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
    backwards = pl.col("exit_date") < pl.col("entry_date")
    said = "the exit lies before the entry; the stay has no membership day"
    back = problems_of(rows, backwards, field="exit_date", value=pl.col("exit_date"), problem=said, action=Action.NOTED)
    inside = "lies inside another stay of the child at this school; each day counts once"
    within = problems_of(_overlapping(rows, settings), pl.lit(value=True), field="entry_date", value=pl.col("entry_date"), problem=inside,
                         action=Action.NOTED)  # fmt: skip
    return rows, gather([back, within])


def _overlapping(rows: pl.DataFrame, settings: SourceSettings) -> pl.DataFrame:
    """The stays that begin before an earlier one of the same child at the same school ended; leaving and coming on one day is none."""
    child = ["student_id", "school_id"]
    stays = rows.filter(pl.struct(child).is_duplicated(), ~(pl.col("exit_date") < pl.col("entry_date")).fill_null(value=False))
    ends = {entry: end_of_year(entry, settings.school_year_start) for entry in stays["entry_date"].unique().to_list()}
    if not ends:
        return stays
    open_until = pl.col("entry_date").replace_strict(ends, return_dtype=pl.Date)
    one_each = stays.unique([*child, "entry_date"], keep="last", maintain_order=True)
    ordered = one_each.with_columns(pl.col("exit_date").fill_null(open_until).alias("__last")).sort(*child, "entry_date", "__last")
    return ordered.filter(pl.col("entry_date") < pl.col("__last").cum_max().shift(1).over(child)).drop("__last")


def _unlisted_events(rows: pl.DataFrame, settings: SourceSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
    pairs = rows.select("school_id", "event").unique().sort("school_id", "event")
    strange = pairs.filter([meaning_of(event, settings.at(school).events) is None for school, event in pairs.iter_rows()])
    found = rows.join(strange, on=["school_id", "event"], how="semi", maintain_order="left")
    said = "this event has no meaning in source.toml; a day that carries nothing else is unknown until it has one"
    return rows, problems_of(found, pl.lit(value=True), field="event", value=pl.col("event"), problem=said, action=Action.NOTED)


def e164(text: str) -> str:
    """The number as E.164, or empty text where it is no valid North American or international number."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return ""
    if number.extension or not (phonenumbers.is_valid_number(number) or _is_fictional(number)):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_fictional(number: phonenumbers.PhoneNumber) -> bool:
    """Whether it is one of the numbers 555-0100 to 555-0199, which are set aside for stories and never belong to anybody."""
    return number.country_code == 1 and re.fullmatch(r"[2-9]\d{2}55501\d{2}", str(number.national_number)) is not None


def _numbers(rows: pl.DataFrame, _settings: SourceSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
    known = {text: e164(text) for text in rows["phone"].unique().to_list()}
    found = rows.with_columns(pl.col("phone").replace_strict(known, default="", return_dtype=pl.String).alias("e164"))
    said = "is no valid number; it cannot be texted"
    return found, problems_of(found, pl.col("e164") == "", field="phone", value=pl.col("phone"), problem=said, action=Action.NOTED)


def _section_notes(rows: pl.DataFrame, _settings: SourceSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
    odd = ~pl.col("weekdays").str.to_uppercase().str.contains(f"^[{WEEKDAYS}]*$")
    said = f"is not written with the letters {WEEKDAYS} (R is Thursday, U is Sunday); the section meets on none it does not name"
    return rows, problems_of(rows, odd, field="weekdays", value=pl.col("weekdays"), problem=said, action=Action.NOTED)


_DERIVE: dict[str, _Derivation] = {
    "schools": _zones,
    "students": _locales("home_language", "home_locale"),
    "contacts": _locales("language", "locale"),
    "calendar": _unlisted_events,
    "enrollments": _enrolment_notes,
    "contact_phones": _numbers,
    "sections": _section_notes,
}
