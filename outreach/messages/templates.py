"""The English source texts: folders of ``templates/messages``, each with its texts and what they must carry.

A district's own files lie in ``<home>/templates/messages`` in the same shape and come first, file by file. What was written in the web
lies over both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from outreach.messages.wording import NOTHING_WRITTEN, Overlay
from outreach.resources import data_folder

FILES: Mapping[str, str] = {"sms": "sms.txt", "letter": "letter.md", "page": "page.txt"}
"""Channel → file of its text."""


@dataclass(frozen=True)
class Source:
    """The English text of one message on one channel."""

    message: str
    channel: str
    text: str
    message_class: str
    purpose: str
    audience: str
    note: str
    required: frozenset[str]
    """Placeholders that every wording must have."""
    words: tuple[str, ...]
    """Words that every wording must have, in capitals as they stand."""
    menu: Mapping[str, str]
    """While its question is open: digit → the reason or intent that a lone digit means; empty where nothing is asked by digit."""
    school_id: str = ""
    """The school whose copy it is; empty for the district's words."""
    version_id: int | None = None
    """Of the wording that was written in the web; None where the text is the file's."""

    @property
    def context(self) -> str:
        """Its name in translation files."""
        return f"{self.message}/{self.channel}"


def sources(home: Path | None = None, overlay: Overlay = NOTHING_WRITTEN, *, school_id: str = "") -> list[Source]:
    """Read every English text as it stands, in the order of message and channel; *home* is ``settings.home``.

    With *school_id* only the texts of which that school has a copy of its own.
    """
    of_district = [_over(source, overlay, "") for source in _files(home)]
    if not school_id:
        return of_district
    return [
        _over(source, overlay, school_id) for source in of_district if overlay.words(source.message, source.channel, school_id=school_id)
    ]


def _over(source: Source, overlay: Overlay, school_id: str) -> Source:
    """The text that was written over *source*, if there is one."""
    written = overlay.words(source.message, source.channel, school_id=school_id)
    return replace(source, text=written.text, version_id=written.version_id, school_id=school_id) if written else source


def _files(home: Path | None) -> list[Source]:
    shipped = data_folder("templates") / "messages"
    own = home / "templates" / "messages" if home else shipped
    names = sorted({folder.name for root in (shipped, own) if root.is_dir() for folder in root.iterdir() if folder.is_dir()})
    return [source for name in names for source in _message(name, [own / name, shipped / name])]


def menu(message: str, channel: str, home: Path | None = None) -> Mapping[str, str]:
    """What each digit means that a message asks for; empty where it asks for none, or is no message of these folders."""
    folders = [root / message for root in (*([home / "templates" / "messages"] if home else []), data_folder("templates") / "messages")]
    if not message or not any((folder / "message.toml").is_file() for folder in folders):
        return {}
    about: Mapping[str, str] = tomllib.loads(_first(folders, "message.toml"))["channels"].get(channel, {}).get("menu", {})
    return about


def _message(name: str, folders: list[Path]) -> list[Source]:
    about = tomllib.loads(_first(folders, "message.toml"))
    return [
        Source(
            message=name,
            channel=channel,
            text=_first(folders, FILES[channel]).strip(),
            message_class=about["class"],
            purpose=about["purpose"],
            audience=about["audience"],
            note=must["note"],
            required=frozenset(must["required"]),
            words=tuple(must["words"]),
            menu=must.get("menu", {}),
        )
        for channel, must in about["channels"].items()
    ]


def _first(folders: list[Path], file: str) -> str:
    found = next((folder / file for folder in folders if (folder / file).is_file()), folders[-1] / file)
    return found.read_text(encoding="utf-8")
