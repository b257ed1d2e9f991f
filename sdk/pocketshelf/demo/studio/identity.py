"""Which garments there are: each identity is a cut with its colours, pattern, sleeve and neckline."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from pocketshelf.demo.studio.cut import Cut
from pocketshelf.demo.studio.palette import CLOTH
from pocketshelf.demo.studio.wardrobe import CUTS, cut_named

__all__ = ["Attributes", "Identity", "draw_identities"]

_SECOND_FOR_DARK = ("white", "yellow", "sky", "pink", "beige", "orange")
_SECOND_FOR_LIGHT = ("navy", "black", "red", "teal", "brown", "purple", "green")
_DARK = ("black", "navy", "burgundy", "brown", "purple", "green", "teal", "olive", "red", "blue")


@dataclass(frozen=True)
class Attributes:
    """What a shop would write beside the picture; None where a garment has none of it."""

    colour: str
    second_colour: str
    pattern: str
    sleeve: str | None = None
    neckline: str | None = None

    def columns(self) -> dict[str, str]:
        """As a catalogue's further columns; absent ones are empty."""
        return {name: value or "" for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Identity:
    """One product of the studio.

    Attributes:
        product_id: unique within a sample.
        cut_name: a name in `CUTS`.
        length: factor of what lies below the cut's ``stretch``.
        seed: fixes the fabric's own variation, so that every picture of it shows the same cloth.
    """

    product_id: str
    cut_name: str
    attributes: Attributes
    length: float
    seed: int

    @property
    def cut(self) -> Cut:
        """How it is cut."""
        return cut_named(self.cut_name)

    @property
    def title(self) -> str:
        """For example "Striped long-sleeve shirt, navy and white"."""
        a = self.attributes
        words = [a.pattern] if a.pattern != "solid" else []
        if a.sleeve in ("short", "long") and self.cut.group != "outerwear":
            words.append(f"{a.sleeve}-sleeve")
        if a.neckline in ("v-neck", "boat", "scoop", "turtle"):
            words.append(a.neckline if a.neckline == "v-neck" else f"{a.neckline}-neck")
        name = " ".join([*words, self.cut_name])
        colours = a.colour if a.colour == a.second_colour else f"{a.colour} and {a.second_colour}"
        return f"{name[0].upper()}{name[1:]}, {colours}"


def draw_identities(count: int, seed: int) -> list[Identity]:
    """``count`` different garments, every cut in turn; the same seed gives the same ones."""
    rng = np.random.default_rng([seed, 1])
    drawn: dict[tuple[str, Attributes], Identity] = {}
    attempt = 0
    while len(drawn) < count:
        cut = CUTS[len(drawn) % len(CUTS)]
        attributes = _attributes(cut, rng)
        if (cut.name, attributes) not in drawn:
            length = float(rng.uniform(0.86, 1.14))
            identity = Identity(f"d{len(drawn):04d}", cut.name, attributes, length, seed * 100_003 + attempt)
            drawn[cut.name, attributes] = identity
        attempt += 1
    return list(drawn.values())


def _attributes(cut: Cut, rng: np.random.Generator) -> Attributes:
    colour = str(rng.choice(list(CLOTH)))
    others = _SECOND_FOR_DARK if colour in _DARK else _SECOND_FOR_LIGHT
    second = str(rng.choice([name for name in others if name != colour]))
    pattern = "solid" if rng.random() < 0.3 else str(rng.choice(cut.patterns))
    if pattern == "solid" and cut.place == "worn":
        second = colour  # It would not show, and two products would look the same.
    sleeve = str(rng.choice(cut.sleeves)) if cut.sleeves else None
    neckline = str(rng.choice(cut.necklines)) if cut.necklines else None
    return Attributes(colour, second, pattern, sleeve, neckline)
