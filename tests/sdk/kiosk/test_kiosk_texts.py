"""The catalogues say all that the sources say, in every language, and are compiled from their texts."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest

from pocketshelf.kiosk.texts import DOMAIN, LANGUAGES, LOCALE, catalogue, negotiated

extract = pytest.importorskip("babel.messages.extract", reason="Babel is for development")
mofile = pytest.importorskip("babel.messages.mofile")
pofile = pytest.importorskip("babel.messages.pofile")

ROOT = Path(__file__).resolve().parents[3]
SOURCES = {"javascript": (ROOT / "web/kiosk", "*.js"), "jinja2": (LOCALE.parent / "templates", "*.html")}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "t": None, "tn": (1, 2)}
TRANSLATED = [language for language in LANGUAGES if language != "en"]
STALE = "run ./dev texts, and translate what is new"


def spoken() -> set[str]:
    """Every message of the sources, by its English singular."""
    found = set()
    for method, (folder, pattern) in SOURCES.items():
        for path in folder.rglob(pattern):
            with path.open("rb") as file:
                messages = extract.extract(
                    method, file, KEYWORDS, options={"silent": "false", "trimmed": "true"}
                )
                found |= {words[0] if isinstance(words, tuple) else words for _, words, _, _ in messages}
    return found


def catalogue_of(language: str):
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return pofile.read_po(file, locale=language)


def singular(message) -> str:
    return message.id[0] if isinstance(message.id, tuple) else message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_has_the_sources_messages_and_no_others(language: str) -> None:
    assert {singular(each) for each in catalogue_of(language) if each.id} == spoken(), STALE


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_and_keeps_its_placeholders(language: str) -> None:
    for message in catalogue_of(language):
        if not message.id:
            continue
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(forms) and not message.fuzzy, f"{message.id}: {STALE}"
        wanted = set(re.findall(r"\{\w+\}", singular(message)))
        assert all(set(re.findall(r"\{\w+\}", form)) == wanted for form in forms), message.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_catalogue_is_that_of_the_text_beside_it(language: str) -> None:
    made = io.BytesIO()
    mofile.write_mo(made, catalogue_of(language))
    made.seek(0)
    fresh = gettext.GNUTranslations(made)
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        assert gettext.GNUTranslations(file)._catalog == fresh._catalog, STALE  # type: ignore[attr-defined]


def test_plural_forms_come_in_the_languages_own_order() -> None:
    assert catalogue("de")["{n} product"] == ["{n} Produkt", "{n} Produkte"]
    assert catalogue("zh")["{n} product"] == ["{n} 件商品"]
    assert catalogue("en") == {}


def test_a_languages_region_does_not_matter_and_an_unknown_one_is_english() -> None:
    assert [negotiated(tags) for tags in (["de_CH"], ["zh-TW"], ["fr", "de"], ["fr"], [])] == [
        "de",
        "zh",
        "de",
        "en",
        "en",
    ]
