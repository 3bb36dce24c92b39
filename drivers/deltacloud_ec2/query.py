"""EC2's Query API with nothing between its parameters and its XML: signed, sent and repeated by botocore's parts.

A boto3 client prepares, checks and parses every call by its model of EC2's hundreds of shapes. That costs as much as
all else for a small answer and five times as much for a large one, so the one call that lists and shows images, which
is asked for most and answers most, goes without it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import count
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session
from botocore.parsers import create_parser

from deltacloud_ec2.retries import Retries

_HEADERS = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "User-Agent": "deltacloud-images"}
_SERVICE = "ec2"
_OK = 200


class Query:
    """The Query API of one region, for one caller. Safe under threads."""

    def __init__(
        self, url: str, region: str, version: str, keys: Credentials, http: URLLib3Session, retries: Retries
    ) -> None:
        """``url`` is the endpoint's, ``version`` the API's; ``http`` has the time-outs and keeps connections."""
        self._url = url
        self._region = region
        self._version = version
        self._keys = keys
        self._http = http
        self._retries = retries

    def call(self, action: str, parameters: Mapping[str, str]) -> bytes:
        """The XML that EC2 answers.

        Raises what boto3's clients raise: ``ClientError`` for a refusal and other ``BotoCoreError``s for no answer.
        """
        body = urlencode({"Action": action, "Version": self._version, **parameters})
        deadline = self._retries.deadline()
        for attempts in count(1):
            try:
                return self._send(action, body)
            except (ClientError, BotoCoreError) as error:
                delay = self._retries.delay(action, attempts, deadline, error)
                if delay is None:
                    raise
            time.sleep(delay)
        raise AssertionError("the attempts are counted by retries")

    def _send(self, action: str, body: str) -> bytes:
        request = AWSRequest("POST", self._url, _HEADERS, body)
        SigV4Auth(self._keys, _SERVICE, self._region).add_auth(request)
        prepared = request.prepare()
        prepared.stream_output = False
        answer = self._http.send(prepared)
        content: bytes = answer.content
        if answer.status_code == _OK:
            return content
        parts = {"status_code": answer.status_code, "headers": answer.headers, "body": content}
        parser: Any = create_parser(_SERVICE)
        raise ClientError(parser.parse(parts, None), action)
