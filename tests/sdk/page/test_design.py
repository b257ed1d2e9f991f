"""The tokens' colours: text is readable in light and in dark (WCAG 2.2, AA)."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[3] / "web"
GROUNDS = ("ground", "paper", "sunk", "raised")
TEXT = [
    *product(("ink", "soft", "accent", "bad"), GROUNDS),
    *((name, f"{name}-ground") for name in ("good", "fair", "bad", "info", "accent")),
    *((name, "paper") for name in ("good", "fair", "info")),
    ("accent-ink", "accent"), ("accent-ink", "accent-strong"), ("bad-ink", "bad"), ("bad-ink", "bad-strong"),
    ("ground", "ink"),
]  # fmt: skip
# Edges of what can be used, marks of the focus, boxes: 3 to 1.
EDGES = [*product(("edge", "focus"), ("ground", "paper", "raised"))]


def _tokens(dark: bool) -> dict[str, str]:
    css = (WEB / "tokens.css").read_text(encoding="utf-8")
    light, rest = css.split("@dark {")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", light))
    return found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", rest.split("}")[0])) if dark else found


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    dark, light = sorted((_luminance(a), _luminance(b)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_and_edges_stand_out(dark: bool) -> None:
    tokens = _tokens(dark)
    for pairs, least in ((TEXT, 4.5), (EDGES, 3.0)):
        low = {f"{a} on {b}": round(_contrast(tokens[a], tokens[b]), 2) for a, b in pairs}
        assert {name: ratio for name, ratio in low.items() if ratio < least} == {}


def test_the_contrast_is_what_the_standard_says() -> None:
    assert _contrast("#000", "#ffffff") == pytest.approx(21)
    assert _contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", ["base.css", "pages.css", "kiosk/kiosk.css", "console/console.css"])
def test_sides_are_logical_so_that_right_to_left_needs_no_second_sheet(name: str) -> None:
    css = re.sub(r"/\*.*?\*/", "", (WEB / name).read_text(encoding="utf-8"), flags=re.S)
    physical = r"(?<![\w-])(?:margin|padding|border)-(?:left|right)(?![\w-])|text-align: (?:left|right)"
    assert re.findall(physical, css) == []
