"""How ``site-v1.zip`` was written, by the code of commit 78aa184: a site, the shop's files, a device's store.

That code kept a content hash of its own for each way by which a product came. The archive is not written
again: later code proves by it that old sites and stores open. Its keys are good for nothing else.

    PYTHONPATH=sdk:server:tests/server python tests/server/golden/generate_site.py FOLDER
    cd FOLDER && python -m zipfile -c site-v1.zip shop site store
"""

import json
import sqlite3
import sys
import urllib.parse
from pathlib import Path

from PIL import Image
from pocketshelf_server.cli.common import open_repository
from server_products import SPACE, embed_by_colour, make_product

from pocketshelf.sync import Answer, Environment, sync
from pocketshelf_server.catalogue import Delete, Upsert, create_catalogue
from pocketshelf_server.catalogue.importer import Importer
from pocketshelf_server.publish import Publisher
from pocketshelf_server.site import Site, SiteConfig
from pocketshelf_server.trust import KeyFolder

CSV = """\
product_id,title,category,image,popularity
a,A,Apple,a.png,5
a,A,Apple,b.png,
b,B,Pear,b.png,
c,C,Plum,c.png,7
"""
VECTORS = {
    "product_id": "v", "title": "V", "category": "Plum", "image": "v.png", "tags": ["x", {"y": None}],
    "price": 1.5, "vectors": [list(range(16))],
}  # fmt: skip
ROLES = ("root", "targets", "snapshot", "timestamp")


def main(folder: Path) -> None:
    shop = folder / "shop"
    shop.mkdir(parents=True)
    for name, colour in {"a": "red", "b": "green", "c": "blue"}.items():
        Image.new("RGB", (20, 20), colour).save(shop / f"{name}.png")
    (shop / "shop.csv").write_text(CSV)
    (shop / "vectors.jsonl").write_text(json.dumps(VECTORS) + "\n")
    site = Site.create(folder / "site", SiteConfig(expiry_days=dict.fromkeys(ROLES, 36500)))
    catalogue = create_catalogue(site, SPACE)
    repository = open_repository(site)
    repository.create(KeyFolder(site.offline_keys))

    def take_in(name: str) -> None:
        Importer(catalogue, lambda: lambda data: embed_by_colour(data).reshape(1, -1), shop).run(shop / name)

    def publish() -> None:
        publisher = Publisher(site, catalogue)
        publisher.publish()
        repository.sign_targets(publisher.targets())
        publisher.close()

    take_in("vectors.jsonl")
    catalogue.apply([Upsert(make_product("old"))])
    publish()
    root = (site.metadata / "1.root.json").read_bytes()
    sync(folder / "store", "http://site.test", root=root, environment=Environment(Fetcher(site)))
    take_in("shop.csv")
    catalogue.apply([Delete("old")])
    publish()
    catalogue.close()
    for path in (site.catalogue_path, site.history_path):
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")
        connection.close()


class Fetcher:
    def __init__(self, site: Site) -> None:
        self.folders = {"metadata": site.metadata, "targets": site.targets}

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        kind, _, name = urllib.parse.urlsplit(url).path.removeprefix("/v1/").partition("/")
        path = self.folders[kind] / name
        return Answer(200, iter([path.read_bytes()])) if path.is_file() else Answer(404, iter(()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
