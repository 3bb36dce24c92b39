"""One region of EC2, or one compatible cloud: the SDK's clients and the connections, which all callers share.

Neither holds anything of a caller, since every request is signed by itself: a new caller costs no client.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import boto3.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import CredentialResolver
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from botocore.session import Session

from deltacloud_ec2 import clock, errors
from deltacloud_ec2.config import ProviderSettings
from deltacloud_ec2.signing import Signer, Signers, current_signer, signed_by
from deltacloud_images.errors import AuthenticationFailure, DeltacloudError, ProviderError
from deltacloud_images.kit import xml
from deltacloud_images.kit.cached import Cached
from deltacloud_images.kit.deadline import current, in_force
from deltacloud_images.kit.transport import Response, Transport
from deltacloud_images.kit.values import DATA_ERRORS
from deltacloud_images.models import HardwareProfile

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

_SIZES_SECONDS = 24 * 3600.0
_STS_SECONDS = 5.0
_STS_PAUSE_SECONDS = 300.0
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "User-Agent": "deltacloud-images"}
_OK = 200
_FIRST_ERROR = 400
#: Operations that change nothing.
_READS = ("Describe", "Get")
#: Operations that Amazon's EC2 carries out once for a ``ClientToken``, of which the SDK sends a new one with each call.
#: Source: "Ensuring idempotency in Amazon EC2 API requests" in the EC2 Developer Guide.
_IDEMPOTENT = frozenset({"RunInstances"})

logger = logging.getLogger(__name__)

# At DEBUG, botocore logs the headers that it sends, session tokens among them.
logging.getLogger("botocore").setLevel(logging.INFO)


class StsSilent(Exception):
    """STS does not tell the caller's account, which keeps nobody from using EC2."""


class Region:
    """The clients and connections of one provider. Safe under threads."""

    def __init__(self, name: str, settings: ProviderSettings) -> None:
        """Open no connection yet."""
        self.name = settings.region or name
        #: The region's instance types: slow to ask for, the same for all callers, and seldom changed.
        self.sizes: Cached[list[HardwareProfile]] = Cached(_SIZES_SECONDS)
        # Compatible clouds may ignore the token.
        self._idempotent = frozenset() if settings.endpoint_url else _IDEMPOTENT
        self.transport = Transport("EC2", verify_tls=settings.verify_tls, ca_file=settings.ca_file)
        self._ec2: EC2Client = self._client("ec2", settings.endpoint_url)
        self._url = self._ec2.meta.endpoint_url.rstrip("/") + "/"
        self._version = self._ec2.meta.service_model.api_version
        has_sts = settings.sts_endpoint_url or not settings.endpoint_url
        self._sts: Any = self._client("sts", settings.sts_endpoint_url) if has_sts else None
        #: Known while STS is left alone, because it has failed.
        self._sts_pause: Cached[None] = Cached(_STS_PAUSE_SECONDS)

    @contextmanager
    def client(self, signers: Signers) -> Iterator[EC2Client]:
        """The SDK's client, which signs as this caller while the context is open.

        Raises ``ProviderError`` where the SDK cannot read a response.
        """
        try:
            with signed_by(signers):
                yield self._ec2
        except DATA_ERRORS as error:
            raise ProviderError("EC2's response could not be read.") from error

    def query(self, signers: Signers, action: str, parameters: Mapping[str, str]) -> bytes | bytearray:
        """Return the XML with which EC2 responds to a call of its Query API that changes nothing.

        The SDK prepares, checks and parses every call by its model of EC2's hundreds of shapes. That costs as much as
        all else for a small response and five times as much for a large one, so the one call that lists and shows
        images, which is made most often and returns most, goes without it. Raises ``ClientError`` for a refusal.
        """
        body = urlencode({"Action": action, "Version": self._version, **parameters}).encode()
        response = self._post(signers["ec2"], self._url, _HEADERS, body, repeatable=True)
        if response.status == _OK:
            return response.body
        parser: Any = create_parser("ec2")
        parts = {"status_code": response.status, "headers": response.headers, "body": bytes(response.body)}
        raise ClientError(parser.parse(parts, None), action)

    def account_id(self, signers: Signers) -> str:
        """Return the caller's account number by STS.

        Raises ``AuthenticationFailure`` for keys that STS refuses, and ``StsSilent`` for other trouble or where there
        is no STS: it is then left alone for a while.
        """
        if self._sts is None or self._sts_pause.is_known:
            raise StsSilent
        try:
            with in_force(current().part(_STS_SECONDS)), signed_by(signers):
                account: str = self._sts.get_caller_identity()["Account"]
                return account
        except (DeltacloudError, *errors.FAILURES, *DATA_ERRORS) as error:
            meaning = errors.translate(error)
            if isinstance(meaning, AuthenticationFailure):
                raise meaning from error
            current().check()
            logger.warning("STS does not tell the caller's account: %s", meaning or type(error).__name__)
            self._sts_pause.get(lambda: None)
            raise StsSilent from error

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

    def _client(self, service: Any, endpoint_url: str) -> Any:
        options: dict[str, Any] = {
            "signature_version": UNSIGNED,  # `_send` signs
            "retries": {"mode": "standard", "total_max_attempts": 1},  # the transport retries
            "ignore_configured_endpoint_urls": True,
            "user_agent": "deltacloud-images",  # botocore would make its own one anew for every request
        }
        client: Any = _shared_session().client(
            service, region_name=self.name, endpoint_url=endpoint_url or None, config=Config(**options)
        )
        client.meta.events.register(f"before-send.{service}", self._send)
        return client

    def _send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        """Sign and send a request of the SDK by the transport, instead of the SDK's own HTTP."""
        service, operation = event_name.split(".")[1:]
        body = request.body if isinstance(request.body, bytes) else str(request.body or "").encode()
        prepared = {
            name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
        }
        repeatable = operation.startswith(_READS) or operation in self._idempotent
        response = self._post(current_signer(service), request.url, prepared, body, repeatable)
        received: Any = dict(response.headers)
        return AWSResponse(request.url, response.status, received, _Raw(xml.cleaned(response.body)))

    def _post(self, signer: Signer, url: str, headers: Mapping[str, str], body: bytes, repeatable: bool) -> Response:
        """Sign and send. Raises ``ProviderError`` for a refusal that is due to this machine's clock."""
        signed = signer.headers_for_post(url, headers, body)
        response = self.transport.request(
            "POST", url, headers=signed, body=body, repeatable=repeatable, judge=errors.judge
        )
        if response.status >= _FIRST_ERROR:
            clock.check(response, has_token=signer.has_token)
        return response


class _Raw(BytesIO):
    """A response's body as the SDK reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield the body."""
        yield self.getvalue()


@cache
def _shared_session() -> boto3.session.Session:
    """Return the SDK's session of all regions: it holds the models of the services, and no keys."""
    return boto3.session.Session(botocore_session=isolated_session())


def isolated_session() -> Session:
    """Return an SDK session that sees no ``AWS_...`` variable, no ``~/.aws`` and no instance metadata.

    A caller without valid credentials must never act as the server.
    """
    variables: dict[str, Any] = {
        name: (None, None, default, None) for name, (_, _, default, *_) in Session.SESSION_VARIABLES.items()
    }
    for name in ("config_file", "credentials_file"):
        variables[name] = (None, None, os.devnull, None)
    variables["sts_regional_endpoints"] = (None, None, "regional", None)  # signed for the region that is asked
    session = Session(session_vars=variables)
    session.register_component("credential_provider", CredentialResolver([]))
    return session
