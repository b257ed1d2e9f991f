"""A photo whose right way up nobody knows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawn_things import COLOURS, draw_thing
from pocketshelf import Retriever
from pocketshelf.answering import Answer, Answering
from pocketshelf.catalogue import build_store
from pocketshelf.cli import main
from pocketshelf.encoded import FRAME, EncodedPhoto, EncodedRegion
from pocketshelf.encoder import Encoder
from pocketshelf.formats import Bundle
from pocketshelf.formats.turned_head import NAMES, TurnedHead
from pocketshelf.looking import AHEAD, SURE, WIDE, Look, Looking, _before, share_around
from pocketshelf.recall import Signals
from pocketshelf.recall.asking import Asker
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf.stages.rerank import AttributeReranker
from pocketshelf.stages.route import MassRouter
from pocketshelf.stages.where import Wish
from pocketshelf.types import Detection, Hit

SIZE = (80, 60)
# Whatever is found, it is as sure as the bias says.
CONSTANT = {"lead_2": {"mean": 0, "scale": 1, "weight": 0}}


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("decoded", [True, False], ids=["as decoded", "an array"])
def test_a_box_of_a_turned_photo_is_where_it_was(quarters: int, decoded: bool) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    photo = read_photo(pixels) if decoded else Photo(pixels, *SIZE)
    turned = photo.turned(quarters)
    assert np.array_equal(turned.pixels, np.rot90(pixels, quarters))
    assert (turned.width, turned.height) == (SIZE if quarters % 2 == 0 else SIZE[::-1])
    found = turned.pixels[10:22, 30:35]
    x, y, width, height = map(int, _before((30.0, 10.0, 5.0, 12.0), SIZE, quarters))
    assert np.array_equal(np.rot90(pixels[y : y + height, x : x + width], quarters), found)


@pytest.fixture
def store(shop: Path, fake_bundle: Bundle) -> Path:
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle)
    return shop / "store"


def shown(name: str, quarters: int, size: tuple[int, int] = (320, 240)) -> np.ndarray:
    """A thing's photo, by so many quarter turns clockwise: as many anticlockwise ones put it right."""
    return np.rot90(np.asarray(draw_thing(COLOURS[name][0], size)), -quarters).copy()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_photo_is_answered_as_the_upright_one(
    store: Path, fake_bundle: Bundle, quarters: int
) -> None:
    with Retriever.open(store, fake_bundle) as retriever:
        (upright,) = retriever.search(shown("red", 0), whole=True).regions
        once, found = (
            retriever.search(shown("red", quarters), whole=True, any_way_up=wanted)
            for wanted in (False, True)
        )
    assert (found.width, found.height) == (once.width, once.height)
    assert found.regions[0].box == once.regions[0].box == (0, 0, found.width, found.height)
    hits = [[(hit.product_id, round(hit.score, 4)) for hit in each.regions[0].hits] for each in (once, found)]
    assert hits[1] == [(hit.product_id, round(hit.score, 4)) for hit in upright.hits]
    assert hits[0] != hits[1]


def test_an_upright_photo_is_answered_as_ever(store: Path, fake_bundle: Bundle) -> None:
    with Retriever.open(store, fake_bundle) as retriever:
        for name in COLOURS:
            once, found = (
                retriever.search(shown(name, 0), whole=True, any_way_up=wanted) for wanted in (False, True)
            )
            assert found.regions == once.regions
            assert found.local_recall == once.local_recall


def test_a_box_found_in_a_turned_photo_is_one_of_the_photo(shop: Path, fake_bundle: Bundle) -> None:
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle, whole=False)
    with Retriever.open(shop / "store", fake_bundle) as retriever:
        found = retriever.search(shown("red", 1), any_way_up=True)
        (upright,) = retriever.search(shown("red", 0)).regions
        (region,) = found.regions
    x, y, width, height = upright.box
    assert region.box == pytest.approx((240 - y - height, x, height, width), abs=8)


def telling(bundle: Bundle, quarters: int) -> Bundle:
    """The bundle with a head that knows the red thing upright and turned by so many quarters."""
    encoder = Encoder.open(bundle)
    rows = np.zeros((len(NAMES), bundle.embedder.dimension), np.float32)
    for row, turn in ((0, 0), (2 if quarters == 2 else 1, quarters)):
        vector = encoder.embed(shown("red", turn))
        rows[row] = 200 * vector / np.linalg.norm(vector)
    head = TurnedHead(NAMES, rows, np.zeros(len(NAMES), np.float32), 0.7)
    return replace(bundle, turned=head.to_json(bundle.space))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_what_looks_turned_is_turned_unasked(store: Path, fake_bundle: Bundle, quarters: int) -> None:
    photo = shown("red", quarters)
    with Retriever.open(store, telling(fake_bundle, quarters)) as retriever:
        once, found, all_turns = (
            retriever.search(photo, whole=True, any_way_up=way) for way in (False, None, True)
        )
        assert found.regions == all_turns.regions != once.regions
    with Retriever.open(store, fake_bundle) as retriever:
        assert retriever.search(photo, whole=True).regions == once.regions, "nothing tells"


