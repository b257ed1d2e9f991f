"""Golden cases of colours: the palettes of pixels, how alike palettes are, and the order of hits by them."""

from __future__ import annotations

import base64
import itertools
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.stages.colours import (
    by_colour,
    fallen,
    histograms,
    looked_at,
    palette_of,
    palettes_in,
)
from pocketshelf.stages.preprocess import Photo, decode_photo
from pocketshelf.types import Hit

__all__ = ["CROPS", "colours", "colours_of", "picture"]

IMAGES = Path(__file__).resolve().parents[1] / "images"
SIDE = 48
GREYS = [(134, 127, 124), (124, 131, 127), (127, 126, 134), (128, 128, 128)]
NAVY, CREAM, RUST = "2b2f3a:41 e9e5df:22", "efe6d4:100", "9c4a2f:70 2b2f3a:12 d8c4a0:18"
# What is no palette: letters, shares and blanks that are not the format's, nine colours, no share at all.
BROKEN = (
    "", "navy", "2b2f3a", "2b2f3a:", "2b2f3a:1000", "2B2F3A:50", "2b2f3a:-5", "2b2f3a:5.0", "2b2f3:50",
    "2b2f3a:50  e9e5df:50", "2b2f3a:50,e9e5df:50", "2b2f3a:50 e9e5df", "2b2f3a:٥", "2b2f3a:0",
    " ".join(f"{level:02x}4060:10" for level in range(0, 180, 20)),
)  # fmt: skip


def colours() -> list[dict[str, Any]]:
    """Pixels, crops of the golden pictures, palettes against each other, and hits."""
    rng = np.random.default_rng(1583)
    far = [f"{''.join(levels)}:100" for levels in itertools.product(("00", "ff"), repeat=3)]
    dark = ["000000:50 010101:50", "0a0a0b:100", "121110:100"]
    return [
        *pixel_cases(rng),
        pixel_case("one colour", np.array([141, 78, 107])),
        *(picture_case(f"a picture's crop: {name}, {box}", name, box) for name, box in CROPS),
        {"name": "palettes", "palettes": [NAVY, CREAM, RUST, "2b2f3a:41 e9e5df:21", "2b2f3a:1", "a0b1c2:9"]},
        {"name": "the furthest colours, and dark ones", "palettes": [*far, *dark]},
        {"name": "what is no palette", "palettes": [NAVY, *BROKEN]},
        *hit_cases(),
    ]


# A box of a picture: inside it, the frame, one that reaches out, and one so long that others are widened.
CROPS: tuple[tuple[str, list[float] | None], ...] = (
    ("drawn2", None),
    ("drawn0", [20.5, 10.25, 60.0, 41.5]),
    ("drawn1", [-15.0, 30.0, 66.0, 400.0]),
    ("drawn2", [28.0, 5.0, 3.5, 50.0]),
    ("drawn3", [4.0, 40.0, 66.0, 7.0]),
)


