"""The kiosk's own certificate: made when there is none that fits, kept in the kiosk's folder."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import logging
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pocketshelf.store.filesystem import FileSystem, write_over

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["Certificate", "certificate_for"]

# Phones refuse certificates that hold for longer (Apple: 398 days).
VALID_DAYS = 397
RENEW_DAYS = 30
log = logging.getLogger("pocketshelf.kiosk")


@dataclass(frozen=True)
class Certificate:
    """Where it and its key lie, and what it says.

    Attributes:
        names: that it is for. begins, expires: when it holds.
        fingerprint: SHA-256 of its DER form, as browsers show it.
    """

    chain: Path
    key: Path
    names: frozenset[str]
    begins: datetime
    expires: datetime
    fingerprint: str

    def context(self) -> ssl.SSLContext:
        """A server's TLS with it: 1.2 or later."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(self.chain, self.key)
        return context


def certificate_for(folder: Path, names: Iterable[str], now: datetime | None = None) -> Certificate:
    """The certificate in ``folder``; a new one where there is none, it is about to expire, or lacks a name.

    One that holds from a later day on was made while the clock was ahead: browsers call it not yet valid.

    Raises:
        OSError: it cannot be written.
    """
    wanted, now = frozenset(names), now or datetime.now(UTC)
    with contextlib.suppress(OSError, ValueError):
        kept = _read(folder)
        if kept.names >= wanted and kept.begins <= now < kept.expires - timedelta(days=RENEW_DAYS):
            return kept
    _make(folder, wanted, now)
    made = _read(folder)
    log.info(
        "a certificate for %s was made; it holds until %s", ", ".join(sorted(wanted)), made.expires.date()
    )
    return made


def _read(folder: Path) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    chain, key = folder / "certificate.pem", folder / "key.pem"
    certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    private = load_pem_private_key(key.read_bytes(), None)
    if private.public_key() != certificate.public_key():
        raise ValueError("the key is another certificate's")
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest().upper()
    fingerprint = ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))
    begins, expires = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return Certificate(chain, key, _names(certificate), begins, expires, fingerprint)


def _names(certificate: x509.Certificate) -> frozenset[str]:
    from cryptography import x509

    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    found = [*names.get_values_for_type(x509.DNSName), *names.get_values_for_type(x509.IPAddress)]
    return frozenset(map(str, found))


def _make(folder: Path, names: frozenset[str], now: datetime) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    files = FileSystem(0o600)
    files.mkdir(folder)
    # The key first: with another's certificate beside it, it is made again.
    write_over(files, folder / "key.pem", private)
    write_over(files, folder / "certificate.pem", _signed(key, names, now).public_bytes(Encoding.PEM))


def _signed(key: ec.EllipticCurvePrivateKey, names: frozenset[str], now: datetime) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pocketshelf kiosk")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Phones' clocks differ.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS - 1))
        .add_extension(
            x509.SubjectAlternativeName([_general(each) for each in sorted(names)]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode("ascii"))
