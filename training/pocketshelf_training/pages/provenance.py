"""Where a figure was measured: machine and commit. Light: benchmarks import it, too."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

__all__ = ["commit", "here", "machine"]

# Under one and the same model's name an int8 network takes a third of the time where bytes are multiplied.
WIDTHS = {"avx512_vnni": "AVX-512 VNNI", "avx_vnni": "AVX VNNI", "avx512f": "AVX-512", "avx2": "AVX2"}
CPUINFO = Path("/proc/cpuinfo")


def here() -> dict[str, str]:
    """Both, as every document of figures says them."""
    return {"machine": machine(), "commit": commit()}


def machine() -> str:
    """Processor, its widest instructions, cores and Python in words."""
    said = _of_cpuinfo("model name") or platform.processor() or platform.machine()
    flags = _of_cpuinfo("flags").split()
    widest = next((name for flag, name in WIDTHS.items() if flag in flags), None)
    processor = said if widest is None else f"{said} ({widest})"
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _of_cpuinfo(name: str) -> str:
    """What Linux says of the first processor; empty where it says nothing."""
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")


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
