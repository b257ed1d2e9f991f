"""All benchmarks, one after another: figures, tables, pages. One that fails does not end the others.

What is done is remembered in ``benchmarks/results/.done.json``, for the same commit: a run that was cut off
goes on where it stopped, ``--anew`` begins again. At the end it says what failed, and why; then the pages are
filled.

    python benchmarks/everything.py                       # everything; `./dev bench` is the same
    python benchmarks/everything.py --list                # the parts, and about how many minutes each takes
    python benchmarks/everything.py --only cold-start,peers-photo
    python benchmarks/everything.py --quick               # smaller, for a look: no results, no pages
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from common import record
from pocketshelf.errors import UsageError
from pocketshelf_training.pages.provenance import commit

FOLDER = Path(__file__).resolve().parent
DONE = record.RESULTS / ".done.json"


class Part(NamedTuple):
    """One benchmark.

    Attributes:
        command: of this folder, without "python".
        minutes: about, on two quiet cores.
        quick: the same on less; None: it has no smaller form and is left out by ``--quick``.
        table: what writes its table into a page, where `fill_pages` does not.
    """

    command: str
    minutes: float
    quick: str | None = None
    table: str | None = None


PARTS: dict[str, Part] = {
    "cold-start": Part("cold_start.py", 1, "cold_start.py --repeats 2"),
    "photo": Part("photo_to_hits.py", 1, "photo_to_hits.py --repeats 3"),
    "photo-profile": Part(
        "photo_profile.py --profile benchmarks/profiles/photo-after.txt",
        1,
        "photo_profile.py --repeats 2 --megapixels 0.3",
    ),
    "large-photos": Part("large_photos.py", 1, "large_photos.py --photos 2"),
    "large-frames": Part("large_frames.py", 2, "large_frames.py --photos 2 --shorter 1225"),
    "peers-photo": Part("peers_photo.py", 3, "peers_photo.py --repeats 2 --megapixels 0.3 2"),
    "peers-search": Part("peers_search.py", 8, "peers_search.py --sizes 1000 --queries 10"),
    "peers-million": Part(
        "peers_search.py --sizes 1000000 --queries 50 --minutes 25 --name peers_search_million", 30
    ),
    "screen": Part("shelf_screen.py", 5),
    "live": Part("live.py", 2, "live.py --photos 2"),
    "colours": Part("display_p3.py", 2),
    "quality": Part("quality.py", 1),
    "delta": Part("sync_delta.py", 2, "sync_delta.py --products 2000 --rounds 1"),
    "features": Part("published_features.py", 4, "published_features.py --prints 10 --photos 5"),
    "server": Part(
        "server_load.py",
        16,
        "server_load.py --seconds 6 --settle 4 --syncing 10 --searching 2 --products 2000 --files python",
        "server_load.py --table",
    ),
    "photo-rain": Part("photo_rain.py", 3, "photo_rain.py --seconds 6"),
    "search": Part(
        "server_search.py",
        35,
        "server_search.py --sizes 5000 --indexes scan graph --queries 20",
        "server_search.py --table",
    ),
    "import": Part(
        "import_ray.py",
        4,
        "import_ray.py --pictures 20 --rounds 1 --workers 1",
        "server_search.py --table",
    ),
    "fallback": Part("fallback_end_to_end.py", 4),
    "kiosk": Part("kiosk.py", 12, "kiosk.py --searches 20"),
    "phones": Part("phone_cores.py", 6),
    "scale": Part("scale.py", 1, "scale.py --products 1000"),
    "outage": Part(
        "outage.py --picture docs/outage.png", 6, "outage.py --devices 20000 --seeds 1 --capacity 10"
    ),
    "training": Part("training_speed.py", 6, "training_speed.py --steps 1 --epochs 2"),
}


def chosen(only: str | None, parts: Mapping[str, Part]) -> list[str]:
    """The names of ``--only``, in the order of the parts.

    Raises:
        UsageError: there is none of that name.
    """
    if only is None:
        return list(parts)
    wanted = [name.strip() for name in only.split(",") if name.strip()]
    if strangers := [name for name in wanted if name not in parts]:
        raise UsageError(f"no part {strangers[0]!r}; there are {', '.join(parts)}")
    return [name for name in parts if name in wanted]


def done_before(revision: str, path: Path = DONE) -> list[str]:
    """What was done of this commit."""
    try:
        known = json.loads(path.read_text())
        return list(known["parts"]) if known["commit"] == revision else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def run_part(command: str, environment: Mapping[str, str]) -> str | None:
    """None, or the last line of what went wrong."""
    words = [sys.executable, str(FOLDER / command.split()[0]), *shlex.split(command)[1:]]
    done = subprocess.run(words, cwd=FOLDER.parent, env=environment, stderr=subprocess.PIPE, text=True)
    sys.stderr.write(done.stderr)
    if done.returncode == 0:
        return None
    said = [line for line in done.stderr.strip().splitlines() if line.strip()]
    return said[-1][:300] if said else f"exit code {done.returncode}"


def run_all(
    names: list[str], parts: Mapping[str, Part], quick: bool, done: list[str], path: Path
) -> dict[str, str]:
    """Run what is not done; what failed, and why."""
    failed: dict[str, str] = {}
    revision = commit()
    # Results change the tree that the parts are of; it is still this commit's code.
    environment = {"OMP_NUM_THREADS": "1", **os.environ, record.COMMIT: revision}
    with tempfile.TemporaryDirectory(prefix="pocketshelf-bench-") as elsewhere:
        if quick:
            environment[record.ELSEWHERE] = elsewhere
        for number, name in enumerate(names, 1):
            command = parts[name].quick if quick else parts[name].command
            skipped = "no quick form" if command is None else "done before" if name in done else None
            print(f"[{number}/{len(names)}] {name}: {skipped or command}", flush=True)
            if command is None or skipped:
                continue
            began = time.monotonic()
            problem = run_part(command, environment)
            if not problem and not quick and (table := parts[name].table):
                problem = run_part(table, environment)
            print(
                f"    {'failed' if problem else 'done'} in {(time.monotonic() - began) / 60:.1f} min",
                flush=True,
            )
            if problem:
                failed[name] = problem
            elif not quick:
                done.append(name)
                path.write_text(json.dumps({"commit": revision, "parts": done}) + "\n")
    return failed


def parser() -> argparse.ArgumentParser:
    """Its options."""
    made = record.parser(__doc__)
    made.add_argument("--only", metavar="PARTS", help="these alone, by name, with commas between")
    made.add_argument("--quick", action="store_true", help="smaller; writes no results, fills no pages")
    made.add_argument("--anew", action="store_true", help="also what was done before of this commit")
    made.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    return made


def main() -> int:
    """Run the parts; 1 if one failed."""
    args = parser().parse_args()
    names = chosen(args.only, PARTS)
    if args.list:
        for name in names:
            print(f"{name:13} {PARTS[name].minutes:4g} min  {PARTS[name].command}")
        print(f"{sum(PARTS[name].minutes for name in names):g} minutes in all, about, on two quiet cores")
        return 0
    done = [] if args.anew or args.quick else done_before(commit())
    failed = run_all(names, PARTS, args.quick, done, DONE)
    if not args.quick and subprocess.run([sys.executable, str(FOLDER / "fill_pages.py")]).returncode:
        failed["pages"] = "python benchmarks/fill_pages.py says why"
    for name, problem in failed.items():
        print(f"failed: {name}: {problem}", file=sys.stderr)
    print(f"{len(names) - len(failed)} of {len(names)} parts done", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    record.run(main)
