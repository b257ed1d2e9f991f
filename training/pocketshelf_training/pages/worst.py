"""Pictures of the worst misses: one PNG a search, to look at. They hold photos of the data set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from pocketshelf.cli.output import say
from pocketshelf.errors import PhotoError
from pocketshelf.stages.detect import pairwise_iou
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.types import Detection
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.average_precision import Boxes
from pocketshelf_training.metrics.detector_figures import to_boxes
from pocketshelf_training.metrics.embedder_figures import Labelled, Searched
from pocketshelf_training.pages.sheet import draw_boxes, grid
from pocketshelf_training.predict.model import crop_of

__all__ = ["draw_categories", "draw_detections", "draw_searches", "faults"]

ROWS, SIDE, TEXT = 24, 150, 26
DETECTION_SIDE, CONFIDENT = 480, 0.3
RIGHT, WRONG, PLAIN = (0, 130, 40), (190, 20, 20), (0, 0, 0)


def draw_searches(searched: Sequence[Searched], folder: Path) -> None:
    """A sheet a search, one row a query: the query, the best right picture, the five hits with scores."""
    for each in searched:
        missed = [i for i, ranking in enumerate(each.rankings) if ranking.first > 0]
        missed.sort(key=lambda i: -each.rankings[i].shortfall)
        rows = [_row(each, i) for i in missed[:ROWS]]
        _save(rows, folder, each.search.name, f"{len(missed)} of {len(each.rankings)} missed")


def _row(each: Searched, number: int) -> list[Image.Image]:
    query, ranking = each.search.queries[number], each.rankings[number]
    place = "not found" if ranking.right < 0 else f"place {ranking.first + 1:.0f}, {ranking.right_score:.3f}"
    cells = [_cell(query, f"query: {query.identity}", query.category or "", PLAIN)]
    if ranking.right >= 0:
        cells.append(_cell(each.search.gallery[ranking.right], "right picture", place, RIGHT))
    else:
        cells.append(_cell(None, "right picture", place, RIGHT))
    for index, score in zip(ranking.top, ranking.scores, strict=True):
        hit = each.search.gallery[index]
        ink = RIGHT if hit.identity == query.identity else WRONG
        cells.append(_cell(hit, f"{score:.3f}: {hit.identity}", hit.category or "", ink))
    return cells


def draw_categories(labelled: Labelled, folder: Path) -> None:
    """A sheet of the photos whose wrong category the model was surest of, six a row."""
    missed = [i for i in np.argsort(-labelled.confidence, kind="stable") if labelled.places[i] != 0]
    cells = [
        _cell(
            labelled.samples[i],
            f"{labelled.samples[i].category}",
            f"said {name} {labelled.confidence[i]:.2f}" if (name := labelled.likeliest[i]) else "unreadable",
            WRONG,
        )
        for i in missed[: 2 * ROWS]
    ]
    rows = [cells[start : start + 6] for start in range(0, len(cells), 6)]
    _save(rows, folder, "categories", f"{len(missed)} of {len(labelled.samples)} missed")


def draw_detections(
    truth: Mapping[Path, Boxes], predictions: Sequence[Sequence[Detection] | None], folder: Path
) -> None:
    """A sheet of the photos with the most faults: the true boxes left, what was found right."""
    readable = [
        (path, boxes, to_boxes(found))
        for (path, boxes), found in zip(truth.items(), predictions, strict=True)
        if found is not None
    ]
    cells = []
    for path, boxes, found in sorted(readable, key=lambda row: -faults(row[1], row[2]))[: ROWS // 2]:
        photo = decode_photo(path)
        image, scale = Image.fromarray(photo.pixels), np.array(photo.scale * 2)
        scores = np.asarray(found.scores)
        confident = [i for i, score in enumerate(scores) if score >= CONFIDENT]
        labels = [f"{found.groups[i]} {scores[i]:.2f}" for i in confident]
        cells.append(draw_boxes(image, boxes.boxes * scale, list(boxes.groups)))
        cells.append(draw_boxes(image, found.boxes[confident] * scale, labels))
    if cells:
        _write(grid(cells, 4, DETECTION_SIDE), folder / "detections.png")


def faults(true: Boxes, found: Boxes) -> int:
    """True boxes that no confident box (score from 0.3 on) of their group overlaps by half, and confident
    boxes that overlap none."""
    count = 0
    for group in {*true.groups, *found.groups}:
        boxes, _ = true.of(group)
        guesses, scores = found.of(group)
        guesses = guesses[scores >= CONFIDENT]
        if not len(boxes) or not len(guesses):
            count += len(boxes) + len(guesses)
            continue
        overlap = pairwise_iou(boxes, guesses) >= 0.5
        count += int((~overlap.any(1)).sum() + (~overlap.any(0)).sum())
    return count


def _cell(sample: Sample | None, first: str, second: str, ink: tuple[int, int, int]) -> Image.Image:
    cell = Image.new("RGB", (SIDE + 6, SIDE + TEXT + 6), "white")
    if sample is not None:
        picture = _picture(sample)
        cell.paste(picture, ((SIDE - picture.width) // 2 + 3, (SIDE - picture.height) // 2 + 3))
    pen = ImageDraw.Draw(cell)
    for line, text in enumerate((first, second)):
        pen.text((3, SIDE + 4 + 12 * line), text[:26], fill=ink)
    return cell


def _picture(sample: Sample) -> Image.Image:
    """What the model saw of it, or a grey field."""
    try:
        photo = decode_photo(sample.image)
    except PhotoError:
        return Image.new("RGB", (SIDE, SIDE), "grey")
    image = Image.fromarray(photo.pixels)
    if box := crop_of(sample).box:
        (sx, sy), (x, y, w, h) = photo.scale, box
        image = image.crop((int(x * sx), int(y * sy), round((x + w) * sx), round((y + h) * sy)))
    image.thumbnail((SIDE, SIDE))
    return image


def _save(rows: Sequence[Sequence[Image.Image]], folder: Path, name: str, heading: str) -> None:
    if not rows:
        return
    width = max(sum(cell.width for cell in row) for row in rows)
    sheet = Image.new("RGB", (width, 20 + sum(row[0].height for row in rows)), "white")
    ImageDraw.Draw(sheet).text((4, 4), f"{_plain(name)}: {heading}", fill=PLAIN)
    y = 20
    for row in rows:
        for column, cell in enumerate(row):
            sheet.paste(cell, (column * cell.width, y))
        y += row[0].height
    _write(sheet, folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png")


def _plain(text: str) -> str:
    """Pillow's built-in letters know no arrows."""
    return text.replace("→", "to")


def _write(sheet: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
    say(f"worst misses: {path}")
