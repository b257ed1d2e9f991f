"""A shop with a real site, whose catalogue changes at random, and what each of its generations holds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np

from phones.python_core import dump
from pocketshelf.formats import Product, Space, quantize_vectors
from pocketshelf.formats.features import FEATURE, Print
from pocketshelf.sync import sync
from pocketshelf_server.catalogue import Delete, Upsert, open_catalogue
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import SiteConfig
from pocketshelf_server.trust import KeyFolder, open_repository

__all__ = ["DIMENSION", "LiveShop"]

DIMENSION = 32
CATEGORIES = ("Apple", "Milk", "Röcke", "靴", "Straße 7")
TITLES = ("Plain", 'A "quoted" one', "Äpfel, rot", "日本の靴", "👟 shoe", "tab\there", "", "ﬁne e\u0301clair")
ROLES = ("root", "timestamp", "snapshot", "targets")


class LiveShop:
    """See the module's description.

    Args:
        seed: all changes follow from it.
        prints: half of the products' pictures have local features, some of them others with each change.

    Attributes:
        url: of its server, once that runs.
        history: sequence → its products, by the Python client's own sync.
    """

    def __init__(self, folder: Path, seed: int, prints: bool = False) -> None:
        self.site = make_site(
            folder / "site", Space("live", "0123456789abcdef", "test", DIMENSION), SiteConfig(retain=3)
        )
        self.catalogue = open_catalogue(self.site)
        self.keys = open_repository(self.site)
        self.chance = random.Random(seed)
        self.url = ""
        self.root = folder / "root.json"
        self.root.write_bytes((self.site.metadata / "1.root.json").read_bytes())
        self.store = folder / "python-store"
        self.history: dict[int, list[dict[str, Any]]] = {}
        self._ids: list[str] = []
        self._numbers = 0
        self._prints = prints

    def close(self) -> None:
        """Let go of the catalogue."""
        self.catalogue.close()

    def change(self, upserts: int, deletions: int) -> None:
        """New and changed products in like parts, and deletions."""
        gone = self.chance.sample(self._ids, min(deletions, len(self._ids)))
        self._ids = [name for name in self._ids if name not in gone]
        if gone:
            self.catalogue.apply([Delete(name) for name in gone])
        names = []
        for _ in range(upserts):
            if self._ids and self.chance.random() < 0.5:
                names.append(self.chance.choice(self._ids))
            else:
                self._numbers += 1
                names.append(self.chance.choice(("p{}", "ä{}", "品{}", "P-{}", "𝔭{}")).format(self._numbers))
        names = list(dict.fromkeys(names))
        features = self._features if self._prints else lambda: None
        self.catalogue.apply([Upsert(self._product(name), features=features()) for name in names])
        self._ids = sorted({*self._ids, *names})

    def _product(self, name: str) -> Product:
        """Some are twins: equal vectors must come in the order of their ids."""
        chance = self.chance
        numbers = np.random.default_rng(chance.choice((chance.randrange(10), chance.randrange(2**32))))
        vectors = quantize_vectors(numbers.standard_normal((chance.choice((1, 1, 2, 3)), DIMENSION)))
        attributes: dict[str, Any] = {
            "n": chance.randrange(-(2**53), 2**53),
            "ratio": chance.choice((0.1, -1.5e-7, 1e21, 3.0)),
            "nested": {"b": [True, None, "x"], "a": chance.choice(TITLES)},
        }
        image = chance.choice((None, f"pictures/{name}.jpg"))
        return Product(name, 0, chance.choice(CATEGORIES), chance.choice(TITLES), image, vectors, attributes)

    def _features(self) -> bytes:
        """Drawn ones of a picture, or none."""
        numbers = np.random.default_rng(self.chance.randrange(2**32))
        if numbers.random() < 0.5:
            return b""
        rows = np.zeros(int(numbers.integers(24, 60)), FEATURE)
        for name in ("x", "y", "size", "angle", "descriptor"):
            rows[name] = numbers.integers(0, 256, rows[name].shape)
        return Print(int(numbers.integers(500, 2000)), rows).to_bytes()

    def rotate(self) -> str:
        """Give a role, or two, a new key; returns which."""
        roles = self.chance.sample(ROLES, self.chance.choice((1, 1, 2)))
        self.keys.rotate(roles, KeyFolder.offline(self.site.offline_keys))
        return "+".join(roles)

    def publish(self) -> int:
        """Make and sign a generation, and take it into the Python store; returns its sequence."""
        publish_site(self.site)
        sequence = sync(self.store, self.url, root=self.root.read_bytes(), closely=True).sequence
        assert sequence is not None
        self.history[sequence] = dump(self.store)
        return sequence
