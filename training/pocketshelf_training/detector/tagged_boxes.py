"""Boxes for photos of which only the groups are known, by a trained detector: more photos to learn from.

A detector alone is wrong too often to teach itself. What is known of a photo corrects it: of the groups that
are not on the photo nothing is kept, of those that are the best box is, even if its score is low (weakly
supervised self-training, as in Inoue et al., "Cross-domain weakly-supervised object detection through
progressive domain adaptation", CVPR 2018, section 3.2). Each photo is looked at in two sizes, mirrored too,
and a photo on which a known garment is found nowhere is left out: it would teach that nothing is there.

Street photos say their labels (`tags.csv`), garments at home theirs; the shop's pictures of split train
say a category, and single things on white (`ALONE`) get the box of what is not white instead. Garments at
home may go into a file of their own for ``train detector --garment-boxes``: the boxes fit better than those
of `pocketshelf-train boxes`, which show the part that tells the category.
"""

from __future__ import annotations

import argparse
import csv
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pocketshelf.cli import values
from pocketshelf.progress import ProgressBar
from pocketshelf.stages.detect import Detector as Stage
from pocketshelf.stages.detect import non_maximum_suppression, pairwise_iou
from pocketshelf.stages.preprocess import Photo, decode_photo
from pocketshelf.types import Detection
from pocketshelf_training.data import clothing, shop, street
from pocketshelf_training.data.goods import not_ground
from pocketshelf_training.data.protocol import Sample, data_root
from pocketshelf_training.data.shop import ALONE, GROUPS_OF_CATEGORY
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.models.checkpoint import load_checkpoint
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.outputs import require_file
from pocketshelf_training.predict.runner import torch_detector

__all__ = ["Known", "add_arguments", "agreed", "chosen", "run"]

log = logging.getLogger("pocketshelf.training")

SETS = ("street", "shop", "clothing")
# What else a picture of the category shows; over trousers the model is often bare.
WORN_WITH = {"upper": (("trousers", "shorts"),), "trousers": (("footwear",),)}
# The score of a known group's best box, and of its further ones and a possible group's.
LEAST, FURTHER = 0.12, 0.3
# Of views of one photo: boxes of a group that are the same.
SAME = 0.55
# Jewellery and the like is too small to insist on.
SMALL = "accessory"


@dataclass(frozen=True)
class Known:
    """What is known of a photo.

    Attributes:
        present: of each of these sets of groups there are things on the photo, at most so many.
        possible: sets of groups of which there may be one thing besides.
    """

    present: tuple[tuple[tuple[str, ...], int], ...]
    possible: tuple[tuple[str, ...], ...] = ()


def known_of(sample: Sample) -> Known:
    """By a street photo's tags, a garment's label, or a shop picture's category, which is not worn alone."""
    if "label" in sample.attributes:
        return Known((((clothing.GROUP_OF[sample.attributes["label"]],), 1),))
    if "tags" in sample.attributes:
        tags = sample.attributes["tags"].split("|")
        tagged = Counter(street.GROUP_OF_LABEL[tag] for tag in tags if tag in street.GROUP_OF_LABEL)
        return Known(tuple(((group,), count) for group, count in sorted(tagged.items())))
    groups = GROUPS_OF_CATEGORY[sample.category or ""]
    return Known(((groups, 1),), WORN_WITH.get(sample.category or "", ()))


def chosen(found: Sequence[Detection], known: Known) -> list[Detection] | None:
    """Those of ``found``, best first, that agree with what is known; None: something large is missing.

    Of a set of groups that is present, what is seen is of the group that scores best.
    """
    kept: list[Detection] = []
    for groups, count in known.present:
        best = next((each for each in found if each.group in groups and each.score >= LEAST), None)
        if best is None and SMALL not in groups:
            return None
        if best is not None:
            others = [e for e in found if e is not best and e.group == best.group and e.score >= FURTHER]
            kept += [best, *others[: count - 1]]
    for groups in known.possible:
        kept += [each for each in found if each.group in groups and each.score >= FURTHER][:1]
    return kept


