"""``contract/schemas/manifest.schema.json``: published manifests pass; what a device refuses does not."""

from __future__ import annotations

import copy
import json
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from pocketshelf.errors import SyncError
from pocketshelf.formats import Product, Space
from pocketshelf.sync import parse_manifest
from pocketshelf_server.catalogue import Delete, Upsert, open_catalogue
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site

ROOT = Path(__file__).resolve().parents[2]
VALIDATOR = Draft202012Validator(json.loads((ROOT / "contract/schemas/manifest.schema.json").read_text()))
MANIFEST: dict[str, Any] = {
    "format": "pocketshelf-manifest",
    "version": 1,
    "shard": "all",
    "space": "s",
    "preprocessing": "p",
    "sequence": 9,
    "oldest_delta": 5,
    "snapshot": {"target": "all/snapshot-9.sqlite.gz", "length": 100},
    "deltas": [{"from": 5, "to": 9, "target": "all/delta-5-9.sqlite.gz", "length": 10}],
    "categories": {"Apple": {"local": 1, "catalogue": 2}},
}


def product(product_id: str) -> Product:
    return Product(product_id, 0, "Äpfel", "", None, np.full((1, 4), 127, np.int8))


def test_the_schema_itself_is_one() -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)


def test_published_manifests_pass(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", Space("s", "p", "b", 4))
    with closing(open_catalogue(site)) as catalogue:
        for changes in ([], [Upsert(product("a")), Upsert(product("b"))], [Delete("a")]):
            catalogue.apply(changes)
            publish_site(site)
    found = [json.loads(path.read_bytes()) for path in site.targets.glob("all/*.manifest.json")]
    assert sorted(len(document["deltas"]) for document in found) == [0, 1, 3]
    assert [error.message for document in found for error in VALIDATOR.iter_errors(document)] == []


def test_manifests_of_the_first_layout_pass() -> None:
    with zipfile.ZipFile(ROOT / "tests/server/golden/site-v1.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith("manifest.json")]
        assert len(names) == 3 and all(VALIDATOR.is_valid(json.loads(archive.read(name))) for name in names)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["format"], "else"),
        (["version"], 2),
        (["shard"], ""),
        (["space"], None),
        (["preprocessing"], 5),
        (["sequence"], "9"),
        (["sequence"], -1),
        (["snapshot"], []),
        (["snapshot", "target"], "../../etc/passwd"),
        (["snapshot", "target"], "all/.hidden"),
        (["snapshot", "length"], 0),
        (["deltas"], {}),
        (["deltas", 0, "from"], -1),
        (["deltas", 0, "to"], 9.5),
        (["deltas", 0, "target"], "a/b/c"),
        (["categories"], []),
        (["categories", "Apple"], 3),
        (["categories", "Apple", "local"], -1),
        (["categories", "Apple", "catalogue"], True),
    ],
    ids=str,
)
def test_the_schema_refuses_what_a_device_refuses(path: list, value: object) -> None:
    parse_manifest(json.dumps(MANIFEST).encode())
    assert VALIDATOR.is_valid(MANIFEST)
    lying = copy.deepcopy(MANIFEST)
    part: Any = lying
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    assert not VALIDATOR.is_valid(lying)
    with pytest.raises(SyncError):
        parse_manifest(json.dumps(lying).encode())


@pytest.mark.parametrize("key", [key for key in MANIFEST if key != "oldest_delta"])
def test_a_missing_field_is_refused_by_both(key: str) -> None:
    lacking = {name: value for name, value in MANIFEST.items() if name != key}
    assert not VALIDATOR.is_valid(lacking)
    with pytest.raises(SyncError):
        parse_manifest(json.dumps(lacking).encode())
