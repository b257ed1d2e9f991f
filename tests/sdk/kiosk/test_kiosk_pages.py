"""The kiosk's documents: in every language, without anything that a strict policy would refuse."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pocketshelf.kiosk.pages import pages
from pocketshelf.kiosk.texts import LANGUAGES, TAGS

BOTH = ("/", "/privacy")


@pytest.fixture
def visitor() -> FlaskClient:
    """Asks the pages alone, without a running kiosk."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(pages)
    return app.test_client()


def boot_of(html: str) -> dict:
    found = re.search(r'<script type="application/json" id="boot">(.*?)</script>', html)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", BOTH)
def test_a_page_speaks_the_language_that_its_address_asks_for(
    visitor: FlaskClient, path: str, language: str
) -> None:
    html = visitor.get(f"{path}?lang={language}").text
    assert f'<html lang="{TAGS[language]}" dir="ltr"' in html
    assert {"en": "Privacy", "de": "Datenschutz", "zh": "隐私"}[language] in html


def test_without_a_wish_the_browsers_own_language_is_taken(visitor: FlaskClient) -> None:
    def language(accepted: str) -> str:
        return boot_of(visitor.get("/", headers={"Accept-Language": accepted}).text)["language"]

    assert [language(each) for each in ("de-AT,en;q=0.5", "fr, zh-CN;q=0.8", "fr", "")] == [
        "de",
        "zh",
        "en",
        "en",
    ]


@pytest.mark.parametrize("query", ["lang=xx", "lang=../../etc", "theme=<script>", "dir=up"])
def test_a_wish_for_what_there_is_not_is_none(visitor: FlaskClient, query: str) -> None:
    answer = visitor.get(f"/?{query}")
    assert answer.status_code == 200
    assert '<html lang="en" dir="ltr">' in answer.text


@pytest.mark.parametrize("path", BOTH)
def test_nothing_in_a_page_runs_or_is_styled_inline_or_comes_from_elsewhere(
    visitor: FlaskClient, path: str
) -> None:
    html = visitor.get(path).text
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL)
    assert all("src=" in head or 'type="application/json"' in head for head, _ in scripts)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    outside = [url for url in re.findall(r'(?:src|href)="([^"]+)"', html) if not url.startswith(("/", "#"))]
    assert outside == []


@pytest.mark.parametrize("path", BOTH)
def test_every_asset_and_text_that_a_page_names_is_there_and_stays(visitor: FlaskClient, path: str) -> None:
    named = set(re.findall(r"/(?:assets|texts)/[\w./-]+", visitor.get(path).text))
    assert named
    for address in named:
        answer = visitor.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"]


def test_pages_themselves_are_asked_for_again_each_time(visitor: FlaskClient) -> None:
    for path in (*BOTH, "/sw.js", "/manifest.webmanifest"):
        assert visitor.get(path).headers["Cache-Control"] == "no-cache", path


def test_the_manifest_names_icons_that_there_are(visitor: FlaskClient) -> None:
    manifest = visitor.get("/manifest.webmanifest").get_json(force=True)
    assert manifest["start_url"] == "/"
    assert all(visitor.get(icon["src"]).status_code == 200 for icon in manifest["icons"])


@pytest.mark.parametrize(
    "address", ["/assets/000000000000/kiosk.js", "/assets/../pages.py", "/texts/000000000000/de.json"]
)
def test_an_address_of_another_version_is_no_answer(visitor: FlaskClient, address: str) -> None:
    assert visitor.get(address).status_code == 404


def test_a_right_to_left_page_can_be_asked_for(visitor: FlaskClient) -> None:
    assert 'dir="rtl"' in visitor.get("/?dir=rtl").text
