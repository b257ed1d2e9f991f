"""The outfit head: how well two garments go together, from their embeddings, in numpy. Format, version 1.

An ``.npz`` of at most 100 kB, R roles, D numbers an embedding, K a projection:

    version int · roles text (R,) · street, shop float16 (D, K) · street_shift, shop_shift float32 (K,)
    masks float16 (R, R, K), none below 0, symmetric · level, spread float32 (R, R)
    looks_weight float · neighbours int · temperature float

A garment's embedding x is projected to p = (x · street + street_shift), made of length 1; a picture of a shop
by ``shop``, into which the alignment of the two domains is folded (CORAL: "Return of frustratingly easy
domain adaptation", Sun, Feng and Saenko, AAAI 2016). Two garments of roles r and s go together by

    (Σ_k masks[r, s, k] · p_k · q_k - level[r, s]) / spread[r, s]

level and spread being those of strangers, so that pairs of different roles compare. The masks choose, for
each pair of roles, the dimensions that matter: "Learning type-aware embeddings for fashion compatibility"
(Vasileva et al., ECCV 2018).
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import BundleError

__all__ = ["DOMAINS", "MAX_BYTES", "VERSION", "OutfitHead", "load_head", "save_head"]

VERSION = 1
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

    @property
    def dimension(self) -> int:
        """Numbers of an embedding."""
        return len(self.projections["street"])

    def project(self, vectors: np.ndarray, domain: str = "street") -> np.ndarray:
        """Embeddings (n, D), of any length, to float32 (n, K) of length 1."""
        unit = _unit(np.asarray(vectors, np.float32))
        return _unit(unit @ self.projections[domain] + self.shifts[domain])

    def compatibility(self, role: str, garment: np.ndarray, other: str, others: np.ndarray) -> np.ndarray:
        """How well each of ``others`` (n, K), of the role ``other``, goes with ``garment`` (K,): (n,).

        Both as `project` gives them. In standard deviations from what strangers have.
        """
        r, s = self.roles.index(role), self.roles.index(other)
        raw = others @ (self.masks[r, s] * garment)
        return (raw - self.level[r, s]) / self.spread[r, s]

    def direction(self, role: str, garment: np.ndarray, other: str, domain: str = "shop") -> np.ndarray:
        """The embedding (D,) that lies nearest to what goes with ``garment`` (K,): for a search by cosine."""
        r, s = self.roles.index(role), self.roles.index(other)
        return self.projections[domain] @ (self.masks[r, s] * garment)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)


def save_head(path: str | Path, head: OutfitHead) -> None:
    """Write the file.

    Raises:
        ValueError: it would be larger than `MAX_BYTES`.
    """
    stream = io.BytesIO()
    parts: dict[str, Any] = {name: head.projections[name].astype(np.float16) for name in DOMAINS}
    parts |= {f"{name}_shift": head.shifts[name].astype(np.float32) for name in DOMAINS}
    np.savez_compressed(
        stream,
        version=VERSION,
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
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"{path}: no outfit head that can be read ({error})") from error
    return head


def _read(file: np.lib.npyio.NpzFile) -> OutfitHead:
    if int(file["version"]) != VERSION:
        raise ValueError(f"version {int(file['version'])} is not known here; update pocketshelf")
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
    )
    _check(head)
    return head


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
