"""Checkpoints: a network's kind, configuration and weights in one file.

The file's name tells the form; all have the same content:

* ``.safetensors``: the entries of the state as they are, and in the metadata under ``__config__`` a JSON
  string ``{"kind", "config", "meta"}``. What trainings write.
* ``.npz``: one array for each entry of the state, matrices and filters in half precision (vectors such
  as batch statistics stay in single precision: a variance does not always fit in half), and the same
  string under ``__config__``. Small enough to be committed.
* ``.pt``: ``torch.save`` of ``{"kind", "config", "state", "meta"}``, as trainings wrote once; it loads with
  ``weights_only=True``.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from pocketshelf.errors import PocketshelfError
from pocketshelf.files import atomic_write

__all__ = ["FORMS", "Checkpoint", "CheckpointError", "load_checkpoint", "save_checkpoint"]

CONFIG_KEY = "__config__"
# What is not a weight (kind, config, meta), and the state.
Content = tuple[dict[str, Any], dict[str, Tensor]]
Write = Callable[[Path, str, Mapping[str, Tensor]], None]
Read = Callable[[Path], Content]
# What torch, numpy and safetensors raise on files that are cut short or are something else.
UNREADABLE = (
    ValueError,
    TypeError,
    EOFError,
    OSError,
    RuntimeError,
    SafetensorError,
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
    """Write a checkpoint in the form that its name says; a crash leaves the file as it was before.

    Raises:
        CheckpointError: no form is named so.
    """
    write, _ = _form(path)
    # In its own order, which says which head is which attribute's.
    head = json.dumps({"kind": kind, "config": dict(config), "meta": dict(meta or {})})
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(Path(path)) as part:
        write(part, head, state)


def load_checkpoint(path: str | Path, kind: str | None = None) -> Checkpoint:
    """Read a checkpoint of any form, of ``kind`` if that is given.

    Raises:
        CheckpointError: the file is missing, damaged, of another format, of another kind, or lacks an entry.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint; train one with `pocketshelf-train`")
    _, read = _form(path)
    try:
        head, state = read(path)
        checkpoint = Checkpoint(head["kind"], head["config"], state, head["meta"])
    except KeyError as error:
        raise CheckpointError(f"{path}: not a checkpoint, it has no entry {error}") from error
    except UNREADABLE as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(f"{path}: damaged, or not a checkpoint ({reason})") from error
    if kind is not None and checkpoint.kind != kind:
        raise CheckpointError(f"{path}: holds a network of kind {checkpoint.kind!r}, not {kind!r}")
    return checkpoint


def _form(path: str | Path) -> tuple[Write, Read]:
    form = FORMS.get(Path(path).suffix)
    if form is None:
        raise CheckpointError(f"{path}: unknown checkpoint format; known are {', '.join(FORMS)}")
    return form


def _write_safetensors(path: Path, head: str, state: Mapping[str, Tensor]) -> None:
    save_file(_apart(state), path, {CONFIG_KEY: head})


def _apart(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each entry by itself, though networks share some, and not in channels_last."""
    form = torch.contiguous_format
    return {name: tensor.detach().cpu().clone(memory_format=form) for name, tensor in state.items()}


def _read_safetensors(path: Path) -> Content:
    with safe_open(path, "pt") as file:
        head = json.loads((file.metadata() or {})[CONFIG_KEY])
        return head, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def _write_npz(path: Path, head: str, state: Mapping[str, Tensor]) -> None:
    # An entry named "file" or "allow_pickle" would collide with an argument; no parameter is.
    entries: dict[str, Any] = {CONFIG_KEY: np.array(head)}
    for name, tensor in state.items():
        array = tensor.detach().cpu().numpy()
        half = array.ndim > 1 and array.dtype == np.float32
        entries[name] = array.astype(np.float16) if half else array
    with path.open("wb") as file:
        np.savez_compressed(file, **entries)


def _read_npz(path: Path) -> Content:
    with np.load(path, allow_pickle=False) as file:
        head = json.loads(str(file[CONFIG_KEY]))
        arrays = {name: file[name] for name in file.files if name != CONFIG_KEY}
    floats = {n: a.astype(np.float32) if a.dtype == np.float16 else a for n, a in arrays.items()}
    return head, {name: torch.from_numpy(array) for name, array in floats.items()}


def _write_pt(path: Path, head: str, state: Mapping[str, Tensor]) -> None:
    torch.save({**json.loads(head), "state": _apart(state)}, path)


def _read_pt(path: Path) -> Content:
    content = torch.load(path, map_location="cpu", weights_only=True)
    return content, content["state"]


# What a checkpoint's name may end in.
FORMS: dict[str, tuple[Write, Read]] = {
    ".safetensors": (_write_safetensors, _read_safetensors),
    ".npz": (_write_npz, _read_npz),
    ".pt": (_write_pt, _read_pt),
}
