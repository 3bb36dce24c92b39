"""Whose keys sign the requests to EC2 and STS: Signature Version 4, without the SDK's search for keys."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Keys

from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure


def keys_of(credentials: Credentials) -> Keys:
    """Return the keys in HTTP Basic's user (``id`` or ``id+session-token``) and password.

    Raises ``AuthenticationFailure`` unless there are both: without them, an SDK would look for keys elsewhere.
    """
    access_key_id, _, token = credentials.user.partition("+")
    for text in (access_key_id, credentials.password, token or "-"):
        if not (text and text.isascii() and text.isprintable()):
            raise AuthenticationFailure(
                "EC2 needs an access key id as user (with a session token: id+token) and a secret access key as"
                " password."
            )
    return Keys(access_key_id, credentials.password, token or None)


class Signers:
    """The signers of one caller in one region, by service. Safe under threads."""

    def __init__(self, keys: Keys, region: str) -> None:
        """Compute nothing yet."""
        self._signers = {service: Signer(keys, service, region) for service in ("ec2", "sts")}

    def __getitem__(self, service: str) -> Signer:
        """Return the signer for a service, ``ec2`` or ``sts``."""
        return self._signers[service]


class Signer(SigV4Auth):
    """botocore's signer with the same work done once: a day's key, and a request's headers. Safe under threads.

    Requests bring bytes as their body.

    Source: "Create a signed AWS API request" in the IAM User Guide, which has the signing key be valid for a day.
    """

    _key = "", b""

    @property
    def has_token(self) -> bool:
        """Whether the keys are temporary ones, which come with a session token."""
        return bool(self.credentials.token)

    def headers_to_sign(self, request: AWSRequest) -> Any:
        """Return the headers, which are needed for the signature and again for the list of what it covers."""
        context = request.context
        if "headers_to_sign" not in context:
            context["headers_to_sign"] = super().headers_to_sign(request)
        return context["headers_to_sign"]

    def payload(self, request: Any) -> str:
        """Return the hash of the body, for which botocore would prepare the whole request first."""
        return sha256(request.data).hexdigest()

    def signature(self, string_to_sign: str, request: AWSRequest) -> str:
        """Return the signature by the key of the day, the region and the service."""
        wanted = self.credential_scope(request)
        scope, key = self._key
        if scope != wanted:
            key = f"AWS4{self.credentials.secret_key}".encode()
            for part in wanted.split("/"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = wanted, key
        return hmac.digest(key, string_to_sign.encode(), "sha256").hex()

    def headers_for_post(self, url: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
        """Return the headers of a POST request with its signature among them."""
        request = AWSRequest("POST", url, headers, body)
        self.add_auth(request)
        return dict(request.headers.items())


_signers: ContextVar[Signers] = ContextVar("signers")


@contextmanager
def signed_by(signers: Signers) -> Iterator[None]:
    """A context in which the SDK's clients, which all callers share, sign as this caller."""
    token = _signers.set(signers)
    try:
        yield
    finally:
        _signers.reset(token)


def current_signer(service: str) -> Signer:
    """Return the signer of the caller that uses the SDK's client in this context; raise ``LookupError`` for none."""
    return _signers.get()[service]
