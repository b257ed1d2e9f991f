"""What may reach a terminal or a log: text that cannot move the cursor, hide itself, or tell a password."""

from __future__ import annotations

import re

__all__ = ["escaped", "printable", "without_passwords"]

# C0, DEL and C1 controls; line and paragraph separators; lone surrogates; and what Unicode's
# Default_Ignorable_Code_Point shows as nothing or turns the direction of what follows (variation selectors
# left out: they only choose between an emoji's two looks).
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# scheme://user:PASSWORD@host, also where the password itself holds / : or @ (RFC 3986 has them encoded), and
# a server's user without a password, which is a token then.
_USERINFO = re.compile(r"(?P<before>\b[a-z][a-z0-9+.-]*://[^\s/:@'\"]*):[^\s'\"]*@", re.IGNORECASE)
_TOKEN = re.compile(r"(?P<before>\bhttps?://)[^\s/:@'\"]+@", re.IGNORECASE)
_PARAMETER = re.compile(r"(?P<before>\b(?:ssl)?password(?:=|%3d))[^\s&'\"]+", re.IGNORECASE)


def printable(text: object) -> str:
    """``text`` on one line, control, direction-changing and invisible characters written as escapes.

    >>> printable("Milk\\x1b[2J")
    'Milk\\\\x1b[2J'
    """
    return _UNSEEN.sub(_python_escape, str(text))


def escaped(document: str) -> str:
    """The same for a JSON text: as JSON's own escapes, so that it says exactly what it said."""
    return _UNSEEN.sub(_json_escape, document)


def without_passwords(text: object) -> str:
    """``text`` with the passwords of all addresses in it as ``***``: servers', databases', proxies'."""
    shown = _TOKEN.sub(r"\g<before>***@", _USERINFO.sub(r"\g<before>:***@", str(text)))
    return _PARAMETER.sub(r"\g<before>***", shown)


def _python_escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
