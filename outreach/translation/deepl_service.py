"""DeepL, a cloud service, through its own client (https://developers.deepl.com).

By itself the client waits ten seconds at least and asks up to six times. Here it asks once, for as long as the settings say: our job tries
again later, and its row says so. Its errors may repeat what the server answered, so none of them goes further than this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

import deepl
from deepl import http_client

from outreach.settings import Settings
from outreach.translation.translator import NoSuchLanguageError, UnreachableError

_TARGETS: Mapping[str, str] = MappingProxyType({"en": "EN-US"})
"""Locales that DeepL wants with their country when it writes them."""
_SOURCES: Mapping[str, str] = MappingProxyType({"pt-BR": "PT", "zh-Hans": "ZH"})
"""Locales that DeepL reads without their country or script."""


class DeepL:
    """One account at DeepL."""

    name = "DeepL"
    is_cloud = True

    def __init__(self, settings: Settings) -> None:
        """Work with *settings*; nothing is connected before there is something to translate."""
        http_client.max_network_retries = 0  # the client's documented knobs are those of its module
        http_client.min_connection_timeout = settings.translation_timeout_seconds
        self._client = deepl.DeepLClient(
            settings.translation_key, server_url=settings.translation_api_base or None, send_platform_info=False, skip_language_check=True
        )

    def translate(self, words: str, source: str, target: str) -> str:
        """Ask once. Raises UnreachableError and NoSuchLanguageError."""
        try:
            said = self._client.translate_text(words, source_lang=_SOURCES.get(source, source), target_lang=_TARGETS.get(target, target))
        except deepl.DeepLException as refusal:
            if refusal.http_status_code == HTTPStatus.BAD_REQUEST:
                raise NoSuchLanguageError(source, target) from None
            message = f"DeepL answers {refusal.http_status_code}" if refusal.http_status_code else "DeepL is not reached"
            raise UnreachableError(message) from None
        except (ValueError, LookupError, TypeError) as error:
            message = f"DeepL does not answer as it should ({type(error).__name__})"
            raise UnreachableError(message) from None
        text = said.text if isinstance(said, deepl.TextResult) else ""
        if not text.strip():
            message = "DeepL answers without words"
            raise UnreachableError(message)
        return text.strip()

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()  # type: ignore[no-untyped-call]  # the client's own gap
