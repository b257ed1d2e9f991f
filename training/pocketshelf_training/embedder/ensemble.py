"""Make one teacher of several embedders: ``pocketshelf-train ensemble --member A --member B@224``.

Their vectors, side by side, are projected to the directions in which the training's pictures differ most
(principal components, not centred, so that cosines stay what they were as far as the dimension allows).
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import torch

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.errors import UsageError
from pocketshelf_training.data import grocery
from pocketshelf_training.embedder.targets import Extractor, principal
from pocketshelf_training.engine import compute
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.models.ensemble import Ensemble
from pocketshelf_training.outputs import require_file
from pocketshelf_training.samplers.pools import load_pools, without

__all__ = ["add_arguments", "ensemble_of", "run"]

log = logging.getLogger("pocketshelf.training")

POOLS = ("grocery-train", "shop", "clothing-train")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--member",
        action="append",
        required=True,
        metavar="FILE[@SIZE]",
        help="an embedder's checkpoint; SIZE: pixels of its input, if not those of its training",
    )
    parser.add_argument("--dimension", type=values.count, default=128, help="of the vectors (default: 128)")
    add_data(parser)
    parser.add_argument("--out", type=Path, default=Path("runs/ensemble/teacher.safetensors"))
    compute.add_arguments(parser)


def ensemble_of(members: list[Embedder], dimension: int) -> Ensemble:
    """The members as one; its projection is not fitted yet.

    Raises:
        UsageError: fewer than two, other categories, or a larger dimension than they have together.
    """
    configs = [member.config for member in members]
    if len(members) < 2:
        raise UsageError("an ensemble has at least two members; give --member twice")
    if any(member.categories != members[0].categories for member in members):
        raise UsageError("the members name other categories; train them on the same data")
    if dimension > sum(config["dimension"] for config in configs):
        raise UsageError(f"--dimension {dimension}: the members have fewer numbers together")
    model = Ensemble(configs, dimension)
    for place, member in zip(model.members, members, strict=True):
        place.load_state_dict(member.state_dict())
    return model.eval()


def run(args: argparse.Namespace) -> int:
    require_file("--out", args.out)
    keep_freed_memory()
    members, unseen = zip(*(_read(given) for given in args.member), strict=True)
    model = ensemble_of(list(members), args.dimension)
    hidden = sorted(set.intersection(*unseen))
    extractor = Extractor(compute.choose(args), args.workers)
    compute.placed(model, extractor.device)
    products = [s.identity or "" for s in grocery.shop_pictures(args.data)]
    pools = without(load_pools(args.data, products, model.categories), hidden)
    found = []
    for name in POOLS:
        log.info("extractor at the %d pictures of %s", len(pools[name]), name)
        found.append(extractor.vectors(model.side_by_side, model.preprocessing, pools[name]))
    vectors = torch.cat(found).cpu()
    directions = principal(vectors, args.dimension)
    model.projection.weight.data.copy_(directions)
    kept = float(((vectors @ directions.T) ** 2).sum() / (vectors**2).sum())
    log.info("%d of %d numbers keep %.4f of the vectors", args.dimension, vectors.shape[1], kept)
    meta = {"members": args.member, "kept": kept, "left_out": hidden}
    save_checkpoint(args.out, model.kind, model.config, model.state_dict(), meta)
    tell(args.out)
    return 0


def _read(given: str) -> tuple[Embedder, set[str]]:
    """A member at the size it shall work at, and the products that its training did not see."""
    path, at, size = given.rpartition("@")
    if not at:
        path, size = given, ""
    elif not size.isdigit() or int(size) % 32:
        raise UsageError(f"--member {given}: write FILE@SIZE, the size a multiple of 32")
    checkpoint = load_checkpoint(path, kind=Embedder.kind)
    member = Embedder.of(checkpoint, **({"size": int(size)} if size else {}))
    return member, set(checkpoint.meta.get("left_out", []))
