"""Render a page's templates. Values are escaped wherever they stand; an unknown name is an error."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["environment", "render"]

_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


def render(template: str, **values: Any) -> str:
    """The document that ``template``, a file of ``templates/``, makes of ``values``."""
    return environment().get_template(template).render(values)


@cache
def environment() -> Environment:
    """Jinja's, with the templates' filters."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent
    made = Environment(
        loader=FileSystemLoader([folder / "templates", folder / "assets"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(file_name=_file_name, ordinal=_ordinal, plain=_plain)
    return made


def _ordinal(rank: int) -> str:
    return _ORDINALS.get(rank, f"{rank}th")


def _plain(category: str) -> str:
    """A category as words: "Brown-Cap-Mushroom", but not "T-Shirt", has hyphens for spaces."""
    return re.sub(r"(?<=\w\w)-", " ", category) if category.istitle() else category


def _file_name(path: str) -> str:
    return Path(path).name
