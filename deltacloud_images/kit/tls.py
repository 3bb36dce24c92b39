"""How the certificate of a cloud is verified: one meaning of ``verify_tls`` and ``ca_file`` for all drivers."""

import os
import ssl
from functools import lru_cache

import certifi
from urllib3.util.ssl_ import create_urllib3_context

from deltacloud_images.kit.sockets import DeadlineTLSSocket

#: OpenSSL's names of the TLS alerts by which a server refuses a client's certificate, or asks for one.
CERTIFICATE_ALERTS = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    }
)


def tls_context(verify_tls: bool = True, ca_file: str = "") -> ssl.SSLContext:
    """Return a new TLS context for connections to a cloud.

    ``ca_file`` is a PEM file of the authorities to trust; empty: the file that the environment variable
    ``REQUESTS_CA_BUNDLE`` names, else the authorities of the package certifi. Raises ``OSError`` where it cannot be
    read.
    """
    context = create_urllib3_context()
    context.sslsocket_class = DeadlineTLSSocket
    if verify_tls:
        context.load_verify_locations(ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where())
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@lru_cache(maxsize=32)
def shared_tls_context(verify_tls: bool, ca_file: str) -> ssl.SSLContext:
    """Return one context for all providers whose certificates are verified alike: authorities are large."""
    return tls_context(verify_tls, ca_file)
