"""A garment of the studio: a form with openings, length, cloth, colours; and how it is cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pocketshelf_training.studio.drawing.outline import Points
from pocketshelf_training.studio.garments.arms import HANGING, Arms, swing
from pocketshelf_training.studio.wardrobe.form import Form, Line, Part
from pocketshelf_training.studio.wardrobe.openings import COLLAR, NECKLINES, SLEEVES, fastening

__all__ = ["Attributes", "Garment"]


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What a shop would write beside the picture; None where the form has none of that kind."""

    sleeve: str | None = None
    neckline: str | None = None
    closure: str | None = None
    length: str | None = None
    pattern: str
    colour: str
    second_colour: str


@dataclass(frozen=True)
class Garment:
    """One product of the studio.

    Attributes:
        product_id: unique in its collection.
        seed: fixes the cloth's own variation, so that every picture of it shows the same cloth.
        drop: factor of what lies below the form's hinge.
        fabric: the real close-up it is made of, or None where the cloth is drawn.
        own_colours: the close-up keeps its colours, so that no name of a colour is sure.
        arms: how the sleeves hang.
    """

    product_id: str
    form: Form
    attributes: Attributes
    seed: int
    drop: float = 1.0
    fabric: Path | None = None
    own_colours: bool = False
    arms: tuple[Arms, Arms] = (HANGING, HANGING)

    @property
    def body(self) -> Points:
        """Half the outline below the neckline, of its length."""
        return _dropped(self.form.body, self)

    @cached_property
    def cut(self) -> Form:
        """The form with neckline, sleeves, closure, length and pose made up: nothing is left to choose."""
        return _made_up(self)

    @property
    def title(self) -> str:
        """For example "Striped long-sleeve shirt, navy and white"."""
        a = self.attributes
        words = [a.pattern] if a.pattern != "solid" else []
        if a.sleeve in ("short", "long") and self.form.group != "outerwear":
            words.append(f"{a.sleeve}-sleeve")
        if a.neckline in ("v-neck", "boat", "scoop", "turtle"):
            words.append(a.neckline if a.neckline == "v-neck" else f"{a.neckline}-neck")
        name = " ".join([*words, self.form.name])
        plain = a.pattern == "solid" and self.form.place == "worn"  # The second colour does not show.
        return f"{name[0].upper()}{name[1:]}, {a.colour if plain else f'{a.colour} and {a.second_colour}'}"

    def posed(self, arms: tuple[Arms, Arms]) -> Garment:
        """The same garment on someone whose arms (left, right) are so."""
        return replace(self, arms=arms)

    def labels(self) -> dict[str, str]:
        """What is known of it, by the names of `pocketshelf_training.data`; only what the garment has."""
        unsure = {"second_colour", *(["colour"] if self.own_colours else [])}
        return {name: value for name, value in vars(self.attributes).items() if value and name not in unsure}


def _dropped(points: Points, garment: Garment) -> list[tuple[float, ...]]:
    """``points`` with what lies below the form's hinge made longer."""
    hinge = garment.form.hinge
    return [
        (x, hinge + (y - hinge) * garment.drop, *rest) if y > hinge else (x, y, *rest)
        for x, y, *rest in points
    ]


def _made_up(garment: Garment) -> Form:
    form, body, closure = garment.form, garment.body, garment.attributes.closure
    neck = NECKLINES[garment.attributes.neckline] if garment.attributes.neckline else ()
    fits = [part for part in _front(garment) if not form.lengths or _ends_above(part, body)]
    collar = (COLLAR,) if garment.attributes.neckline == "collar" else ()
    own_lines = (replace(line, points=_dropped(line.points, garment)) for line in form.lines)
    behind, outline = (*_lining(neck), *_sleeves(garment, front=False)), (*neck, *body)
    if closure == "open":
        behind = (Part(outline, cloth="lining"), *behind)
        outline = ((neck[-1][0] - 0.01, 0.0), *body[:-1], (0.14, body[-1][1]), (0.16, 0.6))
    return replace(
        form,
        body=outline,
        symmetry="pair" if closure == "open" else form.symmetry,
        behind=(*behind, *form.behind),
        front=(*fits, *collar, *_sleeves(garment, front=True)),
        lines=(*own_lines, *_fastened(garment, neck, body)),
    )


def _ends_above(part: Part, body: Points) -> bool:
    """A pocket below the hem of a short coat is left out."""
    return max(point[1] for point in part.points) < max(point[1] for point in body) + 0.05


def _front(garment: Garment) -> tuple[Part, ...]:
    """Pockets, lapels and hoods; an open coat has no hood."""
    front = garment.form.front
    return tuple(p for p in front if p.symmetry == "pair") if garment.attributes.closure == "open" else front


def _lining(neck: Points) -> tuple[Part, ...]:
    if not neck:
        return ()
    edge = ((0, -0.02), (neck[-1][0], neck[-1][1] - 0.01), neck[-1], *reversed(neck[:-1]))
    return (Part(edge, cloth="lining"),)


def _sleeves(garment: Garment, front: bool) -> tuple[Part, ...]:
    """Those behind the body, or those in front of it."""
    sleeve = SLEEVES.get(garment.attributes.sleeve or "")
    return tuple(
        Part(swing(sleeve, arm, side), "one", tone=0.97)
        for side, arm in zip((-1, 1), garment.arms, strict=True)
        if sleeve and arm.front == front
    )


def _fastened(garment: Garment, neck: Points, body: Points) -> tuple[Line, ...]:
    closure, form = garment.attributes.closure, garment.form
    top, bottom = (neck or body)[0][1], body[-1][1]
    if form.group in ("trousers", "shorts"):
        top, bottom = top + 0.06, top + 0.5
    if form.name in ("T-shirt", "top"):  # A henley, or a half zip.
        bottom = top + 0.45
    if form.name == "parka":
        top = 0.16
    return fastening(closure, top, bottom) if closure else ()
