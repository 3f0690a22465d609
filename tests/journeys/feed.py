"""The smallest feed with everything in it: one school, one child, one guardian, thirty-odd school days."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

GUARDIAN = "+13125550142"
FIRST_DAY = date(2026, 8, 24)
LAST_DAY = date(2026, 12, 18)


def write_small_feed(folder: Path, *, absences: int = 4, guardian: str = "Lucía") -> Path:
    """Write the feed into *folder*; the child missed *absences* Mondays and Thursdays."""
    folder.mkdir(parents=True, exist_ok=True)
    days = [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    weekdays = [day for day in days if day.weekday() < 5]
    missed = [day for day in weekdays if day.weekday() in {0, 3}][:absences]
    files = {
        "source.toml": 'name = "lincoln"\n[codes]\nA = { kind = "absent", reason = "unexcused" }\n',
        "schools.csv": "school_id,name,phone,timezone\nL1,Lincoln School,(312) 555-0101,America/Chicago\n",
        "calendar.csv": "school_id,date,event\n" + "".join(f"L1,{day},Instructional day\n" for day in weekdays),
        "students.csv": "student_id,first_name,last_name,birth_date,home_language\nS1,Ana,García,2016-02-03,English\n",
        "enrollments.csv": f"student_id,school_id,entry_date\nS1,L1,{FIRST_DAY}\n",
        "contacts.csv": "contact_id,first_name,last_name,language,address_line1,city,state,postal_code\n"
        f"C1,{guardian},García,English,12 Oak St,Chicago,IL,60601\n",
        "contact_phones.csv": "contact_id,phone,type,verified_on,consent\nC1,(312) 555-0142,Mobile,2026-08-01,yes\n",
        "student_contacts.csv": "student_id,contact_id,relation,primary,priority,lives_with\nS1,C1,Mother,yes,1,yes\n",
        "attendance.csv": "student_id,school_id,date,code\n" + "".join(f"S1,L1,{day},A\n" for day in missed),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
