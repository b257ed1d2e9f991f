"""The report of a calibration, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pocketshelf_training.recall.calibrate import KIND_DELTA

__all__ = ["page"]


BOUNDS = {"world": "catalogue", "kind": "catalogue and for every kind of photo"}


def page(report: dict[str, Any]) -> str:
    """Markdown of what ``recall.json`` holds."""
    recall, confidence = report["recall"], report["recall"]["confidence"]
    parts = [
        "# Knowing that it does not know",
        _introduction(report),
        *([KEPT] if report.get("kept") else []),
        _meaning(recall, confidence, BOUNDS[report["bound"]]),
        "## What the catalogue lacks",
        _lacking(report["test"]),
        "## What the catalogue holds",
        "The whole catalogue is searched; *right*: the first hit is the product.",
        _held(report["test"]),
        "## A catalogue that was left out of the calibration",
        "The same, by models and thresholds made without the catalogue: what a shop may expect that the "
        "calibration has never seen.",
        *(part for rows in report["left_out"].values() for part in (_lacking(rows), _held(rows)) if part),
        "![risk and coverage](risk_coverage.png)",
    ]
    return "\n\n".join(parts) + "\n"


KEPT = (
    "Measured with `--measure`: the calibration is the one that the bundle carries, fitted before what is "
    "measured here was last changed; the parts about catalogues that were left out fit anew."
)

INTRODUCTION = """\
Bundle `{bundle}` (space `{space}`), by `pocketshelf-train recall --bundle DIR --out docs/recall`, which
fits the two estimates of [the fallback](../sync.md) and writes this page. Fitted and chosen on photos
of val, measured on those of test (`shop`: other styles; `clothing` and `street`: train and val);
shelves drawn with the seeds {val} and {test}. *Own* photos show products of the catalogue, the others
show none of it; *own names*: the same catalogue, its categories called by names that the model does not
know, as a shop calls them; *one category*: the same, all of it in one; *lacking*: the catalogue does not
hold the product (own photos: it was left out). One search a photo."""
MEANING = """\
**Confident** is an answer whose `confidence` is at least **{sure:.3f}**, the bundle's threshold, chosen
so that of the photos whose product the catalogue lacks at most {alpha:.0%} get one, in every catalogue at
{worlds:.0%} confidence and of every kind of photo in it at {kinds:.0%}: {sure_risk}. {absent}**Asked**:
`local_recall` is below {enough:.3f}, chosen on the searches whose product is not among the first {k} hits,
in every {where}: {enough_risk}."""
ABSENT = """\
**Called absent** is an answer whose `confidence` is below **{absent:.3f}**, chosen so that of the first hits
that are right at most {alpha:.0%} are, in every catalogue: {risk}; a page says "nothing like this
here" of it. Between the two it shows what it found and says that it is not sure. """


def _introduction(report: dict[str, Any]) -> str:
    return INTRODUCTION.format(bundle=report["bundle"], space=report["space"], **report["seeds"])


def _meaning(recall: dict[str, Any], confidence: dict[str, Any], where: str) -> str:
    absent = confidence.get("absent")
    said = (
        ABSENT.format(absent=absent["threshold"], alpha=absent["risk"]["alpha"], risk=_risk(absent["risk"]))
        if absent
        else ""
    )
    return MEANING.format(
        absent=said,
        worlds=1 - recall["risk"]["delta"],
        kinds=1 - KIND_DELTA,
        sure=confidence["threshold"],
        alpha=confidence["risk"]["alpha"],
        where=where,
        sure_risk=_risk(confidence["risk"]),
        enough=recall["threshold"],
        k=recall["k"],
        enough_risk=_risk(recall["risk"]),
    )


def _risk(risk: dict[str, Any]) -> str:
    passed = f"{risk['unescalated']} of {risk['misses']} independent searches pass"
    return f"where it is tightest, {passed} (exact {1 - risk['delta']:.0%} bound {risk['bound']:.1%})"


def _lacking(rows: Sequence[dict[str, Any]]) -> str:
    head = (
        "catalogue",
        "photos of",
        "mode",
        "searches",
        "confident",
        "95 % bound",
        "called absent",
        "asked",
        "median local_recall",
    )
    cells = [
        (
            *_about(row),
            _share(row["confident"]),
            _share(row["bound_95"]),
            _share(row["called_absent"]),
            _share(row["asked"]),
            f"{row['median_local_recall']:.2f}",
        )
        for row in rows
        if row["kind"] == "lacking"
    ]
    return _table(head, cells)


def _held(rows: Sequence[dict[str, Any]]) -> str:
    head = (
        *("catalogue", "photos of", "mode", "searches", "right", "right ones that stay confident"),
        *("right ones called absent", "confident ones that are right", "asked"),
    )
    cells = [
        (
            *_about(row),
            _share(row["right"]),
            _share(row["right_stays_confident"]),
            _share(row["right_called_absent"]),
            _share(row["confident_is_right"]),
            _share(row["asked"]),
        )
        for row in rows
        if row["kind"] == "held"
    ]
    return _table(head, cells) if cells else ""


def _about(row: dict[str, Any]) -> tuple[str, ...]:
    return row["world"], row["photos_of"], row["mode"], str(row["searches"])


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)
