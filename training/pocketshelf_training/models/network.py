"""What the networks of this package have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

from torch import nn

from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf_training.models.checkpoint import Checkpoint, load_checkpoint

__all__ = ["CategoryNetwork", "Network"]


class Network(nn.Module):
    """A network that keeps the keyword arguments that build it; what the rest of the code asks of them.

    Attributes:
        kind: its checkpoints' kind.
        config: the arguments by name.
    """

    kind: ClassVar[str]
    config: dict[str, Any]

    @property
    def preprocessing(self) -> Preprocessing:
        """The photo or its crop, squashed to the square."""
        size = self.config["size"]
        return Preprocessing((size, size), margin=self.config.get("margin", 0.0))

    @classmethod
    def from_checkpoint(cls, path: str | Path) -> Self:
        """Load a network for inference and export from a checkpoint of any form.

        Raises:
            CheckpointError: of another kind, or of another architecture.
        """
        return cls.of(load_checkpoint(path, kind=cls.kind))

    @classmethod
    def of(cls, checkpoint: Checkpoint, **changed: Any) -> Self:
        """The network that a checkpoint holds, for inference and export.

        Args:
            changed: of its configuration.

        Raises:
            CheckpointError: of another architecture.
        """
        model = cls(**checkpoint.config | changed)
        checkpoint.load_into(model)
        return model.eval()


class CategoryNetwork(Network):
    """One that tells categories.

    No other network has the property: tracing asks for every name, and expects an `AttributeError` at most.
    """

    @property
    def categories(self) -> list[str]:
        """In the order of the logits."""
        return self.config["categories"]
