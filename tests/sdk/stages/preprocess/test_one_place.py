"""Pictures are decoded in one place: nothing of ours asks Pillow's whole registry of decoders."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
SOURCES = [ROOT / "sdk", ROOT / "server", ROOT / "training", ROOT / "converters"]
# Attributes of Pillow that are everybody's.
GLOBALS = {"MAX_IMAGE_PIXELS", "LOAD_TRUNCATED_IMAGES", "LOADING_STRATEGY", "MAX_TEXT_CHUNK"}
REGISTERS = {"register_heif_opener", "register_avif_opener", "register_open", "register_extension"}
WARNINGS = {"simplefilter", "filterwarnings", "catch_warnings", "resetwarnings"}


def nodes(words: set[str], *folders: Path) -> Iterator[tuple[str, ast.AST]]:
    """(where, node) of the sources that have one of ``words`` in them."""
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if any(word in text for word in words):
            for node in ast.walk(ast.parse(text)):
                yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", node


def called(node: ast.AST) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def test_no_picture_is_opened_beside_decode_photo() -> None:
    opened = [
        (where, node)
        for where, node in nodes({"Image.open"}, *SOURCES)
        if called(node).endswith("Image.open")
    ]
    # What is left are label masks and a size of public data sets, and cut-outs that we packed: of one named
    # format.
    assert 1 <= len(opened) <= 7
    assert [w for w, n in opened if "formats" not in {k.arg for k in n.keywords}] == []  # type: ignore[attr-defined]
    assert not any(where.startswith(("sdk", "server")) for where, _ in opened)


def test_pillows_globals_are_nowhere_set_and_nothing_is_registered() -> None:
    wrong = [
        where
        for where, node in nodes(GLOBALS | REGISTERS, *SOURCES)
        if (isinstance(node, ast.Attribute) and node.attr in GLOBALS and isinstance(node.ctx, ast.Store))
        or called(node).rpartition(".")[2] in REGISTERS
    ]
    assert wrong == []


def test_decoding_does_not_touch_warning_filters() -> None:
    """They belong to the process: two threads that restore them in turn leave them as neither found them."""
    folder = ROOT / "sdk/pocketshelf"
    assert [w for w, n in nodes(WARNINGS, folder) if called(n).rpartition(".")[2] in WARNINGS] == []
