"""``pocketshelf demo``."""

from __future__ import annotations

import argparse
import signal
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pocketshelf.cli import values
from pocketshelf.cli.extras import says_what_to_install
from pocketshelf.cli.options import add_bundle
from pocketshelf.cli.output import print_json, say, tell_lines
from pocketshelf.demo.report import Report, table
from pocketshelf.demo.run import Options, run_demo
from pocketshelf.demo.sources.choice import Choice
from pocketshelf.errors import UsageError

__all__ = ["DESCRIPTION", "EPILOG", "SUMMARY", "add_arguments", "run"]

SUMMARY = "all of it at once, on real photos where they are found"
DESCRIPTION = """\
The main job, end to end: a server imports a catalogue and publishes it, a store is synced from it, photos are
searched, and an HTML page shows each photo with its boxes and hits, with a table of recall and times.

The pictures are the first of these that is there:
  1. the folder of --data, or of the environment variable POCKETSHELF_DATA
  2. the public Grocery Store photos, downloaded once into the cache (123 MB)
  3. drawn garments, which come with the package and are labelled so
"""

EPILOG = """\
examples:
  pocketshelf demo                              the page is demo-out/index.html
  pocketshelf demo --serve                      then a page to drop photos of one's own into
  pocketshelf demo --data photos --all          every photo of the splits val and test
  pocketshelf demo --drawn --queries 20 --json  no photos needed; one JSON document on standard output
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", metavar="DIR", help="folder of real photos, with grocery/ in it")
    source.add_argument("--drawn", action="store_true", help="drawn pictures, whatever photos there are")
    parser.add_argument("--offline", action="store_true", help="download nothing")
    count = parser.add_mutually_exclusive_group()
    count.add_argument(
        "--queries", type=values.count, default=60, metavar="N", help="photos to search (default: 60)"
    )
    count.add_argument("--all", action="store_true", help="search every photo there is")
    parser.add_argument(
        "--seed", type=values.seed, default=7, metavar="N", help="which photos are chosen (default: 7)"
    )
    parser.add_argument(
        "--out", default="demo-out", metavar="DIR", help="folder to write (default: demo-out)"
    )
    add_bundle(parser)
    parser.add_argument(
        "--no-server", action="store_true", help="build the store here, without a server and a sync"
    )
    _add_drop_in(parser)
    parser.add_argument("--open", action="store_true", help="show the page in a browser")


def _add_drop_in(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--serve",
        action="store_true",
        help="then serve a page to drop photos of one's own into (extra kiosk)",
    )
    parser.add_argument(
        "--port",
        type=values.integer(0, 65535),
        metavar="N",
        help="of --serve, on 127.0.0.1 (default: 8080 or, where that is taken, any)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    if args.serve:
        return _run_and_serve(args)
    if args.port is not None:
        raise UsageError("--port: of the page that --serve serves; give --serve as well")
    _run(args, None)
    return 0


@says_what_to_install("kiosk", "pocketshelf")
def _run_and_serve(args: argparse.Namespace) -> int:
    from pocketshelf.demo.drop_in import address_of, choose_port, serve

    port = choose_port(args.port)
    report = _run(args, address_of(port))
    serve(
        report,
        args.bundle,
        port,
        lambda address: say(f"drop your own photos into {address} (Ctrl-C ends it)"),
    )
    return 0


def _run(args: argparse.Namespace, drop_in: str | None) -> Report:
    count = None if args.all else args.queries
    choice = Choice(args.data, args.drawn, args.offline, count, args.seed)
    options = Options(choice, args.out, args.bundle, not args.no_server, drop_in)
    with _interruptible(say) as say_or_stop:
        report = run_demo(options, say_or_stop)
    print_json(report.to_json()) if args.json else tell_lines(table(report))
    if args.open:
        webbrowser.open(Path(report.page).resolve().as_uri())
    return report


@contextmanager
def _interruptible(say: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """SIGTERM unwinds like Ctrl-C, so that the server's process is ended and half-done files are removed.

    Yields ``say``, which raises as well: an exception that a signal raises within a destructor or a C
    callback is dropped by Python, and the demo would go on as if nobody had asked.
    """
    asked = False

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    def say_or_stop(text: str) -> None:
        if asked:
            raise KeyboardInterrupt
        say(text)

    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
    former = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield say_or_stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
