"""Makes an authority, a server's certificate and users' certificates, all anew for each run."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Issued:
    """A key and its certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def write_pem(self, path: Path) -> Path:
        """Key and certificate in one file, the key in the clear."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(key + self.certificate.public_bytes(Encoding.PEM))
        return path

    def write_p12(self, path: Path, passphrase: str) -> Path:
        """As FGCP's portal issues it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        encryption = BestAvailableEncryption(passphrase.encode())
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"user", self.key, self.certificate, None, encryption))
        return path


class Authority:
    """Signs certificates."""

    def __init__(self, name: str) -> None:
        self.own = _issue(name, None, [(x509.BasicConstraints(ca=True, path_length=None), True)])

    def server(self) -> Issued:
        """For 127.0.0.1."""
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))])
        return _issue("127.0.0.1", self.own, [(names, False)])

    def user(self, name: str, country: str = "AU") -> Issued:
        return _issue(name, self.own, [], country)

    def write(self, path: Path) -> Path:
        """Its certificate as PEM."""
        path.write_bytes(self.own.certificate.public_bytes(Encoding.PEM))
        return path


def _issue(
    name: str, issuer: Issued | None, extensions: list[tuple[x509.ExtensionType, bool]], country: str = ""
) -> Issued:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if country:
        attributes.append(x509.NameAttribute(NameOID.COUNTRY_NAME, country))
    subject = x509.Name(attributes)
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=30))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return Issued(key, builder.sign(issuer.key if issuer else key, SHA256()))
