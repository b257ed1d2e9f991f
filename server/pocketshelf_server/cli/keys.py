"""``keys``: make, rotate, refresh and show."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from pocketshelf_server.cli.common import add_json, add_site, new_command, print_json
from pocketshelf_server.site import Site
from pocketshelf_server.trust import ROLES, KeyFolder, RoleStatus, open_repository

__all__ = ["add_parser"]

TEXT = """\
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


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the command with its actions."""
    parser = new_command(commands, "keys", "make, rotate and refresh keys and signatures", TEXT)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    make = new_command(
        actions, "make", "first keys and metadata", "Make every role's key and sign an empty repository."
    )
    add_site(make)
    make.add_argument("--root-keys", metavar="N", type=int, default=1, help="root keys to make (default 1)")
    make.add_argument(
        "--threshold", metavar="N", type=int, default=1, help="root keys that must sign (default 1)"
    )
    make.set_defaults(run=_make)
    rotate = new_command(actions, "rotate", "new keys for roles", "Replace the keys of one or more roles.")
    add_site(rotate)
    rotate.add_argument("roles", metavar="ROLE", nargs="+", choices=ROLES, help=", ".join(ROLES))
    rotate.set_defaults(run=_rotate)
    renew = new_command(
        actions, "renew", "sign the root again", "A new version of the root with a new expiry."
    )
    add_site(renew)
    renew.set_defaults(run=_renew)
    for action in (make, rotate, renew):
        action.add_argument(
            "--offline", metavar="DIR", type=Path, help="the root keys' folder (default SITE/keys/offline)"
        )
    refresh = new_command(
        actions, "refresh", "sign again what expires", "Sign again what is half-way to its expiry."
    )
    add_site(refresh)
    refresh.add_argument("--all", action="store_true", help="whatever is left of its life")
    refresh.set_defaults(run=_refresh)
    status = new_command(actions, "status", "versions, expiries, key ids", "Show every role.")
    add_site(status)
    add_json(status)
    status.set_defaults(run=_status)


def _offline(arguments: argparse.Namespace, site: Site) -> KeyFolder:
    return KeyFolder.offline(arguments.offline or site.offline_keys)


def _make(arguments: argparse.Namespace) -> None:
    site = Site.open(arguments.site)
    open_repository(site).create(_offline(arguments, site), arguments.root_keys, arguments.threshold)
    print(f"keys and metadata made; copy {site.metadata / '1.root.json'} into your app")


def _rotate(arguments: argparse.Namespace) -> None:
    site = Site.open(arguments.site)
    open_repository(site).rotate(arguments.roles, _offline(arguments, site))
    print(f"rotated: {', '.join(arguments.roles)}")


def _renew(arguments: argparse.Namespace) -> None:
    site = Site.open(arguments.site)
    open_repository(site).renew_root(_offline(arguments, site))
    print("the root is signed again")


def _refresh(arguments: argparse.Namespace) -> None:
    force = ROLES[1:] if arguments.all else ()
    signed = open_repository(Site.open(arguments.site)).refresh(force)
    print(f"signed again: {', '.join(signed) or 'nothing was due'}")


def _status(arguments: argparse.Namespace) -> None:
    for status in open_repository(Site.open(arguments.site)).status():
        if arguments.json:
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
