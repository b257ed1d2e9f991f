"""``pocketshelf-train evaluate --model``, from files to page, on drawn things and tiny models."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from evaluate_shop import COLOURS
from fake_models import make_bundle
from pocketshelf.errors import UsageError
from pocketshelf.stages.embed import Embedding
from pocketshelf_training.__main__ import main
from pocketshelf_training.data.plain_csv import load
from pocketshelf_training.metrics.average_precision import Boxes
from pocketshelf_training.metrics.embedder_figures import Searched, label_all
from pocketshelf_training.metrics.ranking import Ranking
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.pages import run, worst
from pocketshelf_training.predict.model import Model, open_model
from pocketshelf_training.predict.searches import Search


def evaluate(tmp_path: Path, capsys, *options: str) -> tuple[dict, str]:
    """The JSON document and what was said meanwhile."""
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    args = parser.parse_args([*options, "--json", f"--cache={tmp_path / 'cache'}"])
    assert run.run(args) == 0
    out = capsys.readouterr()
    return json.loads(out.out), out.err


def data(drawn_shop: Path) -> str:
    return f"--data-set=csv={drawn_shop}"


def test_a_checkpoint_s_figures(drawn_shop, checkpoint, tmp_path, capsys):
    found, said = evaluate(tmp_path, capsys, f"--model={checkpoint}", data(drawn_shop))
    shop, photos = found["searches"].values()
    assert (shop["queries"], shop["gallery"], photos["gallery"]) == (10, 5, 10)
    assert shop["unreadable"] == 1 and shop["figures"]["R@5"]["value"] == pytest.approx(0.9)
    assert shop["figures"]["R@1"]["photos"] == 10
    assert set(shop["figures"]) == {"R@1", "R@5", "R@10", "R@20", "mAP"}
    assert 0 < shop["figures"]["mAP"]["low"] <= shop["figures"]["mAP"]["value"] <= 0.9
    assert said.count("4-5.png") == 1  # asked thrice, named once
    assert found["categories"]["unknown"] == 2  # the model has no blue things
    assert set(found["categories"]["by_category"]) == {"Red things", "Green things"}
    assert found["categories"]["figures"]["top-2"]["value"] == pytest.approx(
        7 / 8
    )  # of two, but for the bad one
    assert found["run"]["split"] == "test"
    assert str(drawn_shop) not in json.dumps(found)


def test_a_few_photos_are_customers_though_the_shop_s_come_first(drawn_shop, checkpoint, tmp_path, capsys):
    """--limit took the shop's pictures, and had nothing to measure."""
    lines = (drawn_shop / "photos.csv").read_text().splitlines()
    place = lines[0].split(",").index("domain")
    lines[1:] = sorted(lines[1:], key=lambda line: line.split(",")[place])
    listed = drawn_shop / "shop-first.csv"
    listed.write_text("\n".join(lines))
    named = (f"--model={checkpoint}", f"--data-set=csv={listed}", "--limit=3")
    found, _ = evaluate(tmp_path, capsys, *named)
    assert found["searches"]["street → shop"]["queries"] == 3


def test_a_bundle_s_file(drawn_shop, tmp_path, capsys):
    bundle = make_bundle(tmp_path / "bundle")
    found, _ = evaluate(tmp_path, capsys, f"--model={bundle.embedder_path}", data(drawn_shop))
    assert found["searches"]["street → shop"]["figures"]["R@1"]["value"] == pytest.approx(0.9)
    assert found["searches"]["photo → training photos"]["figures"]["R@1"]["value"] == pytest.approx(0.9)
    assert found["attributes"]["shade"]["photos"] == 10
    detected, _ = evaluate(
        tmp_path, capsys, f"--model={bundle.folder}", "--kind=detector", data(drawn_shop), "--split=val"
    )
    assert detected["groups"]["goods"]["ap50"] > 0.9 and detected["photos"] == 5


def test_left_out_products(drawn_shop, checkpoint, tmp_path, capsys):
    found, _ = evaluate(tmp_path, capsys, f"--model={checkpoint}", data(drawn_shop), "--left-out")
    everything, own = found["searches"].values()
    assert found["left_out"] == ["p1", "p3"]
    assert (everything["queries"], everything["gallery"]) == (4, 5)
    assert (own["queries"], own["gallery"]) == (4, 2)
    assert own["figures"]["R@1"]["value"] >= everything["figures"]["R@1"]["value"]
    assert own["figures"]["R@5"]["value"] == 1.0


