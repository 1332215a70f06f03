"""Certificates for tests' servers, good and wrong ones."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)


@dataclass
class Authority:
    """A house's own, in memory and as a file."""

    folder: Path

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "The house's authority")])
        ca = x509.BasicConstraints(ca=True, path_length=0)
        self.own = self._builder(self.name, self.key, NOW).add_extension(ca, critical=True)
        self.file = self.folder / "ca.pem"
        signed = self.own.sign(self.key, hashes.SHA256())
        self.file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def _builder(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        ends: datetime,
        issuer: x509.Name | None = None,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=30))
            .not_valid_after(ends + timedelta(days=1))
        )

    def server(
        self, *, name: str = "127.0.0.1", ends: datetime = NOW, itself: bool = False
    ) -> ssl.SSLContext:
        """A server's side of TLS with a certificate for ``name``; ``itself``: that nobody vouches for."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate(name=name, ends=ends, itself=itself))
        return context

    def certificate(self, *, name: str = "127.0.0.1", ends: datetime = NOW, itself: bool = False) -> Path:
        """The same as a file with its key: ``load_cert_chain`` puts it in another's place."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
        kind = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        made = self._builder(subject, key, ends, subject if itself else None).add_extension(
            x509.SubjectAlternativeName([kind]), critical=False
        )
        signed = made.sign(key if itself else self.key, hashes.SHA256())
        file = self.folder / "server.pem"
        file.write_bytes(
            signed.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return file
