"""A caller's identity: a certificate folder with its passphrase, or a token; and the TLS context that presents it."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure
from deltacloud_images.kit.tls import tls_context
from deltacloud_lxd.config import ProviderSettings

#: The user whose password is a bearer token: one of OpenID Connect, or one that LXD 6 has issued.
TOKEN_USER = "token"  # noqa: S105 (a user name)
CERTIFICATE = "client.crt"
KEY = "client.key"
_ENCRYPTED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls, and the project to use. ``version`` changes when the files of the folder are replaced."""

    project: str
    secret: str = field(repr=False)
    folder: Path | None = None
    version: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        return {} if self.folder else {"Authorization": f"Bearer {self.secret}"}

    def tls(self, provider: ProviderSettings) -> ssl.SSLContext:
        """Return a TLS context that presents the caller's certificate.

        Raises ``AuthenticationFailure`` unless the passphrase opens the key, which has to be encrypted.
        """
        context = _server_verification(provider)
        if self.folder:
            try:
                if _ENCRYPTED not in (self.folder / KEY).read_bytes():
                    raise AuthenticationFailure(f"{KEY} has to be an encrypted PKCS#8 key: see `openssl pkcs8 -topk8`.")
                context.load_cert_chain(self.folder / CERTIFICATE, self.folder / KEY, self.secret)
            except (OSError, ValueError) as error:  # OpenSSL's errors are OSErrors; a long passphrase is a ValueError
                raise _unknown() from error
        return context


def find(directory: Path, credentials: Credentials, default_project: str) -> Identity:
    """Return the identity of a caller; raise ``AuthenticationFailure`` if no folder has the user's name.

    A user is written ``folder`` or ``folder+project``.
    """
    user, _, project = credentials.user.partition("+")
    project = project or default_project
    if not project.isprintable():
        raise _unknown()
    if user == TOKEN_USER:
        if not (credentials.password.isascii() and credentials.password.isprintable()):
            raise AuthenticationFailure("The password of the user 'token' has to be a bearer token.")
        return Identity(project, credentials.password)
    if not user or not user.isprintable() or user.startswith(".") or {"/", "\\"} & set(user):
        raise _unknown()
    folder = directory / user
    try:
        status = [(folder / name).stat() for name in (CERTIFICATE, KEY)]
    except OSError as error:
        raise _unknown() from error
    return Identity(project, credentials.password, folder, repr([(each.st_ino, each.st_mtime_ns) for each in status]))


def _server_verification(provider: ProviderSettings) -> ssl.SSLContext:
    if not (provider.verify_tls and provider.certificate_file):
        return tls_context(provider.verify_tls, provider.ca_file)
    context = tls_context(ca_file=provider.certificate_file)
    # LXD's own certificate is no authority's, and names only the host that LXD was installed on.
    context.check_hostname = False
    context.verify_flags = (context.verify_flags | ssl.VERIFY_X509_PARTIAL_CHAIN) & ~ssl.VERIFY_X509_STRICT
    return context


def _unknown() -> AuthenticationFailure:
    # One message for all, so that nobody learns which folders exist.
    return AuthenticationFailure(f"There is no certificate folder of that name whose {KEY} the passphrase opens.")