def test_products_may_be_listed(drawn_shop, checkpoint, tmp_path, capsys):
    (tmp_path / "some.txt").write_text("# for a trial\np0\n\np4\n")
    options = [
        f"--model={checkpoint}",
        data(drawn_shop),
        f"--products={tmp_path / 'some.txt'}",
        "--split=val",
    ]
    assert evaluate(tmp_path, capsys, *options)[0]["left_out"] == ["p0", "p4"]


def test_a_checkpoint_without_the_list_is_refused(drawn_shop, tmp_path, capsys):
    model = Embedder(["a"], dimension=8, size=32)
    save_checkpoint(tmp_path / "plain.pt", "embedder", model.config, model.state_dict(), {"seed": 1})
    code = main(["evaluate", f"--model={tmp_path / 'plain.pt'}", data(drawn_shop), "--left-out"])
    assert code == 1
    assert "its training left no products out; train with" in capsys.readouterr().err
    folder = make_bundle(tmp_path / "bundle").folder
    assert main(["evaluate", f"--model={folder}", data(drawn_shop), "--left-out"]) == 1
    assert "name the checkpoint it came from" in capsys.readouterr().err


def test_unknown_attributes_are_not_asked_for(drawn_shop):
    model = Model(
        "embedder", Path("m"), "", lambda: pytest.fail("not asked"), (), {"shade": ("dark", "light")}
    )
    samples = [s for s in load(drawn_shop) if s.split == "test"]

    def says_light(chosen, what):
        light = Embedding(np.ones(1, np.float32), {}, {"shade": np.array([0.0, 1.0])})
        return [None if s.image.name == "4-5.png" else light for s in chosen]

    labelled = label_all(model, samples, says_light)
    assert labelled.attributes["shade"].value == pytest.approx((5 / 6 + 0) / 2)  # p4 is light, and one is bad
    assert labelled.figures == {} and labelled.unknown == 10


def test_categories_are_ranked_by_probability(drawn_shop):
    model = Model("embedder", Path("m"), "", lambda: pytest.fail("not asked"), ("Red things", "Blue things"))
    samples = [s for s in load(drawn_shop) if s.split == "val"]

    def says_blue(chosen, what):
        bad = Embedding(np.array([np.nan], np.float32), {"Red things": 0.9}, {})
        blue = Embedding(np.ones(1, np.float32), {"Red things": 0.25, "Blue things": 0.75}, {})
        return [bad if s.identity == "p0" else blue for s in chosen]

    labelled = label_all(model, samples, says_blue)  # p0 red, p2 blue, p3 red; two are green
    assert labelled.places.tolist() == [-1, 0, 1] and labelled.unknown == 2
    assert labelled.likeliest == ["", "Blue things", "Blue things"]
    assert labelled.confidence.tolist() == [0.0, 0.75, 0.75]
    assert labelled.figures["top-1"].value == pytest.approx(1 / 3)


def test_worst_misses_are_drawn(drawn_shop, checkpoint, tmp_path, capsys):
    folder = tmp_path / "worst"
    _, said = evaluate(tmp_path, capsys, f"--model={checkpoint}", data(drawn_shop), f"--worst={folder}")
    with Image.open(folder / "street-shop.png") as sheet:
        assert sheet.width == 2 * 156  # the unreadable one: it has no hits
    assert (folder / "categories.png").exists() and "street-shop.png" in said


def test_the_worst_miss_comes_first(drawn_shop, tmp_path):
    """The query, the right picture, the five hits; the greatest shortfall on top, right ones not at all."""
    shop = [s for s in load(drawn_shop) if s.domain == "shop"]
    hits = np.arange(5)
    rankings = [
        Ranking(1.0, 0.5, hits, np.array([0.9, 0.8, 0.7, 0.6, 0.5]), 0, 0.8),
        Ranking(0.0, 1.0, hits, np.array([0.9, 0.8, 0.7, 0.6, 0.5]), 1, 0.9),
        Ranking(4.0, 0.2, hits, np.array([0.9, 0.8, 0.7, 0.6, 0.1]), 2, 0.1),
    ]
    search = Search("a → b", shop[:3], shop, 0)
    worst.draw_searches([Searched(search, rankings, 0)], tmp_path)
    with Image.open(tmp_path / "a-b.png") as sheet:
        assert sheet.size == (7 * 156, 20 + 2 * 182)
        first, second = (sheet.getpixel((78, 20 + 182 * row + 78)) for row in (0, 1))
    assert (first, second) == (COLOURS[2], COLOURS[0])


