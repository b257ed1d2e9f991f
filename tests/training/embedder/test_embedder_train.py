"""The embedder's trainer on drawn pictures of a few products and garments."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pocketshelf_training.__main__ import main
from pocketshelf_training.data.clothing import MAIN_LABELS
from pocketshelf_training.embedder.train import EmbedderTask, Step
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.embedder import Embedder

PRODUCTS, THINGS = 4, 2
AVERAGE, BEST = "average.safetensors", "best.safetensors"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn: a flat colour a product, noise on it in the photos."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)

    def picture(folder: str, name: str, colour: np.ndarray, noise: int) -> str:
        (root / folder).mkdir(exist_ok=True)
        pixels = colour + rng.integers(-noise, noise + 1, (40, 40, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / folder / name)
        return name

    def table(folder: str, name: str, rows: list[dict[str, str]]) -> None:
        with (root / folder / name).open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(rows)

    colours = rng.integers(0, 256, (PRODUCTS, 3))
    products, photos = [], []
    for number, colour in enumerate(colours):
        shop = picture("grocery", f"shop{number}.png", colour, 0)
        products.append({"product_id": f"p{number}", "category": f"c{number % 2}", "image": shop})
        for split, count in (("train", 12), ("val", 2)):
            for turn in range(count):
                name = picture("grocery", f"{split}{number}-{turn}.png", colour, 30)
                photos.append({"photo": name, "product_id": f"p{number}", "split": split})
    table("grocery", "products.csv", products)
    table("grocery", "photos.csv", photos)
    garments = [
        {"photo": picture("clothing", f"{split}{i}.png", rng.integers(0, 256, 3), 30), "label": label}
        | {"split": split}
        for split in ("train", "val")
        for i, label in enumerate(MAIN_LABELS)
    ]
    table("clothing", "photos.csv", garments)
    fabric = picture("patterns", "a.png", colours[0], 30)
    table("patterns", "photos.csv", [{"photo": fabric, "split": "train", "pattern": "solid"}])
    return root


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `prepare composites` leaves them: one of split val, two of goods, the others count."""
    root = tmp_path_factory.mktemp("things")
    kinds = [("clothing", "train"), ("street", "train"), ("clothing", "val"), ("grocery", "train")]
    rows = []
    for number, (source, split) in enumerate(kinds):
        Image.new("RGB", (40, 40), (number * 60, 20, 90)).save(root / f"{number}.png")
        thing = {"identity": f"composite/{source}-{number}", "category": None, "group": "upper"}
        thing |= {"box": [0, 0, 40, 40], "seen": 1.0, "attributes": {}, "landmarks": {}}
        rows.append({"image": f"{number}.png", "split": split, "domain": "shop", "kind": "shop"})
        rows[-1] |= {"source": source, "size": [40, 40], "licence": "CC0-1.0", "garments": [thing]}
    (root / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `prepare studio` leaves them: three garments, each a shop picture and two street photos."""
    root = tmp_path_factory.mktemp("studio")
    rows = []
    for number, sleeve in enumerate(("short", "long", "long")):
        for view, domain in enumerate(("shop", "street", "street")):
            name = f"{number}-{view}.png"
            Image.new("RGB", (60, 80), (number * 80, 20 * view, 90)).save(root / name)
            drawn = {"identity": f"s{number}", "category": "Shirt", "group": "upper", "box": [5, 5, 50, 70]}
            drawn |= {"attributes": {"sleeve": sleeve}, "landmarks": {"left hem": [20, 60, 1]}}
            rows.append({"image": name, "split": "train", "domain": domain, "licence": "Apache-2.0"})
            rows[-1]["garments"] = [drawn]
    (root / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root


def train(data: Path, run: Path, *more: str, command: tuple[str, ...] = ("train", "embedder")) -> int:
    fixed = ["--data", str(data), "--run", str(run), "--size", "32", "--seed", "3"]
    return main([*command, *fixed, *more])


@pytest.fixture(scope="module")
def teacher(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("teacher")
    assert train(data, run, "--epochs", "2") == 0
    return run


def test_a_run_leaves_checkpoints_and_a_record(teacher: Path) -> None:
    meta = load_checkpoint(teacher / BEST, kind="embedder").meta
    assert meta["epochs"] == 2
    assert meta["seed"] == 3
    assert meta["left_out"] == []
    records = log_of(teacher)
    assert [record["epoch"] for record in records] == [1, 2]
    # Kept is the latest of those epochs that were the best on val.
    recalls = {record["epoch"]: record["val"]["grocery_shop_R@1"] for record in records}
    assert recalls[meta["epoch"]] == meta["val"]["grocery_shop_R@1"] == max(recalls.values())
    assert meta["epoch"] == max(epoch for epoch, recall in recalls.items() if recall == max(recalls.values()))
    assert max(recalls.values()) > 1 / PRODUCTS, "better than guessing: each product has one colour"
    # How long an epoch took is known only once its checkpoint is written.
    assert load_checkpoint(teacher / AVERAGE).meta == {k: v for k, v in records[-1].items() if k != "speed"}


def log_of(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_a_finished_run_is_not_trained_again(
    teacher: Path, data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = (teacher / "state.pt").read_bytes()
    assert train(data, teacher, "--epochs", "2") == 0
    assert (teacher / "state.pt").read_bytes() == before


def test_a_run_goes_on_where_it_was_cut_off(
    teacher: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = EmbedderTask.losses

    def cut(self: EmbedderTask, batch: Step, step: int) -> dict[str, torch.Tensor]:
        if step == self.steps(0):
            raise KeyboardInterrupt
        return whole(self, batch, step)

    with monkeypatch.context() as patch:
        patch.setattr(EmbedderTask, "losses", cut)
        assert train(data, tmp_path, "--epochs", "2") == 130
    assert train(data, tmp_path, "--epochs", "2") == 0
    resumed = load_checkpoint(tmp_path / AVERAGE).state
    through = load_checkpoint(teacher / AVERAGE).state
    assert torch.allclose(resumed["embedding.weight"], through["embedding.weight"], atol=1e-4)


def test_another_recipe_does_not_go_on_with_the_same_run(
    teacher: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(data, teacher, "--epochs", "3") == 1
    assert "begun with another --epochs" in capsys.readouterr().err


def test_products_left_out_are_named_in_the_checkpoint_and_not_trained(data: Path, tmp_path: Path) -> None:
    options = ("--epochs", "1", "--leave-out", "0:0.5", "--weight", "instance=0.3", "--weight", "general=0.5")
    assert train(data, tmp_path, *options) == 0
    meta = load_checkpoint(tmp_path / BEST).meta
    assert len(meta["left_out"]) == PRODUCTS // 2
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert len(state["objective"]["proxies"]) == PRODUCTS // 2 + len(MAIN_LABELS)


def test_a_student_comes_nearer_to_its_teacher(teacher: Path, data: Path, tmp_path: Path) -> None:
    command = ("distill",)
    options = ("--teacher", str(teacher / BEST), "--epochs", "10", "--lr", "0.01")
    assert train(data, tmp_path, *options, command=command) == 0
    records = log_of(tmp_path)
    distances = [record["losses"]["teacher"] for record in records]
    assert distances[-1] < 0.5 * distances[0]
    assert records[-1]["teacher"] == BEST
    assert records[-1]["val"]["grocery_asymmetric_R@1"] > 1 / PRODUCTS, (
        "it finds its way in the teacher's space"
    )


def test_a_student_s_vectors_are_as_long_as_its_teacher_s(data: Path, tmp_path: Path) -> None:
    """Of the bundle that ships they are 256 numbers, no longer 128."""
    torch.manual_seed(0)
    wide = Embedder(["c0", "c1"], size=32, dimension=48)
    save_checkpoint(tmp_path / "wide.safetensors", "embedder", wide.config, wide.state_dict())
    more = ["--teacher", str(tmp_path / "wide.safetensors"), "--epochs", "1", "--limit-steps", "1"]
    assert train(data, tmp_path / "run", *more, command=("distill",)) == 0
    assert load_checkpoint(tmp_path / "run" / AVERAGE).config["dimension"] == 48


def test_a_student_of_an_ensemble_with_everything_that_can_be_added(
    teacher: Path, data: Path, tmp_path: Path, things: Path
) -> None:
    both = tmp_path / "both.safetensors"
    members = (
        "--member",
        str(teacher / BEST),
        "--member",
        f"{teacher / AVERAGE}@64",
    )
    assert main(["ensemble", *members, "--data", str(data), "--dimension", "128", "--out", str(both)]) == 0
    options = ("--teacher", str(both), "--blend", "0.5", "--virtual", "0.5", "--things", str(things))
    assert train(data, tmp_path / "run", "--epochs", "1", *options, command=("distill",)) == 0
    state = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    assert len(state["objective"]["proxies"]) == 6 * PRODUCTS + THINGS + len(MAIN_LABELS)


@pytest.mark.parametrize("option", ["--teacher", "--start"])
def test_weights_that_saw_what_is_left_out_are_refused(
    teacher: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    command = ("distill",) if option == "--teacher" else ("train", "embedder")
    options = (option, str(teacher / BEST), "--leave-out", "0:0.5")
    assert train(data, tmp_path, *options, command=command) == 1
    assert "which --leave-out hides" in capsys.readouterr().err


def test_a_run_can_begin_with_trained_weights(teacher: Path, data: Path, tmp_path: Path) -> None:
    start = teacher / BEST
    assert train(data, tmp_path, "--epochs", "1", "--start", str(start), "--lr", "0") == 0
    before, after = (load_checkpoint(path).state for path in (start, tmp_path / AVERAGE))
    assert torch.equal(before["embedding.weight"], after["embedding.weight"])
    assert load_checkpoint(tmp_path / AVERAGE).meta["start"] == BEST


def test_drawn_garments_teach_attributes_and_landmarks_beside_the_products(
    teacher: Path, data: Path, studio: Path, tmp_path: Path
) -> None:
    start, run = teacher / BEST, tmp_path / "run"
    options = ("--epochs", "6", "--start", str(start), "--studio", str(studio), "--lr", "0.003")
    assert train(data, run, *options) == 0
    records = [record["losses"] for record in log_of(run)]
    for name in ("attributes", "landmarks"):
        values = [record[name] for record in records]
        assert sum(values[-2:]) < sum(values[:2])
    # A street photo against one or two shop pictures: there is something to pay, how much is chance.
    assert all(record["drawn"] > 0 for record in records)
    made = Embedder.from_checkpoint(run / AVERAGE)
    # A T-shirt and a long-sleeved one of the home photos tell their sleeves, the fabric its pattern.
    assert made.attributes == {"sleeve": ["long", "short"], "pattern": ["solid"]}
    assert [len(output[0]) for output in made(torch.zeros(1, 3, 32, 32))[2:]] == [2, 1]
    out = tmp_path / "half.safetensors"
    assert main(["average", "--from", str(start), "--to", str(run / AVERAGE), "--out", str(out)]) == 0
    head = "attribute_heads.0.weight"
    assert torch.equal(load_checkpoint(out).state[head], load_checkpoint(run / AVERAGE).state[head])
    command = ["average", "--from", str(start), "--to", str(run / AVERAGE), "--out", str(out)]
    assert main([*command, "--heads", "from"]) == 1
    onward = tmp_path / "onward"
    options = ("--epochs", "1", "--start", str(run / AVERAGE), "--studio", str(studio))
    assert train(data, onward, *options) == 0
    command = [
        "average",
        "--from",
        str(run / AVERAGE),
        "--to",
        str(onward / AVERAGE),
    ]
    assert main([*command, "--heads", "from", "--out", str(out)]) == 0
    assert torch.equal(load_checkpoint(out).state[head], load_checkpoint(run / AVERAGE).state[head])
    again = ("--epochs", "1", "--start", str(out))
    assert train(data, tmp_path / "without", *again) == 0
    assert Embedder.from_checkpoint(tmp_path / "without" / AVERAGE).attributes == {}


def test_a_run_begins_where_the_weights_or_the_teacher_put_the_products(
    teacher: Path, data: Path, tmp_path: Path
) -> None:
    def first_loss(name: str, *options: str, command: tuple[str, ...] = ("train", "embedder")) -> float:
        assert train(data, tmp_path / name, "--epochs", "1", "--lr", "0", *options, command=command) == 0
        return log_of(tmp_path / name)[0]["losses"]["identity"]

    trained = str(teacher / BEST)
    begun, taught = (
        first_loss("begun", "--start", trained),
        first_loss("taught", "--start", trained, "--teacher", trained, command=("distill",)),
    )
    assert begun == pytest.approx(taught, rel=0.05)
    assert begun < 0.9 * first_loss("anew")


def test_weights_are_averaged_only_with_those_they_began_with(
    teacher: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start, end, out = (
        teacher / BEST,
        tmp_path / AVERAGE,
        tmp_path / "half.safetensors",
    )
    assert train(data, tmp_path, "--epochs", "1", "--start", str(start)) == 0
    assert (
        main(["average", "--from", str(start), "--to", str(end), "--share", "0.25", "--out", str(out)]) == 0
    )
    first, second, half = (load_checkpoint(path) for path in (start, end, out))
    weights = [each.state["embedding.weight"] for each in (first, second, half)]
    assert torch.allclose(weights[2], 0.75 * weights[0] + 0.25 * weights[1], atol=1e-6)
    assert half.meta["averaged"] == {"from": "best.safetensors", "share": 0.25, "heads": "to"}
    assert main(["average", "--from", str(end), "--to", str(start), "--out", str(out)]) == 1
    assert "was not trained on from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--weight", "speed=1", "unknown loss"),
        ("--weight", "retrieval=much", "not a number"),
        ("--leave-out", "0", "write SEED:SHARE"),
        ("--leave-out", "0:1", "write SEED:SHARE"),
        ("--size", "100", "multiple of 32"),
    ],
)
def test_wrong_options_get_one_clear_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, message: str
) -> None:
    assert main(["train", "embedder", "--data", str(data), "--run", str(tmp_path), option, value]) == 1
    assert message in capsys.readouterr().err


@pytest.fixture(scope="module")
def own(data: Path) -> Path:
    """One's own products, by a CSV: the drawn groceries under other names, in categories of their own."""
    path = data / "own.csv"
    rows = ["image,split,domain,product_id,category"]
    for number in range(PRODUCTS):
        rows.append(f"grocery/shop{number}.png,train,shop,own{number},{'Dress' if number else 'Teapot'}")
        for split, count in (("train", 12), ("val", 2)):
            rows += [f"grocery/{split}{number}-{i}.png,{split},street,own{number}," for i in range(count)]
    path.write_text("\n".join(rows))
    return path


def test_a_csv_of_ones_own_is_trained_on_and_begins_with_a_bundle(
    own: Path, data: Path, teacher: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Categories that differ begin anew; of the garments, which both know, the outputs stay."""
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "embedder.safetensors").write_bytes((teacher / BEST).read_bytes())
    more = ["--data-set", f"csv={own}", "--start", str(bundle), "--epochs", "1", "--limit-steps", "1"]
    with caplog.at_level("INFO", "pocketshelf.training"):
        assert train(data, tmp_path / "run", *more) == 0
    assert f"the categories Teapot begins anew: {bundle}" in caplog.text
    made = load_checkpoint(tmp_path / "run" / BEST)
    assert made.config["categories"] == ["Teapot", *MAIN_LABELS]
    assert made.meta["val"]["grocery_shop_R@1"] >= 0


def test_a_run_does_not_go_on_with_other_products_of_the_same_file(
    own: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As many as before, so that every number fits: another product would go on as the one before."""
    changed = tmp_path / "photos.csv"
    text = own.read_text()
    folder = os.path.relpath(own.parent, tmp_path)
    rows = [dict(row, image=f"{folder}/{row['image']}") for row in csv.DictReader(text.splitlines())]

    def listed(rows: list[dict[str, str]]) -> None:
        with changed.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(rows)

    listed(rows)
    more = ["--data-set", f"csv={changed}", "--epochs", "1", "--limit-steps", "1"]
    assert train(data, tmp_path / "run", *more) == 0
    name = next(column for column in ("product_id", "identity") if column in rows[0])
    listed([{**row, name: f"new {row[name]}" if row[name] else ""} for row in rows])
    assert train(data, tmp_path / "run", *more) == 1
    assert "begun with other products" in capsys.readouterr().err


def test_shop_pictures_alone_are_sent_to_adapt(
    own: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = data / "alone.csv"
    alone.write_text("\n".join(line for line in own.read_text().splitlines() if ",street," not in line))
    assert train(data, tmp_path / "run", "--data-set", f"csv={alone}", "--epochs", "1") == 1
    assert "pocketshelf-train adapt" in capsys.readouterr().err
