"""The network that judges photos becomes a small int8 file in a bundle, within the gate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("litert_torch", reason="needs the extra 'export'")

from converters.quality import main
from drawn_things import COLOURS, draw_thing
from fake_models import make_bundle
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.quality import FAULTS, Judge
from pocketshelf.stages.preprocess import read_photo

# One that was trained: what an untrained one says of a picture is noise, which int8 need not keep.
SHIPPED = Path(__file__).resolve().parents[2] / "models/universal/quality.npz"
MAX_BYTES = 300_000


def test_a_checkpoint_becomes_a_file_that_the_judge_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("POCKETSHELF_DATA", raising=False)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, (colour, _) in enumerate(COLOURS.values()):
        draw_thing(colour).save(pictures / f"{number}.png")
    bundle = make_bundle(tmp_path / "bundle")
    words = [str(SHIPPED), "--bundle", str(bundle.folder), "--calibration", str(pictures)]
    assert main(words) == 0, capsys.readouterr().err
    made = load_bundle(bundle.folder)
    assert made.quality is not None and made.quality.faults == FAULTS and made.quality.bytes <= MAX_BYTES
    judge = Judge.open(made)
    assert judge is not None
    signals = judge.signals(read_photo(np.full((90, 70, 3), 120, np.uint8)))
    assert {f"net_{code}" for code in FAULTS} <= set(signals)


def test_a_missing_checkpoint_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = make_bundle(tmp_path / "bundle")
    assert main([str(tmp_path / "none.npz"), "--bundle", str(bundle.folder)]) == 1
    assert "no such checkpoint" in capsys.readouterr().err
