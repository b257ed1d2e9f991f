"""What several commands share: arguments and output."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

__all__ = ["add_json", "add_site", "new_command", "print_json"]


def new_command(commands: Any, name: str, summary: str, text: str) -> argparse.ArgumentParser:
    """A sub-command with a help text that keeps its lines."""
    return commands.add_parser(
        name, help=summary, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_site(parser: argparse.ArgumentParser) -> None:
    """The argument SITE."""
    parser.add_argument("site", metavar="SITE", type=Path, help="the site's folder, made by `init`")


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option --json."""
    parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")


def print_json(document: dict[str, Any]) -> None:
    """One line of JSON on standard output, at once."""
    print(json.dumps(document, ensure_ascii=False), flush=True)
