"""EC2's Query API with nothing between its parameters and its XML: signed by botocore, sent by urllib3.

A boto3 client prepares, checks and parses every call by its model of EC2's hundreds of shapes. That costs as much as
all else for a small answer and five times as much for a large one, so the one call that lists and shows images, which
is asked for most and answers most, goes without it.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from hashlib import sha256
from itertools import count
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from urllib3.exceptions import HTTPError

from deltacloud_ec2.connections import Endpoint
from deltacloud_ec2.retries import Retries

_HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "User-Agent": "deltacloud-images"}
_SERVICE = "ec2"
_OK = 200


class Query:
    """The Query API of one region, for one caller. Safe under threads."""

    def __init__(self, endpoint: Endpoint, region: str, version: str, keys: Credentials, retries: Retries) -> None:
        """``version`` is the API's, a date."""
        self._endpoint = endpoint
        self._headers = {**_HEADERS, "Host": endpoint.host}
        self._version = version
        self._signer = _Signer(keys, _SERVICE, region)
        self._retries = retries

    def call(self, action: str, parameters: Mapping[str, str]) -> bytes:
        """The XML that EC2 answers.

        Raises botocore's ``ClientError`` for a refusal and urllib3's ``HTTPError`` for no answer.
        """
        body = urlencode({"Action": action, "Version": self._version, **parameters}).encode()
        deadline = self._retries.deadline()
        for attempts in count(1):
            try:
                return self._send(action, body)
            except (ClientError, HTTPError) as error:
                delay = self._retries.delay(action, attempts, deadline, error)
                if delay is None:
                    raise
            time.sleep(delay)
        raise AssertionError("the attempts are counted by retries")

    def _send(self, action: str, body: bytes) -> bytes:
        request = AWSRequest("POST", self._endpoint.url, self._headers, body)
        self._signer.add_auth(request)
        answer = self._endpoint.post(body, dict(request.headers.items()))
        if answer.status == _OK:
            return answer.data
        parts = {"status_code": answer.status, "headers": answer.headers, "body": answer.data}
        parser: Any = create_parser(_SERVICE)
        raise ClientError(parser.parse(parts, None), action)


class _Signer(SigV4Auth):
    """Signature Version 4 with the same work done once: a day's key, and a request's headers. Safe under threads.

    Requests bring their ``Host`` and bytes as their body.

    Source: "Create a signed AWS API request" in the IAM User Guide, which has the signing key be valid for a day.
    """

    _key = "", b""

    def headers_to_sign(self, request: AWSRequest) -> Any:
        """Gathered for the signature and again for the list of what it covers."""
        context = request.context
        if "headers_to_sign" not in context:
            context["headers_to_sign"] = super().headers_to_sign(request)
        return context["headers_to_sign"]

    def payload(self, request: Any) -> str:
        """The hash of the body, for which botocore would prepare the whole request first."""
        return sha256(request.data).hexdigest()

    def signature(self, string_to_sign: str, request: AWSRequest) -> str:
        """By the key of the day, the region and the service."""
        wanted = self.credential_scope(request)
        scope, key = self._key
        if scope != wanted:
            key = f"AWS4{self.credentials.secret_key}".encode()
            for part in wanted.split("/"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key = wanted, key
        return hmac.digest(key, string_to_sign.encode(), "sha256").hex()
