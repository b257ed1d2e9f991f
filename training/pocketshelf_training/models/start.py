"""Weights to begin with: of a checkpoint or a bundle's folder, for a network whose heads may differ."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from pocketshelf.errors import UsageError
from pocketshelf.formats.bundle import bundle_folder
from pocketshelf_training.models.checkpoint import Checkpoint, load_checkpoint
from pocketshelf_training.models.embedder import HEADS, Embedder

__all__ = ["begin_with", "refuse_what_saw", "weights_of"]

CATEGORY = ("category.weight", "category.bias")
EMBEDDING = ("embedding.weight", "embedding.bias")


def weights_of(path: Path, kind: str) -> Checkpoint:
    """The checkpoint at ``path``, or of a bundle's folder or name the one beside its model of ``kind``.

    Raises:
        UsageError: the folder has none.
        CheckpointError: damaged, or of another kind.
    """
    path = bundle_folder(path)
    if not path.is_dir():
        return load_checkpoint(path, kind=kind)
    for suffix in (".npz", ".safetensors"):
        if (file := path / f"{kind}{suffix}").is_file():
            return load_checkpoint(file, kind=kind)
    raise UsageError(
        f"{path}: no {kind}.npz; a bundle's weights come with the sources or lie beside what was trained, "
        "not in the wheel"
    )


def refuse_what_saw(path: Path, checkpoint: Checkpoint, left_out: Collection[str]) -> None:
    """Raises UsageError: the weights of ``path`` were trained on a product that a training must not see."""
    if seen := set(left_out) - set(checkpoint.meta.get("left_out", [])):
        raise UsageError(f"{path} was trained on {min(seen)}, which --leave-out hides")


def begin_with(network: Embedder, begun: Checkpoint) -> list[str]:
    """Load the weights that the two have in common; says what the network begins anew.

    Attribute heads are always its own. Categories of the same name keep their outputs. An embedding of
    another length begins anew.

    Raises:
        CheckpointError: the trunk is of another architecture.
    """
    own, theirs = network.state_dict(), begun.state
    anew = [name for name in network.categories if name not in begun.config["categories"]]
    said = [f"the categories {', '.join(anew)}"] if anew else []
    state = {name: value for name, value in theirs.items() if not name.startswith(HEADS)}
    state |= {name: value for name, value in own.items() if name.startswith(HEADS)}
    state |= {name: _rows(own[name], theirs[name], network.categories, begun) for name in CATEGORY}
    if any(_shape(own, name) != _shape(theirs, name) for name in EMBEDDING):
        state = {name: value for name, value in state.items() if name not in EMBEDDING}
        state |= {name: own[name] for name in EMBEDDING if name in own}
        said.append(f"the embedding, of {network.config['dimension']} numbers")
    replace(begun, state=state).load_into(network)
    return said


def _rows(own: Tensor, theirs: Tensor, categories: list[str], begun: Checkpoint) -> Tensor:
    """Of each category its output in ``theirs``, or where it has none there in ``own``."""
    known = begun.config["categories"]
    rows = own.clone()
    for i, name in enumerate(categories):
        if name in known:
            rows[i] = theirs[known.index(name)]
    return rows


def _shape(state: dict[str, Tensor], name: str) -> tuple[int, ...] | None:
    return tuple(state[name].shape) if name in state else None
