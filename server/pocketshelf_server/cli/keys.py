"""``keys``: make, rotate, refresh and show."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

from pocketshelf.cli.output import print_json
from pocketshelf_server.cli.options import add_offline, add_root_keys, add_site
from pocketshelf_server.site import Site
from pocketshelf_server.trust import ROLES, KeyFolder, RoleStatus, open_repository

__all__ = ["DESCRIPTION", "JSON", "SUMMARY", "add_arguments", "run"]

SUMMARY = "make, rotate and refresh keys and signatures"
JSON = False  # Only `status` has something to say in it.
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
  keys renew SITE --offline /mnt/safe    sign the root again before it expires
  keys refresh SITE                      sign again what is half-way to its expiry; run it daily

If an online key may have leaked, rotate all three at once: `keys rotate SITE targets snapshot timestamp`.
Set POCKETSHELF_ROOT_PASSPHRASE to keep the root keys' files encrypted.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's actions and their options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    make = _action(actions, "make", "make every role's key, and sign an empty repository", _make)
    add_root_keys(make)
    rotate = _action(actions, "rotate", "replace the keys of one or more roles", _rotate)
    rotate.add_argument("roles", metavar="ROLE", nargs="+", choices=ROLES, help=", ".join(ROLES))
    add_offline(rotate)
    add_offline(_action(actions, "renew", "sign a new version of the root, with a new expiry", _renew))
    refresh = _action(actions, "refresh", "sign again what is half-way to its expiry", _refresh)
    refresh.add_argument("--all", action="store_true", help="whatever is left of its life")
    status = _action(actions, "status", "show every role's version, expiry and key ids", _status)
    status.add_argument("--json", action="store_true", help="print JSON, one document a line")


def _action(
    actions: argparse._SubParsersAction, name: str, text: str, do: Callable[[argparse.Namespace, Site], None]
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    add_site(parser)
    parser.set_defaults(action=do)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    args.action(args, Site.open(args.site))
    return 0


def _offline(args: argparse.Namespace, site: Site) -> KeyFolder:
    return KeyFolder.offline(args.offline or site.offline_keys)


def _make(args: argparse.Namespace, site: Site) -> None:
    open_repository(site).create(_offline(args, site), args.root_keys, args.threshold)
    print(f"keys and metadata made; copy {site.metadata / '1.root.json'} into your app")


def _rotate(args: argparse.Namespace, site: Site) -> None:
    open_repository(site).rotate(args.roles, _offline(args, site))
    print(f"rotated: {', '.join(args.roles)}")


def _renew(args: argparse.Namespace, site: Site) -> None:
    open_repository(site).renew_root(_offline(args, site))
    print("the root is signed again")


def _refresh(args: argparse.Namespace, site: Site) -> None:
    force = ROLES[1:] if args.all else ()
    signed = open_repository(site).refresh(force)
    print(f"signed again: {', '.join(signed) or 'nothing was due'}")


def _status(args: argparse.Namespace, site: Site) -> None:
    for status in open_repository(site).status():
        if args.json:
            print_json(
                {**vars(status), "expires": status.expires.isoformat(), "key_ids": list(status.key_ids)}
            )
        else:
            print(_line(status))


def _line(status: RoleStatus) -> str:
    left = status.expires - datetime.now(UTC)
    keys = " ".join(key_id[:16] for key_id in status.key_ids)
    days = f"{left.total_seconds() / 86400:.1f} days left" if left.total_seconds() > 0 else "EXPIRED"
    until = f"{status.expires:%Y-%m-%d %H:%M} UTC ({days})"
    return f"{status.role:9} version {status.version:4}  expires {until}  {keys}"
