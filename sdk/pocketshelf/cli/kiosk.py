"""``pocketshelf kiosk``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pocketshelf.cli.extras import says_what_to_install
from pocketshelf.cli.logs import set_up_logging
from pocketshelf.cli.options import add_models, add_store
from pocketshelf.cli.output import say, tell
from pocketshelf.cli.values import address, integer, seconds
from pocketshelf.errors import SyncError, UsageError, reason

if TYPE_CHECKING:
    from pocketshelf.kiosk.kiosk import KioskConfig
    from pocketshelf.kiosk.serving import Address, KioskServer, Phones
    from pocketshelf.kiosk.state.pin import Key
    from pocketshelf.kiosk.syncing import SyncPlan

__all__ = ["DESCRIPTION", "EPILOG", "JSON", "SUMMARY", "add_arguments", "run"]

JSON = False
PIN = "POCKETSHELF_KIOSK_PIN"
SUMMARY = "serve a page to search by camera, for a shop's screen"
DESCRIPTION = """\
Serve a page that searches a store by camera, for a touch screen in a shop: everything on this machine,
without a network.

Photos stay in memory; only with --server a vector leaves, where the local answer does not suffice. With it
the store is kept fresh in the background, too. Settings can be changed on the page by whoever knows the PIN:
it stands in a file (--pin-file) or in the variable POCKETSHELF_KIOSK_PIN, or is kept once by --set-pin.
"""
EPILOG = """\
examples:
  pocketshelf kiosk --store shelf --images pictures/
  pocketshelf kiosk --store shelf --server https://shop.example --fetch-pictures --pin-file /etc/kiosk-pin
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_store(parser)
    parser.add_argument(
        "--images", metavar="DIR", type=Path, help="folder that the catalogue's pictures start from"
    )
    parser.add_argument(
        "--fetch-pictures",
        action="store_true",
        help="with --server: bring the pictures of the shelf's products, too, after each sync: what the "
        "folder of --images lacks (default: a folder of the kiosk's own)",
    )
    parser.add_argument(
        "--looks",
        metavar="DIR",
        type=Path,
        help="a store of looks (default: the store's folder with -looks behind its name, if it is there)",
    )
    parser.add_argument(
        "--look-images", metavar="DIR", type=Path, help="folder that the looks' photos start from"
    )
    parser.add_argument(
        "--any-way-up",
        action=argparse.BooleanOptionalAction,
        help="where unsure, look at what is held up turned by quarters, too: in any case, or never "
        "(default: where it looks turned)",
    )
    _add_sockets(parser)
    _add_sync(parser)
    _add_page(parser)
    add_models(parser)


def _add_sockets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=integer(0, 65535), default=8080, metavar="N", help="port to listen on (default: 8080)"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name of this machine; may repeat",
    )
    parser.add_argument(
        "--tls",
        action="store_true",
        help="speak TLS on the network, too, with a certificate of its own: for phones' cameras",
    )
    parser.add_argument(
        "--tls-port", type=integer(0, 65535), default=8443, metavar="N", help="with --tls (default: 8443)"
    )
    parser.add_argument(
        "--access-log", metavar="FILE", help="write down what is asked for (- for standard error)"
    )


def _add_sync(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--server",
        type=address,
        metavar="URL",
        help="sync with this server, and ask it with vectors if unsure",
    )
    parser.add_argument("--shard", default="all", metavar="NAME", help="which of its shards (default: all)")
    parser.add_argument("--root", metavar="FILE", help="root.json to trust; needed for the first sync")
    parser.add_argument(
        "--sync-every",
        type=seconds,
        default=900.0,
        metavar="SECONDS",
        help="between two syncs (default: 900)",
    )


def _add_page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state", metavar="DIR", type=Path, help="folder of settings (default: kiosk in the store's)"
    )
    parser.add_argument("--pin-file", metavar="FILE", help="a file whose first line is the staff's PIN")
    parser.add_argument(
        "--set-pin", action="store_true", help="ask for a PIN, keep it in the folder of settings, and end"
    )
    parser.add_argument(
        "--language",
        metavar="TAG",
        default="auto",
        help="of the page, as en, de or zh (default: the browser's)",
    )
    parser.add_argument(
        "--idle",
        type=integer(0, 3600),
        default=60,
        metavar="SECONDS",
        help="begin anew after so long without a touch; 0 for never (default: 60)",
    )
    parser.add_argument("--corrections", action="store_true", help="count what shoppers say it was instead")


@says_what_to_install("kiosk", "pocketshelf")
def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    if args.set_pin:
        return _set_pin(_state(args))
    set_up_logging()
    # Pictures that wait for their turn are no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    return _serve(args)


def _serve(args: argparse.Namespace) -> int:
    from pocketshelf.kiosk.kiosk import Kiosk
    from pocketshelf.kiosk.serving import KioskServer, ends_on_signals
    from pocketshelf.wsgi import AccessLog

    _no_core_dumps()
    kiosk = Kiosk(_config(args))
    access = None if args.access_log is None else AccessLog(args.access_log, None)
    address, phones = _addresses(args)
    server = KioskServer(kiosk, address, tuple(args.name), phones, access)
    with ends_on_signals():
        try:
            kiosk.start()
            _announce(args, server, kiosk.pin.is_set)
            server.run()
        except KeyboardInterrupt:
            return 0
        finally:
            server.close()
            kiosk.close()
    return 0


