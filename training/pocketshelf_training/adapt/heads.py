"""Category and attribute heads for a catalogue's own categories, and the network with what was fitted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from pocketshelf.stages.embed import softmax
from pocketshelf.stages.route import MassRouter
from pocketshelf_training.adapt.assortment import Assortment
from pocketshelf_training.embedder.attributes import fit_head
from pocketshelf_training.metrics.intervals import Figure, balanced_accuracy
from pocketshelf_training.models.checkpoint import Checkpoint
from pocketshelf_training.models.embedder import HEADS
from pocketshelf_training.models.release import only_heads

__all__ = [
    "CategoryHead",
    "adapted",
    "fit_categories",
    "present_head",
    "said_as_before",
    "with_attributes_of",
]

log = logging.getLogger("pocketshelf.training")

# Of the products that may be learnt from, what chooses strength and temperature.
CHOOSING = 0.2
TEMPERATURES = (0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 4.0, 6.0, 8.0)
# Share of pictures whose own category must be among those that are searched for them.
COVERED = 0.98
# How strongly a head is held to what it is, of the mean variance of a feature over all pictures.
RIDGE = 1.0
# Why the shop's own categories have none: what the one that was fitted does.
NO_HEAD = "no head for the catalogue's own categories: %s"
# From so many labels on, logits have a direction that says something.
MANY_LABELS = 10


@dataclass(frozen=True)
class CategoryHead:
    """A linear head on the pooled features.

    Attributes:
        labels: names of the categories.
        weight, bias: (k, D), (k,).
        temperature: of the softmax.
        accuracy: top-1 on products that the head did not see.
        covered: share of these whose category is routed to.
    """

    labels: list[str]
    weight: np.ndarray
    bias: np.ndarray
    temperature: float
    accuracy: float = 0.0
    covered: float = 1.0

    def logits(self, features: np.ndarray) -> np.ndarray:
        """(n, D) to (n, k)."""
        return features @ self.weight.T + self.bias


def fit_categories(
    features: np.ndarray, shop: Assortment, present: CategoryHead, seed: int
) -> CategoryHead | None:
    """A head for the catalogue's categories, if it serves them better than the ``present`` one.

    None where there is nothing to tell apart, where routing by it would leave out the right category too
    often, where it tells products that it did not see apart no better than chance (of three categories a
    search leaves none out, whatever the head says), or where the present head knows all categories and is no
    worse. A category with few pictures gets no output: it is searched always.
    """
    names = np.array(shop.category_names, object)[shop.categories]
    order = np.random.default_rng(seed).permutation(np.unique(shop.products))
    choosing = np.isin(shop.products, order[: max(1, round(CHOOSING * len(order)))])
    common = {name for name in set(names) if (names[~choosing] == name).sum() >= 8}
    if len(common) < 2:
        return None
    judged = choosing & np.isin(names, list(common))
    if not judged.any():
        return None
    labels, weight, bias, _ = fit_head(
        (features[~choosing], names[~choosing]), (features[judged], names[judged])
    )
    head = CategoryHead(labels, weight, _comparable(weight, bias, features[~choosing]), 1.0)
    best = min(
        (_judged(replace(head, temperature=t), features[judged], names[judged]) for t in TEMPERATURES),
        key=lambda pair: (pair[1].covered < COVERED, pair[0]),
    )[1]
    if best.covered < COVERED:
        log.info(NO_HEAD, f"of {1 - best.covered:.1%} of the pictures a search would leave it out")
        return None
    told = _told_apart(best, features[judged], names[judged])
    if told.low <= 1 / len(set(names[judged])):
        log.info(NO_HEAD, f"it tells them apart no better than chance (balanced accuracy {told})")
        return None
    if set(shop.category_names) <= set(present.labels):
        _, known = _judged(present, features[judged], names[judged])
        return best if best.accuracy > known.accuracy else None
    return best


def _comparable(weight: np.ndarray, bias: np.ndarray, features: np.ndarray) -> np.ndarray:
    """The bias (k,) of few labels, raised by as much as their logits spread.

    The softmax does not see it. The parity gate does, which compares logits by cosine: of two labels they are
    opposite, so that their cosine is their sign, and any rounding near 0 would turn it.
    """
    if len(bias) >= MANY_LABELS:
        return bias
    return bias + float((features @ weight.T + bias).std())


def _judged(head: CategoryHead, features: np.ndarray, names: np.ndarray) -> tuple[float, CategoryHead]:
    """Mean negative log-likelihood of these pictures, and the head with its accuracy and coverage."""
    router, loss, right, covered = MassRouter(), 0.0, 0, 0
    available = sorted({str(name) for name in names} | set(head.labels))
    for row, name in zip(head.logits(features) / head.temperature, names, strict=True):
        probabilities = dict(zip(head.labels, map(float, softmax(row)), strict=True))
        loss -= np.log(max(probabilities.get(name, 0.0), 1e-9)) / len(names)
        right += max(probabilities, key=probabilities.__getitem__) == name
        covered += name in router.route(probabilities, available)
    return loss, replace(head, accuracy=right / len(names), covered=covered / len(names))


def _told_apart(head: CategoryHead, features: np.ndarray, names: np.ndarray) -> Figure:
    """Balanced accuracy on these pictures: who always says the most common category is right by chance."""
    said = np.array(head.labels, object)[head.logits(features).argmax(1)]
    return balanced_accuracy(names, said)


def present_head(checkpoint: Checkpoint) -> CategoryHead:
    """The head that a checkpoint has."""
    weight, bias = (checkpoint.state[f"category.{part}"].numpy() for part in ("weight", "bias"))
    temperature = float(checkpoint.meta.get("temperature", 1.0))
    return CategoryHead(list(checkpoint.config["categories"]), weight, bias, temperature)


def adapted(
    checkpoint: Checkpoint, matrix: np.ndarray | None, head: CategoryHead | None, **meta: Any
) -> Checkpoint:
    """The checkpoint with another projection (d, D) and another category head, where they are given.

    Args:
        meta: what its record says besides.
    """
    config, state, record = dict(checkpoint.config), dict(checkpoint.state), {**checkpoint.meta, **meta}
    record.pop("space", None)
    if matrix is not None:
        config.pop("bias", None)
        state.pop("embedding.bias", None)
        state["embedding.weight"] = torch.from_numpy(np.ascontiguousarray(matrix, np.float32))
    if head is not None:
        config["categories"] = head.labels
        record["temperature"] = head.temperature
        state["category.weight"] = torch.from_numpy(np.ascontiguousarray(head.weight, np.float32))
        state["category.bias"] = torch.from_numpy(np.ascontiguousarray(head.bias, np.float32))
    return replace(checkpoint, config=config, state=state, meta=record)


def said_as_before(checkpoint: Checkpoint, before: np.ndarray, now: np.ndarray) -> Checkpoint:
    """The checkpoint with heads that say of the features ``now`` (n, D) what they said of those ``before``.

    By ridge regression towards the heads as they are: what few pictures do not show is not moved.
    """
    state = dict(checkpoint.state)
    mean = now.mean(0)
    rows = (now - mean).astype(np.float64)
    gram = rows.T @ rows
    gram[np.diag_indices_from(gram)] += RIDGE * max(float(np.trace(gram)) / len(gram), 1e-12)
    for name in [n for n in state if n.endswith(".weight") and n.startswith(("category.", HEADS))]:
        weight = state[name].numpy().astype(np.float64)
        missing = (before - now) @ weight.T
        shift = missing.mean(0)
        change = np.linalg.solve(gram, rows.T @ (missing - shift)).T
        bias = name.removesuffix("weight") + "bias"
        state[name] = torch.from_numpy((weight + change).astype(np.float32))
        state[bias] = state[bias] + torch.from_numpy((shift - change @ mean).astype(np.float32))
    return replace(checkpoint, state=state)


def with_attributes_of(
    checkpoint: Checkpoint, present: CategoryHead, features: np.ndarray, names: Sequence[str]
) -> Checkpoint:
    """The checkpoint's attributes said of its own categories, as far as things of these have them.

    An attribute was said of some of the ``present`` categories; it goes over to those of the new ones whose
    pictures (``features`` (n, D), of the categories ``names``) look like these. One that goes over to none is
    left out.
    """
    said: dict[str, Sequence[str]] = checkpoint.meta.get("attribute_categories", {})
    logits = present.logits(features) / present.temperature
    powers = np.exp(logits - logits.max(1, keepdims=True))
    probabilities = powers / powers.sum(1, keepdims=True)
    labels = np.array(names, object)
    now: dict[str, list[str]] = {}
    for attribute in checkpoint.config.get("attributes", {}):
        old = np.isin(present.labels, list(said.get(attribute, present.labels)))
        mass = probabilities[:, old].sum(1)
        own = [
            c
            for c in checkpoint.config["categories"]
            if (labels == c).any() and mass[labels == c].mean() >= 0.5
        ]
        if own:
            now[attribute] = own
    meta = {**checkpoint.meta, "attribute_categories": now}
    if not checkpoint.config.get("attributes"):
        return replace(checkpoint, meta=meta)
    return only_heads(replace(checkpoint, meta=meta), list(now))
