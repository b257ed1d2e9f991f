"""The page of `pocketshelf_training.mine.figures`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pocketshelf_training.pages.page import joined, table

__all__ = ["page_of"]

WANTED = {"precision": 0.92, "recall": 0.65}


def page_of(figures: dict[str, Any]) -> str:
    """The document of all figures."""
    parts = [_head(figures)]
    parts += [_choice(figures["choice"])] if "choice" in figures else []
    parts += [_split(name, figures[name]) for name in ("test", "val")]
    parts += [_gain(figures["gain"])] if "gain" in figures else []
    return joined([*parts, f"Measured on {figures['machine']}, commit {figures['commit']}."])


def _choice(choice: dict[str, Any]) -> str:
    """The rule's five best settings, and what ships at every reach."""
    rows = [(f"{n}.", *_tried(each)) for n, each in enumerate(choice["best"], 1)]
    rows.append(("vectors alone, by the rule", *_tried(choice["alone"])))
    rows += [("ships, at this reach", *_tried(each)) for each in choice["shipped"]]
    head = ["", *(f">{name}" for name in ("neighbours", "power", "mutual", "colours", "reach"))]
    head += [">precision", ">lower bound", ">recall"]
    head += [">val: precision", ">recall", ">halves: precision", ">recall"]
    text = _template("mining_choice.md").replace("{table}", table(head, rows))
    for name, (more, low, high) in choice["gained"].items():
        text = text.replace(f"{{{name}}}", f"{more:+.3f} ({low:+.3f} to {high:+.3f})")
    return text.replace("{wanted}", f"{choice['wanted']:g}").replace("{sets}", str(choice["sets"]))


def _tried(each: dict[str, Any]) -> tuple[str, ...]:
    settings = tuple(f"{each[name]:g}" for name in ("expansion", "power", "mutual", "colours", "reach"))
    shares = (each["precision"], each["bound"], each["recall"], *each["val"], *each["halves"])
    return (*settings, *(f"{share:.3f}" for share in shares))


def _gain(gain: dict[str, Any]) -> str:
    names = {"mined": "mined identities", "true": "true labels"}
    rows = [
        ("nothing", "", gain["none"]),
        *((name, "val's choice", gain[key]) for key, name in names.items()),
    ]
    rows += [(names[key], way, each[key]) for way, each in gain["ways"].items() for key in names]
    text = _template("mining_gain.md").replace("{share}", f"{100 * gain['recovered']:.0f}")
    return text.replace("{table}", table(["learnt from", "by", ">R@1"], rows))


def _head(figures: dict[str, Any]) -> str:
    bundles = " and ".join(f"`{name}`" for name in figures["bundles"])
    text = _template("mining.md").replace("{bundles}", bundles).replace("{results}", _results(figures))
    for name in ("colours", "reach", "reach alone"):
        text = text.replace(f"{{{name}}}", f"{figures[name]:g}")
    return text.replace("{verdict}", _verdict(figures["test"]))


def _verdict(test: dict[str, Any]) -> str:
    """Wanted and reached on test, and where the wrong pairs are."""
    found, over = test["with rules"], test["with rules"]["intervals"]
    rows = [
        (f"{name} ≥ {wanted:g}", _with_interval(found[name], over[name], 4), _reached(found[name], wanted))
        for name, wanted in WANTED.items()
    ]
    wrong = ", ".join(f"{name} {100 * share:.0f} %" for name, share in test["wrong"].items())
    said = f"The wrong pairs of test are of {wrong} (a pair of two categories counts half in each).\n"
    return joined([table(["wanted on test", ">reached", ""], rows), said])


def _reached(value: float, wanted: float) -> str:
    return "yes" if value >= wanted else "**no**"


def _with_interval(value: float, interval: list[float], digits: int = 3) -> str:
    return f"{value:.{digits}f} ({interval[0]:.3f} to {interval[1]:.3f})"


def _results(figures: dict[str, Any]) -> str:
    """What is asked first: both splits with rules, by the first bundle alone and by all."""
    first, *others = figures["bundles"]
    rows = [(f"{first}, colours", *_both(figures["alone"]))] if others else []
    all_of_them = " and ".join(figures["bundles"])
    for way, name in (("with rules", f"{all_of_them}, colours"), ("without colours", f"{all_of_them} alone")):
        rows.append((name, *_both({split: figures[split][way] for split in ("test", "val")})))
    return table(["vectors of", ">test: precision", ">recall", ">val: precision", ">recall"], rows)


def _both(by_split: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    return tuple(
        _with_interval(by_split[name][key], by_split[name]["intervals"][key])
        for name in ("test", "val")
        for key in WANTED
    )


def _template(name: str) -> str:
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")


def _split(name: str, measured: dict[str, Any]) -> str:
    ways = (
        (f"plain DBSCAN, radius {measured['radius']:g} (best F1 on val)", "dbscan"),
        ("clusters of vectors alone as they are, with rules", "not expanded"),
        ("clusters of vectors alone, with rules", "without colours"),
        ("clusters, without rules", "without rules"),
        ("clusters, with rules", "with rules"),
    )
    rows = [(text, *_cells(measured[key]), measured[key]["pairs"]) for text, key in ways]
    parts = [
        f"### Split {name}: {measured['photos']} photos of {measured['products']} products\n",
        table(["", ">precision", ">recall", ">F1", ">pairs said"], rows),
        _by_reach(measured["reaches"]),
        _said_of_rules(measured["dropped"]),
        _said_of_clusters(measured["clusters"]),
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


def _said_of_clusters(found: dict[str, Any]) -> str:
    mixed = ", ".join(f"{name} (its commonest has {share:.2f})" for name, share in found["mixed at a glance"])
    return (
        f"{found['of one']} of the {found['kept']} clusters kept hold one product alone. Of the "
        f"{found['at a glance']} that `clusters.html` would show, the largest of each category first, these "
        f"hold several: {mixed or 'none'}.\n"
    )


def _category_table(categories: dict[str, Any]) -> str:
    rows = [
        (name, each["photos"], each["products"], *_cells(each["without rules"]), *_cells(each["with rules"]))
        for name, each in categories.items()
    ]
    plain, ruled = ("precision", "recall", "F1"), ("with rules: precision", "recall", "F1")
    return table(["category", ">photos", ">products", *(f">{n}" for n in (*plain, *ruled))], rows)
