"""``python -m converters.export``: checkpoints to model files for phones, with proof."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from converters.command import add_models, choose, exit_code, named_checkpoints, say
from converters.networks import kinds
from converters.targets import find_target, target_names
from pocketshelf.cli.extras import says_what_to_install
from pocketshelf.cli.parser import Parser
from pocketshelf.runtime.notices import owns_process
from pocketshelf.shipped import version

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m converters.export",
        description="Export checkpoints to model files for phones, with bundle.json and a parity report.",
        epilog="examples:\n"
        "  python -m converters.export --target tflite --out runs/tflite\n"
        "  python -m converters.export --target all --out runs/export\n"
        "  python -m converters.export --target coreml --quantize w8 --model embedder --out runs/coreml\n"
        "  python -m converters.export --target coreai --quantize fp16 --out runs/coreai\n"
        "\n"
        "Toolchains: pip install 'pocketshelf[export]' (coreml, executorch, tflite), 'pocketshelf[coreai]'.\n"
        "Of several targets those that pass are kept; one that fails is named, and the exit code is 1.\n"
        "Without POCKETSHELF_DATA and --calibration, int8 is calibrated and compared on drawn pictures.\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--version", action="version", version=f"%(prog)s {version()}")
    add("--target", required=True, help=f"{', '.join(target_names())}, or all (one folder a target)")
    add("--quantize", help="none, fp16 or int8; some targets know more (default: the target's own)")
    add("--backend", default="", help="executorch: the delegate to lower for, such as xnnpack")
    add("--out", required=True, type=Path, help="folder of the bundle; files of the same name are replaced")
    add("--name", default="", help="name of the bundle (default: the folder's)")
    add(
        "--calibration",
        type=Path,
        help="folder of photos for int8 (default: training photos of POCKETSHELF_DATA)",
    )
    add_models(parser, kinds())
    return parser


@owns_process
@says_what_to_install("export")
def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code: 0 done, 1 failed, 2 wrong usage."""
    parsed = _parser().parse_args(arguments)

    def work() -> None:
        targets = choose(parsed.target, target_names(), "target")
        checkpoints = named_checkpoints(parsed, kinds())
        for name in targets:
            find_target(name).plan(parsed.quantize, parsed.backend)
        say(f"exporting {', '.join(checkpoints)} to {', '.join(targets)}; loading PyTorch")
        from converters.exporting import Request, export

        export(
            Request(
                targets=targets,
                checkpoints=checkpoints,
                out=parsed.out,
                precision=parsed.quantize,
                name=parsed.name,
                backend=parsed.backend,
                calibration=parsed.calibration,
            )
        )
        say(f"written: {parsed.out}")

    return exit_code(work)


if __name__ == "__main__":
    sys.exit(main())
