"""Options that several commands share."""

from __future__ import annotations

import argparse
import logging
import os
from pathlib import Path

from pocketshelf.cli import values
from pocketshelf.errors import StoreError
from pocketshelf_server.owner import owner_of
from pocketshelf_server.site import Site
from pocketshelf_server.trust import open_repository

__all__ = ["add_offline", "add_root_keys", "add_site", "open_site"]

log = logging.getLogger("pocketshelf.server")


def add_site(parser: argparse.ArgumentParser) -> None:
    """The argument SITE."""
    parser.add_argument("site", metavar="SITE", type=Path, help="the site's folder, made by `init`")


def add_offline(parser: argparse.ArgumentParser) -> None:
    """--offline DIR."""
    parser.add_argument(
        "--offline", metavar="DIR", type=Path, help="the root keys' folder (default SITE/keys/offline)"
    )


def add_root_keys(parser: argparse.ArgumentParser) -> None:
    """--root-keys N, --threshold N and --offline DIR: how a new root is signed."""
    parser.add_argument(
        "--root-keys",
        metavar="N",
        type=values.integer(1, 32),
        default=1,
        help="root keys to make (default 1)",
    )
    parser.add_argument(
        "--threshold",
        metavar="N",
        type=values.integer(1, 32),
        default=1,
        help="root keys that must sign (default 1)",
    )
    add_offline(parser)


def _warn_root(site: Site) -> None:
    """What root writes into another user's site, that user may neither read nor replace."""
    if os.name != "nt" and os.geteuid() == 0 and site.folder.stat().st_uid != 0:
        whose = owner_of(site)
        log.warning("the site is %s's, and what root writes there is not: sudo -u %s …", whose, whose)


def open_site(args: argparse.Namespace) -> Site:
    """The argument SITE, opened; a rotation of keys that was cut short there is brought to its end first.

    What stands in the way of that is logged: a command that signs will fail by it, others need not.

    Raises:
        CatalogueError: there is no site.
    """
    site = Site.open(args.site)
    _warn_root(site)
    try:
        if open_repository(site).recover():
            log.warning("a rotation of keys had been cut short; everything is signed by the new keys now")
    except StoreError as error:
        log.warning("the signatures need attention: %s", error)
    return site
