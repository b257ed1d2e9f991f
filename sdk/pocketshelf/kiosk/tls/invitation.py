"""Where phones on the shop's network reach the kiosk, in words and as a QR code."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Invitation"]


@dataclass(frozen=True)
class Invitation:
    """An address for phones.

    Attributes:
        host: gives the name or address to connect to; it may change while the kiosk runs.
        port: where TLS is spoken.
        fingerprint: of the certificate.
    """

    host: Callable[[], str]
    port: int
    fingerprint: str

    @property
    def address(self) -> str:
        """As a browser takes it."""
        host = self.host()
        return f"https://{f'[{host}]' if ':' in host else host}:{self.port}/"

    def to_json(self) -> dict[str, str]:
        """One JSON object."""
        return {"address": self.address, "fingerprint": self.fingerprint}

    def qr_code(self) -> bytes:
        """The address as a QR code: an SVG that scales, dark on light."""
        import segno

        stream = io.BytesIO()
        code = segno.make(self.address, error="m", micro=False)
        code.save(stream, kind="svg", border=4, dark="#000", light="#fff", omitsize=True, xmldecl=False)
        return stream.getvalue()
