"""The one file that is handed over: a record to read (HTML), the same for machines (JSON), and the photos that belong to it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import current_app, render_template
from sqlalchemy.orm import Session

from outreach.records.items import Attached, Item, Share
from outreach.replies import media
from outreach.replies.media_types import ENDINGS
from outreach.replies.tables import InboundMedia
from outreach.settings import Settings
from outreach.web.record import shelves

FORMAT = "outreach record 1"
_MADE_AT = (1980, 1, 1, 0, 0, 0)
"""Of every file inside: the same record gives the same bytes, so that its sha256 can be compared."""


@dataclass(frozen=True)
class Cover:
    """What stands above a record."""

    child: str
    to: str
    basis: str
    made_at: datetime


def build(session: Session, share: Share, cover: Cover, settings: Settings) -> bytes:
    """Pack what is given; of what is withheld it tells the kinds and how many, and nothing else."""
    files = dict(_photos(session, share.given, settings))
    style = Path(current_app.static_folder or "") / "record.css"
    parts = {
        "record.html": render_template(
            "record_file.html", share=share, shelves=shelves(share.given), cover=cover, district=settings.district_name, files=files
        ).encode(),
        "record.css": style.read_bytes(),
        "record.json": json.dumps(_machine(share, cover, settings, files), ensure_ascii=False, indent=1).encode(),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*parts.items(), *((name, content) for name, content in files.values())):
            archive.writestr(zipfile.ZipInfo(name, _MADE_AT), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _photos(session: Session, given: Iterable[Item], settings: Settings) -> Iterable[tuple[int, tuple[str, bytes]]]:
    for photo in (one for item in given for one in item.attached if one.name):
        row = session.get(InboundMedia, photo.media_id)
        content = media.read(settings, row) if row is not None else None
        if content is not None:
            yield photo.media_id, (f"files/{photo.media_id}{ENDINGS[photo.type]}", content)


def _machine(share: Share, cover: Cover, settings: Settings, files: dict[int, tuple[str, bytes]]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "district": settings.district_name,
        "child": cover.child,
        "given_to": cover.to,
        "basis": cover.basis,
        "made_at": cover.made_at.isoformat(),
        "record": {shelf.value: [_entry(item, files) for item in items] for shelf, items in shelves(share.given)},
        "withheld": [{"what": why.value, "entries": number} for why, number in share.withheld_by_kind.items()],
    }


def _entry(item: Item, files: dict[int, tuple[str, bytes]]) -> dict[str, Any]:
    return {
        "entry": item.key,
        "what": item.title,
        "at": item.at.isoformat() if item.at else None,
        "facts": [[label, value] for label, value in item.lines],
        "words": item.words,
        "files": [_name(photo, files) for photo in item.attached],
    }


def _name(photo: Attached, files: dict[int, tuple[str, bytes]]) -> str:
    """Where a photo lies in the file; a word where it is kept no more."""
    return files[photo.media_id][0] if photo.media_id in files else "not kept"
