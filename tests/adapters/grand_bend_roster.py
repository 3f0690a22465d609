"""The public sample district as OneRoster packages of both versions."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

Row = dict[str, str]
Files = dict[str, list[Row]]
FIRST, MIDDLE, LAST = "2010-08-23", "2010-12-20", "2011-05-27"
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "1.1": {
        "orgs": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
        "academicSessions": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear",
        "users": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,"
        "identifier,email,sms,phone,agentSourcedIds,grades,password",
        "classes": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
        "termSourcedIds",
        "enrollments": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate",
        "demographics": "sourcedId,status,dateLastModified,birthDate,sex",
    },
    "1.2": {
        "users": "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,"
        "phone,agentSourcedIds,grades,password,userMasterIdentifier,preferredGivenName,primaryOrgSourcedId",
        "roles": "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId",
    },
}
"""Version 1.2 writes the other files as 1.1 does."""


def package_of(sample: Path, version: str) -> Files:
    """Every row of the sample as a package of *version* says it; two classes a child (one a term), or dated roles."""
    stays = {row["student_id"]: row for row in _read(sample, "enrollments")}
    ties = defaultdict(list)
    for row in _read(sample, "student_guardians"):
        ties[row["student_id"]].append(row["guardian_id"])
    schools = [row["school_id"] for row in _read(sample, "schools")]
    files: Files = {
        "orgs": [{"sourcedId": "255901", "name": "Grand Bend", "type": "district"}]
        + [
            {"sourcedId": row["school_id"], "name": row["name"], "type": "school", "parentSourcedId": "255901"}
            for row in _read(sample, "schools")
        ],
        "academicSessions": [
            {"sourcedId": "year", "title": "Year", "type": "schoolYear", "startDate": FIRST, "endDate": LAST, "schoolYear": "2011"},
            {"sourcedId": "fall", "title": "Fall", "type": "term", "startDate": FIRST, "endDate": MIDDLE, "schoolYear": "2011"},
            {"sourcedId": "spring", "title": "Spring", "type": "term", "startDate": "2010-12-21", "endDate": LAST, "schoolYear": "2011"},
        ],
        "classes": [
            {"sourcedId": f"{school}-{term}", "title": term, "classType": "homeroom", "schoolSourcedId": school, "termSourcedIds": term}
            for school in schools
            for term in ("fall", "spring")
        ],
        "users": _users(sample, stays, ties),
        "demographics": [{"sourcedId": row["student_id"], "birthDate": row["birth_date"]} for row in _read(sample, "students")],
        "enrollments": [
            {"sourcedId": f"{one}-{term}", "classSourcedId": f"{row['school_id']}-{term}", "schoolSourcedId": row["school_id"],
             "userSourcedId": one, "role": "student"}
            for one, row in stays.items() for term in ("fall", "spring")
        ],
    }  # fmt: skip
    if version == "1.2":
        files["roles"] = [
            {"sourcedId": f"role-{user['sourcedId']}", "userSourcedId": user["sourcedId"], "roleType": "primary", "role": user["role"],
             "orgSourcedId": user["orgSourcedIds"], "beginDate": stays.get(user["sourcedId"], {}).get("entry_date", "")}
            for user in files["users"]
        ]  # fmt: skip
    return files


def _users(sample: Path, stays: Mapping[str, Row], ties: Mapping[str, Sequence[str]]) -> list[Row]:
    children = [
        {"sourcedId": one, "role": "student", "orgSourcedIds": stays[one]["school_id"], "agentSourcedIds": ",".join(ties[one]),
         "givenName": row["first_name"], "familyName": row["last_surname"], "grades": "09", "enabledUser": "true",
         "password": "never to be kept"}
        for row in _read(sample, "students") for one in [row["student_id"]]
    ]  # fmt: skip
    phones: dict[str, list[str]] = defaultdict(list)
    for row in _read(sample, "guardian_phones"):
        phones[row["guardian_id"]].append(row["phone"])
    adults = [
        {"sourcedId": one, "role": "guardian", "orgSourcedIds": "255901", "givenName": row["first_name"], "familyName": row["last_surname"],
         "sms": (phones[one] or [""])[0], "phone": (phones[one] or [""])[-1], "enabledUser": "true"}
        for row in _read(sample, "guardians") for one in [row["guardian_id"]]
    ]  # fmt: skip
    return children + adults


def write_package(place: Path, files: Files, version: str, *, delta: bool = False, zipped: bool = True) -> None:
    """Write a package: into the zip *place*, or unpacked into a folder."""
    columns = {name: text.split(",") for name, text in {**COLUMNS["1.1"], **COLUMNS.get(version, {})}.items()}
    mode = "delta" if delta else "bulk"
    manifest = {"manifest.version": "1.0", "oneroster.version": version, **{f"file.{one}": "absent" for one in columns}}
    manifest |= {f"file.{one}": mode for one in files} | {"source.systemName": "made up"}
    texts = {"manifest": _text(["propertyName", "value"], [{"propertyName": k, "value": v} for k, v in manifest.items()])}
    texts |= {name: _text(columns[name], rows) for name, rows in files.items()}
    if not zipped:
        place.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (place / f"{name}.csv").write_text(text, encoding="utf-8")
        return
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(f"{name}.csv", text)


def _text(columns: Sequence[str], rows: Sequence[Row]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, restval="", extrasaction="ignore", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _read(sample: Path, name: str) -> list[Row]:
    with (sample / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
