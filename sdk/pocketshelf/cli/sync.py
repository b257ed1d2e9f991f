"""``pocketshelf sync``."""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from pocketshelf.cli.options import add_store
from pocketshelf.cli.output import byte_size, print_json, say, tell
from pocketshelf.cli.values import address, number
from pocketshelf.errors import BundleError, SyncError
from pocketshelf.formats.bundle import Bundle, load_bundle
from pocketshelf.printable import without_passwords
from pocketshelf.progress import ProgressBar
from pocketshelf.sync import Environment, SyncReport, sync

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "bring a store to the server's state"
DESCRIPTION = """\
Bring a store to the state that a server published last.

The first sync needs a root of trust: the server's root.json, which the shop hands out with its app. Give it
with --root, or put it into the store's folder; or, on a network that you trust, take the server's own with
--trust-on-first-use. Later syncs go by the keys learned from it, also when these change.

Only changes are downloaded where possible, and an interrupted download goes on where it ended. Searches go on
in the old state meanwhile, and 'rollback' returns to it: until the server has something newer than what was
rolled back, a sync then changes nothing. If the server is away, the store stays as it is: the
exit code is 1, and with --if-due the next calls do nothing until it is time to try again. It is 1, too, where
the products came and their local features did not; the next sync goes on with these.
"""


# Of local features: nothing came.
_NONE = (None, "current")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_store(parser)
    parser.add_argument("--server", type=address, required=True, metavar="URL", help="the server's address")
    parser.add_argument("--shard", default="all", metavar="NAME", help="which of its shards (default: all)")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--root", metavar="FILE", help="root.json to trust; needed for the first sync")
    trust.add_argument(
        "--trust-on-first-use", action="store_true", help="without any root yet, trust whoever answers"
    )
    parser.add_argument(
        "--bundle",
        metavar="DIR",
        help="refuse a shelf that these models cannot search (default: as for search)",
    )
    parser.add_argument(
        "--if-due", action="store_true", help="for background runs: do nothing while the server is given rest"
    )
    parser.add_argument(
        "--spread",
        type=number(0, 86_400),
        default=0.0,
        metavar="SECONDS",
        help="for timers: wait a random time of up to so long first, so that devices whose timers go off "
        "together do not ask together",
    )
    parser.add_argument(
        "--allow-older", action="store_true", help="accept a state older than the store's (a restored server)"
    )
    parser.add_argument(
        "--closely",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="bring local features of covers and cartons, too, where the server publishes them (default: if "
        "OpenCV is installed; about 6 kB a product that has them)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    time.sleep(args.spread * random.random())
    with ProgressBar(unit="B") as bar:
        report = sync(
            args.store,
            args.server,
            shard=args.shard,
            root=_root(args.root),
            trust_on_first_use=args.trust_on_first_use,
            bundle=_bundle(args.bundle),
            if_due=args.if_due,
            allow_older=args.allow_older,
            closely=args.closely,
            environment=Environment(progress=bar.step),
        )
    if args.json:
        server = without_passwords(args.server)
        print_json({"store": args.store, "server": server, "shard": args.shard, **report.to_json()})
    if report.outcome == "offline":
        say(f"pocketshelf: {report.why}; the store stays as it is, next try after {report.next_attempt}")
        return 1
    if not args.json:
        tell(f"{args.store}: {_summary(report)}")
    if report.problem is not None:
        say(f"pocketshelf: {report.problem}")
        return 1
    return 0


def _root(file: str | None) -> bytes | None:
    if file is None:
        return None
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise SyncError(f"{file}: cannot be read ({error.strerror})") from error


def _bundle(folder: str | None) -> Bundle | None:
    """The models that the shelf is for; a default bundle that is not there asks nothing."""
    try:
        return load_bundle(folder, check_hashes=False)
    except BundleError:
        if folder is not None:
            raise
        return None


def _summary(report: SyncReport) -> str:
    if report.outcome == "deferred":
        return f"sequence {report.sequence}; the server was away, next try after {report.next_attempt}"
    if report.why == "rolled back":
        return f"stays at sequence {report.sequence}: the server has nothing newer than what was rolled back"
    if report.outcome == "current":
        came = f"; local features came, {byte_size(report.received)}" if report.features not in _NONE else ""
        return f"up to date at sequence {report.sequence}{came}"
    how = "changes" if report.how == "changes" else f"snapshot ({report.why})"
    before = "new" if report.from_sequence is None else str(report.from_sequence)
    size = byte_size(report.received)
    features = "" if report.features in _NONE else " with local features"
    return f"sequence {before} → {report.sequence} by {how}{features}, {size} in {report.seconds:.1f} s"
