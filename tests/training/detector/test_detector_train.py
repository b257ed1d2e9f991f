"""A tiny run from drawn pictures to a checkpoint; a kill in the middle changes nothing."""

import argparse
import json
import shutil

import pytest
import torch

from pocketshelf.errors import PocketshelfError
from pocketshelf_training.data.street import load_photos
from pocketshelf_training.detector import draw, evaluate, pictures, train
from pocketshelf_training.detector.schedule import Schedule, fitting
from pocketshelf_training.engine import compute
from pocketshelf_training.engine.trainer import Trainer
from pocketshelf_training.metrics.average_precision import Boxes
from pocketshelf_training.models import average
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.detector import Detector

CHECKPOINT = "detector.safetensors"
SETTINGS = (
    "--epochs 2 --batch 4 --size 64 --small-size 32 --small-share 0.5 --evaluate-every 0 --limit-steps 2"
)


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
    for name in (CHECKPOINT, "detector.npz"):
        model = Detector.from_checkpoint(finished / name)
        assert model.config["size"] == 64
    lines = [json.loads(line) for line in (finished / "log.jsonl").read_text().splitlines()]
    assert [line["size"] for line in lines if "losses" in line] == [32, 64]
    assert lines[-1]["val"]["photos"] == 2


def test_the_trunk_s_first_stages_stay_as_they_came(finished):
    trained = Detector.from_checkpoint(finished / CHECKPOINT).trunk
    fresh = Detector(size=64).trunk.load_imagenet()
    assert torch.equal(trained._conv_stem.weight, fresh._conv_stem.weight)
    assert torch.equal(trained._blocks[2]._bn1.running_mean, fresh._blocks[2]._bn1.running_mean)
    assert not torch.equal(trained._blocks[-1]._project_conv.weight, fresh._blocks[-1]._project_conv.weight)


def test_a_killed_run_goes_on_to_the_same_weights(finished, drawn_data, tmp_path, monkeypatch):
    args = arguments(tmp_path, drawn_data)
    with monkeypatch.context() as patch:
        patch.setattr(train.DetectorTask, "finish_epoch", killed_after_the_second)
        with pytest.raises(KeyboardInterrupt):
            train.run(args)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["epoch"] == 1
    assert train.run(args) == 0
    whole = load_checkpoint(finished / CHECKPOINT).state
    for name, tensor in load_checkpoint(tmp_path / CHECKPOINT).state.items():
        torch.testing.assert_close(tensor, whole[name], msg=name)


def killed_after_the_second(task, epoch, losses, kept):
    if epoch == 2:
        raise KeyboardInterrupt
    return {}


def test_a_run_does_not_change_its_settings(finished, drawn_data):
    with pytest.raises(PocketshelfError, match="begun with another --rate"):
        train.run(arguments(finished, drawn_data, "--rate=0.1"))


def test_a_run_does_not_go_on_with_other_boxes(finished, drawn_data, tmp_path):
    """As many photos and boxes as before: one box has moved."""
    root, run = tmp_path / "data", tmp_path / "run"
    shutil.copytree(drawn_data, root)
    shutil.copytree(finished, run)
    assert Trainer(train.DetectorTask(arguments(run, root)), run).epoch == 2
    listed = root / "street" / "instances_train.json"
    content = json.loads(listed.read_text())
    content["annotations"][0]["bbox"][2] += 1
    listed.write_text(json.dumps(content))
    with pytest.raises(PocketshelfError, match="begun with other pictures than there are now"):
        train.run(arguments(run, root))


@pytest.mark.parametrize(("seconds", "epochs"), [(3.0, 16), (100.0, 2)])
def test_epochs_fit_the_minutes(drawn_data, tmp_path, monkeypatch, seconds, epochs):
    """Half the epochs are small and cost a quarter: half a minute has 16 epochs of 3 s · (1 + 1/4) / 2."""
    monkeypatch.setattr(train.DetectorTask, "time_epoch", lambda task: seconds)
    task = train.DetectorTask(arguments(tmp_path, drawn_data, "--minutes=0.5"))
    task.prepare(task.network)
    assert task.schedule.epochs == task.epochs == epochs
    again = train.DetectorTask(arguments(tmp_path, drawn_data, "--minutes=0.5"))
    again.restore(task.state())
    assert again.epochs == epochs


