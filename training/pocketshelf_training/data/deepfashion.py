"""What DeepFashion's four benchmarks share (Liu et al., CVPR 2016): boxes, landmarks and picture sizes.

Boxes and landmarks are given in pixels of the low-resolution pictures (``img``). Whoever reads the
``img_highres`` pictures with them crops a corner; so they are brought to the picture at hand here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from pocketshelf.types import Box
from pocketshelf_training.data.listing import DataDamaged, Row, first_existing, read_counted, read_lines
from pocketshelf_training.data.protocol import LabelledBoxes, Landmarks, Sample

__all__ = [
    "GROUP_OF_TYPE",
    "LANDMARKS_OF_TYPE",
    "LICENCE",
    "Annotations",
    "Canvas",
    "Pictures",
    "box_of",
    "by_picture",
    "landmarks_of",
    "read_landmarks",
    "read_partition",
    "read_positives",
]

# "Their use is RESTRICTED to non-commercial research and educational purposes" (the benchmarks' README).
LICENCE = "LicenseRef-DeepFashion-non-commercial"

# Clothes types of the files: coarser than the detector's groups, so they have names of their own.
GROUP_OF_TYPE = {"1": "upper-body", "2": "lower-body", "3": "full-body"}

_ENDS = ("left hem", "right hem")
LANDMARKS_OF_TYPE = {
    "1": ("left collar", "right collar", "left sleeve", "right sleeve", *_ENDS),
    "2": ("left waistline", "right waistline", *_ENDS),
    "3": (
        "left collar",
        "right collar",
        "left sleeve",
        "right sleeve",
        "left waistline",
        "right waistline",
        *_ENDS,
    ),
}


@dataclass(frozen=True)
class Canvas:
    """How the annotated low-resolution pictures came about.

    Attributes:
        side: the long side's length in pixels.
        square: In-shop pictures stand centred on a square of ``side``; the others were only made smaller.
    """

    side: int
    square: bool = False

    def to_picture(self, size: tuple[int, int]) -> tuple[float, float, float]:
        """Scale and offsets (x, y) that bring an annotated point to a picture of ``size`` (w, h)."""
        scale = max(size) / self.side
        if not self.square:
            return scale, 0.0, 0.0
        return scale, (size[0] - max(size)) / 2, (size[1] - max(size)) / 2


class Pictures:
    """The pictures of one benchmark, and the way of annotations to them.

    Args:
        root: the benchmark's folder, with ``Img/img`` or ``img``.
        canvas: of the annotated pictures.
        folder: "img" for the annotated pictures themselves, "img_highres" or any other name beside
            them for pictures of another size.

    Raises:
        DataMissing: no such folder of pictures.
    """

    def __init__(self, root: Path, canvas: Canvas, folder: str = "img") -> None:
        self.base = first_existing(root, f"Img/{folder}", folder).parent
        self.canvas, self.folder = canvas, folder

    def path(self, row: Row, name: str | None = None) -> Path:
        """The picture that a list calls "img/…" (its first field unless ``name`` is given).

        Raises:
            DataDamaged: the name does not begin with "img/".
        """
        name = name or row.fields[0]
        first, _, rest = name.partition("/")
        if first.lower() != "img" or not rest:
            raise row.fault(f"a picture's name begins with img/, not {name!r}")
        return self.base / self.folder / rest

    def transform(self, path: Path) -> tuple[float, float, float]:
        """Scale and offsets for the picture at ``path``; the annotated pictures need none and are not opened.

        Raises:
            DataDamaged: the picture cannot be read, so its size is unknown.
        """
        if self.folder == "img":
            return 1.0, 0.0, 0.0
        try:
            with Image.open(path, formats=("JPEG", "PNG")) as image:  # Its size alone.
                return self.canvas.to_picture(image.size)
        except (OSError, UnidentifiedImageError) as error:
            raise DataDamaged(
                f"{path}: unreadable, so boxes cannot be scaled; load folder 'img' instead"
            ) from error


def box_of(row: Row, start: int, transform: tuple[float, float, float]) -> Box:
    """Corners x_1 y_1 x_2 y_2 from field ``start`` on, as (x, y, w, h) in the picture at hand.

    Raises:
        DataDamaged: not four numbers, or an empty box.
    """
    left, top, right, bottom = row.numbers(start, 4)
    if right <= left or bottom <= top:
        raise row.fault(f"an empty box {left:g} {top:g} {right:g} {bottom:g}")
    scale, dx, dy = transform
    return left * scale + dx, top * scale + dy, (right - left) * scale, (bottom - top) * scale


def landmarks_of(row: Row, start: int, kind: str, transform: tuple[float, float, float]) -> Landmarks:
    """Triples (visibility, x, y) from field ``start`` on, named after the clothes type ``kind``.

    Visibility 0 is visible, 1 occluded, 2 cut off; a landmark that is cut off has no place and is left out.

    Raises:
        DataDamaged: the wrong number of them.
    """
    names = LANDMARKS_OF_TYPE[kind]
    values = row.numbers(start)
    if len(values) != 3 * len(names):
        raise row.fault(f"{len(values)} landmark values where {3 * len(names)} belong to clothes type {kind}")
    scale, dx, dy = transform
    triples = zip(names, values[0::3], values[1::3], values[2::3], strict=True)
    return {name: (x * scale + dx, y * scale + dy, state == 0) for name, state, x, y in triples if state != 2}


def read_landmarks(path: Path) -> dict[str, tuple[Row, int]]:
    """A list of landmarks by picture: the row, and the field where its triples begin.

    The lists of the four benchmarks differ by one column (``variation_type``); the header tells.
    """
    names, rows = read_counted(path, least=3)
    starts = [index for index, name in enumerate(names) if name.startswith("landmark_visibility")]
    if not starts:
        raise DataDamaged(f"{path}:2: no column landmark_visibility_1")
    for row in rows:
        row.choice(1, LANDMARKS_OF_TYPE, "clothes type")
    return {row.fields[0]: (row, starts[0]) for row in rows}


def read_positives(labels: Path, names: list[str]) -> dict[str, dict[str, str]]:
    """Lists of an item or picture and -1, 0 or 1 for each name, as {item: {attribute: "yes" or "unknown"}}.

    What is -1 (or 0 in a list without any -1) is absent from the dictionary: nearly all of up to 1,000 are.

    Raises:
        DataDamaged: a row with another number of labels, or another label.
    """
    _, rows = read_counted(labels, least=2)
    unknown_is_zero = any("-1" in row.fields for row in rows)
    found = {}
    for row in rows:
        if len(row.fields) != len(names) + 1:
            raise row.fault(f"{len(row.fields) - 1} labels where {len(names)} attributes are named")
        attributes = {}
        for name, label in zip(names, row.fields[1:], strict=True):
            if label == "1":
                attributes[name] = "yes"
            elif label == "0" and unknown_is_zero:
                attributes[name] = "unknown"
            elif label not in ("-1", "0"):
                raise row.fault(f"label {label!r} is none of -1, 0, 1")
        found[row.fields[0]] = attributes
    return found


class Annotations:
    """A benchmark's lists of boxes and of landmarks, by picture; landmarks are a download of their own.

    Args:
        anno: folder of the lists.
        source: the pictures.
        suffix: of the lists' names, as "_inshop".
        corners: field of the box list where x_1 stands.
    """

    def __init__(self, anno: Path, source: Pictures, suffix: str = "", corners: int = 1) -> None:
        self.anno, self.source, self.corners = anno, source, corners
        self.boxes = by_picture(anno / f"list_bbox{suffix}.txt", least=corners + 4)
        marks = anno / f"list_landmarks{suffix}.txt"
        self.landmarks = read_landmarks(marks) if marks.exists() else {}

    def sample(
        self, row: Row, name: str, split: str, domain: str, kind: str | None = None, **more: Any
    ) -> Sample:
        """The picture ``name``, which ``row`` of the partition names, with its box and landmarks.

        Args:
            kind: clothes type; the second field of the box list if None.
            more: what else the `Sample` holds.

        Raises:
            DataDamaged: a list's row cannot be used; names file and line.
        """
        path = self.source.path(row, name)
        transform = self.source.transform(path)
        box: LabelledBoxes = ()
        if found := self.boxes.get(name):
            group = GROUP_OF_TYPE[kind or found.choice(1, GROUP_OF_TYPE, "clothes type")]
            box = ((group, box_of(found, self.corners, transform)),)
        marks: Landmarks = {}
        if name in self.landmarks:
            marked, start = self.landmarks[name]
            marks = landmarks_of(marked, start, marked.fields[1], transform)
        return Sample(path, split, domain, boxes=box, landmarks=marks, licence=LICENCE, **more)

    def word(self, name: str, meaning: dict[str, str], what: str) -> str | None:
        """The box list's third field, translated; None for a picture that the list does not have."""
        found = self.boxes.get(name)
        return meaning[found.choice(2, meaning, what)] if found else None

    def items(self, attribute: Callable[[Row], str]) -> dict[str, dict[str, str]]:
        """Items' attributes, see `read_positives`; nothing where they were not downloaded.

        Args:
            attribute: an attribute's name from its row of ``list_attr_cloth.txt``.
        """
        items = self.anno / "list_attr_items.txt"
        if not items.exists():
            return {}
        names = [attribute(row) for row in read_lines(self.anno / "list_attr_cloth.txt", skip=2)]
        return read_positives(items, names)


def by_picture(path: Path, least: int) -> dict[str, Row]:
    """A counted list's rows by their first field."""
    return {row.fields[0]: row for row in read_counted(path, least)[1]}


def read_partition(root: Path, least: int) -> list[Row]:
    """The rows of the benchmark's partition: picture, what it belongs to, split."""
    return read_counted(first_existing(root, "Eval/list_eval_partition.txt"), least)[1]
