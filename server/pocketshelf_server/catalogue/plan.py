"""What a batch of changes comes to: decided here for every database, written there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pocketshelf.formats import Product
from pocketshelf.formats.product_rules import check_product
from pocketshelf_server.catalogue.changes import Applied, Change, Delete, Upsert

__all__ = ["Plan", "plan_changes", "product_ids", "refused_changes"]


@dataclass
class Plan:
    """The outcome of a batch.

    Attributes:
        upserts: product_id to (product, source): what has to be stored.
        deletes: products stored before it and not after it.
        log: every change that took a number, in order.
        unchanged: changes that took none.
        sequence: the last number taken.
    """

    sequence: int
    upserts: dict[str, tuple[Product, str]] = field(default_factory=dict)
    deletes: set[str] = field(default_factory=set)
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


def plan_changes(changes: Sequence[Upsert | Delete], stored: Mapping[str, Product], sequence: int) -> Plan:
    """Number ``changes`` from ``sequence`` on.

    Args:
        stored: every product of `product_ids` that is stored.
    """
    plan, now = Plan(sequence), dict(stored)
    for change in changes:
        if isinstance(change, Upsert):
            _put(plan, now, change)
        elif now.pop(change.product_id, None) is None:
            plan.unchanged += 1
        else:
            plan.upserts.pop(change.product_id, None)
            plan.deletes.add(change.product_id)
            plan.take(change.product_id, "delete")
    return plan


def _put(plan: Plan, now: dict[str, Product], change: Upsert) -> None:
    key = change.product.product_id
    if key in now and now[key].same_content(change.product):
        plan.unchanged += 1
        if change.source:  # Made of something else, it came out the same: next time that is known.
            plan.upserts[key] = now[key], change.source
        return
    now[key] = replace(change.product, sequence=plan.take(key, "upsert"))
    plan.deletes.discard(key)
    plan.upserts[key] = now[key], change.source
