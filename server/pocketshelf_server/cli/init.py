"""``init``: make a site."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Space
from pocketshelf_server.cli.common import add_json, add_site, new_command, print_json
from pocketshelf_server.making import make_site
from pocketshelf_server.site import INDEXES, SiteConfig

__all__ = ["add_parser"]

TEXT = """\
Make a site folder: config.json, an empty catalogue, keys, and a signed, empty repository.

The catalogue's vectors belong to one embedding space: that of the bundle (--bundle, else
POCKETSHELF_BUNDLE, else models/first), or the one that --space, --preprocessing and --dimension name.

The root key goes to SITE/keys/offline (or --offline DIR). It signs which keys count; nothing but
`keys rotate` needs it. Move that folder to a medium that you lock away, and copy
SITE/repository/metadata/1.root.json into your app: it is what devices trust first.

The catalogue may live in PostgreSQL: --catalogue postgresql://user@host/database
(the database must exist; give the password by PGPASSWORD or ~/.pgpass).
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = new_command(commands, "init", "make a site: folder, keys, empty catalogue", TEXT)
    add_site(parser)
    parser.add_argument("--bundle", metavar="DIR", help="bundle whose embedder makes the vectors")
    parser.add_argument("--space", metavar="ID", help="embedding space, instead of a bundle")
    parser.add_argument("--preprocessing", metavar="HASH", help="with --space: the preprocessing's hash")
    parser.add_argument("--dimension", metavar="N", type=int, default=128, help="with --space (default 128)")
    parser.add_argument(
        "--bundle-name", metavar="NAME", default="external", help="with --space (default external)"
    )
    parser.add_argument(
        "--catalogue", metavar="WHERE", default="sqlite", help="sqlite (default) or postgresql://…"
    )
    parser.add_argument(
        "--index", choices=INDEXES, default="scan", help="full-catalogue search (default scan)"
    )
    parser.add_argument("--offline", metavar="DIR", type=Path, help="where the root keys go")
    parser.add_argument("--root-keys", metavar="N", type=int, default=1, help="root keys to make (default 1)")
    parser.add_argument(
        "--threshold", metavar="N", type=int, default=1, help="root keys that must sign (default 1)"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Make the site."""
    space = _space(arguments)
    config = SiteConfig(catalogue=arguments.catalogue, index=arguments.index)
    keys = arguments.root_keys, arguments.threshold
    site = make_site(arguments.site, space, config, arguments.offline, *keys)
    print(
        f"the root key is in {arguments.offline or site.offline_keys}: move it off this machine",
        file=sys.stderr,
    )
    print(f"the admin token of /v1/changes is in {site.token_path}", file=sys.stderr)
    report = {"site": str(site.folder), "space": space.name, "dimension": space.dimension}
    print_json(report) if arguments.json else print(f"made {site.folder} for space {space.name!r}")


def _space(arguments: argparse.Namespace) -> Space:
    if arguments.space is None:
        from pocketshelf_server.catalogue.embedding import bundle_embedders

        return bundle_embedders(arguments.bundle)[0]
    if arguments.preprocessing is None:
        raise CatalogueError("--space needs --preprocessing: devices refuse vectors made in another way")
    if arguments.dimension < 1:
        raise CatalogueError("--dimension must be at least 1")
    return Space(arguments.space, arguments.preprocessing, arguments.bundle_name, arguments.dimension)
