"""The typed answers of outfit queries, and the JSON that they become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pocketshelf.types import Hit, Region, StoreInfo, Timings

__all__ = ["Look", "OutfitHit", "OutfitResult", "Partners", "ProductOutfit"]


@dataclass(frozen=True)
class Look:
    """A look that speaks for a product: somebody wore something like it with something like the garment.

    Attributes:
        look: its name; image: its photo as the library names it.
        garment, partner: how alike what is worn there is to the garment asked about, and to the product, as
            `OutfitHead.likeness` has it.
    """

    look: str
    image: str | None
    garment: float
    partner: float

    def to_json(self) -> dict[str, Any]:
        """As `contract/schemas/outfit.schema.json` has it."""
        cosines = {"garment": round(float(self.garment), 4), "partner": round(float(self.partner), 4)}
        return {"look": self.look, "image": self.image, **cosines}


@dataclass(frozen=True)
class OutfitHit:
    """A product that goes with the garment.

    Attributes:
        hit: the product; its score is the fused one, in standard deviations above strangers.
        compatibility: what the head says, likewise.
        looks: which speak for it most; none without a library.
    """

    hit: Hit
    compatibility: float
    looks: tuple[Look, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As that schema has it."""
        more = {"compatibility": round(float(self.compatibility), 4)}
        return {**self.hit.to_json(), **more, "looks": [look.to_json() for look in self.looks]}


@dataclass(frozen=True)
class Partners:
    """The products of one role, best first, each unlike those before it."""

    role: str
    hits: tuple[OutfitHit, ...]

    def to_json(self) -> dict[str, Any]:
        """As that schema has it."""
        return {"role": self.role, "hits": [hit.to_json() for hit in self.hits]}


@dataclass(frozen=True)
class OutfitResult:
    """What goes with one garment of a photo.

    Attributes:
        region: the garment; role: what it does in an outfit.
        partners: one a role that the store has products of, in the order of `ROLES`.
        looks: how many looks were asked; 0 without a library.
        outfit_ms: time beyond that of finding and embedding the garment.
    """

    photo: str
    width: int
    height: int
    region: Region
    role: str
    partners: tuple[Partners, ...]
    looks: int
    ms: Timings
    outfit_ms: float
    store: StoreInfo

    def to_json(self) -> dict[str, Any]:
        """The answer of `contract/schemas/outfit.schema.json`; ``json.dumps`` of it is the line."""
        return {
            "photo": self.photo,
            "width": self.width,
            "height": self.height,
            "store": self.store.to_json(),
            "looks": self.looks,
            "ms": {**self.ms.to_json(), "outfit": round(self.outfit_ms, 2)},
            "garment": {"role": self.role, **self.region.to_json()},
            "partners": [partners.to_json() for partners in self.partners],
        }


@dataclass(frozen=True)
class ProductOutfit:
    """What goes with a product of the store.

    Attributes:
        role: what the product does in an outfit; None if its category is no garment's, as far as its name
            tells: then nothing goes with it.
        partners, looks: as in `OutfitResult`.
        outfit_ms: time of the answer.
    """

    product_id: str
    role: str | None
    partners: tuple[Partners, ...]
    looks: int
    outfit_ms: float

    def to_json(self) -> dict[str, Any]:
        """The names of `OutfitResult`, without the photo's."""
        return {
            "product_id": self.product_id,
            "role": self.role,
            "looks": self.looks,
            "ms": {"outfit": round(self.outfit_ms, 2)},
            "partners": [partners.to_json() for partners in self.partners],
        }
