"""What may reach a terminal or a log: text that cannot move the cursor, hide itself, or tell a password."""

from __future__ import annotations

import re

__all__ = ["counted", "escaped", "printable", "without_passwords"]

# C0, DEL and C1 controls; line and paragraph separators; lone surrogates; and what Unicode's
# Default_Ignorable_Code_Point shows as nothing or turns the direction of what follows (variation selectors
# left out: they only choose between an emoji's two looks).
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
# scheme://user:PASSWORD@host, also where the password itself holds / : or @ (RFC 3986 has them encoded), and
# a server's user without a password, which is a token then. A message may hold what a server says: the time
# grows with its length alone, so no scheme's beginning is looked for.
_WORD = re.compile(r"[^\s'\"]+")
_USERINFO = re.compile(r"(?<=[a-z0-9+.-])://[^/:@]*:", re.IGNORECASE)
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
    shown = _TOKEN.sub(r"\g<before>***@", _WORD.sub(_without_userinfo, str(text)))
    return _PARAMETER.sub(r"\g<before>***", shown)


def _without_userinfo(word: re.Match[str]) -> str:
    """Up to the last @ of a word all may be the password."""
    before, at, after = word[0].rpartition("@")
    found = _USERINFO.search(before) if at else None
    return word[0] if found is None else f"{before[: found.end()]}***@{after}"


def _python_escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def counted(number: int, noun: str) -> str:
    """A number of things: "1 photo", "2 photos"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
