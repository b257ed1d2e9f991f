"""Write what each stage after the networks makes of its input: ``python -m contract.golden.generate_stages``.

One file a stage in ``stages/``. Its cases are inputs and, under "expected", what the SDK makes of them. The
inputs that a file holds are kept (a random generator's stream may change between versions of numpy) and only
the expectations written anew; ``--anew`` makes the inputs anew, too.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.golden.stage_cases import (
    answers,
    answers_closely,
    asking,
    closely,
    colouring,
    detection,
    embedding,
    grouping,
    lighting,
    paging,
    recalling,
    searching,
    tracking,
)

__all__ = ["CLOSELY", "FOLDER", "STAGES", "Stage", "cases_of", "expected"]

FOLDER = Path(__file__).resolve().parent / "stages"
CLOSELY = "closely"
Case = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """What a stage's file holds.

    Attributes:
        about: what a case is and what is expected.
        tolerance: by which an expected number may be missed; whatever else is expected is equal exactly.
        make: the cases' inputs.
        answer: what the SDK makes of one.
    """

    about: str
    tolerance: float
    make: Callable[[], list[Case]]
    answer: Callable[[Case], Case]


STAGES: dict[str, Stage] = {
    "detect": Stage(
        "a detector's raw outputs -> boxes (x, y, w, h) of the photo, best score first",
        1e-3, detection.boxes, detection.boxes_of,
    ),
    "afar": Stage(
        "boxes of a first look (of the photo) and of a second (of the part that is looked at again, in its "
        "decoded pixels) -> that part and its decoded size, or null, and the photo's boxes, best score first",
        1e-9, detection.looks, detection.looks_of,
    ),
    "regions": Stage(
        "boxes -> those that a search looks at, by their places among the given ones, most prominent first",
        1e-9, detection.regions, detection.regions_of,
    ),
    "embed": Stage(
        "an embedder's raw outputs -> unit vector, probabilities, names of the five likeliest categories",
        1e-6, embedding.outputs, embedding.outputs_of,
    ),
    "blend": Stage(
        "outputs for a crop and for its frame, and the frame's weight -> the region's own",
        1e-6, embedding.blends, embedding.blends_of,
    ),
    "frame": Stage(
        "a box, the other boxes of the photo -> what the frame weighs in its query; which of the categories "
        "its group can be of, and their probabilities then",
        1e-9, embedding.weights, embedding.weights_of,
    ),
    "groups": Stage(
        'a bundle\'s "groups", the names of the detector\'s groups, some products of each category (int8 '
        "vectors) -> the groups of those that no name explains, and whether each fits each group, or an "
        "error",
        0.0, grouping.groups, grouping.groups_of,
    ),
    "quantize": Stage(
        "float32 vectors -> int8 vectors", 0.0, searching.quantized, searching.quantized_of
    ),
    "scan": Stage(
        "categories (ids, each picture's product, int8 vectors) and queries -> (id, cosine), best first, "
        "over all categories",
        1e-6, searching.scans, searching.scans_of,
    ),
    "route": Stage(
        "the model's probabilities, the store's categories and counts, wanted products -> categories of the "
        "router, and those that are searched",
        0.0, searching.routed, searching.routed_of,
    ),
    "names": Stage(
        "asked categories (one, or a list), the store's -> those named, and whether it was all, or an error",
        0.0, searching.names, searching.names_of,
    ),
    "where": Stage(
        "a product's attributes, wanted values -> whether it fits",
        0.0, searching.fitting, searching.fitting_of,
    ),
    "rerank": Stage(
        "attributes as the model sees them, hits with those that they state -> (id, score), best first",
        1e-9, searching.reranked, searching.reranked_of,
    ),
    "colours": Stage(
        "48 x 48 pixels, or a box of a picture in images/ (null: the frame) -> their palette; palettes -> "
        "each one's likeness to each; the query's palette, hits, and their kinds if they have any -> (id, "
        "score), best first; or more among which a server's hits are judged -> (id, score) in their order",
        1e-5, colouring.colours, colouring.colours_of,
    ),
    "light": Stage(
        "a box of a picture in images/ (null: the frame), and what the levels of the frame's and of the "
        "box's 48 x 48 pixels are multiplied by before (red, green, blue; rounded; plus) -> what they are "
        "multiplied by against the dark and a tint (null: none), what is taken off, and the box's palettes",
        1e-9, lighting.lights, lighting.lights_of,
    ),
    "screenshot": Stage(
        "a page of so many columns and of bands: [rows] of a picture, (7 x + 13 y + 3 x y + 59 c) mod 256, y "
        "from the band's first row, c 0 to 2; or [rows, colour], or [rows, colour, [from a column, to before "
        "one, the colour between or else a picture]] -> left, top, right and bottom of the page's picture, "
        "in shares of its sides, or null",
        1e-12, paging.pages, paging.parts_of,
    ),
    "signals": Stage(
        "what a search tells, and the shelf's first pictures in the order of the ids -> every feature",
        2e-4, recalling.signals, recalling.signals_of,
    ),
    "recall": Stage(
        'a bundle\'s "recall" and signals -> local recall and confidence, and whether each suffices',
        2e-4, recalling.estimates, recalling.estimates_of,
    ),
    "cohort": Stage(
        "number of products -> which of them are the cohort",
        0.0, recalling.cohorts, recalling.cohorts_of,
    ),
    "ask": Stage(
        "a query -> address, body and headers of the request to a server",
        1e-9, asking.told, asking.told_of,
    ),
    "server": Stage(
        "a server's replies, each at so many seconds -> whether it was asked then, and hits or an error",
        1e-9, asking.asked, asking.asked_of,
    ),
    "merge": Stage(
        "local hits and a server's, and what came of asking about each region -> (id, score, source), best "
        "first, and the photo's one word",
        1e-9, asking.merges, asking.merges_of,
    ),
    "track": Stage(
        "a camera's frames: boxes, and the places of those that may begin a thing -> the shown things",
        1e-6, tracking.tracks, tracking.tracks_of,
    ),
    "answers": Stage(
        "what the networks gave for a photo, on the shelf and with the bundle in answers/ -> a search's line "
        "in full, without its times, and what a server was asked",
        3e-4, answers.answers, answers.answers_of,
    ),
    "answers-closely": Stage(
        "what the networks gave for a photo in images/, on the shelf in answers-closely/ that has local "
        "features, with the bundle and the manifest in answers/ -> a search's line in full, without its "
        "times, and what a server was asked",
        3e-4, answers_closely.answers, answers_closely.answers_of,
    ),
}  # fmt: skip


def path_of(name: str) -> Path:
    """A stage's file."""
    return FOLDER / f"{name}.json"


