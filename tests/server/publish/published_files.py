"""What a site has published, as a device would read it."""

from __future__ import annotations

import gzip
import json
from contextlib import closing
from pathlib import Path

from server_products import make_product

from pocketshelf.formats import open_delta, open_shard
from pocketshelf.sync.manifest import parse_manifest
from pocketshelf_server.catalogue import Catalogue, Upsert, open_catalogue
from pocketshelf_server.publish import Publisher
from pocketshelf_server.publish.files import hashed_path
from pocketshelf_server.site import Site
from pocketshelf_server.trust import PublishedTarget

Content = dict[str, tuple]


def targets(site: Site) -> dict[str, PublishedTarget]:
    with closing(open_catalogue(site)) as catalogue, closing(Publisher(site, catalogue)) as publisher:
        return {target.name: target for target in publisher.targets()}


def read(site: Site, name: str) -> bytes:
    target = targets(site)[name]
    data = hashed_path(site.targets, name, target.sha256).read_bytes()
    assert len(data) == target.length
    return data


def unpack(site: Site, name: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name.replace("/", "-").removesuffix(".gz")
    path.write_bytes(gzip.decompress(read(site, name)))
    return path


def manifest(site: Site, shard: str = "all") -> dict:
    data = read(site, f"{shard}/manifest.json")
    assert parse_manifest(data).shard == shard
    return json.loads(data)


def content(path: Path) -> Content:
    """Everything that a shard holds, in comparable form."""
    with open_shard(path) as shard:
        shard.check()
        return {product.product_id: product.to_row() for product in shard}


def snapshot(site: Site, folder: Path, shard: str = "all") -> Path:
    return unpack(site, manifest(site, shard)["snapshot"]["target"], folder)


def put(catalogue: Catalogue, *product_ids: str, seed: int = 0, **more: object) -> None:
    catalogue.apply([Upsert(make_product(key, seed, **more)) for key in product_ids])  # type: ignore[arg-type]


def delta_rows(site: Site, base: int, to: int, folder: Path, shard: str = "all") -> tuple[list, list]:
    with open_delta(unpack(site, f"{shard}/delta-{base}-{to}.sqlite.gz", folder)) as delta:
        delta.check()
        return [p.product_id for p in delta.products()], [key for key, _ in delta.tombstones()]
