"""Which products a training left out, as its checkpoint records, or as a file lists them."""

from __future__ import annotations

from pathlib import Path

from pocketshelf.errors import UsageError
from pocketshelf_training.models.checkpoint import load_checkpoint
from pocketshelf_training.predict.model import Model, lines_of

__all__ = ["products", "recorded"]

KEY = "left_out"


def products(listed: Path | None, recorded: str | None, model: Model) -> set[str] | None:
    """The products to ask for; None: all.

    Args:
        listed: a file with one id a line; blank lines and those that begin with # are skipped.
        recorded: "": the model's own checkpoint says it; else a checkpoint's path; None: neither.

    Raises:
        UsageError: the file or the checkpoint names none.
        CheckpointError: no such checkpoint.
    """
    if listed is not None:
        return _listed(listed)
    if recorded is None:
        return None
    where = Path(recorded) if recorded else model.path
    meta = load_checkpoint(where).meta if recorded else model.meta
    found = meta.get(KEY)
    if found:
        return {str(product) for product in found}
    if not recorded and not model.meta:
        raise UsageError(
            f"{where}: a model file does not say what its training left out; "
            "name the checkpoint it came from: --left-out CHECKPOINT"
        )
    raise UsageError(
        f"{where}: its training left no products out; train with "
        "`pocketshelf-train train embedder --leave-out SEED/SHARE`, or name products with --products"
    )


def recorded(model: Model) -> set[str]:
    """What the model's own checkpoint records as left out; nothing where it records nothing."""
    return {str(product) for product in model.meta.get(KEY) or ()}


def _listed(path: Path) -> set[str]:
    found = {line for line in map(str.strip, lines_of(path)) if line and not line.startswith("#")}
    if not found:
        raise UsageError(f"{path}: names no product; one id a line is expected")
    return found
