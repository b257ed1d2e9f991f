"""Checkpoints to model files for phones, with proof.

A target is written into a temporary folder first and moved when all of it passed: one that fails leaves
nothing behind, and what was there before stays. Of several targets each stands alone.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converters import parity, photos
from converters.command import say
from converters.errors import ConversionError
from converters.networks import Network, load_network
from converters.target import Job, Target
from converters.targets import find_target
from pocketshelf.errors import BundleError, PocketshelfError
from pocketshelf.formats.bundle import Bundle, load_bundle, write_bundle
from pocketshelf_training.predict.runner import one_thread

__all__ = ["Request", "export"]

CALIBRATION_PHOTOS = 256
PARITY_PHOTOS = 96


@dataclass(frozen=True)
class Request:
    """What to export.

    Attributes:
        targets: by name.
        checkpoints: kind of network → checkpoint.
        precision: for every target; None is each target's default.
        out: the bundle's folder; with several targets, one folder a target inside it.
        name: of the bundle; the folder's name if empty.
        backend: the delegate to lower for; empty is the target's default.
        calibration: folder of photos to calibrate with, instead of the real training photos.
    """

    targets: tuple[str, ...]
    checkpoints: dict[str, Path]
    out: Path
    precision: str | None = None
    name: str = ""
    backend: str = ""
    calibration: Path | None = None


def export(request: Request) -> list[parity.Report]:
    """Convert, check and put in place.

    Raises:
        UsageError: an unknown target, precision or backend.
        ToolchainMissing: a target's toolchain is not installed.
        ParityError: a file does not compute what PyTorch computes.
        ConversionError: of several targets some failed; says which, why, and which were exported.
        PocketshelfError: a checkpoint cannot be used, or ``out`` cannot be written.
    """
    targets = [find_target(name) for name in request.targets]
    plans = [(target, target.plan(request.precision, request.backend)) for target in targets]
    failed: dict[str, PocketshelfError] = {}
    for target, _ in plans:
        say(f"{target.name}: loading its toolchain")
        with _noted(failed, target):
            target.require(request.backend)
    plans = [plan for plan in plans if plan[0].name not in failed]
    reports: list[parity.Report] = []
    if plans:
        say(f"loading {', '.join(map(str, request.checkpoints.values()))}")
        networks = {kind: load_network(kind, path) for kind, path in request.checkpoints.items()}
    for target, precision in plans:
        with _noted(failed, target):
            reports += _export_target(request, target, precision, networks)
    if failed:
        raise _failure(request.targets, failed)
    return reports


@contextlib.contextmanager
def _noted(failed: dict[str, PocketshelfError], target: Target) -> Iterator[None]:
    """Keep what goes wrong with ``target``: the others go on."""
    try:
        yield
    except PocketshelfError as error:
        failed[target.name] = error
        say(f"{target.name}: failed")


def _failure(targets: tuple[str, ...], failed: dict[str, PocketshelfError]) -> PocketshelfError:
    """What to raise: the only target's own error, or one that names each."""
    if len(targets) == 1:
        return failed[targets[0]]
    reasons = "; ".join(f"{name}: {error}" for name, error in failed.items())
    kept = ", ".join(name for name in targets if name not in failed) or "none"
    return ConversionError(f"{len(failed)} of {len(targets)} targets failed ({reasons}); exported: {kept}")


