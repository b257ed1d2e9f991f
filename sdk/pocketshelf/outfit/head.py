"""The outfit head: how well two garments go together, from their embeddings, in numpy. Format, version 2.

An ``.npz`` of at most 100 kB, R roles, D numbers an embedding, K a projection:

    version int · roles text (R,) · street, shop float16 (D, K) · street_shift, shop_shift float32 (K,)
    masks float16 (R, R, K), none below 0, symmetric · level, spread float32 (R, R)
    looks_weight float · neighbours int · temperature float
    of version 2, for histograms of B bins placed in C dimensions (`pocketshelf.outfit.colour_head`):
    colour_projection float16 (B, C) · colour_shift float32 (C,) · colour_weight, colour_nearness float
    colour_level, colour_spread, colour_total float32 (R, R)

A garment's embedding x is projected to p = (x · street + street_shift), made of length 1; a picture of a shop
by ``shop``, into which the alignment of the two domains is folded (CORAL: "Return of frustratingly easy
domain adaptation", Sun, Feng and Saenko, AAAI 2016). Two garments of roles r and s go together by

    (Σ_k masks[r, s, k] · p_k · q_k - level[r, s]) / spread[r, s]

level and spread being those of strangers, so that pairs of different roles compare. The masks choose, for
each pair of roles, the dimensions that matter: "Learning type-aware embeddings for fashion compatibility"
(Vasileva et al., ECCV 2018). Where the colours of both are known, theirs is added and the sum made a
standard deviation again:

    (embedding's + weight · (c · d - colour_level[r, s]) / colour_spread[r, s]) / colour_total[r, s]

A head of version 1 has no colours; what states none is judged by its embedding alone.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import BundleError, reason
from pocketshelf.outfit.colour_head import ColourHead, unit
from pocketshelf.stages.colours import histograms

__all__ = ["DOMAINS", "MAX_BYTES", "VERSION", "OutfitHead", "load_head", "save_head"]

VERSION = 2
WITHOUT_COLOURS = 1
MAX_BYTES = 100_000
# Where a picture is from: worn, in a person's photo; or as a shop shows it.
DOMAINS = ("street", "shop")


@dataclass(frozen=True)
class OutfitHead:
    """See the module's description.

    Attributes:
        roles: names, R of them.
        projections: domain → float32 (D, K); shifts: domain → float32 (K,).
        masks: float32 (R, R, K); level, spread: float32 (R, R).
        looks_weight: what the advice of looks counts beside the head's, both in standard deviations.
        neighbours: so many looks advise.
        temperature: of the softmax over their cosines.
        colours: how colours go together; None in a head of version 1.

    A garment's place, as `project` gives it, is P numbers: K by its embedding, then those by its colours.
    """

    roles: tuple[str, ...]
    projections: dict[str, np.ndarray]
    shifts: dict[str, np.ndarray]
    masks: np.ndarray
    level: np.ndarray
    spread: np.ndarray
    looks_weight: float = 0.5
    neighbours: int = 20
    temperature: float = 0.05
    colours: ColourHead | None = None

    @property
    def dimension(self) -> int:
        """Numbers of an embedding."""
        return len(self.projections["street"])

    @property
    def size(self) -> int:
        """Numbers of a place by the embedding: K."""
        return int(self.masks.shape[-1])

    def project(
        self, vectors: np.ndarray, domain: str = "street", colours: np.ndarray | None = None
    ) -> np.ndarray:
        """Embeddings (n, D), of any length, and histograms of colours to places, float32 (n, P).

        Args:
            colours: float32 (n, B), as `pocketshelf.stages.colours.histograms` gives them; rows of zeros, or
                None for all, where they are unknown.
        """
        rows = unit(np.asarray(vectors, np.float32))
        placed: np.ndarray = unit(rows @ self.projections[domain] + self.shifts[domain])
        if self.colours is None:
            return placed
        if colours is None:
            by_colour = np.zeros((len(placed), len(self.colours.shift)), np.float32)
        else:
            by_colour = self.colours.project(colours)
        return np.hstack([placed, by_colour])

    def compatibility(self, role: str, garment: np.ndarray, other: str, others: np.ndarray) -> np.ndarray:
        """How well each of ``others`` (n, P), of the role ``other``, goes with ``garment`` (P,): (n,).

        Both as `project` gives them. In standard deviations from what strangers have.
        """
        r, s, k = self.roles.index(role), self.roles.index(other), self.size
        raw = others[:, :k] @ (self.masks[r, s] * garment[:k])
        own: np.ndarray = (raw - self.level[r, s]) / self.spread[r, s]
        part = self.colours
        if part is None or not garment[k:].any():
            return own
        said = (others[:, k:] @ garment[k:] - part.level[r, s]) / part.spread[r, s]
        both = (own + part.weight * said) / part.total[r, s]
        return np.where(others[:, k:].any(axis=1), both, own)

    def likeness(self, garments: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Places (n, P) and (m, P) to how alike they are, (n, m), -1 to 1: cosines, and those of colours."""
        k = self.size
        own: np.ndarray = garments[:, :k] @ others[:, :k].T
        if self.colours is None:
            return own
        by_colour = garments[:, k:] @ others[:, k:].T
        known = np.outer(garments[:, k:].any(axis=1), others[:, k:].any(axis=1))
        nearness = self.colours.nearness
        return np.where(known, (own + nearness * by_colour) / (1 + nearness), own)

    def direction(self, role: str, garment: np.ndarray, other: str, domain: str = "shop") -> np.ndarray:
        """The embedding (D,) that lies nearest to what goes with ``garment`` (P,): for a search by cosine."""
        r, s = self.roles.index(role), self.roles.index(other)
        towards: np.ndarray = self.projections[domain] @ (self.masks[r, s] * garment[: self.size])
        return towards


