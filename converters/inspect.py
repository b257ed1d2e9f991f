"""``python -m converters.inspect FILE``: what is in a model file or a bundle."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from converters.command import exit_code, say
from converters.inspection.picture import draw
from converters.inspection.text import render
from converters.targets import inspect_file
from pocketshelf.cli.extras import says_what_to_install
from pocketshelf.cli.output import print_json, tell_lines
from pocketshelf.cli.parser import Parser
from pocketshelf.errors import UsageError
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.runtime.notices import owns_process

__all__ = ["main"]


def _files(path: Path) -> list[Path]:
    """The model files of a bundle's folder, or the file itself."""
    if not path.is_dir() or path.suffix in (".mlpackage", ".aimodel"):
        return [path]
    bundle = load_bundle(path)
    say(f"bundle {bundle.name}, space {bundle.space}, hashes checked")
    return [file for file in (bundle.embedder_path, bundle.detector_path) if file is not None]


@owns_process
@says_what_to_install("export")
def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = Parser(
        prog="python -m converters.inspect",
        description="Show a model file's size by layer, precision, operations, inputs, estimated "
        "multiply-adds and the shape of its graph.",
    )
    parser.add_argument(
        "file", type=Path, help=".tflite, .pte, .mlpackage, .aimodel, or the folder of a bundle"
    )
    parser.add_argument("--layers", action="store_true", help="list every layer")
    parser.add_argument("--json", action="store_true", help="one JSON document a file, one a line")
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE.svg",
        help="draw the graph's shape; of a bundle with two models, one picture each",
    )
    parsed = parser.parse_args(arguments)

    def work() -> None:
        if parsed.picture and parsed.picture.suffix != ".svg":
            raise UsageError(f"{parsed.picture}: pictures are SVG; name a file that ends in .svg")
        files = _files(parsed.file)
        for path in files:
            found = inspect_file(path)
            if parsed.json:
                print_json({**asdict(found), "path": str(path), "multiply_adds": found.multiply_adds})
            else:
                tell_lines(render(found, parsed.layers))
            if parsed.picture:
                added = f"-{path.stem}" if len(files) > 1 else ""
                picture = parsed.picture.with_stem(parsed.picture.stem + added)
                picture.write_text(draw(found), encoding="utf-8")
                say(f"written: {picture}")

    return exit_code(work)


if __name__ == "__main__":
    sys.exit(main())
