"""When the adapted bundle knows that it does not know: its estimates calibrated on the catalogue itself.

Products held back are asked for, as products to come will be. What the catalogue lacks is staged by leaving
half of the other products out of the shelf and asking for them. Few searches bound little: with fewer than 59
misses nothing passes at a risk of 5 % with 95 % confidence, and the bundle asks every time.
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.encoder import Encoder
from pocketshelf.errors import PocketshelfError
from pocketshelf.formats.bundle import Bundle, write_bundle
from pocketshelf_training.adapt.assortment import Assortment, Questions
from pocketshelf_training.adapt.measure import readable
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.recall.calibrate import calibrate
from pocketshelf_training.recall.encodings import RememberingEncoder
from pocketshelf_training.recall.worlds import World, search_world

__all__ = ["calibrated"]

log = logging.getLogger("pocketshelf.training")

K, ALPHA, DELTA = 10, 0.05, 0.05
SHELVES = 20
MOST_QUESTIONS, MOST_PRODUCTS = 300, 1000


def calibrated(bundle: Bundle, shop: Assortment, questions: Questions, kept: np.ndarray, seed: int) -> Bundle:
    """The bundle with a calibration; as it is where nothing real asks, or all searches end alike.

    Args:
        kept: of `only_readable`.
    """
    if questions.kind == "re-photographed":
        log.info("no calibration: pictures that were re-photographed say nothing of how photos fare")
        return bundle
    world = _world(shop, questions, kept, seed)
    try:
        with tempfile.TemporaryDirectory() as folder:
            lines = search_world(world, RememberingEncoder(Encoder.open(bundle)), Path(folder), SHELVES, seed)
        calibration = calibrate(lines, K, ALPHA, DELTA)
    except (ValueError, PocketshelfError) as error:
        log.warning("no calibration: %s", error)
        return bundle
    control = calibration.recall_control
    log.info(
        "calibrated on %d misses: a local answer suffices from %.3f on", control.misses, control.threshold
    )
    return write_bundle(replace(bundle, recall=calibration.to_block()))


def _world(shop: Assortment, questions: Questions, kept: np.ndarray, seed: int) -> World:
    """A shelf of the products held back and half of the others; those are asked for, and the other half."""
    rng = np.random.default_rng(seed)
    pictured = np.isin(shop.products, shop.products[shop.first & kept])
    asked = np.flatnonzero(questions.asking & shop.held & kept & pictured)[:MOST_QUESTIONS]
    wanted = np.unique(shop.products[asked])
    others = rng.permutation(np.unique(shop.products[kept & ~shop.held]))
    held = np.setdiff1d(np.unique(shop.products[kept & shop.held]), wanted)
    there = np.concatenate([wanted, others[::2], held])[:MOST_PRODUCTS]
    shown = np.flatnonzero(shop.first & kept & np.isin(shop.products, there))
    lacking = np.flatnonzero(np.isin(shop.products, others[1::2]))
    # Those that ask as questions do come first.
    lacking = lacking[np.argsort(~questions.asking[lacking], kind="stable")][:MOST_QUESTIONS]
    # Those of ``kept`` were read before.
    lacking = lacking[[bool(kept[i]) or readable(shop.paths[i]) for i in lacking]]
    asking = {
        "own": [_sample(shop, int(i), "street") for i in asked],
        "lacking": [replace(_sample(shop, int(i), "street"), identity=None) for i in lacking],
    }
    return World("the catalogue", [_sample(shop, int(i), "shop") for i in shown], asking)


def _sample(shop: Assortment, number: int, domain: str) -> Sample:
    name, category = shop.names[shop.products[number]], shop.category_names[shop.categories[number]]
    return Sample(shop.paths[number], "test", domain, name, category)
