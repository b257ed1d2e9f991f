"""Prepared folders: the same bytes whatever happened, splits that do not overlap, honest labels."""

import json
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from studio_folders import real_folder

from pocketshelf.errors import UsageError
from pocketshelf_training.data.catalog import load_data_set, shown_name
from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.protocol import DataMissing
from pocketshelf_training.studio.prepare.making import make, report
from pocketshelf_training.studio.prepare.studio import close_ups_of, prepare


def content(folder: Path) -> dict[str, bytes]:
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix in (".jpg", ".jsonl")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studio") / "drawn"
    prepare(folder, identities=16, photos=1, seed=4, drawn=True)
    return folder


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_processes(drawn: Path, tmp_path: Path) -> None:
    prepare(tmp_path / "two", identities=16, photos=1, seed=4, drawn=True, processes=2)
    assert len(content(drawn)) == 33
    assert content(tmp_path / "two") == content(drawn)
    prepare(tmp_path / "other", identities=2, photos=1, seed=5, drawn=True)
    assert not set(content(tmp_path / "other").values()) & set(content(drawn).values())


def test_after_a_kill_it_goes_on_to_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    folder = tmp_path / "killed"
    call = f"prepare(Path({str(folder)!r}), identities=16, photos=1, seed=4, drawn=True)"
    code = f"from pathlib import Path; from pocketshelf_training.studio.prepare.studio import prepare; {call}"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[3])
    deadline = time.monotonic() + 120
    while not list(folder.glob("parts/*.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = list(folder.glob("parts/*.json"))
    assert done and not (folder / "labels.jsonl").exists()
    with pytest.raises(DataMissing, match="prepare studio"):
        load_data_set("studio", folder)
    times = {path: path.stat().st_mtime_ns for path in done}
    prepare(folder, identities=16, photos=1, seed=4, drawn=True)
    assert content(folder) == content(drawn)
    assert {path: path.stat().st_mtime_ns for path in done} == times


def test_an_interrupted_unit_is_done_again_and_finished_ones_are_not(tmp_path: Path) -> None:
    made: list[int] = []

    def unit(fail_at: int, number: int) -> list[dict]:
        if number == fail_at:
            raise KeyboardInterrupt
        made.append(number)
        return [{"image": str(number)}]

    with pytest.raises(KeyboardInterrupt):
        make(tmp_path / "x", "test", 1, {"seed": 1}, 4, partial(unit, 2), 1)
    rows = make(tmp_path / "x", "test", 1, {"seed": 1}, 4, partial(unit, 9), 1)
    assert made == [0, 1, 2, 3]
    assert [row["image"] for row in rows] == ["0", "1", "2", "3"]


def test_another_request_in_the_same_folder_is_refused(drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="made with another seed; name a new --out"):
        prepare(drawn, identities=16, photos=1, seed=6, drawn=True)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        prepare(tmp_path, identities=1, photos=1, seed=4, drawn=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_sheet_has_a_line_a_thing_and_white_where_a_picture_is_missing(tmp_path: Path) -> None:
    for name in "abc":
        Image.new("RGB", (40, 80), "red").save(tmp_path / f"{name}.jpg")
    rows = [{"image": f"{name}.jpg", "about": about} for name, about in (("a", "1"), ("b", "1"), ("c", "2"))]
    report(tmp_path, rows, 2)
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"), int)
    red = [[sheet[y + 40, x + 20, 1] < 50 for x in (0, 128)] for y in (0, 128)]
    assert sheet.shape == (256, 256, 3) and red == [[True, True], [True, False]]


def test_loaded_identities_do_not_overlap_between_splits(drawn: Path) -> None:
    samples = load_data_set("studio", drawn)
    of = {split: {s.identity for s in samples if s.split == split} for split in ("train", "val", "test")}
    assert [len(of[split]) for split in ("train", "val", "test")] == [12, 2, 2]
    assert not of["train"] & of["val"] and not of["train"] & of["test"] and not of["val"] & of["test"]
    assert {s.domain for s in samples} == {"shop", "street"}
    assert sum(s.domain == "shop" for s in samples) == 16
    assert all(len(s.boxes) == 1 and s.category and s.licence == "Apache-2.0" for s in samples)
    assert {"pattern", "colour", "sleeve", "closure"} <= {name for s in samples for name in s.attributes}


def test_one_sample_a_photo_has_all_its_boxes(drawn: Path) -> None:
    by_garment, by_photo = load_data_set("studio", drawn), load_data_set("studio", drawn, one_per="photo")
    assert len(by_photo) == len({s.image for s in by_photo}) == 32
    assert sum(len(s.boxes) for s in by_photo) == len(by_garment) > 32
    with pytest.raises(UsageError, match="one_per is garment or photo"):
        load_data_set("studio", drawn, one_per="box")


def test_real_fabric_keeps_to_its_split_and_names_its_licence(tmp_path: Path) -> None:
    root = real_folder(tmp_path / "data")
    close_ups = close_ups_of(root)
    assert {p.stem for paths in close_ups["train"].values() for p in paths} >= {"striped_train"}
    assert all(
        p.stem.endswith("_val") for split in ("val", "test") for q in close_ups[split].values() for p in q
    )
    rows = prepare(tmp_path / "out", identities=8, photos=2, seed=1, data=root)
    assert any("MIT" in row["licence"] for row in rows)
    assert all(row["synthetic"] for row in rows)


def test_faults_of_a_prepared_folder_name_the_line(drawn: Path, tmp_path: Path) -> None:
    line = (drawn / "labels.jsonl").read_text().splitlines()[0]
    (tmp_path / "labels.jsonl").write_text(line + "\n")
    with pytest.raises(DataMissing, match=r"labels\.jsonl:1: no picture"):
        load_data_set("studio", tmp_path)
    picture = tmp_path / json.loads(line)["image"]
    picture.parent.mkdir(parents=True)
    picture.touch()
    (tmp_path / "labels.jsonl").write_text(line + "\n" + line[: len(line) // 2])
    with pytest.raises(DataDamaged, match=r"labels\.jsonl:2: no label"):
        load_data_set("studio", tmp_path)


def test_figures_say_that_it_is_synthetic() -> None:
    assert shown_name("studio") == "studio (synthetic)"
    assert shown_name("composites") == "composites (synthetic)"
    assert shown_name("grocery") == "grocery"
