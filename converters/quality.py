"""``python -m converters.quality CHECKPOINT --bundle DIR``: what judges photos, into a bundle, with proof.

Apart from `converters.export`: it belongs to no embedding space, and is made anew without the others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from converters import parity, photos
from converters.command import exit_code, say
from converters.networks import Network
from converters.target import Job
from converters.targets.tflite import TARGET
from pocketshelf.formats.bundle import QualitySpec, load_bundle, write_bundle
from pocketshelf_training.predict.runner import one_thread

__all__ = ["main", "quality_network"]

FILE = "quality.tflite"
PRECISION = "int8"
# Pictures that int8 is calibrated on, and those that it is compared on.
CALIBRATION_PHOTOS, PARITY_PHOTOS = 256, 96


def quality_network(checkpoint: Path) -> Network:
    """The network of a checkpoint, ready for conversion.

    Raises:
        CheckpointError: it is missing, damaged or of another kind.
    """
    from converters.deploy import Core, fold_batch_norm
    from pocketshelf_training.quality.network import QualityNetwork

    network = QualityNetwork.from_checkpoint(checkpoint)
    preprocessing = network.preprocessing
    spec = QualitySpec(FILE, preprocessing=preprocessing, faults=network.faults, rules={})
    return Network(
        kind="quality",
        core=Core(fold_batch_norm(network, preprocessing.size)).eval(),
        original=network,
        preprocessing=preprocessing,
        outputs=("faults",),
        labels={"faults": list(network.faults)},
        describe=lambda file, precision: replace(spec, file=file, precision=precision),  # type: ignore[arg-type,return-value]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m converters.quality", description=__doc__)
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT")
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="the bundle that gets it")
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="DIR",
        help="calibrate on the pictures there (default: real photos)",
    )
    parsed = parser.parse_args(arguments)
    return exit_code(lambda: _export(parsed.checkpoint, parsed.bundle, parsed.calibration))


def _export(checkpoint: Path, folder: Path, calibration: Path | None) -> None:
    bundle = load_bundle(folder, check_hashes=False)
    network = quality_network(checkpoint)
    chosen = photos.calibration_set(CALIBRATION_PHOTOS, calibration)
    say(f"calibrating on {parity.counted(len(chosen.pictures), chosen.source)}")
    inputs = [image for _, image in chosen.inputs(network.preprocessing, cropped=False)]
    job = Job(network, PRECISION, inputs)
    path = folder / FILE
    outside = TARGET.convert(job, path)
    report = _compared(network, path, outside)
    parity.require(report)
    rules = bundle.quality.rules if bundle.quality else {}
    spec = QualitySpec(
        FILE,
        precision=PRECISION,
        preprocessing=network.preprocessing,
        faults=tuple(network.labels["faults"]),
        rules=rules,  # type: ignore[arg-type]
    )
    write_bundle(replace(bundle, quality=spec))
    say(f"{path}: {path.stat().st_size} bytes")


def _compared(network: Network, path: Path, outside: dict[str, int]) -> parity.Report:
    heading = parity.Heading(network.kind, TARGET.name, PRECISION, path.name, outside)
    with one_thread():
        run = TARGET.load(path, network.outputs, "")
        assert run is not None  # LiteRT runs here.
        chosen = photos.parity_set(PARITY_PHOTOS)
        inputs = chosen.inputs(network.preprocessing, False)
        report = parity.compare(network, run, inputs, heading, chosen.source)
    found = ", ".join(f"{m.name} {m.value:.4f}" for m in report.measures)
    say(f"{path.name}: on {parity.counted(report.photos, report.source)}: {found}")
    return report


if __name__ == "__main__":
    sys.exit(main())
