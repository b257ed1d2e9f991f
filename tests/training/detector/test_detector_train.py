"""A tiny run from drawn pictures to a checkpoint; a kill in the middle changes nothing."""

import argparse
import json

import pytest
import torch

from pocketshelf.errors import PocketshelfError
from pocketshelf_training.data.street import load_photos
from pocketshelf_training.detector import draw, evaluate, train
from pocketshelf_training.detector.average import WeightAverage
from pocketshelf_training.detector.schedule import Schedule
from pocketshelf_training.metrics.average_precision import Boxes
from pocketshelf_training.models import average
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.detector import Detector

SETTINGS = "--epochs 2 --batch 4 --size 64 --small-size 32 --small-share 0.5 --evaluate-every 0 --steps 2"


def arguments(run, data, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    return parser.parse_args([f"--run={run}", f"--data={data}", *SETTINGS.split(), *more])


@pytest.fixture(scope="module")
def finished(drawn_data, tmp_path_factory):
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("run")
    assert train.run(arguments(folder, drawn_data)) == 0
    return folder


def test_a_run_leaves_both_checkpoints_and_a_log(finished):
    for name in ("detector.pt", "detector.npz"):
        model = Detector.from_checkpoint(finished / name)
        assert model.config["size"] == 64
    lines = [json.loads(line) for line in (finished / "log.jsonl").read_text().splitlines()]
    assert [line["size"] for line in lines if "loss" in line] == [32, 64]
    assert lines[-1]["val"]["photos"] == 2


def test_the_trunk_s_first_stages_stay_as_they_came(finished):
    trained = Detector.from_checkpoint(finished / "detector.pt").trunk
    fresh = Detector(size=64).trunk.load_imagenet()
    assert torch.equal(trained._conv_stem.weight, fresh._conv_stem.weight)
    assert torch.equal(trained._blocks[2]._bn1.running_mean, fresh._blocks[2]._bn1.running_mean)
    assert not torch.equal(trained._blocks[-1]._project_conv.weight, fresh._blocks[-1]._project_conv.weight)


def test_a_killed_run_goes_on_to_the_same_weights(finished, drawn_data, tmp_path):
    args = arguments(tmp_path, drawn_data)
    torch.manual_seed(args.seed)
    killed = train.Trainer(args, train.build_mixture(args))
    killed.train_epoch(train.Clock(killed.schedule, 0))
    killed.epoch = 1
    killed.save()
    assert train.run(args) == 0
    whole = load_checkpoint(finished / "detector.pt").state
    for name, tensor in load_checkpoint(tmp_path / "detector.pt").state.items():
        torch.testing.assert_close(tensor, whole[name], msg=name)


def test_a_run_does_not_change_its_settings(finished, drawn_data):
    with pytest.raises(PocketshelfError, match="started with another --rate"):
        train.run(arguments(finished, drawn_data, "--rate=0.1"))


def test_epochs_fit_the_minutes(drawn_data, tmp_path):
    args = arguments(tmp_path, drawn_data, "--minutes=0.5")
    trainer = train.Trainer(args, train.build_mixture(args))
    assert trainer.schedule.epochs >= 2
    fresh = Detector(size=64, tied=True).trunk.load_imagenet().state_dict()
    timed = trainer.model.trunk.state_dict()
    assert all(torch.equal(timed[name], fresh[name]) for name in fresh)  # timing taught it nothing


def test_schedule():
    schedule = Schedule(epochs=10, size=320, small_size=160, small_share=0.6, plain_share=0.2, warm_up=1)
    assert [schedule.input_size(e) for e in range(10)] == [160] * 6 + [320] * 4
    assert [schedule.strength(e) for e in range(10)] == [1.0] * 8 + [0.0] * 2
    assert schedule.rate(1.0) == pytest.approx(1.0)
    assert schedule.rate(0.0) == schedule.rate(10.0) == pytest.approx(0.02)
    assert schedule.cost() == pytest.approx(6 / 4 + 4)
    assert schedule.cost(5.5) == pytest.approx(0.5 / 4 + 4)


def test_the_average_follows_and_ends_between():
    layer = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(layer.weight, 0.0)
    average = WeightAverage(layer, decay=0.9)
    torch.nn.init.constant_(layer.weight, 1.0)
    average.update(layer)
    assert average.model.weight.item() == pytest.approx(9 / 11)  # early: 1 - (1 + 1) / (10 + 1)
    for _ in range(200):
        average.update(layer)
    assert average.model.weight.item() == pytest.approx(1.0, abs=1e-4)


def test_a_checkpoint_is_measured_on_the_street_photos(finished, drawn_data):
    photos = load_photos("val", drawn_data)
    found = evaluate.evaluate(Detector.from_checkpoint(finished / "detector.pt"), photos)
    assert set(found["groups"]) == {"outerwear", "trousers", "footwear", "hat"}
    assert found["photos"] == len(photos) == 2
    assert "| **mean** | 7 |" in evaluate.table(found)


@pytest.mark.parametrize("trained", [True, False])
def test_draw_writes_a_grid(finished, drawn_data, tmp_path, trained):
    parser = argparse.ArgumentParser()
    draw.add_arguments(parser)
    source = [f"--checkpoint={finished / 'detector.pt'}"] if trained else ["--size=64"]
    out = tmp_path / "grid.png"
    args = [f"--out={out}", f"--data={drawn_data}", "--count=2", "--columns=2", "--side=80", *source]
    assert draw.run(parser.parse_args(args)) == 0
    with draw.Image.open(out) as image:
        assert image.size == (160, 80)


def test_boxes_know_their_length():
    assert len(Boxes([], [])) == 0


def test_a_student_starts_with_trained_weights_and_imitates_a_larger_one(finished, drawn_data, tmp_path):
    large = tmp_path / "large"
    assert train.run(arguments(large, drawn_data, "--variant=lite2", "--width=96", "--tower=3")) == 0
    config = Detector.from_checkpoint(large / "detector.pt").config
    assert (config["variant"], config["width"], config["tower"]) == ("lite2", 96, 3)
    # After so few steps it would see nothing yet.
    sure = load_checkpoint(large / "detector.pt")
    state = {name: value + 4 if name.endswith("score.bias") else value for name, value in sure.state.items()}
    save_checkpoint(large / "detector.pt", "detector", sure.config, state)
    more = [f"--start={finished / 'detector.npz'}", f"--teacher={large / 'detector.pt'}", "--hard=0.5"]
    student = tmp_path / "student"
    assert train.run(arguments(student, drawn_data, *more)) == 0
    lines = [json.loads(line) for line in (student / "log.jsonl").read_text().splitlines()]
    assert all(line["imitation"] > 0 for line in lines if "loss" in line)
    assert Detector.from_checkpoint(student / "detector.pt").config["variant"] == "lite0"
    with pytest.raises(PocketshelfError, match="started with another --teacher"):
        train.run(arguments(student, drawn_data, *more[:1], "--hard=0.5"))


def test_a_detector_is_averaged_with_the_one_it_began_with(finished, drawn_data, tmp_path):
    start, out = finished / "detector.npz", tmp_path / "half.pt"
    assert train.run(arguments(tmp_path / "on", drawn_data, f"--start={start}")) == 0
    parser = argparse.ArgumentParser()
    average.add_arguments(parser)
    end = tmp_path / "on" / "detector.pt"
    assert average.run(parser.parse_args([f"--from={start}", f"--to={end}", f"--out={out}"])) == 0
    name = "heads.0.score.weight"
    first, second, half = (load_checkpoint(path, kind="detector").state[name] for path in (start, end, out))
    torch.testing.assert_close(half, (first + second) / 2)
    with pytest.raises(PocketshelfError, match="was not trained on from"):
        average.run(parser.parse_args([f"--from={end}", f"--to={start}", f"--out={out}"]))


def test_a_student_begins_where_it_is_told(finished, drawn_data, tmp_path):
    args = arguments(tmp_path, drawn_data, f"--start={finished / 'detector.pt'}")
    trainer = train.Trainer(args, train.build_mixture(args))
    begun, given = trainer.model.state_dict(), load_checkpoint(finished / "detector.pt").state
    assert all(torch.equal(begun[name], given[name]) for name in given)