def test_the_pace_so_far_decides_how_many_epochs_are_left(drawn_data, tmp_path, monkeypatch):
    """Two of four epochs (a quarter's price each) took 12 s, so 24 a full one: 48 s are two."""
    task = train.DetectorTask(arguments(tmp_path, drawn_data, "--minutes=1"))
    task.follow(Schedule(4, 64, 32, 0.5))
    monkeypatch.setattr(train.time, "monotonic", lambda: task.began + 12)
    task.fit(2)
    assert task.epochs == fitting(task.schedule, 2, 2.0)
    monkeypatch.setattr(train.time, "monotonic", lambda: task.began + 59.9)
    task.fit(2)
    assert task.epochs == 2


def test_loading_does_not_count_as_pace(drawn_data, tmp_path, monkeypatch):
    """30 s of loading and 1.5 s for the first epoch: the 28.5 s that are left are 19 epochs more."""
    task = train.DetectorTask(arguments(tmp_path, drawn_data, "--minutes=1"))
    task.follow(Schedule(4, 64, 64, 0.0))
    task.paced = (task.began + 30, 0)
    monkeypatch.setattr(train.time, "monotonic", lambda: task.began + 31.5)
    task.fit(1)
    assert task.epochs == 1 + 19


def test_epochs_that_fit():
    plain, halves = Schedule(9, 64, 64, 0.0), Schedule(9, 64, 32, 0.5)
    assert fitting(plain, 3, 2.9) == 5
    assert fitting(plain, 3, 0.5) == 3
    # Of eight epochs the first four cost a quarter each.
    assert fitting(halves, 0, 5.0) == 8


def test_passes_lengthen_an_epoch(drawn_data, tmp_path):
    once, twice = (
        train.DetectorTask(arguments(tmp_path, drawn_data, f"--passes={n}"))._plan(0) for n in (1, 2)
    )
    assert twice[: len(once)] == once
    assert len(twice) > 1.5 * len(once)


def test_timing_an_epoch_teaches_nothing(drawn_data, tmp_path):
    task = train.DetectorTask(arguments(tmp_path, drawn_data))
    before = {name: value.clone() for name, value in task.network.state_dict().items()}
    assert task.time_epoch() > 0
    assert all(torch.equal(before[name], value) for name, value in task.network.state_dict().items())
    assert all(parameter.grad is None for parameter in task.network.parameters())


def test_rates_follow_the_steps_of_epochs_that_differ_in_length(drawn_data, tmp_path):
    task = train.DetectorTask(arguments(tmp_path, drawn_data, "--epochs=3"))
    task.ends = [2, 5, 6]
    assert [task.steps(epoch) for epoch in range(3)] == [2, 3, 1]
    expected = [task.schedule.rate(now) for now in (0.5, 1.0, 4 / 3, 5 / 3, 2.0, 3.0)]
    assert [task.rate(step) for step in range(6)] == pytest.approx(expected)


def test_schedule():
    schedule = Schedule(epochs=10, size=320, small_size=160, small_share=0.6, plain_share=0.2, warm_up=1)
    assert [schedule.input_size(e) for e in range(10)] == [160] * 6 + [320] * 4
    assert [schedule.strength(e) for e in range(10)] == [1.0] * 8 + [0.0] * 2
    assert schedule.rate(1.0) == pytest.approx(1.0)
    assert schedule.rate(0.0) == schedule.rate(10.0) == pytest.approx(0.02)
    assert [schedule.price(e) for e in (5, 6)] == pytest.approx([1 / 4, 1])


def test_a_checkpoint_is_measured_on_the_street_photos(finished, drawn_data):
    photos = load_photos("val", drawn_data)
    found = evaluate.evaluate(Detector.from_checkpoint(finished / CHECKPOINT), photos)
    assert set(found["groups"]) == {"outerwear", "trousers", "footwear", "hat"}
    assert found["photos"] == len(photos) == 2
    assert "| **mean** | 7 |" in evaluate.table(found)


@pytest.mark.parametrize("trained", [True, False])
def test_draw_writes_a_grid(finished, drawn_data, tmp_path, trained):
    parser = argparse.ArgumentParser()
    draw.add_arguments(parser)
    source = [f"--checkpoint={finished / CHECKPOINT}"] if trained else ["--size=64"]
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
    config = Detector.from_checkpoint(large / CHECKPOINT).config
    assert (config["variant"], config["width"], config["tower"]) == ("lite2", 96, 3)
    # After so few steps it would see nothing yet.
    sure = load_checkpoint(large / CHECKPOINT)
    state = {name: value + 4 if name.endswith("score.bias") else value for name, value in sure.state.items()}
    save_checkpoint(large / CHECKPOINT, "detector", sure.config, state)
    more = [
        f"--start={finished / 'detector.npz'}",
        f"--teacher={large / CHECKPOINT}",
        "--hard=0.5",
    ]
    student = tmp_path / "student"
    assert train.run(arguments(student, drawn_data, *more)) == 0
    lines = [json.loads(line) for line in (student / "log.jsonl").read_text().splitlines()]
    assert [line["losses"]["imitation"] > 0 for line in lines if "losses" in line] == [True, True]
    assert Detector.from_checkpoint(student / CHECKPOINT).config["variant"] == "lite0"
    with pytest.raises(PocketshelfError, match="begun with another --teacher"):
        train.run(arguments(student, drawn_data, *more[:1], "--hard=0.5"))