def save_head(path: str | Path, head: OutfitHead) -> None:
    """Write the file.

    Raises:
        ValueError: it would be larger than `MAX_BYTES`.
    """
    stream = io.BytesIO()
    parts: dict[str, Any] = {name: head.projections[name].astype(np.float16) for name in DOMAINS}
    parts |= {f"{name}_shift": head.shifts[name].astype(np.float32) for name in DOMAINS}
    if head.colours is not None:
        parts |= {f"colour_{name}": value for name, value in vars(head.colours).items()}
        parts["colour_projection"] = head.colours.projection.astype(np.float16)
    np.savez_compressed(
        stream,
        version=WITHOUT_COLOURS if head.colours is None else VERSION,
        roles=np.array(head.roles),
        masks=head.masks.astype(np.float16),
        level=head.level.astype(np.float32),
        spread=head.spread.astype(np.float32),
        looks_weight=head.looks_weight,
        neighbours=head.neighbours,
        temperature=head.temperature,
        **parts,
    )
    if len(stream.getvalue()) > MAX_BYTES:
        raise ValueError(f"the head takes {len(stream.getvalue())} bytes; {MAX_BYTES} are allowed")
    Path(path).write_bytes(stream.getvalue())


def load_head(path: str | Path) -> OutfitHead:
    """Read what `save_head` wrote.

    Raises:
        BundleError: missing, damaged, of an unknown version, or something else.
    """
    try:
        content = Path(path).read_bytes()
        if len(content) > MAX_BYTES:
            raise ValueError(f"{len(content)} bytes, more than {MAX_BYTES}")
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            head = _read(file)
    except Exception as error:  # Those of numpy and zipfile have no common base.
        raise BundleError(f"{path}: no outfit head that can be read ({reason(error)})") from error
    return head


def _read(file: np.lib.npyio.NpzFile) -> OutfitHead:
    version = int(file["version"])
    if version not in (WITHOUT_COLOURS, VERSION):
        raise ValueError(f"version {version} is not known here; update pocketshelf")
    head = OutfitHead(
        roles=tuple(map(str, file["roles"])),
        projections={name: file[name].astype(np.float32) for name in DOMAINS},
        shifts={name: file[f"{name}_shift"].astype(np.float32) for name in DOMAINS},
        masks=file["masks"].astype(np.float32),
        level=file["level"].astype(np.float32),
        spread=file["spread"].astype(np.float32),
        looks_weight=float(file["looks_weight"]),
        neighbours=int(file["neighbours"]),
        temperature=float(file["temperature"]),
        colours=_read_colours(file) if version == VERSION else None,
    )
    _check(head)
    return head


def _read_colours(file: np.lib.npyio.NpzFile) -> ColourHead:
    return ColourHead(
        projection=file["colour_projection"].astype(np.float32),
        shift=file["colour_shift"].astype(np.float32),
        level=file["colour_level"].astype(np.float32),
        spread=file["colour_spread"].astype(np.float32),
        total=file["colour_total"].astype(np.float32),
        weight=float(file["colour_weight"]),
        nearness=float(file["colour_nearness"]),
    )


def _check(head: OutfitHead) -> None:
    """Refuse a head whose parts do not fit each other."""
    roles, (d, k) = len(head.roles), head.projections["street"].shape
    parts = [*head.projections.values(), *head.shifts.values(), head.masks, head.level, head.spread]
    shapes = [(d, k), (d, k), (k,), (k,), (roles, roles, k), (roles, roles), (roles, roles)]
    if [part.shape for part in parts] != shapes or not roles:
        raise ValueError("its parts do not fit each other")
    numbers = (head.looks_weight, head.temperature)
    if not all(np.isfinite(part).all() for part in parts) or not np.isfinite(numbers).all():
        raise ValueError("it holds numbers that are none")
    if (head.spread <= 0).any() or head.temperature <= 0 or head.neighbours < 1:
        raise ValueError("a spread, the temperature or the number of neighbours is not above 0")
    if head.colours is not None:
        _check_colours(head.colours, roles)


def _check_colours(colours: ColourHead, roles: int) -> None:
    bins, size = histograms([""]).shape[1], len(colours.shift)
    parts = [colours.projection, colours.shift, colours.level, colours.spread, colours.total]
    square = (roles, roles)
    if [part.shape for part in parts] != [(bins, size), (size,), square, square, square]:
        raise ValueError("the colours' parts do not fit each other")
    numbers = (colours.weight, colours.nearness)
    if not all(np.isfinite(part).all() for part in parts) or not np.isfinite(numbers).all():
        raise ValueError("the colours' part holds numbers that are none")
    if (colours.spread <= 0).any() or (colours.total <= 0).any() or min(numbers) < 0:
        raise ValueError("a spread of colours is not above 0, or a weight below it")
