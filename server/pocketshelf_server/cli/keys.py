"""``keys``: make, rotate, refresh and show."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pocketshelf.cli.output import print_json, tell
from pocketshelf.errors import StoreError
from pocketshelf.files import read_plain
from pocketshelf.sync.trust import ROOT_BYTES
from pocketshelf_server.cli.options import add_offline, add_root_keys, add_site, open_site
from pocketshelf_server.publish.history import History
from pocketshelf_server.site import Site
from pocketshelf_server.trust import (
    ROLES,
    KeyFolder,
    PublishedTarget,
    RoleStatus,
    Vouched,
    open_repository,
)

__all__ = ["DESCRIPTION", "JSON", "SUMMARY", "add_arguments", "run"]

SUMMARY = "make, rotate and refresh keys and signatures"
JSON = False  # Each action has its own.
DESCRIPTION = """\
The keys behind the signatures (Ed25519; The Update Framework's four roles).

  root       offline. Says which keys the others have. Needed by `rotate` and `renew` only.
  targets    signs the published files        (used by `publish`)
  snapshot   signs which versions belong together  (used by `publish`)
  timestamp  signs that this is the newest    (used by `publish`, `refresh` and `serve`)

  keys status SITE                       versions, expiries, key ids
  keys make SITE                         first keys and metadata (`init` has done it)
  keys rotate SITE timestamp             a new key for a role; devices follow by themselves
  keys rotate SITE root --offline /mnt/safe
  keys rotate SITE root --dry-run        show what would change (roles, key ids, thresholds), sign nothing
  keys renew SITE --offline /mnt/safe    sign the root again before it expires
  keys refresh SITE                      sign again what is half-way to its expiry; run it daily

If an online key may have leaked, rotate all three at once: `keys rotate SITE targets snapshot timestamp`.

The offline folder keeps a copy of every root that its keys have signed (roots/). `rotate` and `renew` build
upon that copy, and sign nothing while the site shows another root: somebody has changed it there. Each
site has an offline folder of its own. A folder of an earlier version, without copies, is told once what to
trust: --trusted-root FILE, the root.json that your app carries.

Set POCKETSHELF_ROOT_PASSPHRASE to keep the root keys' files encrypted.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's actions and their options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    make = _action(actions, "make", "make every role's key, and sign an empty repository", _make)
    add_root_keys(make)
    rotate = _action(actions, "rotate", "replace the keys of one or more roles", _rotate)
    rotate.add_argument("roles", metavar="ROLE", nargs="+", choices=ROLES, help=", ".join(ROLES))
    _add_signing(rotate)
    _add_signing(_action(actions, "renew", "sign a new version of the root, with a new expiry", _renew))
    refresh = _action(actions, "refresh", "sign again what is half-way to its expiry", _refresh)
    refresh.add_argument("--all", action="store_true", help="whatever is left of its life")
    _action(actions, "status", "show every role's version, expiry and key ids", _status)


def _add_signing(parser: argparse.ArgumentParser) -> None:
    add_offline(parser)
    parser.add_argument(
        "--trusted-root",
        metavar="FILE",
        type=Path,
        help="trust this root.json, where the root keys' folder has no copy of it",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and sign nothing")


def _action(
    actions: argparse._SubParsersAction, name: str, text: str, do: Callable[[argparse.Namespace, Site], None]
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    add_site(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, one document a line")
    parser.set_defaults(action=do)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    args.action(args, open_site(args))
    return 0


def _offline(args: argparse.Namespace, site: Site) -> KeyFolder:
    return KeyFolder.offline(args.offline or site.offline_keys)


def _make(args: argparse.Namespace, site: Site) -> None:
    open_repository(site).create(_offline(args, site), args.root_keys, args.threshold)
    root = site.metadata / "1.root.json"
    text = f"keys and metadata made; copy {root} into your app"
    print_json({"root": str(root)}) if args.json else tell(text)


def _rotate(args: argparse.Namespace, site: Site) -> None:
    repository, offline, changes = open_repository(site), _offline(args, site), _Changes(args)
    signed = repository.rotate(
        args.roles, offline, files=_published(site), vouched=_vouched(args), approve=changes.show
    )
    changes.end(signed, {"roles": args.roles}, f"rotated: {', '.join(args.roles)}")


def _renew(args: argparse.Namespace, site: Site) -> None:
    repository, changes = open_repository(site), _Changes(args)
    signed = repository.renew_root(_offline(args, site), vouched=_vouched(args), approve=changes.show)
    changes.end(signed, {"roles": ["root"]}, "the root is signed again")


def _published(site: Site) -> list[PublishedTarget] | None:
    """What the site has published, by its own record; None where that is not on this machine."""
    if not site.history_path.exists():
        return None
    with closing(History(site.history_path)) as history:
        return history.targets()


def _vouched(args: argparse.Namespace) -> Vouched | None:
    if args.trusted_root is None:
        return None
    try:
        return args.trusted_root, read_plain(args.trusted_root, ROOT_BYTES)
    except OSError as error:
        raise StoreError(f"{args.trusted_root}: cannot be read ({error.strerror})") from error


class _Changes:
    """What a new root would change: shown before it is signed, or part of the one document of --json."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._lines: list[str] = []

    def show(self, lines: list[str]) -> bool:
        """Whether it is to be signed."""
        self._lines = lines
        for line in () if self._args.json else lines:
            tell(line)
        return not self._args.dry_run

    def end(self, signed: bool, document: dict[str, list[str]], text: str) -> None:
        """Say what was done."""
        if self._args.json:
            print_json({**document, "signed": signed, "changes": self._lines})
        else:
            tell(text if signed else "nothing was signed (--dry-run)")


def _refresh(args: argparse.Namespace, site: Site) -> None:
    force = ROLES[1:] if args.all else ()
    signed = open_repository(site).refresh(force)
    if args.json:
        print_json({"roles": list(signed)})
    else:
        tell(f"signed again: {', '.join(signed) or 'nothing was due'}")


def _status(args: argparse.Namespace, site: Site) -> None:
    for status in open_repository(site).status():
        if args.json:
            print_json(
                {**vars(status), "expires": status.expires.isoformat(), "key_ids": list(status.key_ids)}
            )
        else:
            tell(_line(status))


def _line(status: RoleStatus) -> str:
    left = status.expires - datetime.now(UTC)
    keys = " ".join(key_id[:16] for key_id in status.key_ids)
    days = f"{left.total_seconds() / 86400:.1f} days left" if left.total_seconds() > 0 else "EXPIRED"
    until = f"{status.expires:%Y-%m-%d %H:%M} UTC ({days})"
    return f"{status.role:9} version {status.version:4}  expires {until}  {keys}"
