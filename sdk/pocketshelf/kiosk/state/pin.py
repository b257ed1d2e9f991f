"""The staff's PIN: kept as its scrypt key, slow after wrong ones, a session after the right one."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pocketshelf.errors import UsageError, reason
from pocketshelf.kiosk.state.documents import UNREADABLE, read_document, write_document

__all__ = ["Key", "Pin", "PinWait", "PinWrong", "keep_pin", "key_of", "read_pin"]

FORMAT, VERSION = "pocketshelf-kiosk-pin", 1
LENGTHS = (4, 64)
MOST_BYTES = 10_000
# RFC 7914's N, r, p: 16 MB, and about 50 ms a try.
_N, _R, _P = 1 << 14, 8, 1
FREE_TRIES = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 30.0, 900.0
# A session ends after so long without use.
SESSION_S = 1800.0
MOST_SESSIONS = 16
Key = tuple[bytes, bytes]
"""(salt, scrypt key)"""


class PinWrong(Exception):
    """It is not the PIN."""


class PinWait(Exception):
    """Too many wrong ones.

    Attributes:
        seconds: until it may be tried again.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(f"too many wrong PINs; try again in {self.seconds} s")


def key_of(pin: str) -> Key:
    """What is kept of a PIN.

    Raises:
        UsageError: it is too short or too long.
    """
    pin = pin.strip()
    if not LENGTHS[0] <= len(pin) <= LENGTHS[1]:
        raise UsageError(f"a PIN has {LENGTHS[0]} to {LENGTHS[1]} characters")
    salt = secrets.token_bytes(16)
    return salt, _derived(pin, salt)


def _derived(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode("utf-8", "replace"), salt=salt, n=_N, r=_R, p=_P, dklen=32)


def keep_pin(folder: Path, pin: str) -> None:
    """Keep a PIN in the kiosk's folder, as its key.

    Raises:
        UsageError: it is too short or too long.
        OSError: it cannot be written.
    """
    salt, key = key_of(pin)
    document = {"format": FORMAT, "version": VERSION, "salt": salt.hex(), "key": key.hex()}
    write_document(folder / "pin.json", document, mode=0o600)


def read_pin(folder: Path) -> Key | None:
    """The PIN that is kept in the kiosk's folder; None if none is.

    Raises:
        UsageError: the file is damaged: then nobody shall set the kiosk.
    """
    path = folder / "pin.json"
    try:
        document = read_document(path, FORMAT, VERSION, MOST_BYTES)
        return None if document is None else (bytes.fromhex(document["salt"]), bytes.fromhex(document["key"]))
    except UNREADABLE as error:
        raise UsageError(
            f"{path}: cannot be read ({reason(error)}); set the PIN again with --set-pin"
        ) from error


class Pin:
    """Signs staff in and out.

    Args:
        key: of the PIN; None: there is none, and everyone is staff.
        clock: seconds, monotonic.
    """

    def __init__(self, key: Key | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._key, self._clock = key, clock
        self._guard = threading.Lock()
        self._wrong, self._wait_until = 0, -math.inf
        self._sessions: dict[str, float] = {}

    @property
    def is_set(self) -> bool:
        """Whether there is one."""
        return self._key is not None

    def sign_in(self, pin: str) -> str:
        """A session's token, for the right PIN.

        Raises:
            PinWrong: it is another.
            PinWait: there were too many wrong ones.
        """
        with self._guard:
            left = self._wait_until - self._clock()
            if left > 0:
                raise PinWait(left)
            if not self._fits(pin):
                self._count_wrong()
                raise PinWrong("this is not the PIN")
            self._wrong = 0
            return self._open_session()

    def is_staff(self, token: str | None) -> bool:
        """Whether this is a session that holds."""
        if self._key is None:
            return True
        with self._guard:
            now = self._clock()
            self._sessions = {name: until for name, until in self._sessions.items() if until > now}
            return token in self._sessions

    def prolong(self, token: str | None) -> None:
        """Let a session hold on; not for what a page asks by itself, or none would ever end."""
        with self._guard:
            if token in self._sessions:
                self._sessions[token] = self._clock() + SESSION_S

    def sign_out(self, token: str | None) -> None:
        """End a session."""
        with self._guard:
            self._sessions.pop(token or "", None)

    def _fits(self, pin: str) -> bool:
        if self._key is None or len(pin) > LENGTHS[1]:
            return False
        salt, key = self._key
        return hmac.compare_digest(_derived(pin.strip(), salt), key)

    def _count_wrong(self) -> None:
        self._wrong += 1
        if self._wrong >= FREE_TRIES:
            wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(self._wrong - FREE_TRIES, 10))
            self._wait_until = self._clock() + wait

    def _open_session(self) -> str:
        while len(self._sessions) >= MOST_SESSIONS:
            self._sessions.pop(min(self._sessions, key=lambda name: self._sessions[name]))
        token = secrets.token_urlsafe(32)
        self._sessions[token] = self._clock() + SESSION_S
        return token
