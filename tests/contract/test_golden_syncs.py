"""The recorded syncs say what this client does, and hold the attack list whole."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from pathlib import Path

import pytest
from replayed_syncs import ReplayedDevice, load_blobs, load_cases

from contract.golden.generate_syncs import FOLDER, MODULES
from contract.golden.sync_refusals import REASONS

CASES = load_cases()
ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "sdk" / "sync"


@pytest.fixture(scope="module")
def blobs() -> dict[str, bytes]:
    return load_blobs()


@pytest.mark.parametrize("name", CASES)
def test_this_client_does_as_recorded(name, blobs, tmp_path, monkeypatch):
    ReplayedDevice(tmp_path, blobs, monkeypatch).replay(CASES[name])


def test_every_attack_is_recorded_by_its_name():
    recorded = {path.stem for path in (FOLDER / "attacks").glob("*.json")}
    tree = ast.parse((TESTS / "test_sync_attacks.py").read_text(encoding="utf-8"))
    names = {node.name.removeprefix("test_") for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert recorded == {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize(
    ("core", "declared"),
    [
        ("android_demo/core/src/test/kotlin/org/pocketshelf/core/sync/SyncAttacksTest.kt", r"fun (\w+)\("),
        ("ios_demo/PocketshelfCore/Tests/PocketshelfCoreTests/SyncAttacksTests.swift", r"func test(\w+)\("),
    ],
    ids=["kotlin", "swift"],
)
def test_the_phones_stage_every_attack_by_its_name(core, declared):
    found = re.findall(declared, (ROOT / core).read_text(encoding="utf-8"))
    names = {path.stem.replace("_", "") for path in (FOLDER / "attacks").glob("*.json")}
    assert names <= {name.lower() for name in found}


def test_the_pool_holds_what_is_named_and_nothing_else(blobs):
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*/*.json"))
    for name, data in blobs.items():
        assert hashlib.sha256(data).hexdigest() == name
        assert name in text


def test_the_readme_names_every_folder_and_reason():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for folder in MODULES.values():
        assert f"`{folder}/`" in readme and any((FOLDER / folder).iterdir())
    for reason in REASONS:
        assert f"`{reason}`" in readme, reason


def test_what_is_refused_leaves_the_shelf_as_it_was():
    """In every recorded case: an error changes neither sequence nor products."""
    for name, steps in CASES.items():
        before: dict[str, dict] = {}
        for step in steps:
            store = step.get("store", "store")
            if "error" in step.get("expect", {}) and store in before:
                assert step["after"] == before[store], name
            if step["do"] == "write":
                before.pop(store, None)
            else:
                before[store] = step["after"]


def test_the_files_are_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 3_000_000
    assert all(json.loads(path.read_text(encoding="utf-8"))["cases"] for path in FOLDER.glob("*/*.json"))
