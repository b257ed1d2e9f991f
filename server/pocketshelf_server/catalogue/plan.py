"""What a batch of changes comes to: decided here for every database, written there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pocketshelf.formats import Product
from pocketshelf.formats.product_rules import check_product
from pocketshelf.stages.colours import PALETTE
from pocketshelf_server.catalogue.changes import Applied, Change, Delete, Upsert

__all__ = ["Plan", "plan_changes", "product_ids", "refused_changes"]


@dataclass
class Plan:
    """The outcome of a batch.

    Attributes:
        upserts: product_id to (product, source): what has to be stored.
        deletes: products stored before it and not after it.
        prints: product_id to its `Upsert.features`, as far as they change; None where they are to go.
        log: every change that took a number, in order.
        unchanged: changes that took none.
        sequence: the last number taken.
    """

    sequence: int
    upserts: dict[str, tuple[Product, str]] = field(default_factory=dict)
    deletes: set[str] = field(default_factory=set)
    prints: dict[str, bytes | None] = field(default_factory=dict)
    log: list[Change] = field(default_factory=list)
    unchanged: int = 0

    def applied(self) -> Applied:
        """The counts of it."""
        kinds = [change.kind for change in self.log]
        return Applied(kinds.count("upsert"), kinds.count("delete"), self.unchanged, self.sequence)

    def take(self, product_id: str, kind: str) -> int:
        """Give the next number to a change."""
        self.sequence += 1
        self.log.append(Change(self.sequence, product_id, kind))
        return self.sequence


def refused_changes(changes: Sequence[Upsert | Delete], dimension: int) -> dict[int, str]:
    """Which of ``changes``, by their place, break a rule of `pocketshelf.formats.product_rules`, and how."""
    refused = {}
    for place, change in enumerate(changes):
        if isinstance(change, Upsert):
            try:
                check_product(change.product, dimension)
            except ValueError as error:
                refused[place] = str(error)
    return refused


def product_ids(changes: Sequence[Upsert | Delete]) -> list[str]:
    """The products that ``changes`` touch, each once."""
    ids = (c.product.product_id if isinstance(c, Upsert) else c.product_id for c in changes)
    return list(dict.fromkeys(ids))


def plan_changes(
    changes: Sequence[Upsert | Delete],
    stored: Mapping[str, Product],
    prints: Mapping[str, bytes],
    sequence: int,
) -> Plan:
    """Number ``changes`` from ``sequence`` on.

    Args:
        stored: every product of `product_ids` that is stored.
        prints: the local features that are stored of them.
    """
    plan, now, features = Plan(sequence), dict(stored), dict(prints)
    for change in changes:
        if isinstance(change, Upsert):
            _put(plan, now, features, change)
        elif now.pop(change.product_id, None) is None:
            plan.unchanged += 1
        else:
            plan.upserts.pop(change.product_id, None)
            plan.deletes.add(change.product_id)
            if features.pop(change.product_id, None) is not None:
                plan.prints[change.product_id] = None
            plan.take(change.product_id, "delete")
    return plan


def _put(plan: Plan, now: dict[str, Product], features: dict[str, bytes], change: Upsert) -> None:
    key, before = change.product.product_id, features.get(change.product.product_id)
    change = replace(change, product=_with_palette(change.product, now.get(key)))
    after = _features(change, now.get(key), before)
    if after != before:
        plan.prints[key] = after
        features.pop(key, None)
        if after is not None:
            features[key] = after
    # Features travel as rows do: those of a row with a number never change.
    same = key in now and now[key].same_content(change.product) and (after or b"") == (before or b"")
    if same:
        plan.unchanged += 1
        if change.source:  # Made of something else, it came out the same: next time that is known.
            plan.upserts[key] = now[key], change.source
        return
    now[key] = replace(change.product, sequence=plan.take(key, "upsert"))
    plan.deletes.discard(key)
    plan.upserts[key] = now[key], change.source


def _with_palette(product: Product, stored: Product | None) -> Product:
    """The product with its stored palette, where it states none and its pictures are the same."""
    if stored is None or PALETTE not in stored.attributes or PALETTE in product.attributes:
        return product
    if not np.array_equal(stored.vectors, product.vectors):
        return product
    return replace(product, attributes={**product.attributes, PALETTE: stored.attributes[PALETTE]})


def _features(change: Upsert, stored: Product | None, before: bytes | None) -> bytes | None:
    """The local features of a product after a change; None where its pictures were not looked at."""
    if change.features is not None:
        return change.features
    stays = stored is not None and np.array_equal(stored.vectors, change.product.vectors)
    return before if stays else None
