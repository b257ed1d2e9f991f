"""What changed from one generation of a shard to a later one, by the very deltas that devices apply."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Delta, open_delta
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.catalogue.browse import Listed, standing_at
from pocketshelf_server.publish.files import hashed_path, is_whole
from pocketshelf_server.publish.history import History
from pocketshelf_server.site import Site
from pocketshelf_server.trust import PublishedTarget

__all__ = ["Difference", "difference"]

SHOWN = 60
MOST_BYTES = 300_000_000
CHUNK = 1 << 20


@dataclass(frozen=True)
class Difference:
    """What a device at ``base`` gets.

    Attributes:
        added, changed: the first `SHOWN` products of each kind, as the later generation has them.
        removed: ids.
        counts: of all, by "added", "changed" and "removed".
        guessed: the change log no longer tells new products from changed ones: they stand under ``changed``.
    """

    base: int
    to: int
    added: tuple[Listed, ...]
    changed: tuple[Listed, ...]
    removed: tuple[str, ...]
    counts: dict[str, int]
    guessed: bool


def difference(site: Site, catalogue: Catalogue, shard: str, base: int, to: int) -> Difference | None:
    """From ``base`` to ``to``; None where no delta leads there.

    Raises:
        CatalogueError: the files are damaged, or too large to be looked into here.
        StoreError: what was published cannot be read.
    """
    if not site.history_path.is_file():
        return None
    with closing(History(site.history_path)) as history:
        steps = _steps(history.targets(shard), base, to)
    if not steps:
        return None
    upserts: dict[str, Listed] = {}
    removed: dict[str, None] = {}
    for step in steps:
        with _opened(site, step) as delta:
            for product in delta.products():
                upserts[product.product_id] = Listed(
                    product.product_id, product.sequence, product.category, product.title, product.image,
                    product.attributes,
                )  # fmt: skip
                removed.pop(product.product_id, None)
            for product_id, _ in delta.tombstones():
                upserts.pop(product_id, None)
                removed[product_id] = None
    return _sorted(catalogue, base, to, upserts, list(removed))


def _sorted(
    catalogue: Catalogue, base: int, to: int, upserts: dict[str, Listed], removed: list[str]
) -> Difference:
    with catalogue.reading() as view:
        before = standing_at(view, base, set(upserts))
    guessed = catalogue.oldest_change() > 0 and not before.keys() >= upserts.keys()
    new = {key for key in upserts if not before.get(key, guessed)}
    added = [upserts[key] for key in sorted(new)]
    changed = [upserts[key] for key in sorted(upserts.keys() - new)]
    counts = {"added": len(added), "changed": len(changed), "removed": len(removed)}
    return Difference(
        base,
        to,
        tuple(added[:SHOWN]),
        tuple(changed[:SHOWN]),
        tuple(sorted(removed)[:SHOWN]),
        counts,
        guessed,
    )


def _steps(targets: list[PublishedTarget], base: int, to: int) -> list[PublishedTarget]:
    """The deltas that lead from ``base`` to ``to``: one, or the single steps between."""
    by_base: dict[int, list[PublishedTarget]] = {}
    for target in targets:
        if target.custom["from_sequence"] is not None and target.custom["sequence"] <= to:
            by_base.setdefault(target.custom["from_sequence"], []).append(target)
    found: list[PublishedTarget] = []
    while base < to:
        step = max(by_base.get(base, []), key=lambda target: target.custom["sequence"], default=None)
        if step is None:
            return []
        found.append(step)
        base = step.custom["sequence"]
    return found


@contextmanager
def _opened(site: Site, target: PublishedTarget) -> Iterator[Delta]:
    path = hashed_path(site.targets, target.name, target.sha256)
    if target.custom["uncompressed_length"] > MOST_BYTES:
        raise CatalogueError(f"{target.name} is too large to be looked into here")
    if not is_whole(path, target.length, target.sha256):
        raise CatalogueError(
            f"{target.name} is missing or damaged; `pocketshelf-server publish SITE` makes it again"
        )
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "delta.sqlite"
        _unpack(path, plain, target.custom["uncompressed_length"])
        with open_delta(plain) as delta:
            yield delta


def _unpack(packed: Path, plain: Path, length: int) -> None:
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with packed.open("rb") as reader, plain.open("wb") as writer:
        while chunk := reader.read(CHUNK):
            while chunk:
                writer.write(unzip.decompress(chunk, CHUNK))
                chunk = unzip.unconsumed_tail
            if writer.tell() > length:
                raise CatalogueError(f"{packed.name} is longer than was signed")
