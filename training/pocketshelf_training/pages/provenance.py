"""Where a figure was measured: machine and commit. Light: benchmarks import it, too."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

__all__ = ["commit", "here", "machine"]


def here() -> dict[str, str]:
    """Both, as every document of figures says them."""
    return {"machine": machine(), "commit": commit()}


def machine() -> str:
    """Processor, cores and Python in words."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def commit() -> str:
    """The short commit, with "+" when the tree differs from it; "unknown" outside a checkout."""
    git = ["git", "-C", str(Path(__file__).parent)]
    asked = (["rev-parse", "--short", "HEAD"], ["status", "--porcelain", "-uno"])
    try:
        revision, changed = (
            subprocess.run([*git, *words], capture_output=True, text=True, check=True).stdout.strip()
            for words in asked
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return revision + ("+" if changed else "")
