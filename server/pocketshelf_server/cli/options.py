"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["add_offline", "add_root_keys", "add_site"]


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
    parser.add_argument("--root-keys", metavar="N", type=int, default=1, help="root keys to make (default 1)")
    parser.add_argument(
        "--threshold", metavar="N", type=int, default=1, help="root keys that must sign (default 1)"
    )
    add_offline(parser)
