"""The built scripts and styles: fresh, small, licensed, of no foreign origin."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pocketshelf.page.asset_files import FOLDER, asset, asset_url, served_asset

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "web"
REMEDY = "run ./dev web"
MOST_BYTES = 250_000


def _counts(path: Path) -> bool:
    return "node_modules" not in path.parts and not path.name.startswith(".")


def _files(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file() and _counts(path))
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }


def test_what_is_built_is_of_these_sources() -> None:
    built = json.loads(asset("built.json"))
    assert built["sources"] == _files(WEB), REMEDY
    outputs = _files(FOLDER)
    del outputs["built.json"]
    assert built["outputs"] == outputs, REMEDY


@pytest.mark.skipif(
    not ((WEB / "node_modules/.package-lock.json").is_file() and shutil.which("node")),
    reason="no Node or no packages here: ./dev web installs them",
)
def test_building_again_gives_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run(["node", WEB / "build.mjs", tmp_path], check=True, timeout=120, capture_output=True)
    assert _files(tmp_path) == _files(FOLDER), REMEDY


def test_script_and_style_of_kiosk_and_console_stay_light() -> None:
    names = ("kiosk.js", "kiosk.css", "console.js", "console.css")
    assert sum(len(asset(name)) for name in names) < MOST_BYTES


def test_the_lock_names_exact_versions() -> None:
    wanted = json.loads((WEB / "package.json").read_text())["devDependencies"]
    locked = json.loads((WEB / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert locked[f"node_modules/{name}"]["version"] == version


def test_all_that_is_vendored_comes_with_its_licence() -> None:
    text = asset("LICENSES.txt").decode()
    for name, words in {
        "htmx.org": "Zero-Clause BSD",
        "uplot": "The MIT License",
        "@fontsource/inter": "SIL OPEN FONT LICENSE",
        "lucide-static": "ISC License",
    }.items():
        assert f"\n{name} " in text and words in text


@pytest.mark.parametrize("name", ["kiosk.css", "console.css", "page.css"])
def test_a_style_fetches_nothing_foreign(name: str) -> None:
    for address in re.findall(r"url\(([^)]*)\)", asset(name).decode()):
        assert address.strip("\"'").startswith(("../", "data:")), address


def test_a_style_names_its_fonts_by_their_content() -> None:
    found = re.findall(r"url\(\.\./(\w{12})/([\w./-]+)\)", asset("kiosk.css").decode())
    assert found and all(served_asset(version, name) is not None for version, name in found), found


def test_an_address_changes_with_the_content_and_no_other_is_served() -> None:
    _, root, version, name = asset_url("icons.svg").split("/")
    assert (root, version) == ("assets", hashlib.sha256(asset("icons.svg")).hexdigest()[:12])
    found = served_asset(version, name)
    assert found is not None and found.content_type == "image/svg+xml"
    assert served_asset("0" * 12, name) is None and served_asset(version, "../asset_files.py") is None


def test_an_unknown_asset_lists_the_known() -> None:
    with pytest.raises(KeyError, match=r"icons\.svg"):
        asset("nothing.css")
