"""Reads the cloud's credentials from HTTP Basic. The server stores none."""

import binascii
from base64 import b64decode

from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure


def read_credentials(authorization: str | None) -> Credentials:
    """Return the user and password of an ``Authorization`` header; raise ``AuthenticationFailure`` with the reason."""
    if not authorization:
        raise AuthenticationFailure("Credentials of the cloud are needed, by HTTP Basic authentication.")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise AuthenticationFailure("Only HTTP Basic authentication is understood.")
    try:
        raw = b64decode(token.strip(), validate=True)
    except binascii.Error:
        raise AuthenticationFailure("The Basic credentials are not valid Base64.") from None
    user, colon, password = _text(raw).partition(":")
    if not colon:
        raise AuthenticationFailure("The Basic credentials have no colon between user and password.")
    if not user:
        raise AuthenticationFailure("The Basic credentials have an empty user.")
    return Credentials(user, password)


def _text(raw: bytes) -> str:
    """Decode UTF-8, or else ISO 8859-1, which Python's requests sends whatever the challenge says."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin1")
