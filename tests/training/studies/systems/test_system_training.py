"""Batches and the trainer: the same pictures for all, repeatable, going on after a stop."""

import argparse
import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from system_samples import drawn_samples

from pocketshelf.errors import UsageError
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.trainer import Trainer
from pocketshelf_training.samplers.aligned import Views, mirrored, random_crop
from pocketshelf_training.samplers.identity_batches import IdentitySampler, positive_share
from pocketshelf_training.samplers.labelled import Batch, Vocabulary
from pocketshelf_training.studies.systems import train
from pocketshelf_training.studies.systems.measure import split_parts


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[Sample]:
    return drawn_samples(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def vocabulary(samples: list[Sample]) -> Vocabulary:
    return Vocabulary.of(samples, ("sleeve", "closure"))


def test_vocabulary_is_what_occurs(vocabulary: Vocabulary) -> None:
    assert vocabulary.identities == ("p0", "p1", "p2", "p3")
    assert vocabulary.categories == ("Shirt", "Shoe")
    assert vocabulary.attributes == {"sleeve": ("long", "short")}, "an attribute nobody has is left out"
    assert vocabulary.landmarks == ("left hem", "right hem")


def test_positive_share(samples: list[Sample], vocabulary: Vocabulary) -> None:
    assert positive_share(samples, vocabulary).tolist() == pytest.approx([0.5, 0.5])


def test_a_batch_has_each_product_with_its_shop_picture(
    samples: list[Sample], vocabulary: Vocabulary
) -> None:
    training = [s for s in samples if s.split == "train"]
    sampler = IdentitySampler(training, vocabulary, 32, seed=1, products=2, photos=2, others=2)
    for step in range(4):
        chosen, _ = sampler.choose(step)
        known = [s for s in chosen if s.identity]
        assert [s.domain for s in known] == ["shop", "street", "street"] * 2
        assert len({s.identity for s in known}) == 2
        assert sum(s.identity is None for s in chosen) == 2
        assert {s.split for s in chosen} == {"train"}
    turn = {s.identity for step in (0, 1) for s in sampler.choose(step)[0] if s.identity}
    assert turn == {"p0", "p1", "p2", "p3"}, "every product once a pass"


def test_batches_depend_on_seed_and_step_alone(samples: list[Sample], vocabulary: Vocabulary) -> None:
    training = [s for s in samples if s.split == "train"]
    one, other = (IdentitySampler(training, vocabulary, 32, seed, 2, 1, 1) for seed in (1, 2))
    ahead = list(one.batches(0, 3))
    late = list(IdentitySampler(training, vocabulary, 32, 1, 2, 1, 1).batches(2, 3))
    assert torch.equal(ahead[2].images, late[0].images)
    assert not torch.equal(ahead[0].images, other.batch(0).images)
    assert set(ahead[0].attributes) == {"sleeve"}


def test_landmarks_follow_crop_and_mirror(
    samples: list[Sample], vocabulary: Vocabulary, tmp_path: Path
) -> None:
    """A white dot at the left hem must be found where the batch says the landmark is."""
    from PIL import Image

    pixels = np.zeros((90, 90, 3), np.uint8)
    pixels[56:61, 28:33] = 255
    Image.fromarray(pixels).save(tmp_path / "dot.png")
    marks = {"left hem": (30.5, 58.5, True), "right hem": (60.0, 58.5, False)}
    dot = Sample(tmp_path / "dot.png", "train", "street", landmarks=marks)
    sampler = IdentitySampler([dot], vocabulary, 64, seed=0, others=1)
    seen = set()
    for step in range(20):
        batch = sampler.batch(step)
        names = ["left hem", "right hem"]
        # In a mirror the dot is the right hem.
        bright = batch.images[0].sum(0)
        for index in range(2):
            if batch.visibility[0, index] == 1:
                y, x = divmod(int(bright.argmax()), 64)
                assert (x + 0.5) / 64 == pytest.approx(batch.landmarks[0, index, 0].item(), abs=0.06)
                assert (y + 0.5) / 64 == pytest.approx(batch.landmarks[0, index, 1].item(), abs=0.06)
                seen.add(names[index])
    assert seen == {"left hem", "right hem"}
    assert mirrored("left hem") == "right hem"
    assert mirrored("collar 3") == "collar 3"


def test_random_crop_stays_inside() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        x, y, w, h = random_crop((10, 20, 100, 50), rng)
        assert x >= 10 and y >= 20 and x + w <= 110 + 1e-9 and y + h <= 70 + 1e-9
        assert w * h >= 0.3 * 5000


def test_plain_view_is_the_box_where_there_is_one(tmp_path: Path) -> None:
    from PIL import Image

    pixels = np.zeros((80, 80, 3), np.uint8)
    pixels[20:60, 20:60] = 200
    Image.fromarray(pixels).save(tmp_path / "a.png")
    whole = Views().plain(Sample(tmp_path / "a.png", "val", "street"), 32)
    boxed = Views().plain(Sample(tmp_path / "a.png", "val", "street", boxes=(("x", (20, 20, 40, 40)),)), 32)
    assert whole.mean() == pytest.approx(50, abs=3)
    assert boxed.mean() > 150


def test_parts_fall_back_to_the_whole_catalogue(samples: list[Sample]) -> None:
    parts = split_parts(samples, "val")
    assert [len(part) for part in parts] == [4, 4, 1]
    assert {s.split for s in parts.gallery} == {"train"}


@pytest.fixture(scope="module")
def catalogue(samples: list[Sample], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn samples as a plain CSV, which the command reads by name."""
    path = tmp_path_factory.mktemp("csv") / "photos.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            [
                "image",
                "split",
                "domain",
                "identity",
                "category",
                "sleeve",
                "landmark:left hem",
                "landmark:right hem",
            ]
        )
        for s in samples:
            marks = [
                f"{x} {y} {int(seen)}"
                for x, y, seen in (s.landmarks.get(n, (0, 0, False)) for n in ("left hem", "right hem"))
            ]
            attributes = s.attributes.get("sleeve", "")
            writer.writerow(
                [s.image, s.split, s.domain, s.identity or "", s.category, attributes]
                + (marks if s.landmarks else ["", ""])
            )
    return path


def arguments(system: str, catalogue: Path, folder: Path, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    base = ["--system", system, "--data-set", f"csv={catalogue}", "--run", str(folder), "--size", "32"]
    small = ["--products", "2", "--photos", "1", "--others", "1", "--attributes", "sleeve"]
    return parser.parse_args([*base, *small, "--save-every", "2", *more])


@pytest.mark.parametrize("system", list(train.SYSTEMS))
def test_every_system_trains_and_is_measured(
    system: str, catalogue: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.run(arguments(system, catalogue, tmp_path, "--steps", "3")) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert json.loads(capsys.readouterr().out) == result
    assert result["system"] == system
    assert result["figures"]["test"]["csv: R@1"]["photos"] == 4
    assert (
        0
        <= result["figures"]["test"]["csv: R@1"]["value"]
        <= result["figures"]["test"]["csv: R@5"]["value"]
        == 1
    )
    named = "csv: category top-1" in result["figures"]["val"]
    assert named == (system not in ("wtbi", "frozen"))


@pytest.mark.parametrize("system", ["wtbi", "unified"])
def test_a_stopped_run_ends_as_one_that_was_not(
    system: str, catalogue: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Trainer(train.SystemTask(arguments(system, catalogue, tmp_path, "--steps", "6")), tmp_path / "a")
    whole.train()
    losses = train.SystemTask.losses

    def stopped(task: train.SystemTask, batch: Batch, step: int) -> dict[str, torch.Tensor]:
        if step == 5:
            raise KeyboardInterrupt
        return losses(task, batch, step)

    arg = arguments(system, catalogue, tmp_path, "--steps", "6")
    with monkeypatch.context() as patch:
        patch.setattr(train.SystemTask, "losses", stopped)
        with pytest.raises(KeyboardInterrupt):
            Trainer(train.SystemTask(arg), tmp_path / "b").train()
    second = Trainer(train.SystemTask(arg), tmp_path / "b")
    assert (second.epoch, second.step) == (2, 4)
    second.train()
    for name, value in whole.task.network.state_dict().items():
        assert torch.allclose(value.float(), second.task.network.state_dict()[name].float(), atol=1e-6), name


def test_other_settings_cannot_go_on(catalogue: Path, tmp_path: Path) -> None:
    task = train.SystemTask(arguments("wtbi", catalogue, tmp_path, "--steps", "2"))
    Trainer(task, tmp_path).save()
    for option in ("steps", "save-every"):
        other = train.SystemTask(arguments("wtbi", catalogue, tmp_path, "--steps", "2", f"--{option}", "3"))
        with pytest.raises(UsageError, match=f"begun with another --{option}; name a new --run"):
            Trainer(other, tmp_path)
    with pytest.raises(UsageError, match="multiple of 32"):
        train.SystemTask(arguments("wtbi", catalogue, tmp_path, "--size", "50"))


@pytest.mark.parametrize(
    ("column", "of_old", "what"), [("identity", "p1", "products"), ("sleeve", "short", "attributes")]
)
def test_other_data_of_the_same_file_cannot_go_on(
    catalogue: Path, tmp_path: Path, column: str, of_old: str, what: str
) -> None:
    """One name changed for another that sorts alike: every number fits."""
    own = tmp_path / "photos.csv"
    text = catalogue.read_text()
    own.write_text(text)
    Trainer(train.SystemTask(arguments("darn", own, tmp_path, "--steps", "2")), tmp_path).save()
    Trainer(train.SystemTask(arguments("darn", own, tmp_path, "--steps", "2")), tmp_path)
    rows = list(csv.DictReader(text.splitlines()))
    with own.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(row | {column: row[column].replace(of_old, f"{of_old}x")} for row in rows)
    with pytest.raises(UsageError, match=f"begun with other {what} than there are now; name a new --run"):
        Trainer(train.SystemTask(arguments("darn", own, tmp_path, "--steps", "2")), tmp_path)


def test_shop_pictures_alone_are_nothing_to_learn_from(catalogue: Path, tmp_path: Path) -> None:
    with catalogue.open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["domain"] == "shop" and row["identity"]]
    alone = tmp_path / "shop.csv"
    with alone.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(UsageError, match="nothing of split train to learn from"):
        train.SystemTask(arguments("wtbi", alone, tmp_path, "--steps", "2"))
