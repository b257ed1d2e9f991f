"""From signals to faults: one logistic model a fault, in ``bundle.json`` and ``rules.json`` beside this.

    {"too_dark": {"bias": -3.1, "likely": 0.44, "sure": 0.81,
                  "weights": {"light": -9.2, "net_too_dark": 0.7, …}}, …}

p = 1 / (1 + exp(-(bias + Σ weight · signal))). From ``likely`` on a photo has the fault rather than not; from
``sure`` on, which is higher, the shopper is told, and a library leaves the photo out. ``rules.json`` has no
signal of a network: it is what judges where a bundle has none. Both are written by ``pocketshelf-train train
quality``.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketshelf.errors import BundleError
from pocketshelf.formats.fields import Fields
from pocketshelf.quality.faults import FAULTS, Fault
from pocketshelf.quality.layout import LAYOUT_SIGNALS
from pocketshelf.quality.signals import PIXEL_SIGNALS

__all__ = ["NETWORK_SIGNALS", "Rule", "Rules", "built_in_rules", "faults_of", "parse_rules"]

NETWORK_SIGNALS = tuple(f"net_{code}" for code in FAULTS)
"""Logits of a bundle's network, one a fault."""
_KNOWN = frozenset((*PIXEL_SIGNALS, *LAYOUT_SIGNALS, *NETWORK_SIGNALS))
_FILE = Path(__file__).with_name("rules.json")


@dataclass(frozen=True)
class Rule:
    """One fault's model; see the module's description."""

    bias: float
    likely: float
    sure: float
    weights: Mapping[str, float]

    def score(self, signals: Mapping[str, float]) -> float | None:
        """The probability of the fault; None where a signal was not measured."""
        if any(name not in signals for name in self.weights):
            return None
        logit = self.bias + sum(weight * signals[name] for name, weight in self.weights.items())
        # Beyond this the exponential overflows, and nothing that matters changes.
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, logit))))


Rules = Mapping[str, Rule]


def faults_of(rules: Rules, signals: Mapping[str, float]) -> list[Fault]:
    """Every fault that could be judged, whether it was found or not."""
    scores = ((code, rule, rule.score(signals)) for code, rule in rules.items())
    return [
        Fault(code, score, score >= rule.likely, score >= rule.sure)
        for code, rule, score in scores
        if score is not None
    ]


def parse_rules(block: Mapping[str, Any], where: str, codes: Iterable[str] = FAULTS) -> Rules:
    """Read rules.

    Raises:
        BundleError: malformed, or with a fault or a signal that is unknown here.
    """
    top, known = Fields(block, where, BundleError), set(codes)
    for code in top:
        if code not in known:
            raise top.error(code, f"is no fault known here ({', '.join(FAULTS)}); update pocketshelf")
    return {code: _parse_rule(top.child(code)) for code in top}


def _parse_rule(part: Fields) -> Rule:
    weights = part.child("weights")
    for name in weights:
        if name not in _KNOWN:
            raise weights.error(name, "is no signal known here; update pocketshelf")
    return Rule(
        part.number("bias"),
        part.number("likely", low=0, high=1),
        part.number("sure", low=0, high=1),
        {name: weights.number(name) for name in weights},
    )


@functools.cache
def built_in_rules() -> Rules:
    """Those that need no network.

    Raises:
        BundleError: the package is damaged.
    """
    return parse_rules(json.loads(_FILE.read_text(encoding="utf-8")), str(_FILE))
