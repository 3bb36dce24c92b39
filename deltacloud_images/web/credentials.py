"""Reads the cloud's credentials from HTTP Basic. The server stores none."""

import binascii
from base64 import b64decode

from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure


def read_credentials(authorization: str | None) -> Credentials:
    """The user and password of an ``Authorization`` header; raises ``AuthenticationFailure`` with the reason."""
    if not authorization:
        raise AuthenticationFailure("Credentials of the cloud are needed, by HTTP Basic authentication.")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise AuthenticationFailure("Only HTTP Basic authentication is understood.")
    try:
        text = b64decode(token.strip(), validate=True).decode()
    except binascii.Error:
        raise AuthenticationFailure("The Basic credentials are not valid Base64.") from None
    except UnicodeDecodeError:
        raise AuthenticationFailure("The Basic credentials are not UTF-8 text.") from None
    user, colon, password = text.partition(":")
    if not colon:
        raise AuthenticationFailure("The Basic credentials have no colon between user and password.")
    if not user:
        raise AuthenticationFailure("The Basic credentials have an empty user.")
    return Credentials(user, password)
