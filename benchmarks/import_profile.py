"""What a search from a shell loads, and what each module costs: processor time, the least of several starts.

python benchmarks/import_profile.py PHOTO --store DIR [--starts 7] > benchmarks/profiles/cold_start.txt
"""

from __future__ import annotations

import subprocess
import sys

from common import record
from pocketshelf.cli import values

CODE = """\
import builtins, sys, time

plain, open_, rows = builtins.__import__, [], []


def counted(name, globals=None, locals=None, fromlist=(), level=0):
    known, began = len(sys.modules), time.process_time()
    open_.append(0.0)
    try:
        return plain(name, globals, locals, fromlist, level)
    finally:
        spent = time.process_time() - began
        within = open_.pop()
        if open_:
            open_[-1] += spent
        if len(sys.modules) > known:
            what = name or ", ".join(fromlist or ())
            asked = (globals or {}).get("__name__", "?")
            rows.append((1000 * spent, 1000 * (spent - within), len(open_), what, asked))


builtins.__import__ = counted
from pocketshelf.cli.entry import main

main(["search", *sys.argv[1:]])
builtins.__import__ = plain
imports = sum(own for _, own, *_ in rows)
print(f"{1000 * time.process_time():.1f} ms in all, {imports:.1f} of it imports", file=sys.stderr)
for spent, own, depth, name, asked in sorted(rows, reverse=True)[:40]:
    print(f"{spent:7.1f} {own:7.1f}  {'  ' * depth}{name[:40]}  (for {asked})", file=sys.stderr)
"""


def main() -> int:
    """Print the profile of the cheapest start."""
    parser = record.parser(__doc__)
    parser.add_argument("photo")
    parser.add_argument("--store", required=True, metavar="DIR")
    parser.add_argument("--starts", type=values.count, default=7)
    args = parser.parse_args()
    command = [sys.executable, "-c", CODE, args.photo, "--store", args.store]
    texts = [
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
        for _ in range(args.starts)
    ]
    print(f"ms with what it loads, ms alone, module; the cheapest of {args.starts} starts")
    print(min(texts, key=lambda text: float(text.split()[0])), end="")
    return 0


if __name__ == "__main__":
    record.run(main)
