"""From a checkpoint to a bundle: the converters in a process of their own, with their parity gate.

The training may not import the converters, and their toolchains would not go with PyTorch's threads; so they
are called as a user calls them.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.cli.output import say
from pocketshelf.errors import PocketshelfError
from pocketshelf.formats.bundle import Bundle, load_bundle, write_bundle
from pocketshelf_training.models.checkpoint import Checkpoint, save_checkpoint

__all__ = ["ExportFailed", "exported", "move_into"]

log = logging.getLogger("pocketshelf.training")

CALIBRATION_PICTURES = 256
# What the converters say of a file that does not compute what PyTorch does.
MISSED = "parity"


class ExportFailed(PocketshelfError):
    """The converters refused; the message is theirs."""


def exported(
    made: Sequence[Checkpoint], base: Bundle, pictures: Sequence[Path], folder: Path, seed: int
) -> Checkpoint:
    """Put a bundle into ``folder``, of the first embedder of ``made`` that comes through the parity gate.

    Detector and judge are those of ``base``. A shop of covers loses no bundle for a head that knows
    necklines, nor a small shop for one that few pictures taught its categories.

    Args:
        made: best first; at least one.
        pictures: to calibrate int8 on.

    Returns: the one that did.

    Raises:
        ExportFailed: a toolchain is missing, or every one missed parity.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as linked:
        _link(pictures, Path(linked), seed)
        used = _first_exported(made, Path(linked), folder)
    for name in _kept_files(base):
        shutil.copy2(base.folder / name, folder / name)
    bundle = replace(load_bundle(folder), detector=base.detector, quality=base.quality)
    write_bundle(replace(bundle, recall=None, enrolment=None, outfit=None))
    return used


def _first_exported(made: Sequence[Checkpoint], pictures: Path, folder: Path) -> Checkpoint:
    *better, last = made
    for checkpoint in better:
        try:
            _export(checkpoint, pictures, folder)
        except ExportFailed as error:
            if MISSED not in str(error):
                raise
            log.warning("%s; once more with fewer heads", error)
        else:
            return checkpoint
    _export(last, pictures, folder)
    return last


def _link(pictures: Sequence[Path], folder: Path, seed: int) -> None:
    chosen = np.random.default_rng(seed).permutation(len(pictures))[:CALIBRATION_PICTURES]
    for number in chosen:
        # The converters look at a file's content, but for its name they want a picture's.
        (folder / f"{number}.jpg").symlink_to(pictures[number].resolve())


def _export(checkpoint: Checkpoint, calibration: Path, out: Path) -> None:
    weights = out / "embedder.npz"
    save_checkpoint(weights, checkpoint.kind, checkpoint.config, checkpoint.state, checkpoint.meta)
    command = [sys.executable, "-m", "converters.export", "--target", "tflite", "--model", "embedder"]
    command += ["--checkpoint-embedder", str(weights), "--calibration", str(calibration), "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ.copy()) as process:
        assert process.stderr is not None
        last = ""
        for line in process.stderr:
            say(line.removesuffix("\n"))
            last = line.strip() or last
    if process.returncode:
        raise ExportFailed(f"the export failed: {last.removeprefix('error: ')}")


def _kept_files(base: Bundle) -> list[str]:
    """The files of what knows no space: detector and judge, and their checkpoints where they lie beside."""
    kept = {"detector.npz": base.detector, "quality.npz": base.quality}
    names = [name for weights, spec in kept.items() if spec is not None for name in (spec.file, weights)]
    return [name for name in names if (base.folder / name).is_file()]


def move_into(folder: Path, out: Path) -> None:
    """Put the files of ``folder`` into ``out``, ``bundle.json`` last: the old bundle is whole or refused."""
    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir(), key=lambda path: path.name == "bundle.json"):
        shutil.move(path, out / path.name)
    with suppress(OSError):
        folder.rmdir()
