"""The kiosk's documents: its page, its words on privacy, service worker, manifest, texts and assets."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, current_app, request

from pocketshelf.kiosk.release import release
from pocketshelf.kiosk.texts import LANGUAGES, TAGS, catalogue, catalogue_version, negotiated, translations
from pocketshelf.page.asset_files import CACHING, asset, asset_url, served_asset

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["pages"]

pages = Blueprint("pages", __name__)
"""Registered by the kiosk's application at the root."""

THEMES = ("auto", "light", "dark")
_DEFAULTS = {
    "language": "auto",
    "theme": "auto",
    "idle_s": 60,
    "facing": "environment",
    "corrections": False,
    "live": True,
}


@pages.get("/")
def kiosk_page() -> Response:
    """The page. ``?lang=``, ``?theme=`` and ``?dir=`` hold for this visit alone."""
    settings = _settings()
    forced = _forced()
    language = forced.get("language") or _language(settings["language"])
    theme = forced.get("theme") or settings["theme"]
    boot = {
        "language": language,
        "theme": theme,
        "forced": forced,
        "settings": settings,
        "languages": LANGUAGES,
        "tags": TAGS,
        "texts": catalogue(language),
        "catalogues": {name: f"/texts/{catalogue_version()}/{name}.json" for name in LANGUAGES},
        "icons": asset_url("icons.svg"),
        "release": release(),
    }
    return _document("kiosk.html", language, theme, boot=boot)


@pages.get("/privacy")
def privacy() -> Response:
    """What happens to a photo, in plain words."""
    settings = _settings()
    forced = _forced()
    language = forced.get("language") or _language(settings["language"])
    return _document("privacy.html", language, forced.get("theme") or settings["theme"])


@pages.get("/sw.js")
def service_worker() -> Response:
    """At the root, since a service worker governs only what lies below it."""
    return _fresh(Response(asset("sw.js"), content_type="text/javascript; charset=utf-8"))


@pages.get("/manifest.webmanifest")
def manifest() -> Response:
    """What a phone needs to put the kiosk among its apps."""
    document = {
        "name": "Pocketshelf",
        "short_name": "Pocketshelf",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f7f5f1",
        "theme_color": "#145a46",
        "icons": [
            {"src": asset_url("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": asset_url("icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": asset_url("icon-512.png"), "sizes": "512x512", "type": "image/png"},
        ],
    }
    return _fresh(Response(current_app.json.dumps(document), content_type="application/manifest+json"))


@pages.get("/texts/<version>/<language>.json")
def texts(version: str, language: str) -> Response:
    """A language's words for the scripts; their address names their version."""
    if version != catalogue_version() or language not in LANGUAGES:
        abort(404)
    words = current_app.json.dumps(catalogue(language), ensure_ascii=False)
    answer = Response(words, content_type="application/json")
    answer.headers["Cache-Control"] = CACHING
    return answer


@pages.get("/assets/<version>/<path:name>")
def served(version: str, name: str) -> Response:
    """A script, style, icon or font of this release."""
    found = served_asset(version, name)
    if found is None:
        abort(404)
    answer = Response(found.content, content_type=found.content_type)
    answer.headers["Cache-Control"] = CACHING
    return answer


def _settings() -> dict[str, Any]:
    """The running kiosk's; the defaults where the pages are served without one."""
    kiosk = current_app.extensions.get("kiosk")
    current = getattr(getattr(kiosk, "settings", None), "current", None)
    return {name: getattr(current, name, default) for name, default in _DEFAULTS.items()}


def _forced() -> dict[str, str]:
    """What the address asks for, as far as there is such a thing."""
    asked = {"language": request.args.get("lang", ""), "theme": request.args.get("theme", "")}
    known = {"language": tuple(LANGUAGES), "theme": THEMES}
    return {name: value for name, value in asked.items() if value in known[name]}


def _language(setting: str) -> str:
    if setting != "auto":
        return negotiated([setting])
    return negotiated(request.accept_languages.values())


def _document(template: str, language: str, theme: str, **values: Any) -> Response:
    direction = "rtl" if request.args.get("dir") == "rtl" else "ltr"
    html = (
        _translated(language)
        .get_template(template)
        .render(
            language=language,
            languages=LANGUAGES,
            tags=TAGS,
            theme=theme,
            direction=direction,
            icons=asset_url("icons.svg"),
            asset_url=asset_url,
            **values,
        )
    )
    answer = Response(html, content_type="text/html; charset=utf-8")
    answer.headers["Vary"] = "Accept-Language"
    return _fresh(answer)


def _fresh(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@cache
def _translated(language: str) -> Environment:
    made = _environment()
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return made


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
