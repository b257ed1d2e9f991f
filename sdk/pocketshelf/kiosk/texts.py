"""The kiosk's languages: gettext catalogues, for the templates and, as data, for the scripts.

`locale/<language>/LC_MESSAGES/kiosk.mo` is compiled from the `.po` beside it (`./dev texts` extracts,
updates and compiles); English is what the sources say. At run time the standard library's ``gettext``
reads them.
"""

from __future__ import annotations

import gettext
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

__all__ = ["LANGUAGES", "TAGS", "catalogue", "catalogue_version", "negotiated", "translations"]

DOMAIN = "kiosk"
LOCALE = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "zh": "中文", "de": "Deutsch"}
"""Every language by its own name; the first is the one of last resort."""
TAGS = {"en": "en", "zh": "zh-Hans", "de": "de"}
"""What ``lang=`` says, so that Chinese is drawn in the right glyphs."""


@cache
def translations(language: str) -> gettext.NullTranslations:
    """gettext's for ``language``; English, and any other without a catalogue, is the sources' own words."""
    return gettext.translation(DOMAIN, LOCALE, [language], fallback=True)


@cache
def catalogue(language: str) -> dict[str, str | list[str]]:
    """By the English words, ``language``'s translation, or the list of its plural forms."""
    messages: dict[str, str | list[str]] = {}
    for key, text in getattr(translations(language), "_catalog", {}).items():
        if isinstance(key, tuple):
            forms = messages.setdefault(key[0], [])
            assert isinstance(forms, list)
            forms.insert(key[1], text)
        elif key:
            messages.setdefault(key, text)
    return messages


@cache
def catalogue_version() -> str:
    """Changes whenever a word of any language does: 12 hexadecimal digits."""
    words = json.dumps([catalogue(language) for language in LANGUAGES], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def negotiated(wanted: Iterable[str]) -> str:
    """The first of ``wanted``, tags such as ``de-AT``, whose language there is; else the last resort."""
    for tag in wanted:
        language = tag.replace("_", "-").split("-")[0].lower()
        if language in LANGUAGES:
            return language
    return next(iter(LANGUAGES))
