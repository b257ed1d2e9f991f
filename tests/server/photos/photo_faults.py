"""An embedder that does what the photo's bytes say: what a hostile picture may bring about."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from pocketshelf.errors import PhotoError
from pocketshelf.formats.features import FEATURE, Print
from pocketshelf_server.photos import Enrolled

OPENER = "photo_faults:open_faulty"
BROKEN_OPENER = "photo_faults:open_broken"
PRINT = Print(1024, np.zeros(30, FEATURE)).to_bytes()


class FaultyEmbedder:
    def embed(self, photo: bytes, box: tuple | None = None) -> np.ndarray:
        fault, _, argument = photo.partition(b" ")
        if fault == b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif fault == b"spin":
            while True:
                pass
        elif fault == b"burn":
            until = time.process_time() + float(argument)
            while time.process_time() < until:
                pass
        elif fault == b"sleep":
            time.sleep(float(argument))
        elif fault == b"memory":
            np.ones(int(argument))
        elif fault == b"bad":
            raise PhotoError("photo: not an image")
        elif fault == b"bug":
            raise RuntimeError("index out of range")
        elif fault == b"endless":
            return np.ones(10_000_000, dtype=np.float32)
        elif fault == b"pid":
            return np.array([os.getpid(), os.getppid(), os.nice(0)], dtype=np.float32)
        return np.array([len(photo), *(box or ())], dtype=np.float32)

    def enrol(self, photo: bytes, closely: bool = False) -> Enrolled:
        features = {b"forged": b"no features", b"print": PRINT}.get(photo, b"") if closely else b""
        return Enrolled(-self.embed(photo), "ff0000:100" * (photo != b"plain"), features)


def open_faulty(bundle: str) -> FaultyEmbedder:
    return FaultyEmbedder()


def open_broken(bundle: str) -> FaultyEmbedder:
    raise RuntimeError(f"{bundle}: no models")
