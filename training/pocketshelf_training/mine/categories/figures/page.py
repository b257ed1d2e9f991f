"""docs/mining-categories.md: the figures as a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pocketshelf_training.mine.categories.figures.noise import MIXES
from pocketshelf_training.pages.page import joined, table

__all__ = ["page"]

_TEMPLATE = Path(__file__).parents[1] / "templates" / "figures.md"
TITLES = {
    "imagenet": "ImageNet's, photos unseen",
    "universal": "the bundle's, photos seen",
    "universal, val": "the bundle's, photos unseen (val)",
}
BOUNDS = ("agreement", "distance", "neighbours")
WANTED = {"after": 0.93, "good kept": 0.85}


def page(figures: Mapping[str, Any]) -> str:
    """The page of what the command measured; figures as `Figure` or as lists of them read back."""
    first = MIXES[0].said
    parts = {
        "verdict": _verdict(figures["purity"], first),
        "purity": _purity(figures["purity"]),
        "kinds": _kinds(figures["purity"], first),
        "labels": _labels(figures["purity"]["imagenet"][first]),
        "labels_bundle": _labels(figures["purity"]["universal"][first]),
        "rules": _rules(figures["rules"]),
        "heads": _heads(figures["heads"]),
        "chosen": _chosen(figures["chosen"]),
        "doubles": _doubles(figures["doubles"]),
        "faults": _faults(figures["faults"]),
        "page": _shown(figures.get("report")),
        "where": f"{figures['machine']}, commit {figures['commit']}, bundle {figures['bundle']}",
    }
    text = _TEMPLATE.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part.rstrip("\n"))
    return joined([text])


def _verdict(purity: Mapping[str, Any], mix: str) -> str:
    rows = []
    for network, title in TITLES.items():
        of = purity[network][mix]
        for name, wanted in WANTED.items():
            said = "purity after" if name == "after" else "good kept"
            reached = "yes" if of[name].value >= wanted else "**no**"
            rows.append((title, f"{said} ≥ {wanted}", of[name], reached))
    return table(["features", "wanted", ">reached", ""], rows)


def _purity(purity: Mapping[str, Any]) -> str:
    rows = [
        (TITLES[network], mix, of["pictures"], of["before"], of["after"], of["good kept"], of["moved kept"])
        for network, mixes in purity.items()
        for mix, of in mixes.items()
    ]
    head = (
        "features",
        "wrong labels",
        ">pictures",
        ">purity before",
        ">after",
        ">good kept",
        ">moved labels kept",
    )
    return table(head, rows)


def _kinds(purity: Mapping[str, Any], mix: str) -> str:
    kinds = list(purity["imagenet"][mix]["strangers kept"])
    rows = [(TITLES[name], *(of[mix]["strangers kept"][k] for k in kinds)) for name, of in purity.items()]
    return table(["strangers kept", *(f">{kind}" for kind in kinds)], rows)


def _labels(of: Mapping[str, Any]) -> str:
    rows = [(name, each["before"], each["after"], each["good kept"]) for name, each in of["labels"].items()]
    return table(["label", ">purity before", ">after", ">good kept"], rows)


def _rules(rules: Mapping[str, Any]) -> str:
    rows = [(way, of["after"], of["good kept"]) for way, of in rules.items()]
    return table(["bounds", ">purity after", ">good kept"], rows)


def _heads(heads: Mapping[str, Any]) -> str:
    rows = [
        (
            TITLES[network],
            mix,
            head,
            *(of[way] for way in ("raw labels", "purified labels", "true labels")),
            of["purified - raw"].points,
        )
        for network, mixes in heads.items()
        for mix, named in mixes.items()
        for head, of in named.items()
    ]
    head_row = (
        "features",
        "wrong labels",
        "head",
        ">raw labels",
        ">purified",
        ">true",
        ">purified − raw, points",
    )
    return table(head_row, rows)


def _chosen(chosen: Mapping[str, Any]) -> str:
    rows = [
        (*(f"{each[name]:g}" for name in BOUNDS), f"{each['purity']:.3f}", f"{each['kept']:.3f}")
        for each in chosen["best"]
    ]
    opened = ", ".join(f"{name} ({100 * share:.0f} %)" for name, share in chosen["opened"].items()) or "none"
    said = f"Opened, with the share of wrong labels among what they alone dropped: {opened}.\n"
    return joined([said, table([*(f">{name}" for name in BOUNDS), ">purity", ">good kept"], rows)])


def _doubles(doubles: Mapping[str, Any]) -> str:
    changes = list(next(iter(doubles["choose"]["found"].values())))
    rows = []
    for part, name in (("choose", "to choose by"), ("measure", "to measure with")):
        of = doubles[part]
        for bits, found in of["found"].items():
            if part == "choose" or int(bits) == doubles["bits"]:
                shares = (f"{found[change]:.3f}" for change in changes)
                rows.append((name, bits, *shares, f"{of['said to be doubles'][bits]:.4f}"))
    head = [
        "part",
        ">bits",
        *(f">{change}" for change in changes),
        ">garments said to double another",
    ]
    return table(head, rows)


def _faults(faults: Mapping[str, Any]) -> str:
    said = ", ".join(f"{name} {count}" for name, count in faults["said"].items()) or "none"
    return (
        f"The filter of photos is not part of the figures above. Of {faults['photos']} garment photos of the "
        f"part to measure with it drops {faults['faulty']}: {said} (commit {faults['commit']})."
    )


def _shown(report: Mapping[str, Any] | None) -> str:
    if not report:
        return "The page was not made in this run."
    shown, right = report["shown"], report["right"]
    close, close_right = report["close"], report["close right"]
    return (
        f"Of the {shown} dropped photos on it (one seed; all rules in turn, the surest first), {right} had a "
        f"wrong label indeed or doubled another picture, {shown - right} were dropped in vain. Of "
        f"its {close} close calls {close_right} were right, {close - close_right} in vain: they are a small "
        "part of what was dropped, shown to judge the bounds by."
    )
