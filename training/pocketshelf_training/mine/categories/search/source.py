"""Where candidates come from: anything that answers a text with pictures, best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Found", "ImageSource"]


@dataclass(frozen=True)
class Found:
    """One picture that a source offers.

    Attributes:
        address: what the source knows it by: a path below its folder, or a URL.
        text: what is said of it, such as its title.
    """

    address: str
    text: str = ""


class ImageSource(Protocol):
    """A source of pictures. Another is one class more in this folder."""

    @property
    def name(self) -> str:
        """What was asked; a run goes on only with what the same source said."""

    def search(self, text: str, most: int) -> Iterator[Found]:
        """At most ``most`` pictures for ``text``, best first.

        Raises:
            ServerError: it cannot be asked any more for now.
        """

    def fetch(self, found: Found) -> Path:
        """The picture's file.

        Raises:
            PhotoError: it cannot be had.
        """
