"""``pocketshelf-train train turned``: fit what tells a photo that is not the right way up, into a bundle.

A linear classifier of the bundle's own vectors (`pocketshelf.formats.turned_head`): pictures of split train
are turned by one, two and three quarters, and seen as a search sees them, by their most prominent box and
whole. The head of the least log loss on val is taken. From how sure on it is believed is chosen there, too:
the lowest probability from which on at most 5 % of upright garments are taken for turned, as each of them
costs looks for nothing. Groceries teach as well, and are not asked about that: an orange has no right way up.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pocketshelf.cli import values
from pocketshelf.cli.output import tell_lines
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError
from pocketshelf.files import atomic_write
from pocketshelf.formats.bundle import load_bundle, write_bundle
from pocketshelf.formats.turned_head import NAMES, TurnedHead
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf.types import Timings
from pocketshelf_training.data import clothing, grocery, shop, street
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages.page import add_bundle, table

__all__ = [
    "AT_MOST",
    "Turned",
    "add_arguments",
    "fit_turned",
    "log_loss",
    "run",
    "seen_turned",
    "taken_for_turned",
    "threshold_of",
]

log = logging.getLogger(__name__)

# Pictures of a data set and split.
MOST = 700
STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0)
THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
# Of upright pictures of garments, taken for turned.
AT_MOST = 0.05
# Class by the number of quarter turns: see `pocketshelf.formats.turned_head.NAMES`.
CLASSES = np.array([0, 1, 2, 1])


@dataclass(frozen=True)
class Turned:
    """Pictures of one data set and split, each in all four turns.

    Attributes:
        vectors: float32 (n, 4, w, D): by quarter turns, and w ways of looking: by box and whole.
        garments: whether they have a right way up.
    """

    vectors: np.ndarray
    garments: bool = True

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Every vector (m, D), and its class (m,)."""
        photos, turns, ways, width = self.vectors.shape
        classes = np.broadcast_to(CLASSES[None, :, None], (photos, turns, ways))
        return self.vectors.reshape(-1, width), classes.reshape(-1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the embedded pictures there")
    parser.add_argument("--seed", type=values.seed, default=0)
    parser.add_argument("--write", action="store_true", help="write it into the bundle's bundle.json")


def run(args: argparse.Namespace) -> int:
    bundle = load_bundle(args.bundle)
    encoder = Encoder.open(bundle)
    train, val = (_sets(encoder, split, args) for split in ("train", "val"))
    heads = {strength: fit_turned(list(train.values()), strength) for strength in STRENGTHS}
    losses = {strength: [log_loss(head, each) for each in val.values()] for strength, head in heads.items()}
    best = min(STRENGTHS, key=lambda strength: np.mean(losses[strength]))
    head = heads[best]
    chosen = threshold_of(head, list(val.values()))
    columns = ["strength", *(f">{name}" for name in val), ">mean"]
    rows = [(f"{s:g}", *(f"{each:.3f}" for each in (*found, np.mean(found)))) for s, found in losses.items()]
    told = [
        (
            name,
            len(each.vectors),
            *(f"{share:.3f}" for share in _shares(replace(head, threshold=chosen), each)),
        )
        for name, each in val.items()
    ]
    lines = [
        "Log loss on val (nats), least at best:\n",
        f"{table(columns, rows)}\nBest: {best:g}. Taken for turned from a probability of {chosen:g} on:\n",
        table(["val", ">photos", ">upright", ">sideways", ">upside down"], told),
    ]
    tell_lines("\n".join(lines))
    if args.write:
        write_bundle(replace(bundle, turned=replace(head, threshold=chosen).to_json(bundle.space)))
    return 0


def fit_turned(parts: Sequence[Turned], strength: float) -> TurnedHead:
    """A classifier of all ``parts``, each of which counts as much.

    Args:
        strength: the greater, the less regularised.
    """
    from sklearn.linear_model import LogisticRegression

    vectors, classes = zip(*(part.rows() for part in parts), strict=True)
    mean = np.mean([len(each) for each in classes])
    weights = np.concatenate([np.full(len(each), mean / len(each)) for each in classes])
    model = LogisticRegression(C=strength, max_iter=3000)
    model.fit(np.concatenate(vectors), np.concatenate(classes), sample_weight=weights)
    return TurnedHead(
        NAMES, model.coef_.astype(np.float32), model.intercept_.astype(np.float32), threshold=0.5
    )


def log_loss(head: TurnedHead, part: Turned) -> float:
    """Mean of -log P(its class), in nats."""
    vectors, classes = part.rows()
    found = head.probabilities(vectors)[np.arange(len(classes)), classes]
    return float(-np.mean(np.log(np.maximum(found, 1e-12))))


def threshold_of(head: TurnedHead, parts: Sequence[Turned]) -> float:
    """The lowest of `THRESHOLDS` from which on at most `AT_MOST` of upright garments are taken for turned.

    A mean over the data sets of garments; the highest where none is enough.
    """
    garments = [part for part in parts if part.garments]
    for threshold in THRESHOLDS:
        shares = [taken_for_turned(replace(head, threshold=threshold), part, 0) for part in garments]
        if np.mean(shares) <= AT_MOST:
            return threshold
    return THRESHOLDS[-1]


def taken_for_turned(head: TurnedHead, part: Turned, quarters: int) -> float:
    """The share of the pictures turned by ``quarters`` that are looked at turned back."""
    vectors = part.vectors[:, quarters].reshape(-1, part.vectors.shape[-1])
    return float(np.mean([bool(head.turns(vector)) for vector in vectors]))


def _shares(head: TurnedHead, part: Turned) -> list[float]:
    """Taken for turned, of pictures upright, sideways and upside down."""
    upright, left, down, right = (taken_for_turned(head, part, quarters) for quarters in range(4))
    return [upright, (left + right) / 2, down]


def _sets(encoder: Encoder, split: str, args: argparse.Namespace) -> Mapping[str, Turned]:
    """Data set → its pictures of a split."""
    pictures = {
        "clothing": [s.image for s in clothing.load(args.data) if s.split == split],
        "street": [photo.image for photo in street.load_photos(split, args.data)],
        "shop": [s.image for s in shop.load(args.data) if s.split == split],
        "grocery": [s.image for s in grocery.photos(split, args.data)],
    }
    rng = np.random.default_rng(args.seed)
    found = {}
    for name, paths in pictures.items():
        drawn = [paths[row] for row in sorted(rng.permutation(len(paths))[:MOST])]
        vectors = _kept(encoder, drawn, f"{name}, {split}", args.cache)
        found[name] = Turned(vectors, garments=name != "grocery")
    return found


def _kept(encoder: Encoder, paths: Sequence[Path], what: str, cache: Path | None) -> np.ndarray:
    if cache is None:
        return seen_turned(encoder, paths, what)
    models = [spec.sha256 for spec in (encoder.bundle.embedder, encoder.bundle.detector) if spec]
    known = hashlib.sha256("\n".join([*models, *map(str, paths)]).encode()).hexdigest()[:12]
    path = cache / f"turned-{known}.npy"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        vectors = seen_turned(encoder, paths, what)
        with atomic_write(path) as new, new.open("wb") as file:
            np.save(file, vectors)
    found: np.ndarray = np.load(path)
    return found


def seen_turned(encoder: Encoder, paths: Sequence[Path], what: str = "photos") -> np.ndarray:
    """float32 (n, 4, 2, D): of each picture that can be read the vectors by its turns, by box and whole."""
    found = []
    for path in tqdm(paths, what, disable=None):
        try:
            photo = read_photo(path)
        except PhotoError as error:
            log.warning("left out: %s", error)
            continue
        turns = [photo.turned(quarters) if quarters else photo for quarters in range(4)]
        found.append([[_vector(encoder, turn, whole) for whole in (False, True)] for turn in turns])
    return np.array(found, np.float32)


def _vector(encoder: Encoder, photo: Photo, whole: bool) -> np.ndarray:
    return encoder.encode(photo, whole, Timings()).regions[0].embedding.vector