@pytest.mark.parametrize("absent", [True, False])
def test_a_turned_look_that_finds_nothing_like_it_does_not_count(
    store: Path, fake_bundle: Bundle, absent: bool
) -> None:
    """A photo of what the shop lacks stays as it came."""
    model = {"threshold": 0.9, "bias": -3 if absent else 0, "features": CONSTANT}
    judged = {**model, "absent": {"threshold": 0.2}}
    bundle = replace(fake_bundle, recall={"version": 2, "k": 10, **model, "confidence": judged})
    with Retriever.open(store, bundle) as retriever:
        once, found = (
            retriever.search(shown("red", 1), whole=True, any_way_up=way).regions for way in (False, True)
        )
    assert once[0].absent is absent and (found == once) is absent


def test_what_looks_upright_is_looked_at_once(
    store: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = []
    monkeypatch.setattr(Looking, "_turned", lambda *args: turned.append(args[3]))
    with Retriever.open(store, telling(fake_bundle, 1)) as retriever:
        retriever.search(shown("red", 0), whole=True)
    assert not turned


def test_a_product_that_a_turned_look_found_is_not_called_absent() -> None:
    """By the look that found it: the first one, which found nothing, says how sure it may be alone."""
    answering = Answering(MassRouter(), AttributeReranker(), Steady(), Steady(), Asker(None))  # type: ignore[arg-type]

    def judged(score: float, at_most: float | None) -> tuple[float, bool, bool]:
        answer = Answer(None, [], Signals((score,)), score, Wish(1, (), False, {}), at_most=at_most)  # type: ignore[arg-type]
        return tuple(answering._judged(answer).values())  # type: ignore[return-value]

    assert judged(0.05, None) == (0.05, False, True)
    assert judged(0.9, 0.05) == (0.05, False, False)
    assert judged(0.05, 0.9) == (0.05, False, True)


class Steady:
    """Judges by the first score alone; from 0.5 on it suffices."""

    def estimate(self, signals: Signals) -> float:
        """As sure as the first hit is near."""
        return max(0.0, signals.scores[0]) if signals.scores else 0.0

    def suffices(self, value: float) -> bool:
        """From 0.5 on."""
        return value >= 0.5

    def says_absent(self, value: float) -> bool:
        """Below 0.1."""
        return value < 0.1


def test_a_turned_look_is_no_surer_than_the_upright_one() -> None:
    answering = Answering(MassRouter(), AttributeReranker(), Steady(), Steady(), Asker(None))  # type: ignore[arg-type]

    def answer(score: float) -> Answer:
        return Answer(None, [], Signals((score,)), score, Wish(1, (), False, {}))  # type: ignore[arg-type]

    assert answering.is_trusted(answer(0.9)) and not answering.is_trusted(answer(0.4))
    limited = answering.limited(answer(0.9), [answer(0.3), answer(0.4)])
    assert not answering.is_trusted(limited)
    assert (limited.at_most, limited.recall) == (0.4, 0.3)
    assert answering.limited(answer(0.2), [answer(0.4)]).recall == 0.2


def test_what_may_be_parts_of_one_thing() -> None:
    answering = Answering(MassRouter(), AttributeReranker(), Steady(), Steady(), Asker(None))  # type: ignore[arg-type]
    looking = Looking(None, answering)  # type: ignore[arg-type]

    photo = EncodedPhoto(Photo(np.zeros((60, 80, 3), np.uint8), *SIZE), ())

    def takes_apart(*boxes: tuple[str, float], near: float = 0.4, wide: float = 1.0, **more: Any) -> bool:
        hit, signals, wish = Hit("a", near, "", "Coats", **more), Signals((near,)), Wish(1, (), False, {})
        answers = []
        for group, score in boxes:
            detection = Detection((10, 0, 80 * wide, 60), group, score)
            region = EncodedRegion(detection, None, {})  # type: ignore[arg-type]
            answers.append(Answer(region, [hit], signals, near, wish))
        return looking._takes_apart(Look(photo, answers))

    assert takes_apart(("upper", 0.6), ("hat", SURE - 0.01))
    assert not takes_apart(("upper", 0.6), ("hat", SURE)), "the hat is one"
    assert not takes_apart((FRAME, 0.0)), "nothing was found: the frame it is"
    assert not takes_apart(("upper", 0.6), near=0.5), "its answer suffices"
    assert not takes_apart(("upper", 0.6), inliers=10), "a print lies there"
    assert not takes_apart(("upper", 0.6), read=("oat",)), "it is written there"
    assert takes_apart(("upper", 0.6), wide=WIDE + 0.01)
    assert not takes_apart(("upper", 0.6), wide=WIDE - 0.01), "most of the photo is something else"


def test_the_share_of_a_photo_that_boxes_lie_in() -> None:
    assert share_around([], SIZE) == 0.0
    assert share_around([(0, 0, 40, 30)], SIZE) == 0.25
    assert share_around([(0, 0, 10, 10), (50, 40, 30, 20)], SIZE) == 1.0
    assert share_around([(20, 0, 40, 60), (30, 10, 5, 5)], SIZE) == 0.5


def test_the_command_takes_it(
    store: Path, fake_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(shown("red", 1)).save(tmp_path / "turned.png")
    command = ["search", str(tmp_path / "turned.png"), "--store", str(store), "--json", "--whole"]
    command += ["--bundle", str(fake_bundle.folder)]
    lines = []
    for more in ([], ["--any-way-up"]):
        assert main([*command, *more]) == 0
        lines.append(json.loads(capsys.readouterr().out))
    once, turned = (line["regions"][0]["hits"][0]["score"] for line in lines)
    assert turned > once + AHEAD
