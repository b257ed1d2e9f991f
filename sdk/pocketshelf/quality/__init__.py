"""Is a photo good enough to search by? What is wrong with it, and what the shopper should do.

    from pocketshelf.quality import judge

    judge("photo.jpg").advice     # "hold still", or None

`signals` and `layout` measure, `rules` decides, `judge` reads photos and runs the bundle's small network.
"""

from pocketshelf.quality.faults import ADVICE, FAULTS, Fault
from pocketshelf.quality.judge import Judge, judge
from pocketshelf.quality.rules import NETWORK_SIGNALS, Rule, built_in_rules, parse_rules
from pocketshelf.quality.signals import WORKING_SIDE, pixel_signals

__all__ = [
    "ADVICE",
    "FAULTS",
    "NETWORK_SIGNALS",
    "WORKING_SIDE",
    "Fault",
    "Judge",
    "Rule",
    "built_in_rules",
    "judge",
    "parse_rules",
    "pixel_signals",
]
