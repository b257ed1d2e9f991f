"""``token``: who may sign in to the console, and what they may do there."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

from pocketshelf.cli import values
from pocketshelf.cli.output import print_json, say, tell
from pocketshelf_server.cli.options import add_site, open_site
from pocketshelf_server.console.access.roles import Role
from pocketshelf_server.console.access.tokens import ADMIN, ConsoleToken, ConsoleTokens
from pocketshelf_server.site import Site

__all__ = ["DESCRIPTION", "JSON", "SUMMARY", "add_arguments", "run"]

SUMMARY = "tokens of the console: make, list, revoke"
JSON = False  # Each action has its own.
DESCRIPTION = """\
Who may sign in to the console (`serve`, at /). The site's admin token (SITE/keys/admin.token) may, to read.
Further tokens have a name and a role:

  viewer     reads
  operator   may import and publish as well

  token make SITE --name anna --role operator --days 90
  token list SITE
  token revoke SITE anna                 sessions that it opened end at their next request
  token renew SITE                       another admin token, where the one there is may have leaked

A token is shown once, when it is made; the site keeps its digest (SITE/keys/console-tokens.json).
"""
MOST_DAYS = 3650


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's actions and their options."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    make = _action(actions, "make", "make a token, and show it once", _make)
    make.add_argument("--name", required=True, help="what it is called: letters, digits, '.', '_' and '-'")
    make.add_argument(
        "--role", choices=[role.value for role in Role], default=Role.VIEWER.value, help="default: viewer"
    )
    make.add_argument(
        "--days",
        metavar="N",
        type=values.integer(1, MOST_DAYS),
        help="days until it expires (default: never)",
    )
    _action(actions, "list", "show every token's name, role and expiry", _list)
    revoke = _action(actions, "revoke", "take a token away", _revoke)
    revoke.add_argument("name", metavar="NAME", help="as `list` shows it")
    _action(actions, "renew", "make another admin token, into SITE/keys/admin.token", _renew)


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


def _tokens(site: Site) -> ConsoleTokens:
    return ConsoleTokens(site, site.config().token_sha256)


def _make(args: argparse.Namespace, site: Site) -> None:
    tokens = _tokens(site)
    token = tokens.make(args.name, Role(args.role), args.days)
    made = next(known for known in tokens.all() if known.name == args.name)
    if args.json:
        print_json({**_document(made), "token": token})
        return
    say(f"{args.name} is {'an' if args.role == 'operator' else 'a'} {args.role}; this is shown once:")
    tell(token)


def _list(args: argparse.Namespace, site: Site) -> None:
    for known in _tokens(site).all():
        print_json(_document(known)) if args.json else tell(_line(known))


def _revoke(args: argparse.Namespace, site: Site) -> None:
    _tokens(site).revoke(args.name)
    print_json({"revoked": args.name}) if args.json else tell(f"revoked: {args.name}")


def _renew(args: argparse.Namespace, site: Site) -> None:
    site.renew_token()
    say("restart `serve`: until then it takes the old one")
    document = {"renewed": ADMIN, "file": str(site.token_path)}
    print_json(document) if args.json else tell(f"the new admin token is in {site.token_path}")


def _document(token: ConsoleToken) -> dict:
    return {
        "name": token.name,
        "role": token.role.value,
        "made": token.made or None,
        "expires": token.expires,
    }


def _line(token: ConsoleToken) -> str:
    left = token.days_left(datetime.now(UTC))
    until = "never expires" if left is None else f"{left:.1f} days left" if left > 0 else "EXPIRED"
    return f"{token.name:20} {token.role.value:9} {until}"
