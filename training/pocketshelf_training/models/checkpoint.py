"""Checkpoints: a network's kind, configuration and weights in one file.

Two forms with the same content, told apart by the file's name:

* ``.pt``: ``torch.save`` of ``{"kind", "config", "state", "meta"}``; only tensors, numbers, strings,
  lists and dictionaries, so that it loads with ``weights_only=True``.
* ``.npz``: one array for each entry of the state, matrices and filters in half precision (vectors such
  as batch statistics stay in single precision: a variance does not always fit in half), and
  under ``__config__`` a JSON string ``{"kind", "config", "meta"}``. Small enough to be committed.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pocketshelf.errors import PocketshelfError

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "export_npz",
    "load_checkpoint",
    "save_atomically",
    "save_checkpoint",
]

CONFIG_KEY = "__config__"
# What torch and numpy raise on files that are cut short or are something else.
UNREADABLE = (
    ValueError,
    TypeError,
    EOFError,
    OSError,
    RuntimeError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)


class CheckpointError(PocketshelfError):
    """A checkpoint is missing, damaged, or belongs to another network."""


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds.

    Attributes:
        kind: which network, such as "embedder" or "detector".
        config: the keyword arguments that build it.
        state: its ``state_dict``, on the CPU, floats in single precision.
        meta: how it came about (figures, seeds, data sets); nothing that loading depends on.
    """

    kind: str
    config: dict[str, Any]
    state: dict[str, Tensor]
    meta: dict[str, Any]

    def load_into(self, module: nn.Module) -> None:
        """Load the weights into ``module``, every entry and no other.

        Raises:
            CheckpointError: they belong to another architecture; says which entry differs first.
        """
        network = type(module).__name__
        wanted = module.state_dict()
        for key, tensor in wanted.items():
            if key not in self.state:
                raise CheckpointError(f"no weights for {network}.{key}; they are of another architecture")
            if self.state[key].shape != tensor.shape:
                shapes = f"{tuple(self.state[key].shape)}, {network} wants {tuple(tensor.shape)}"
                raise CheckpointError(f"weights {key} have shape {shapes}; they are of another architecture")
        extra = sorted(set(self.state) - set(wanted))
        if extra:
            raise CheckpointError(f"{network} has no {extra[0]}; the weights are of another architecture")
        module.load_state_dict(self.state)


def save_checkpoint(
    path: str | Path, kind: str, config: Mapping, state: Mapping[str, Tensor], meta: Mapping | None = None
) -> None:
    """Write a ``.pt`` checkpoint; a crash leaves the file as it was before."""
    cpu = {name: tensor.detach().cpu().clone() for name, tensor in state.items()}
    save_atomically(path, {"kind": kind, "config": dict(config), "state": cpu, "meta": dict(meta or {})})


def save_atomically(path: str | Path, content: Any) -> None:
    """``torch.save`` beside ``path``, then move it there."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    torch.save(content, part)
    part.replace(path)


def export_npz(
    path: str | Path, kind: str, config: Mapping, state: Mapping[str, Tensor], meta: Mapping | None = None
) -> None:
    """Write the ``.npz`` form: half-precision weights, compressed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: _to_array(tensor) for name, tensor in state.items()}
    # In its own order, which says which head is which attribute's.
    head = json.dumps({"kind": kind, "config": dict(config), "meta": dict(meta or {})})
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        # An entry named "file" or "allow_pickle" would collide with an argument; no parameter is.
        entries: dict[str, Any] = {CONFIG_KEY: np.array(head), **arrays}
        np.savez_compressed(file, **entries)
    part.replace(path)


def _to_array(tensor: Tensor) -> np.ndarray:
    array = tensor.detach().cpu().numpy()
    return array.astype(np.float16) if array.ndim > 1 and array.dtype == np.float32 else array


def load_checkpoint(path: str | Path, kind: str | None = None) -> Checkpoint:
    """Read a ``.pt`` or ``.npz`` checkpoint, of ``kind`` if that is given.

    Raises:
        CheckpointError: the file is missing, damaged, of another format, of another kind, or lacks an entry.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint; train one with `pocketshelf-train`")
    readers = {".pt": _read_pt, ".npz": _read_npz}
    if path.suffix not in readers:
        raise CheckpointError(f"{path}: unknown checkpoint format; known are {', '.join(readers)}")
    try:
        checkpoint = readers[path.suffix](path)
    except KeyError as error:
        raise CheckpointError(f"{path}: not a checkpoint, it has no entry {error}") from error
    except UNREADABLE as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(f"{path}: damaged, or not a checkpoint ({reason})") from error
    if kind is not None and checkpoint.kind != kind:
        raise CheckpointError(f"{path}: holds a network of kind {checkpoint.kind!r}, not {kind!r}")
    return checkpoint


def _read_pt(path: Path) -> Checkpoint:
    content = torch.load(path, map_location="cpu", weights_only=True)
    return Checkpoint(content["kind"], content["config"], content["state"], content["meta"])


def _read_npz(path: Path) -> Checkpoint:
    with np.load(path, allow_pickle=False) as file:
        head = json.loads(str(file[CONFIG_KEY]))
        arrays = {name: file[name] for name in file.files if name != CONFIG_KEY}
    state = {name: _to_tensor(array) for name, array in arrays.items()}
    return Checkpoint(head["kind"], head["config"], state, head["meta"])


def _to_tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(array.astype(np.float32) if array.dtype == np.float16 else array)
