"""A user's certificate: the file that holds it, the signature made with its key, and its use in TLS."""

import base64
import secrets
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs12

from deltacloud_fgcp.config import ProviderSettings
from deltacloud_images.errors import AuthenticationFailure
from deltacloud_images.kit.tls import tls_context

#: The file that FGCP's portal issues, in the folder that the user name names.
FILE_NAME = "UserCert.p12"
# The regions of the countries whose code is not the region's name.
_REGIONS = {"jp": "jp-east", "gb": "uk"}


@dataclass(frozen=True, slots=True)
class Identity:
    """A user's private key and certificate, with the certificates of the authorities that came with it."""

    key: RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate
    authorities: tuple[x509.Certificate, ...] = ()

    @property
    def region(self) -> str:
        """The region of the certificate's country; empty if the certificate names no country."""
        names = self.certificate.subject.get_attributes_for_oid(x509.NameOID.COUNTRY_NAME)
        country = str(names[0].value).lower() if names else ""
        return _REGIONS.get(country, country)

    def signature(self) -> dict[str, str]:
        """Return the parameters ``AccessKeyId``, which holds the time, and ``Signature`` of a call."""
        access_key = base64.b64encode(f"UTC&{time.time_ns() // 1_000_000}&1.0&SHA1withRSA".encode())
        # SHA-1 is what FGCP's protocol prescribes.
        signature = base64.b64encode(self.key.sign(access_key, PKCS1v15(), SHA1()))  # noqa: S303
        return {"AccessKeyId": access_key.decode(), "Signature": signature.decode()}

    def tls(self, provider: ProviderSettings) -> ssl.SSLContext:
        """Return the TLS context of connections to the endpoint; raise ``AuthenticationFailure`` if OpenSSL refuses it.

        OpenSSL reads keys from files only. The file exists for a moment, encrypted and readable by this user alone.
        """
        context = tls_context(provider.verify_tls, provider.ca_file)
        password = secrets.token_bytes(32).hex().encode()
        with NamedTemporaryFile(prefix="deltacloud-fgcp-") as file:
            file.write(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)))
            for each in (self.certificate, *self.authorities):
                file.write(each.public_bytes(Encoding.PEM))
            file.flush()
            try:
                context.load_cert_chain(file.name, password=password)
            except ssl.SSLError as error:
                raise AuthenticationFailure(f"This machine's TLS refuses the certificate: {error.reason}.") from error
        return context


def find(directory: Path, user: str) -> tuple[Path, str]:
    """Return the path of a user's file, and a text that changes when the file is replaced.

    Raises ``AuthenticationFailure`` unless the name is that of a folder in the directory.
    """
    if not user or not user.isprintable() or user.startswith(".") or {"/", "\\"} & set(user):
        raise _unknown()
    path = directory / user / FILE_NAME
    try:
        status = path.stat()
    except OSError as error:
        raise _unknown() from error
    return path, f"{status.st_ino} {status.st_mtime_ns}"


def load(path: Path, passphrase: str) -> Identity:
    """Return the identity in a PKCS#12 file; raise ``AuthenticationFailure`` unless the passphrase opens it."""
    try:
        key, certificate, authorities = pkcs12.load_key_and_certificates(path.read_bytes(), passphrase.encode())
    except (ValueError, OSError) as error:
        raise _unknown() from error
    if not isinstance(key, RSAPrivateKey) or certificate is None:
        raise AuthenticationFailure(f"{FILE_NAME} has to hold an RSA key and its certificate.")
    return Identity(key, certificate, tuple(authorities))


def _unknown() -> AuthenticationFailure:
    # One message for both, so that nobody learns which names exist.
    return AuthenticationFailure(f"There is no certificate folder of that name whose {FILE_NAME} the passphrase opens.")
