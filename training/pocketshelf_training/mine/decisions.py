"""What a person decided of mined clusters, as the review page exports it; the accepted ones as identities."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketshelf.errors import PocketshelfError
from pocketshelf.files import atomic_write, read_plain
from pocketshelf_training.mine.pictures import Picture

__all__ = ["FORMAT", "DecisionsDamaged", "Identity", "read_decisions", "write_identities"]

FORMAT = "pocketshelf-decisions"
STATES = ("open", "accepted", "rejected")
# Of names of a few dozen letters: a million pictures.
MOST_BYTES = 1 << 27
VALIDATE = 5


class DecisionsDamaged(PocketshelfError):
    """A file of decisions cannot be used; the message names file and cluster."""


@dataclass(frozen=True)
class Identity:
    """An accepted cluster.

    Attributes:
        names: of its pictures, see `Picture`.
    """

    category: str
    names: tuple[str, ...]


def read_decisions(paths: Iterable[Path], pictures: Sequence[Picture]) -> list[Identity]:
    """The clusters accepted in the files, which the pages of one review exported.

    Args:
        pictures: those that were mined.

    Raises:
        DecisionsDamaged: not such a file, a picture that was not mined, or one accepted in two clusters.
    """
    known, taken, accepted = {each.name for each in pictures}, set(), []
    for path in paths:
        for place, entry in enumerate(_entries(path), 1):
            at = f"{path}: cluster {place}"
            identity = _identity(at, entry)
            if entry["state"] != "accepted":
                continue
            for name in identity.names:
                if name not in known:
                    raise DecisionsDamaged(f"{at}: picture {name!r} is not among those mined")
                if name in taken:
                    raise DecisionsDamaged(f"{at}: picture {name!r} is in another accepted cluster, too")
                taken.add(name)
            accepted.append(identity)
    return accepted


def _entries(path: Path) -> list[Any]:
    try:
        document = json.loads(read_plain(path, MOST_BYTES))
    except OSError as error:
        raise DecisionsDamaged(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise DecisionsDamaged(f"{path}: not JSON; save the decisions on the review page again") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != 1:
        raise DecisionsDamaged(f"{path}: not the decisions of a review page")
    if not isinstance(document.get("clusters"), list):
        raise DecisionsDamaged(f"{path}: no list of clusters")
    return document["clusters"]


def _identity(at: str, entry: Any) -> Identity:
    if not isinstance(entry, dict) or entry.get("state") not in STATES:
        raise DecisionsDamaged(f"{at}: its state is none of {', '.join(STATES)}")
    members, category = entry.get("members"), entry.get("category", "")
    if not isinstance(members, list) or not all(isinstance(name, str) for name in members) or not members:
        raise DecisionsDamaged(f"{at}: no list of pictures")
    if not isinstance(category, str):
        raise DecisionsDamaged(f"{at}: its category is no text")
    return Identity(category, tuple(members))


def write_identities(path: Path, identities: Sequence[Identity], pictures: Sequence[Picture]) -> None:
    """A CSV that ``train embedder --data-set csv=PATH`` reads; pictures are named from the CSV's folder on.

    A training wants a shop's picture of each product, and photos to validate: the first, a cluster's most
    central, stands for the shop's, and one in `VALIDATE` of the others is of split val.
    """
    paths = {each.name: each.path for each in pictures}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("product_id", "image", "category", "domain", "split"))
        for number, identity in enumerate(identities, 1):
            for place, name in enumerate(identity.names):
                image = Path(os.path.relpath(paths[name].resolve(), path.parent.resolve())).as_posix()
                split = "val" if place % VALIDATE == 2 else "train"
                domain = "street" if place else "shop"
                writer.writerow((f"mined-{number:05}", image, identity.category, domain, split))
