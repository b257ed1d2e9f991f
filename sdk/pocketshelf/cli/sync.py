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
from pocketshelf.printable import counted, without_passwords
from pocketshelf.progress import ProgressBar
from pocketshelf.store import Store
from pocketshelf.sync import Environment, PicturesReport, SyncReport, bring_pictures, sync

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
the products came and their local features, or their pictures, did not; the next sync goes on with these.

A shelf holds no pictures. With --pictures those of its products that a folder lacks are fetched as well, for
'kiosk --images' and 'search --html --images': of all its products, so that the server learns nothing of what
is searched. Files of your own stay; what was brought goes with its product, and comes anew when it changes.
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
    parser.add_argument(
        "--pictures",
        metavar="DIR",
        type=Path,
        help="fetch the pictures of the shelf's products, too, that this folder lacks (up to 1,200 pixels)",
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
    pictures = None
    if args.pictures is not None and report.outcome in ("current", "updated"):
        pictures = _pictures(args)
    if args.json:
        server, brought = without_passwords(args.server), {} if pictures is None else pictures.to_json()
        line = {"store": args.store, "server": server, "shard": args.shard, **report.to_json()}
        print_json({**line, **({"pictures": brought} if brought else {})})
    if report.outcome == "offline":
        say(f"pocketshelf: {report.why}; the store stays as it is, next try after {report.next_attempt}")
        return 1
    if not args.json:
        tell(f"{args.store}: {_summary(report)}")
        if pictures is not None:
            tell(f"{args.pictures}: {_counted(pictures)}")
    problems = [report.problem, None if pictures is None else pictures.why]
    for problem in filter(None, problems):
        say(f"pocketshelf: {problem}")
    return 1 if any(problems) else 0


def _pictures(args: argparse.Namespace) -> PicturesReport:
    """Those of the shelf as it is now."""
    with Store.open(args.store) as store, ProgressBar("pictures") as bar:
        return bring_pictures(store, args.server, args.pictures, progress=bar.update)


def _counted(report: PicturesReport) -> str:
    parts = [f"{counted(report.brought, 'picture')} came", f"{report.had} were there"]
    if report.lacking:
        parts.append(f"{report.lacking} the server has not")
    if report.removed:
        parts.append(f"{report.removed} of products that are gone were removed")
    return ", ".join(parts)


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
