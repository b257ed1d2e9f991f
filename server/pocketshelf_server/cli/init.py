"""``init``: make a site."""

from __future__ import annotations

import argparse

from pocketshelf.cli import values
from pocketshelf.cli.options import add_bundle
from pocketshelf.cli.output import print_json, say, tell
from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Space, load_bundle, space_of
from pocketshelf_server.cli.options import add_root_keys, add_site
from pocketshelf_server.making import make_site
from pocketshelf_server.settings import INDEXES
from pocketshelf_server.site import SiteConfig

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "make a site: folder, keys, empty catalogue"
DESCRIPTION = """\
Make a site folder: config.json, an empty catalogue, keys, and a signed, empty repository.

The catalogue's vectors belong to one embedding space: that of the bundle (--bundle, else
POCKETSHELF_BUNDLE, else models/universal), or the one that --space, --preprocessing and --dimension name.

The root key goes to SITE/keys/offline (or --offline DIR). It signs which keys count; nothing but
`keys rotate` needs it. Move that folder to a medium that you lock away, and copy
SITE/repository/metadata/1.root.json into your app: it is what devices trust first.

The catalogue may live in PostgreSQL: --catalogue postgresql://user@host/database
(the database must exist; give the password by PGPASSWORD or ~/.pgpass).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_site(parser)
    add_bundle(parser)
    parser.add_argument("--space", metavar="ID", help="embedding space, instead of a bundle")
    parser.add_argument("--preprocessing", metavar="HASH", help="with --space: the preprocessing's hash")
    parser.add_argument(
        "--dimension",
        metavar="N",
        type=values.integer(1, 65_536),
        default=128,
        help="with --space (default 128)",
    )
    parser.add_argument(
        "--bundle-name", metavar="NAME", default="external", help="with --space (default external)"
    )
    parser.add_argument(
        "--catalogue", metavar="WHERE", default="sqlite", help="sqlite (default) or postgresql://…"
    )
    parser.add_argument(
        "--index", choices=INDEXES, default="scan", help="full-catalogue search (default scan)"
    )
    add_root_keys(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    space = _space(args)
    config = SiteConfig(catalogue=args.catalogue, index=args.index)
    keys = args.root_keys, args.threshold
    site = make_site(args.site, space, config, args.offline, *keys)
    say(f"the root key is in {args.offline or site.offline_keys}: move it off this machine")
    say(f"the admin token of /v1/changes is in {site.token_path}")
    report = {"site": str(site.folder), "space": space.name, "dimension": space.dimension}
    print_json(report) if args.json else tell(f"made {site.folder} for space {space.name!r}")
    return 0


def _space(args: argparse.Namespace) -> Space:
    if args.space is None:
        return space_of(load_bundle(args.bundle))
    if args.preprocessing is None:
        raise CatalogueError("--space needs --preprocessing: devices refuse vectors made in another way")
    if args.dimension < 1:
        raise CatalogueError("--dimension must be at least 1")
    return Space(args.space, args.preprocessing, args.bundle_name, args.dimension)
