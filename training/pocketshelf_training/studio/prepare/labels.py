"""A unit's pictures and their labels, as `pocketshelf_training.data.studio` reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocketshelf_training.data import grocery, street
from pocketshelf_training.studio.prepare.making import save_picture
from pocketshelf_training.studio.scene.compose import Instance, Shot

__all__ = ["OWN_LICENCE", "Thing", "save_shots"]

OWN_LICENCE = "Apache-2.0"


@dataclass(frozen=True)
class Thing:
    """What is known of a garment or a cut-out, apart from its place in a picture.

    Attributes:
        licence: of what it is made of.
    """

    identity: str
    category: str | None
    group: str
    licence: str
    attributes: dict[str, str] = field(default_factory=dict)


def save_shots(
    out: Path,
    number: int,
    shots: Iterable[Shot],
    thing: Callable[[int], Thing],
    licences: set[str],
    names: str,
    known: dict[str, Any],
) -> list[dict[str, Any]]:
    """Save the pictures of unit ``number``; returns a label each.

    Args:
        thing: by the number that the pieces have.
        licences: those that all pictures have.
        names: between a file's number and its kind.
        known: "split", "about" and more that every label says.
    """
    rows = []
    for count, shot in enumerate(shots):
        name = f"pictures/{number // 100:03d}/{number:05d}-{count}-{names}{shot.kind}.jpg"
        save_picture(shot.image, out, name)
        shown = [(thing(instance.number), instance) for instance in shot.instances]
        ground = {grocery.LICENCE, street.LICENCE} if shot.real_ground else {OWN_LICENCE}
        rows.append(
            {
                "image": name,
                "split": known["split"],
                "domain": "shop" if shot.kind == "shop" else "street",
                "kind": shot.kind,
                **known,
                "size": list(shot.image.size),
                "synthetic": True,
                "licence": " AND ".join(sorted(licences | ground | {one.licence for one, _ in shown})),
                "garments": [_label(one, instance) for one, instance in shown],
            }
        )
    return rows


def _label(thing: Thing, instance: Instance) -> dict[str, Any]:
    return {
        "identity": thing.identity,
        "category": thing.category,
        "group": thing.group,
        "box": [int(side) for side in instance.box],
        "seen": round(instance.share, 3),
        "attributes": thing.attributes,
        "landmarks": {name: [x, y, visible] for name, (x, y, visible) in instance.landmarks.items()},
    }