def test_pictures_are_looked_at_several_times_by_several_teachers(
    finished, drawn_data, tmp_path, monkeypatch
):
    """Twice the steps from as many made pictures; the teachers answer by turns."""
    teacher = f"--teacher={finished / CHECKPOINT}"
    file = tmp_path / "detector.zip"
    parser = argparse.ArgumentParser()
    pictures.add_arguments(parser)
    assert pictures.run(parser.parse_args([f"--data={drawn_data}", f"--out={file}", "--size=64"])) == 0
    args = arguments(tmp_path / "on", "nowhere", "--looks=2", teacher, teacher, f"--pictures={file}")
    task = train.DetectorTask(args)
    assert len(task.teachers) == 2
    assert [task.steps(epoch) for epoch in range(2)] == [4, 4]
    batches = list(task.batches(0, task.network))
    assert [len(batch.images) for batch in batches] == [4] * 4
    assert batches[0].images.shape[1] == 32, "of the size that the epoch is trained at"
    assert train.run(args) == 0
    assert (tmp_path / "on" / "detector.npz").is_file()
    whole = load_checkpoint(tmp_path / "on" / CHECKPOINT).state
    args.run = tmp_path / "killed"
    with monkeypatch.context() as patch:
        patch.setattr(train.DetectorTask, "finish_epoch", killed_after_the_second)
        with pytest.raises(KeyboardInterrupt):
            train.run(args)
    assert train.run(args) == 0
    for name, tensor in load_checkpoint(args.run / CHECKPOINT).state.items():
        torch.testing.assert_close(tensor, whole[name], msg=name)


def test_a_detector_is_averaged_with_the_one_it_began_with(finished, drawn_data, tmp_path):
    start, out = finished / "detector.npz", tmp_path / "half.safetensors"
    assert train.run(arguments(tmp_path / "on", drawn_data, f"--start={start}")) == 0
    parser = argparse.ArgumentParser()
    average.add_arguments(parser)
    end = tmp_path / "on" / CHECKPOINT
    assert average.run(parser.parse_args([f"--from={start}", f"--to={end}", f"--out={out}"])) == 0
    name = "heads.0.score.weight"
    first, second, half = (load_checkpoint(path, kind="detector").state[name] for path in (start, end, out))
    torch.testing.assert_close(half, (first + second) / 2)
    with pytest.raises(PocketshelfError, match="was not trained on from"):
        average.run(parser.parse_args([f"--from={end}", f"--to={start}", f"--out={out}"]))


def test_half_precision_learns_the_same_losses(finished, drawn_data, tmp_path, monkeypatch):
    monkeypatch.setattr(compute, "SLOW_IN_HALF", ())  # Slow is good enough for one batch.
    options = [f"--start={finished / CHECKPOINT}"]
    losses = []
    for more in ([], ["--half"]):
        task = train.DetectorTask(arguments(tmp_path, drawn_data, *options, *more))
        batch = next(iter(task.batches(0, task.network)))
        losses.append(torch.stack(list(task.losses(batch, 0).values())))
        assert losses[-1].dtype == torch.float32
    torch.testing.assert_close(*losses, rtol=0.1, atol=0.05)
    assert not torch.equal(*losses)


def test_a_student_begins_where_it_is_told(finished, drawn_data, tmp_path):
    given = load_checkpoint(finished / CHECKPOINT)
    start, chosen = tmp_path / "start.npz", {"score_threshold": 0.4, "categories": {"upper": ["Tee"]}}
    save_checkpoint(start, "detector", given.config, given.state, {**given.meta, **chosen})
    args = arguments(tmp_path, drawn_data, f"--start={start}")
    task = train.DetectorTask(args)
    begun, stored = task.network.state_dict(), load_checkpoint(start).state
    assert all(torch.equal(begun[name], stored[name]) for name in stored)
    args.run.mkdir(parents=True, exist_ok=True)
    task.write("kept.npz", 1, task.network)
    meta = load_checkpoint(args.run / "kept.npz").meta
    assert {name: meta[name] for name in chosen} == chosen, "what was chosen for it goes on with it"