def _addresses(args: argparse.Namespace) -> tuple[Address, Phones | None]:
    """Where to listen; with TLS, plainly for this machine's own screen alone."""
    from pocketshelf.kiosk.names import is_loopback
    from pocketshelf.kiosk.serving import Address, Phones

    if not args.tls:
        return Address(args.host, args.port), None
    host = "0.0.0.0" if is_loopback(args.host) else args.host
    return Address("127.0.0.1", args.port), Phones(Address(host, args.tls_port), _state(args) / "tls")


def _announce(args: argparse.Namespace, server: KioskServer, pin: bool) -> None:
    from pocketshelf.kiosk.names import is_everywhere, is_loopback

    host = "localhost" if args.tls or is_everywhere(args.host) else args.host
    tell(f"http://{f'[{host}]' if ':' in host else host}:{server.port}/")
    if server.invitation is not None:
        tell(server.invitation.address)
        say(f"pocketshelf: phones: scan the code at /connect.svg; SHA-256 {server.invitation.fingerprint}")
    elif not is_loopback(args.host):
        say(
            "pocketshelf: browsers give a camera to secure addresses only: from other machines photos can be "
            "uploaded, and no more; --tls helps"
        )
    if not pin and (args.tls or not is_loopback(args.host)):
        say("pocketshelf: no PIN is set: whoever reaches the page can change its settings; --set-pin helps")
    # Whoever started this reads the address from a pipe.
    sys.stdout.flush()


def _config(args: argparse.Namespace) -> KioskConfig:
    from pocketshelf.kiosk.kiosk import KioskConfig
    from pocketshelf.kiosk.state.settings import Settings

    if args.fetch_pictures:
        if args.server is None:
            raise UsageError("--fetch-pictures needs a server to fetch them from: --server URL")
        args.images = args.images or _state(args) / "pictures"
        try:
            args.images.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--images {args.images}: cannot be made ({error.strerror})") from error
    for option, folder in (("--images", args.images), ("--look-images", args.look_images)):
        if folder is not None and not folder.is_dir():
            raise UsageError(f"{option} {folder}: no such folder")
    _check_language(args.language)
    given = {"language": args.language, "idle_s": args.idle, "corrections": args.corrections}
    return KioskConfig(
        store=Path(args.store),
        state=_state(args),
        bundle=args.bundle,
        threads=args.threads,
        server=args.server,
        images=args.images,
        looks=_looks(args),
        look_images=args.look_images,
        any_way_up=args.any_way_up,
        sync=_sync(args),
        settings=Settings().changed(given),
        pin=_pin(args),
    )


def _check_language(tag: str) -> None:
    from pocketshelf.kiosk.texts import LANGUAGES

    if tag.split("-")[0].lower() not in ("auto", *LANGUAGES):
        raise UsageError(f"--language {tag}: the page speaks {', '.join(LANGUAGES)}; auto is the browser's")


def _state(args: argparse.Namespace) -> Path:
    return args.state or Path(args.store) / "kiosk"


def _looks(args: argparse.Namespace) -> Path | None:
    if args.looks is not None:
        return args.looks
    store = Path(args.store).resolve()
    beside = store.with_name(f"{store.name}-looks")
    return beside if beside.is_dir() else None


def _sync(args: argparse.Namespace) -> SyncPlan | None:
    from pocketshelf.formats.bundle import load_bundle
    from pocketshelf.kiosk.syncing import SyncPlan

    if args.server is None:
        return None
    bundle = load_bundle(args.bundle, check_hashes=False)
    pictures = args.images if args.fetch_pictures else None
    root = _root(args.root)
    return SyncPlan(Path(args.store), args.server, args.shard, args.sync_every, root, bundle, pictures)


def _root(file: str | None) -> bytes | None:
    try:
        return None if file is None else Path(file).read_bytes()
    except OSError as error:
        raise SyncError(f"{file}: cannot be read ({error.strerror})") from error


def _pin(args: argparse.Namespace) -> Key | None:
    """Of the file, else of the environment, else what was kept."""
    from pocketshelf.kiosk.state.pin import key_of, read_pin

    if args.pin_file is not None:
        try:
            lines = Path(args.pin_file).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise UsageError(f"--pin-file {args.pin_file}: cannot be read ({reason(error)})") from error
        return key_of(lines[0] if lines else "")
    if PIN in os.environ:
        return key_of(os.environ[PIN])
    return read_pin(_state(args))


def _set_pin(state: Path) -> int:
    import getpass

    from pocketshelf.kiosk.state.pin import keep_pin

    keep_pin(state, getpass.getpass("PIN for staff: "))
    say(f"pocketshelf: {state}: the PIN is kept as its key; the next start takes it")
    return 0


def _no_core_dumps() -> None:
    """A dump would hold the photos that are looked at just then."""
    try:
        import resource
    except ImportError:  # Windows writes none.
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
