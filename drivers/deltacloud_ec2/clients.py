"""boto3's clients, pooled per caller and provider, and cut off from whatever AWS settings the server's machine has."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3.session
from botocore.config import Config
from botocore.credentials import CredentialResolver
from botocore.credentials import Credentials as Keys
from botocore.session import Session

from deltacloud_ec2 import errors
from deltacloud_ec2.config import ProviderSettings
from deltacloud_ec2.connections import Endpoint
from deltacloud_ec2.query import Query
from deltacloud_ec2.retries import Retries
from deltacloud_ec2.sizes import Sizes
from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_sts import STSClient

_MOST_CALLERS = 64
_OLDEST_SECONDS = 3600.0
_CONNECT_SECONDS = 10.0
_CONNECTIONS = 32
_STS_SECONDS = 5.0
_STS_PAUSE_SECONDS = 300.0

logger = logging.getLogger(__name__)

# At DEBUG, botocore logs the headers that it sends, session tokens among them.
logging.getLogger("botocore").setLevel(logging.INFO)


def keys_of(credentials: Credentials) -> Keys:
    """The keys in HTTP Basic's user (``id`` or ``id+session-token``) and password.

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


class Caller:
    """One caller in one region: what to ask EC2 with, and what is known of the account."""

    def __init__(self, ec2: EC2Client, query: Query, sizes: Sizes, make_sts: Callable[[], STSClient] | None) -> None:
        """``make_sts`` makes a client for STS; ``None`` where there is no STS."""
        self.ec2 = ec2
        self.query = query
        self.sizes = sizes
        self._make_sts = make_sts
        self._account: str | None = None
        self._silent_until = 0.0

    def account_id(self) -> str | None:
        """The caller's account number, asked for once; ``None`` where the cloud does not tell it.

        Raises ``ClientError`` for wrong credentials. Other trouble with STS keeps nobody from using EC2: it is logged,
        and STS is left alone for a while.
        """
        if self._account is None and self._make_sts and time.monotonic() >= self._silent_until:
            try:
                self._account = self._make_sts().get_caller_identity()["Account"]
            except errors.FAILURES as error:
                if isinstance(errors.translate(error), AuthenticationFailure):
                    raise
                logger.warning("STS does not tell the caller's account: %s", error)
                self._silent_until = time.monotonic() + _STS_PAUSE_SECONDS
        return self._account


class ClientPool:
    """Callers by provider and keys: bounded in number and age, safe under threads.

    They are found by a keyed hash, of the process too: connections are not shared across a fork. Callers share what
    holds nothing of theirs: a provider's connections, since every request is signed by itself, and its sizes.
    """

    def __init__(self, timeout_seconds: float) -> None:
        """``timeout_seconds`` limits a call with all its attempts, and each wait for an answer."""
        self._timeout = timeout_seconds
        self._salt = secrets.token_bytes(32)
        self._callers: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()
        self._endpoints: dict[tuple[int, str], Endpoint] = {}
        self._sizes: dict[str, Sizes] = {}
        self._lock = Lock()
        self._session = boto3.session.Session(botocore_session=_isolated_session())

    def caller(self, credentials: Credentials, provider: str, where: ProviderSettings) -> Caller:
        """The caller with these credentials; raises ``AuthenticationFailure`` where they cannot be any."""
        keys = keys_of(credentials)
        digest = self._digest(provider, keys)
        with self._lock:
            made, caller = self._callers.get(digest, (0.0, None))
            if caller is None or time.monotonic() - made > _OLDEST_SECONDS:
                caller = self._make(keys, provider, where)
                self._callers[digest] = time.monotonic(), caller
                if len(self._callers) > _MOST_CALLERS:
                    self._callers.popitem(last=False)
            self._callers.move_to_end(digest)
            return caller

    def _digest(self, provider: str, keys: Keys) -> bytes:
        parts = (str(os.getpid()), provider, keys.access_key, keys.secret_key, keys.token or "")
        return hashlib.blake2b("\0".join(parts).encode(), key=self._salt).digest()

    def _make(self, keys: Keys, provider: str, where: ProviderSettings) -> Caller:
        ec2 = self._client("ec2", keys, provider, where, where.endpoint_url, self._timeout)
        has_sts = where.sts_endpoint_url or not where.endpoint_url
        sizes = self._sizes.setdefault(provider, Sizes())

        def make_sts() -> STSClient:
            with self._lock:
                timeout = min(_STS_SECONDS, self._timeout)
                sts: STSClient = self._client("sts", keys, provider, where, where.sts_endpoint_url, timeout)
                return sts

        version = ec2.meta.service_model.api_version
        query = Query(self._endpoint(ec2, provider, where), ec2.meta.region_name, version, keys, Retries(self._timeout))
        return Caller(ec2, query, sizes, make_sts if has_sts else None)

    def _endpoint(self, ec2: EC2Client, provider: str, where: ProviderSettings) -> Endpoint:
        place = os.getpid(), provider
        if place not in self._endpoints:
            url = ec2.meta.endpoint_url.rstrip("/") + "/"
            connect_seconds = min(_CONNECT_SECONDS, self._timeout)
            self._endpoints[place] = Endpoint.at(url, _verify(where), connect_seconds, self._timeout)
        return self._endpoints[place]

    def _client(
        self, service: Any, keys: Keys, provider: str, where: ProviderSettings, endpoint_url: str, timeout: float
    ) -> Any:
        client: Any = self._session.client(
            service,
            region_name=where.region or provider,
            endpoint_url=endpoint_url or None,
            verify=_verify(where),
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            config=_client_config(timeout),
        )
        Retries(timeout).register(client)
        return client


def _verify(where: ProviderSettings) -> bool | str:
    """Whether to check certificates, or by which authorities."""
    return where.verify_tls and (where.ca_file or os.environ.get("REQUESTS_CA_BUNDLE") or True)


def _client_config(timeout: float) -> Config:
    options: dict[str, Any] = {
        "connect_timeout": min(_CONNECT_SECONDS, timeout),
        "read_timeout": timeout,
        "retries": {"mode": "standard", "total_max_attempts": 1},  # see retries
        "max_pool_connections": _CONNECTIONS,
        "ignore_configured_endpoint_urls": True,
        "user_agent": "deltacloud-images",  # botocore would make its own one anew for every request
    }
    return Config(**options)


def _isolated_session() -> Session:
    """A session that sees no ``AWS_...`` variable, no ``~/.aws`` and no instance metadata.

    A caller without valid credentials must never act as the server.
    """
    variables: dict[str, Any] = {
        name: (None, None, default, None) for name, (_, _, default, *_) in Session.SESSION_VARIABLES.items()
    }
    for name in ("config_file", "credentials_file"):
        variables[name] = (None, None, os.devnull, None)
    session = Session(session_vars=variables)
    session.register_component("credential_provider", CredentialResolver([]))
    return session