def test_faults_count_what_is_missed_and_what_is_invented():
    true = Boxes(np.array([[0, 0, 10, 10], [20, 20, 30, 30]]), ["hat", "bag"])
    sure = Boxes(np.array([[0, 0, 10, 9], [50, 50, 60, 60]]), ["hat", "hat"], np.array([0.9, 0.8]))
    assert worst.faults(true, sure) == 2  # the bag is missed, one hat is invented
    assert worst.faults(true, Boxes(sure.boxes, sure.groups, np.array([0.1, 0.2]))) == 2


def detector_checkpoint(folder: Path) -> Path:
    torch.manual_seed(0)
    model = Detector(size=64)
    save_checkpoint(folder / "detector.pt", "detector", model.config, model.state_dict())
    return folder / "detector.pt"


def test_a_detector_s_checkpoint(drawn_shop, tmp_path, capsys):
    folder = tmp_path / "worst"
    path = detector_checkpoint(tmp_path)
    found, said = evaluate(tmp_path, capsys, f"--model={path}", data(drawn_shop), f"--worst={folder}")
    assert found["photos"] == 10 and found["unreadable"] == 1
    assert found["groups"]["goods"]["boxes"] == 10
    assert found["figures"]["mAP@0.5"]["photos"] == 10
    assert "4-5.png" in said and (folder / "detections.png").exists()


def test_saved_lines_stand_for_a_detector(drawn_shop, tmp_path, capsys):
    """Perfect boxes of nine photos, as `pocketshelf detect --json` writes them; the tenth is an error."""
    lines = []
    for each in (s for s in load(drawn_shop) if s.split == "test"):
        if each.image.name == "4-5.png":
            lines.append({"photo": str(each.image), "error": "not an image"})
        else:
            region = {"box": list(each.boxes[0][1]), "group": "goods", "score": 0.9}
            lines.append({"photo": str(each.image), "regions": [region]})
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found, _ = evaluate(tmp_path, capsys, f"--model={path}", data(drawn_shop))
    assert found["recall50"] == pytest.approx(0.9) and found["unreadable"] == 1
    figure = found["figures"]["mAP@0.5"]
    assert figure["low"] < figure["value"] == pytest.approx(0.9, abs=0.02)
    assert figure["high"] == 1.0


@pytest.mark.parametrize(
    "line", ["no json", '{"photo": "a"}', "[]", '{"photo": "a", "regions": [{"box": 1}]}']
)
def test_bad_lines_are_named(tmp_path, line):
    (tmp_path / "lines.jsonl").write_text(f"\n{line}\n")
    with pytest.raises(UsageError, match=r"lines.jsonl:2: not a line of"):
        open_model(tmp_path / "lines.jsonl")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model=m.onnx", "--data-set=csv={shop}"], "m.onnx: no model; name a checkpoint"),
        (["--model={model}"], "--model needs --data-set; there are clothing"),
        (["--model={model}", "--data-set=csv={shop}", "--split=dev"], "no split 'dev'"),
        (
            ["--model={model}", "--data-set=csv={shop}", "--kind=detector"],
            "of kind 'embedder', not 'detector'",
        ),
        (["--split=val"], "--split needs --model"),
        (["--model={detector}", "--data-set=csv={shop}", "--left-out"], "is a detector"),
    ],
)
def test_what_cannot_be_is_one_line(options, message, drawn_shop, checkpoint, tmp_path, capsys):
    names = {"shop": drawn_shop, "model": checkpoint, "detector": detector_checkpoint(tmp_path)}
    assert main(["evaluate", *[option.format(**names) for option in options]]) == 1
    assert message in capsys.readouterr().err


def test_a_file_that_the_bundle_does_not_name(tmp_path):
    make_bundle(tmp_path)
    (tmp_path / "other.tflite").write_bytes(b"")
    with pytest.raises(UsageError, match=r"names embedder\.fake and detector\.fake, not this file"):
        open_model(tmp_path / "other.tflite")


def test_page(drawn_shop, checkpoint, tmp_path, capsys):
    page = tmp_path / "page.md"
    evaluate(tmp_path, capsys, f"--model={checkpoint}", data(drawn_shop), f"--write={page}")
    text = page.read_text()
    assert "| street → shop (10 → 5) |" in text and "## By category" in text
    assert "Photos that could not be read: 1." in text
    assert json.loads(page.with_suffix(".json").read_text())["searches"]["street → shop"]["queries"] == 10
    assert str(tmp_path.parent) not in text
