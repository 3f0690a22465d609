"""LibreTranslate on a server of the district, through its own client (https://docs.libretranslate.com).

The client waits for ever unless it is told how long, so every call is. It raises what ``urllib`` raises and stumbles over answers that are
no JSON; both end here as one of two errors without words.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPException
from types import MappingProxyType
from urllib.error import HTTPError

from libretranslatepy import LibreTranslateAPI

from outreach.settings import Settings
from outreach.translation.translator import NoSuchLanguageError, UnreachableError

_CODES: Mapping[str, str] = MappingProxyType({"pt-BR": "pb", "zh-Hans": "zh"})
"""Locales that LibreTranslate calls otherwise; old and new servers alike know these names."""


class LibreTranslate:
    """One server."""

    name = "LibreTranslate"
    is_cloud = False

    def __init__(self, settings: Settings) -> None:
        """Work with *settings*; nothing is connected before there is something to translate."""
        self._client = LibreTranslateAPI(settings.translation_api_base, settings.translation_key or None)
        self._seconds = math.ceil(settings.translation_timeout_seconds)

    def translate(self, words: str, source: str, target: str) -> str:
        """Ask once. Raises UnreachableError and NoSuchLanguageError."""
        try:
            said = self._client.translate(words, _CODES.get(source, source), _CODES.get(target, target), timeout=self._seconds)
        except HTTPError as refusal:
            refusal.close()
            if refusal.code == HTTPStatus.BAD_REQUEST:
                raise NoSuchLanguageError(source, target) from None
            message = f"LibreTranslate answers {refusal.code}"
            raise UnreachableError(message) from None
        except (OSError, HTTPException, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
            message = f"LibreTranslate does not answer as it should ({type(error).__name__})"
            raise UnreachableError(message) from None
        if not isinstance(said, str) or not said.strip():
            message = "LibreTranslate answers without words"
            raise UnreachableError(message)
        return said.strip()

    def close(self) -> None:
        """Every request has a connection of its own."""
