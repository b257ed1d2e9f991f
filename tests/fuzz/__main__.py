"""Fuzz what reads bytes from outside, guided by coverage (atheris, libFuzzer): ``./dev fuzz [TARGET…]``.

Each target runs in a process of its own with a bound on memory and on the time of one input. What was found
to reach new code is merged into ``tests/fuzz/corpus``, which the tests replay; an input that fails is kept in
``fuzz-out`` and named.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.mutations import mutate

CORPUS = Path(__file__).parent / "corpus"
OUT = Path("fuzz-out")
# Bytes of an input; bytes and files that the repository keeps for a target.
LONGEST, KEPT, FILES = 40_000, 100_000, 40


def main() -> int:
    """0 when no target failed."""
    from fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)}; default: all")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of the mutations; default: %(default)s")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.targets) - set(TARGETS)):
        parser.error(f"no target {unknown[0]!r} (there are {', '.join(TARGETS)})")
    OUT.mkdir(exist_ok=True)
    seconds = int(arguments.minutes * 60)
    failed = [n for n in arguments.targets or TARGETS if not _run(n, seconds, arguments.seed)]
    print(f"failed: {', '.join(failed)}; the inputs are in {OUT}" if failed else "no target failed")
    return int(bool(failed))


def _run(name: str, seconds: int, seed: int) -> bool:
    """One target, in a process of its own, since what it finds may end that; whether it found nothing."""
    print(f"{name}: {seconds} s …", flush=True)
    log = OUT / f"{name}.log"
    with tempfile.TemporaryDirectory(prefix="pocketshelf-corpus-") as work, log.open("w") as stream:
        command = [sys.executable, "-c", f"from fuzz.__main__ import fuzz; fuzz({name!r}, {work!r})"]
        bounds = ["-timeout=120", "-rss_limit_mb=2048", f"-max_len={LONGEST}"]
        options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-artifact_prefix={OUT}/{name}-", *bounds]
        done = subprocess.run([*command, *options, work], stdout=stream, stderr=stream)
        _keep(name, Path(work))
    counts = [
        line for line in log.read_text(errors="replace").splitlines() if "cov: " in line or "runs in" in line
    ]
    print(f"{name}: {'FAILED, see ' + str(log) if done.returncode else 'clean'}", *counts[-2:], sep="\n  ")
    return not done.returncode


def fuzz(name: str, work: str) -> None:
    """Fuzz one target for ever; libFuzzer ends the process."""
    try:
        import atheris
    except ImportError:
        sys.exit("error: fuzzing needs atheris: pip install 'pocketshelf[fuzz]' (Linux, macOS)")
    with atheris.instrument_imports(include=["pocketshelf", "PIL", "tuf", "securesystemslib"]):
        from fuzz.targets import SEEDS, TARGETS
    kept = [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]
    for number, data in enumerate([*SEEDS[name], *kept]):
        (Path(work) / f"seed-{number:03}").write_bytes(data)

    def change(data: bytes, longest: int, seed: int) -> bytes:
        if seed % 2:
            return atheris.Mutate(data, longest)
        return mutate(data, random.Random(seed))[:longest]

    atheris.Setup(sys.argv, TARGETS[name], custom_mutator=change)
    atheris.Fuzz()


def _keep(name: str, work: Path) -> None:
    """What reached new code, into the repository's corpus; the latest, which lies deepest."""
    found = [path for path in work.iterdir() if not path.name.startswith("seed-")]
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    kept = sum(path.stat().st_size for path in folder.iterdir())
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)[:FILES]:
        kept += path.stat().st_size
        if kept > KEPT:
            return
        (folder / path.name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