def pixel_cases(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Things on a ground and without one."""
    ground = np.broadcast_to(np.array([228, 224, 233]), (SIDE, SIDE, 3))
    noisy = ground + rng.integers(-3, 4, ground.shape)
    thing = speckled(rng, (30, 26), [(70, 30, 41), (33, 60, 118), (196, 148, 60)])
    framed, small, edged = noisy.copy(), noisy.copy(), noisy.copy()
    framed[9:39, 11:37] = thing
    small[20:29, 20:31] = thing[:9, :11]
    edged[:, :21] = speckled(rng, (SIDE, 21), [(88, 104, 31), (150, 39, 66)])
    many = [tuple(colour) for colour in rng.integers(0, 256, (24, 3)).tolist()]
    arrays = {
        "a thing on a plain ground: without the ground": framed,
        "a thing too small: the ground, too": small,
        "a thing across much of the edge: a ground no more": edged,
        "nothing but ground": noisy,
        "more than eight colours: the eight with the largest shares": speckled(rng, (SIDE, SIDE), many),
        "greys, each a little to another side: one colour": speckled(rng, (SIDE, SIDE), GREYS),
    }
    return [pixel_case(name, pixels) for name, pixels in arrays.items()]


def speckled(rng: np.random.Generator, size: tuple[int, int], of: list[tuple[int, ...]]) -> np.ndarray:
    """Pixels near one of some colours each, those first named more often."""
    shares = 0.8 ** np.arange(len(of))
    chosen = np.array(of)[rng.choice(len(of), size, p=shares / shares.sum())]
    return np.clip(chosen + rng.integers(-2, 3, chosen.shape), 0, 255)


def pixel_case(name: str, pixels: np.ndarray) -> dict[str, Any]:
    """A case whose pixels are given: base64 of 48 × 48 × 3 bytes, or of the 3 that all have."""
    return {"name": name, "pixels": base64.b64encode(pixels.astype(np.uint8).tobytes()).decode()}


def picture_case(name: str, image: str, box: list[float] | None) -> dict[str, Any]:
    """A case whose pixels are those of a golden picture's box."""
    return {"name": name, "image": f"{image}.png", "box": box}


def hit_cases() -> list[dict[str, Any]]:
    """Hits that state palettes of one picture and of several, broken ones, and none."""
    hits = [
        hit("a", 0.81, "9c4a2f:100"),
        hit("b", 0.8, f"{CREAM}; {NAVY}"),
        hit("c", 0.79, NAVY),
        hit("d", 0.785, None),
        hit("e", 0.78, f"nonsense;{RUST} ; "),
        hit("f", 0.775, "nonsense"),
        hit("g", 0.77, 12),
        hit("h", 0.765, "; ".join([CREAM] * 8 + [NAVY])),
        hit("i", 0.76, "31353f:60 e9e5df:40"),
    ]
    without = [hit(each["product_id"], each["score"], None) for each in hits]
    listed = [hit("l", 0.8, [NAVY]), hit("m", 0.7, {"0": NAVY}), hit("n", 0.6, ""), hit("o", 0.5, "2b2f3a:0")]
    tied = [hit(name, 0.5, CREAM) for name in "zyx"]
    base: dict[str, Any] = {"query": NAVY}
    cases: dict[str, dict[str, Any]] = {
        "hits with and without palettes": {"hits": hits},
        "hits without palettes stay as they are": {"hits": without},
        "palettes that none can read": {"hits": listed},
        "one hit falls by nothing": {"hits": hits[:1]},
        "one kind is as none": {"hits": hits, "kinds": ["coat"] * 9},
        "two kinds: each is compared within itself": {"hits": hits, "kinds": ["coat"] * 5 + ["hat"] * 4},
        "kinds in turns": {"hits": hits, "kinds": ["coat", "hat", "bag"] * 3},
        "each of its own kind: all stay": {"hits": hits, "kinds": list("ABCDEFGHI")},
        "a kind without palettes": {
            "hits": hits,
            "kinds": ["hat" if each in (3, 5, 6) else "coat" for each in range(9)],
        },
        "kinds by their letters' code points": {
            "hits": hits[:4],
            "kinds": ["r\u00f6cke", "r\u00f6cke", "ro\u0308cke", "ro\u0308cke"],
        },
        "no hits, no kinds": {"hits": [], "kinds": []},
        "equal ones stay in their order": {"hits": [*tied, hit("w", 0.49, None)]},
        "a server's hits among the shelf's": {"hits": hits[3:8], "among": [hits[2], hits[0]]},
        "a server's hits without palettes": {"hits": without[3:6], "among": [hits[2], hits[0]]},
        "a server's hits with palettes, the shelf's without": {"hits": hits[:3], "among": without[3:]},
        "another thing's colours": {"query": RUST, "hits": hits},
        "a query of two palettes": {"query": f"{RUST}; {CREAM}", "hits": hits[:5]},
        "colours unlike all": {"query": "00c040:100", "hits": hits},
        "no hits": {"hits": []},
        "a server's hits alone": {"hits": hits[:3], "among": []},
        "no hits of a server": {"hits": [], "among": hits},
    }
    return [{"name": name, **base, **case} for name, case in cases.items()]


def hit(product_id: str, score: float, palette: Any) -> dict[str, Any]:
    """A hit that states a palette, or (None) none."""
    return {
        "product_id": product_id,
        "score": score,
        "attributes": {} if palette is None else {"palette": palette},
    }


def colours_of(case: dict[str, Any]) -> dict[str, Any]:
    """The palette of pixels; each palette's likeness to each; or (id, score) of hits.

    Hits are best first, and of a server's ("among") in their order.
    """
    if "pixels" in case:
        levels = np.frombuffer(base64.b64decode(case["pixels"]), np.uint8)
        return {"palette": palette_of(np.resize(levels, (SIDE, SIDE, 3)))}
    if "image" in case:
        return {"palette": palette_of(looked_at(picture(case["image"]), case["box"]))}
    if "palettes" in case:
        found = histograms(case["palettes"])
        return {"likeness": (found @ found.T).astype(float).tolist()}
    hits, among = (
        [
            Hit(part["product_id"], part["score"], "", "", attributes=part["attributes"])
            for part in case.get(name, [])
        ]
        for name in ("hits", "among")
    )
    query = histograms(palettes_in(case["query"]))
    is_servers = "among" in case
    found = fallen(hits, query, among) if is_servers else by_colour(hits, query, case.get("kinds", []))
    return {"hits": [[each.product_id, each.score] for each in found]}


def picture(name: str) -> Photo:
    """A golden picture."""
    return decode_photo(IMAGES / name)