def cases_of(name: str) -> list[Case]:
    """The cases in a stage's file."""
    found: list[Case] = json.loads(path_of(name).read_text(encoding="utf-8"))["cases"]
    return found


def expected(name: str, case: Case) -> Case:
    """What the SDK makes of a case today, as JSON gives it back."""
    answer: Case = json.loads(json.dumps(STAGES[name].answer(case)))
    return answer


def write(name: str, anew: bool) -> None:
    """A stage's file."""
    stage = STAGES[name]
    inputs = stage.make() if anew or not path_of(name).exists() else cases_of(name)
    cases = [{**case, "expected": expected(name, case)} for case in inputs]
    head = {"about": stage.about, "tolerance": stage.tolerance}
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    text = json.dumps(head, ensure_ascii=False)[:-1] + f', "cases": [\n{lines}\n]}}\n'
    path_of(name).write_text(text, encoding="utf-8")


def write_closely(anew: bool) -> None:
    """The close look's file: one document, since its photos share the shelf's features."""
    path = path_of(CLOSELY)
    given = closely.inputs() if anew or not path.exists() else json.loads(path.read_text(encoding="utf-8"))
    head = {"about": closely.ABOUT, "tolerance": closely.TOLERANCE}
    document = {**head, **closely.with_answers(given), **head}
    parts = (
        f" {json.dumps(name)}: {json.dumps(part, ensure_ascii=False)}" for name, part in document.items()
    )
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stages", nargs="*", help="all by default")
    parser.add_argument("--anew", action="store_true", help="make the inputs anew")
    args = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for name in args.stages or [*STAGES, CLOSELY]:
        if name == CLOSELY:
            write_closely(args.anew)
        else:
            write(name, args.anew)


if __name__ == "__main__":
    main()
