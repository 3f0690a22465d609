"""Which translation service the settings ask for."""

from __future__ import annotations

from outreach.settings import Settings
from outreach.translation.deepl_service import DeepL
from outreach.translation.libretranslate import LibreTranslate
from outreach.translation.translator import Translator


def translator_of(settings: Settings) -> Translator | None:
    """The service of these settings, or None where nobody chose one."""
    if settings.translation == "none":
        return None
    return DeepL(settings) if settings.translation == "deepl" else LibreTranslate(settings)
