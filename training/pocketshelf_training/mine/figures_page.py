"""The page of `pocketshelf_training.mine.figures`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pocketshelf_training.pages.page import joined, table

__all__ = ["page_of"]


def page_of(figures: dict[str, Any]) -> str:
    """The document of all figures."""
    parts = [_head(figures), *(_split(name, figures[name]) for name in ("test", "val"))]
    return joined([*parts, _gain(figures["gain"])] if "gain" in figures else parts)


def _gain(gain: dict[str, Any]) -> str:
    rows = [("nothing", gain["none"]), ("mined identities", gain["mined"]), ("true labels", gain["true"])]
    text = _template("mining_gain.md").replace("{share}", f"{100 * gain['recovered']:.0f}")
    return text.replace("{table}", table(["learnt from", ">R@1"], rows))


def _head(figures: dict[str, Any]) -> str:
    bundles = " and ".join(f"`{name}`" for name in figures["bundles"])
    return _template("mining.md").replace("{bundles}", bundles).replace("{results}", _results(figures))


def _results(figures: dict[str, Any]) -> str:
    """What is asked first: both splits with rules, by the first bundle alone and by all."""
    first, *others = figures["bundles"]
    rows = [(first, *_both(figures["alone"]))] if others else []
    ruled = {name: figures[name]["with rules"] for name in ("test", "val")}
    rows.append((" and ".join(figures["bundles"]), *_both(ruled)))
    return table(["vectors of", ">test: precision", ">recall", ">val: precision", ">recall"], rows)


def _both(by_split: dict[str, dict[str, float]]) -> tuple[str, ...]:
    return tuple(f"{by_split[name][key]:.3f}" for name in ("test", "val") for key in ("precision", "recall"))


def _template(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _split(name: str, measured: dict[str, Any]) -> str:
    ways = (
        (f"plain DBSCAN, radius {measured['radius']:g} (best F1 on val)", "dbscan"),
        ("clusters of vectors as they are, with rules", "not expanded"),
        ("clusters, without rules", "without rules"),
        ("clusters, with rules", "with rules"),
    )
    rows = [(text, *_cells(measured[key]), measured[key]["pairs"]) for text, key in ways]
    parts = [
        f"### Split {name}: {measured['photos']} photos of {measured['products']} products\n",
        table(["", ">precision", ">recall", ">F1", ">pairs said"], rows),
        _by_reach(measured["reaches"]),
        _said_of_rules(measured["dropped"]),
    ]
    if name == "test":
        parts += ["### By category, test\n", _category_table(measured["categories"])]
    return "\n".join(parts)


def _by_reach(reaches: list[tuple[float, dict[str, float]]]) -> str:
    rows = [(f"{reach:g}", *_cells(figures)) for reach, figures in reaches]
    return table(["`--reach`, with rules", ">precision", ">recall", ">F1"], rows)


def _cells(figures: dict[str, float]) -> tuple[str, ...]:
    return tuple(f"{figures[key]:.3f}" for key in ("precision", "recall", "F1"))


def _said_of_rules(dropped: list[dict[str, Any]]) -> str:
    if not dropped:
        return "The rules dropped nothing.\n"
    rows = [(each["rule"], each["category"], each["pictures"], f"{each['purity']:.2f}") for each in dropped]
    head = ["dropped by", "category", ">pictures", ">share of its commonest product"]
    return table(head, rows)


def _category_table(categories: dict[str, Any]) -> str:
    rows = [
        (name, each["photos"], each["products"], *_cells(each["without rules"]), *_cells(each["with rules"]))
        for name, each in categories.items()
    ]
    plain, ruled = ("precision", "recall", "F1"), ("with rules: precision", "recall", "F1")
    return table(["category", ">photos", ">products", *(f">{n}" for n in (*plain, *ruled))], rows)
