"""The command where it says no; tests/docs/test_your_catalogue.py runs it to a bundle that is better."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.formats.bundle import Bundle, load_bundle
from pocketshelf.shipped import shipped
from pocketshelf_training.__main__ import main
from pocketshelf_training.adapt import command
from pocketshelf_training.adapt.measure import Outcome
from pocketshelf_training.adapt.report import Report
from pocketshelf_training.data.protocol import DataMissing
from pocketshelf_training.data.shop import load as load_shop


@pytest.fixture(scope="module")
def catalogue(real_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The arguments that name 90 garments of the shared shop with two or more pictures each."""
    try:
        load_shop(real_photos)
    except DataMissing as error:
        pytest.skip(f"needs the shop's pictures: {error}")
    path = tmp_path_factory.mktemp("shop") / "catalogue.csv"
    named = ["shop", "--data", str(real_photos), "--views", "--limit", "90", "--out", str(path)]
    assert main(["catalogue", *named]) == 0
    return [str(path), "--images", str(real_photos / "shop" / "media")]


def test_what_is_not_better_is_not_written(
    catalogue: list[str],
    trained_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The adapted files find nothing: the report says so, and no bundle is there."""
    found: list[Outcome] = []

    def worse(bundle: Path, *rest: object) -> Outcome:
        found.append(real(bundle, *rest) if not found else Outcome(found[0].places + 1))
        return found[-1]

    real = command.measured
    monkeypatch.setattr(command, "measured", worse)

    def staged(
        made: object, base: Bundle, pictures: object, folder: Path, *rest: object, **more: object
    ) -> Bundle:
        folder.mkdir()
        return base

    monkeypatch.setattr(command, "exported", staged)
    out = tmp_path / "adapted"
    more = [
        "--minutes",
        "0.1",
        "--out",
        str(out),
        "--cache",
        str(tmp_path / "cache"),
        "--model",
        str(trained_bundle),
    ]
    assert main(["adapt", *catalogue, *more]) == 0
    assert "kept as it is" in json.loads(capsys.readouterr().out.splitlines()[-1])["verdict"]
    assert sorted(path.name for path in out.iterdir()) == ["report.json", "report.md"]


def test_a_bundle_without_weights_is_refused(
    catalogue: list[str], tmp_path: Path, fake_bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["--out", str(tmp_path / "out"), "--model", str(fake_bundle.folder)]
    assert main(["adapt", *catalogue, *wanted]) == 1
    assert "no embedder.npz" in capsys.readouterr().err


def test_what_is_adapted_must_beat_what_a_search_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    first, usual = load_bundle(shipped("models/first")), load_bundle(None)
    places = {first.name: Outcome(np.array([0, 3, 3, 3])), usual.name: Outcome(np.array([0, 0, 3, 3]))}
    monkeypatch.setattr(command, "measured", lambda folder, *rest: places[load_bundle(folder).name])
    found = []
    for base in (first, usual):
        report = Report("catalogue.csv", str(base.folder), 1)
        outcome = command.to_beat(base, *[None] * 3, report)  # type: ignore[arg-type]
        assert report.before == outcome.to_json()
        found.append((report.against, outcome.recall(1).value))
    assert found == [(usual.name, 0.5), (usual.name, 0.5)]
    places[first.name] = Outcome(np.array([0, 0, 0, 3]))
    assert command.to_beat(first, *[None] * 3, report).recall(1).value == 0.75  # type: ignore[arg-type]
