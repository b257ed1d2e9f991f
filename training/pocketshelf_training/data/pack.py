"""``pocketshelf-train pack``: a smaller copy of the real photos, to train where a GPU is at hand.

The copy has the folders and tables of the original; its pictures are squashed to what a training keeps in
memory and encoded as WebP (under their old names: what reads them looks at their content). Photos of split
test and masks stay behind. The copy is of the data sets' licences, and no part of a repository.
"""

from __future__ import annotations

import argparse
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.errors import UsageError
from pocketshelf.files import atomic_write
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.data import clothing, grocery, patterns, shop, street
from pocketshelf_training.data.protocol import Sample, data_root
from pocketshelf_training.engine.options import add_data

__all__ = ["SETS", "add_arguments", "run"]

SETS = {
    "grocery": grocery.load,
    "clothing": clothing.load,
    "street": lambda root: street.load(root) + street.load_tagged(root),
    "shop": shop.load,
    "patterns": patterns.load,
}
# Of val only what a training looks at on its way.
WITH_VAL = ("grocery", "shop")
TABLES = (".csv", ".json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--out", type=Path, default=Path("runs/pack"), help="default: runs/pack")
    parser.add_argument(
        "--set", dest="sets", action="append", default=[], choices=tuple(SETS), help="default: all"
    )
    parser.add_argument(
        "--size", type=values.count, default=240, help="of the pictures in pixels (default: 240)"
    )
    parser.add_argument("--quality", type=values.count, default=55, help="of WebP (default: 55)")


def run(args: argparse.Namespace) -> int:
    root = data_root(args.data)
    if args.out.resolve() == root.resolve():
        raise UsageError(f"{args.out} is the original; name another --out")
    for name in args.sets or SETS:
        samples = SETS[name](root)
        packed(root, args.out, name, [s for s in samples if _wanted(name, s)], args.size, args.quality)
    total = sum(file.stat().st_size for file in args.out.rglob("*") if file.is_file())
    tell(f"{args.out}: {total / 1e6:.1f} MB")
    return 0


def _wanted(name: str, sample: Sample) -> bool:
    return sample.split == "train" or sample.domain == "shop" or (name in WITH_VAL and sample.split == "val")


def packed(root: Path, out: Path, name: str, samples: list[Sample], size: int, quality: int) -> None:
    """Copy the tables of a data set, and its pictures as far as they are not there yet."""
    for table in (root / name).iterdir():
        if table.suffix in TABLES:
            (out / name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(table, out / name / table.name)
    stored = Preprocessing((size, size))

    def picture(path: Path) -> None:
        target = out / path.relative_to(root)
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        shown = Image.fromarray(network_input(decode_photo(path).pixels, stored))
        with atomic_write(target) as part:
            shown.save(part, "WEBP", quality=quality)

    paths = list(dict.fromkeys(sample.image for sample in samples))
    with ThreadPoolExecutor(2) as pool:
        list(tqdm(pool.map(picture, paths), desc=name, total=len(paths), disable=None))