def agreed(views: Sequence[Sequence[Detection]]) -> list[Detection]:
    """What several views of one photo see, best first: scores are means over the views (0 where unseen)."""
    merged: list[Detection] = []
    for group in sorted({each.group for view in views for each in view}):
        found = [(each, number) for number, view in enumerate(views) for each in view if each.group == group]
        found.sort(key=lambda pair: -pair[0].score)
        boxes = np.array([_corners(each) for each, _ in found], float)
        for seed in non_maximum_suppression(boxes, SAME):
            same = np.flatnonzero(pairwise_iou(boxes[seed][None], boxes)[0] >= SAME)
            # Of a view only its best: the first, as they are sorted.
            firsts = list({found[row][1]: row for row in reversed(same)}.values())
            scores = np.array([found[row][0].score for row in firsts])
            merged.append(_mean(boxes[firsts], scores, group, len(views)))
    return sorted(merged, key=lambda each: -each.score)


def _mean(boxes: np.ndarray, scores: np.ndarray, group: str, views: int) -> Detection:
    """Boxes weighted by their scores (weighted box fusion, Solovyev et al., 2021)."""
    x0, y0, x1, y1 = (float(v) for v in (boxes * scores[:, None]).sum(0) / scores.sum())
    return Detection((x0, y0, x1 - x0, y1 - y0), group, min(1.0, float(scores.sum()) / views))


def _corners(found: Detection) -> tuple[float, float, float, float]:
    x, y, w, h = found.box
    return x, y, x + w, y + h


def look(photo: Photo, stages: Iterable[Stage]) -> list[Detection]:
    """What every stage sees, on the photo and on its mirror image."""
    mirror = replace(photo, pixels=np.ascontiguousarray(photo.pixels[:, ::-1]))
    views: list[list[Detection]] = []
    for stage in stages:
        views.append(stage.detect(photo))
        views.append(
            [
                replace(found, box=(photo.width - found.box[0] - found.box[2], *found.box[1:]))
                for found in stage.detect(mirror)
            ]
        )
    return agreed(views)


def boxes_of(sample: Sample, stages: Sequence[Stage]) -> list[Detection] | None:
    """The boxes to learn of a photo; None: leave it out."""
    photo = decode_photo(sample.image)
    if sample.category in ALONE:
        box = not_ground(photo.pixels)
        return [Detection(box, GROUPS_OF_CATEGORY[sample.category or ""][0], 1.0)] if box else None
    return chosen(look(photo, stages), known_of(sample))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", type=Path, default=Path("models/first/detector.npz"), help="a detector's"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/tagged-boxes.csv"), help="CSV to write")
    parser.add_argument(
        "--sizes", type=values.count, nargs="+", default=[320, 416], help="of its input, in pixels"
    )
    parser.add_argument("--of", nargs="+", choices=SETS, default=SETS, help="which photos (default: all)")
    parser.add_argument(
        "--garments", type=values.whole, default=1200, help="how many of clothing, drawn by seed 0"
    )
    add_data(parser)


def photos(root: Path, sets: Iterable[str], garments: int) -> list[Sample]:
    """Those of the data sets named whose groups are known, for training."""
    found: list[Sample] = []
    if "street" in sets:
        found += street.load_tagged(root)
    if "shop" in sets and (root / "shop").is_dir():
        found += [s for s in shop.load(root) if s.split == "train" and s.category in GROUPS_OF_CATEGORY]
    if "clothing" in sets:
        labelled = [s for s in clothing.load(root) if s.split == "train"]
        known = [s for s in labelled if s.attributes["label"] in clothing.GROUP_OF]
        found += [known[i] for i in np.sort(np.random.default_rng(0).permutation(len(known))[:garments])]
    return found


def run(args: argparse.Namespace) -> int:
    require_file("--out", args.out)
    checkpoint = load_checkpoint(args.checkpoint, kind="detector")
    stages = [torch_detector(Detector.of(checkpoint, size=size), {}) for size in args.sizes]
    root = data_root(args.data)
    samples = photos(root, args.of, args.garments)
    rows: list[list] = []
    kept: Counter[str] = Counter()
    log.info("%d photos", len(samples))
    with ProgressBar("looking", "photo", seldom=15) as bar:
        for count, sample in enumerate(samples, 1):
            for found in boxes_of(sample, stages) or []:
                kept[found.group] += 1
                rows.append([sample.image.relative_to(root), found.group, *(round(v, 1) for v in found.box)])
            bar.update(count, len(samples))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with args.out.open("w", newline="") as stream:
        csv.writer(stream).writerows([["photo", "group", "x", "y", "w", "h"], *rows])
    log.info("%s: %d photos; %s", args.out, len({row[0] for row in rows}), dict(kept.most_common()))
    return 0