def _export_target(
    request: Request, target: Target, precision: str, networks: dict[str, Network]
) -> list[parity.Report]:
    """One target, in place."""
    destination = request.out / target.name if len(request.targets) > 1 else request.out
    staging = _staging_folder(request.out)
    try:
        reports = _convert_all(request, target, precision, networks, staging, destination)
        staging.chmod(0o755)
        _move_into_place(staging, destination)
    except OSError as error:  # a full disk, most likely
        raise ConversionError(f"{request.out}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return reports


def _staging_folder(out: Path) -> Path:
    """A folder on the same disk as ``out``, so that moving is renaming."""
    if out.exists() and not out.is_dir():
        raise ConversionError(f"{out}: not a folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists():  # The parent may be writable where the folder is not.
            with tempfile.TemporaryFile(dir=out):
                pass
        return Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    except OSError as error:
        raise ConversionError(f"{out}: cannot be written ({error.strerror})") from error


def _convert_all(
    request: Request,
    target: Target,
    precision: str,
    networks: dict[str, Network],
    folder: Path,
    destination: Path,
) -> list[parity.Report]:
    reports, files = [], {}
    for kind, network in networks.items():
        path = folder / f"{kind}{target.suffix}"
        calibration: Sequence[np.ndarray] = ()
        pictures = ""
        if precision in target.calibrated:
            chosen = photos.calibration_set(CALIBRATION_PHOTOS, request.calibration)
            pictures = parity.counted(len(chosen.pictures), chosen.source)
            say(f"{target.name}: calibrating the {kind} on {pictures}")
            cropped = network.kind != "detector"
            calibration = [image for _, image in chosen.inputs(network.preprocessing, cropped)]
        say(f"{target.name}: converting the {kind} ({precision})")
        job = Job(network, precision, calibration, request.backend)
        outside = target.convert(job, path)
        heading = parity.Heading(kind, target.name, precision, path.name, outside, pictures)
        report = _check(target, job, path, heading)
        reports.append(report)
        parity.write_reports(reports, folder)
        parity.require(report)
        files[kind] = (path.name, precision)
    if "embedder" in files:
        _write_bundle(request, networks, files, folder, destination)
    return reports


def _check(target: Target, job: Job, path: Path, heading: parity.Heading) -> parity.Report:
    network = job.network
    with one_thread():
        run = target.load(path, network.outputs, job.backend)
        if run is None:
            say(f"{target.name}: {path.name} is for {job.backend} and cannot be run here: not compared")
            note = f"lowered for {job.backend}; it runs on phones only and was not compared"
            return parity.Report(heading, note=note)
        chosen = photos.parity_set(PARITY_PHOTOS)
        pictures = parity.counted(len(chosen.pictures), chosen.source)
        say(f"{target.name}: comparing {path.name} with PyTorch on {pictures}")
        inputs = chosen.inputs(network.preprocessing, network.kind != "detector")
        report = parity.compare(network, run, inputs, heading, chosen.source)
    found = ", ".join(f"{m.name} {m.value:.4f}" for m in report.measures)
    say(f"{target.name}: {path.name}: {found}")
    return report


def _write_bundle(
    request: Request,
    networks: dict[str, Network],
    files: dict[str, tuple[str, str]],
    folder: Path,
    destination: Path,
) -> None:
    """``bundle.json``; what an earlier export's folder knows besides is kept: the card, what judges photos,
    and of the same space the recall's calibration, the enrolment, the heads for outfits, groups and turns."""
    specs = {kind: networks[kind].describe(*file) for kind, file in files.items()}
    earlier = _earlier(destination)
    space = networks["embedder"].space
    same = earlier if earlier and earlier.space == space else None
    judge = earlier.folder / earlier.quality.file if earlier and earlier.quality else None
    for path in (judge, *((same.enrolment_path, same.outfit_path) if same else ())):
        if path is not None:
            shutil.copy2(path, folder)
    bundle = Bundle(
        folder=folder,
        name=request.name or request.out.name,
        space=space,
        embedder=specs["embedder"],  # type: ignore[arg-type]
        detector=specs.get("detector"),  # type: ignore[arg-type]
        recall=same.recall if same else None,
        enrolment=same.enrolment if same else None,
        outfit=same.outfit if same else None,
        groups=same.groups if same else None,
        turned=same.turned if same else None,
        quality=earlier.quality if earlier else None,
        card=earlier.card if earlier else None,
    )
    write_bundle(bundle)


def _earlier(folder: Path) -> Bundle | None:
    try:
        return load_bundle(folder, check_hashes=False)
    except BundleError:
        return None


def _move_into_place(staging: Path, out: Path) -> None:
    """Rename the files into ``out``, ``bundle.json`` last: until then the old bundle is whole or refused."""
    if not out.exists():
        out.parent.mkdir(exist_ok=True)
        staging.rename(out)
        return
    files = sorted(staging.iterdir(), key=lambda path: path.name == "bundle.json")
    for path in files:
        goal = out / path.name
        if goal.is_dir():  # A folder cannot be replaced in one step; the old one goes when all is done.
            goal.rename(staging / f".old.{path.name}")
        path.replace(goal)
