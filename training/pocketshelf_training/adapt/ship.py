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
from pocketshelf_training.models.release import only_heads

__all__ = ["ExportFailed", "exported", "move_into"]

log = logging.getLogger("pocketshelf.training")

CALIBRATION_PICTURES = 256
# Of the real photos, those that the parity gate takes.
GATE_PHOTOS = ("grocery", "clothing", "street")
# What the converters' complaint of the categories' output begins with.
CATEGORIES = "categories."
# What they say of a file that does not compute what PyTorch does.
MISSED = "parity"


class ExportFailed(PocketshelfError):
    """The converters refused; the message is theirs."""


def exported(
    checkpoint: Checkpoint,
    base: Bundle,
    pictures: Sequence[Path],
    folder: Path,
    seed: int,
    plainer: Checkpoint | None = None,
) -> Bundle:
    """A bundle in ``folder`` of the embedder ``checkpoint``, and of ``base`` the detector and the judge.

    Heads that do not come through the parity gate go before the bundle does, what finds products being the
    same: first what it says of attributes (a shop of covers needs no head that knows necklines), then the
    shop's own categories.

    Args:
        pictures: to calibrate int8 on.
        plainer: ``checkpoint`` without a head for the shop's own categories, if it has one.

    Raises:
        ExportFailed: a toolchain is missing, or parity was missed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as linked:
        _link(pictures, Path(linked), seed)
        _export_what_passes(checkpoint, plainer, Path(linked), folder)
    for name in _kept_files(base):
        shutil.copy2(base.folder / name, folder / name)
    made = load_bundle(folder)
    kept = replace(made, detector=base.detector, quality=base.quality)
    return write_bundle(replace(kept, recall=None, enrolment=None, outfit=None))


def _export_what_passes(
    checkpoint: Checkpoint, plainer: Checkpoint | None, calibration: Path, folder: Path
) -> None:
    try:
        return _export(checkpoint, calibration, folder)
    except ExportFailed as error:
        if MISSED not in str(error):
            raise
        failed = error
    # Where the categories fail, other heads do not help them.
    if checkpoint.config.get("attributes") and not (plainer and CATEGORIES in str(failed)):
        log.warning("%s; once more without what it says of attributes", failed)
        try:
            return _export(only_heads(checkpoint, []), calibration, folder)
        except ExportFailed as error:
            failed = error
    if plainer is None or CATEGORIES not in str(failed):
        raise failed
    log.warning("%s; once more without the shop's own categories", failed)
    return _export_what_passes(plainer, None, calibration, folder)


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
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", env=_environment()
    ) as process:
        assert process.stderr is not None
        last = ""
        for line in process.stderr:
            say(line.removesuffix("\n"))
            last = line.strip() or last
    if process.returncode:
        raise ExportFailed(f"the export failed: {last.removeprefix('error: ')}")


def _environment() -> dict[str, str]:
    """Of the converters: the gate compares real photos where there are some, and else drawn ones."""
    environment = os.environ.copy()
    named = environment.get("POCKETSHELF_DATA")
    if named and not any((Path(named) / photos).is_dir() for photos in GATE_PHOTOS):
        log.info("POCKETSHELF_DATA %s has no photos for the parity gate: it compares drawn pictures", named)
        del environment["POCKETSHELF_DATA"]
    return environment


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
