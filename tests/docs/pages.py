"""What the documents ask a reader to type: commands and Python blocks, found in the Markdown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("models/*/*.md"))
    if page.name != "cli.md"  # Made from the parsers themselves.
)
_PROGRAM = re.compile(r"(pocketshelf(-server|-train)?|python3? (-m \S+|\S+\.py)|\./dev)(?=\s)")
_ASSIGNMENT = re.compile(r"""\s*(\w+)=["'](.*)["']$""")
_BLOCK = re.compile(r"(?:^ {4}.*\n?)+|^```(?:sh|bash|console)?\n(?:.*\n)*?```", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """One command line of a page.

    Attributes:
        words: as a shell splits them, without comments.
        whole: stands in a block, to be typed as it is; else a name or a part of a command within a sentence.
    """

    page: str
    words: tuple[str, ...]
    whole: bool

    def __str__(self) -> str:
        return f"{self.page}: {shlex.join(self.words)}"


def commands(page: str) -> Iterator[Command]:
    """Every command of ours that ``page`` names."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in _BLOCK.findall(text):
        set_here: dict[str, str] = {}
        for line in block.replace("\\\n", " ").splitlines():
            if assigned := _ASSIGNMENT.match(line):
                set_here[assigned[1]] = assigned[2]
            line = re.sub(r"\$(\w+)", lambda name, known=set_here: known.get(name[1], name[0]), line)
            if _PROGRAM.match(line.strip()):
                yield Command(page, tuple(shlex.split(line, comments=True)), whole=True)
    for span in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", _BLOCK.sub("", text)):
        if _PROGRAM.match(span):
            yield Command(page, tuple(shlex.split(span)), whole=False)


def python_blocks(page: str) -> list[str]:
    """The source of every ```python block of ``page``."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
