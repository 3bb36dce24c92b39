"""Requests to one LXD server for one caller: documents, and operations that are followed to their end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self
from urllib.parse import quote, urlencode

import orjson

from deltacloud_images.errors import AuthenticationFailure, Forbidden, ProviderError
from deltacloud_images.kit import values
from deltacloud_images.kit.cached import Cached
from deltacloud_images.kit.deadline import current
from deltacloud_images.kit.transport import RefusedCertificate, Transport
from deltacloud_lxd.config import ProviderSettings
from deltacloud_lxd.errors import FORBIDDEN, INTERNAL_ERROR, NOT_FOUND, LxdError, OperationFailed, failure, refusal
from deltacloud_lxd.identity import Identity

#: How long an account's profiles and the server's size are kept, in seconds.
_KEPT_SECONDS = 60.0
# What remains of a request's time, in seconds, for the response after an operation that did not end.
_RESERVE_SECONDS = 1.0


class State(Enum):
    """How far an operation is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Operation:
    """A background operation of LXD. ``sentence`` is LXD's explanation of a failure."""

    id: str
    state: State
    sentence: str
    metadata: Mapping[str, Any]
    resources: Mapping[str, Any]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Self:
        """Return the operation of a record; raise ``ProviderError`` where it describes none."""
        code = values.integer(record.get("status_code"))
        if not code:
            raise ProviderError("LXD's response describes an operation without status.")
        return cls(
            values.required(record.get("id"), str, "id of the operation"),
            State.RUNNING if code < 200 else State.DONE if code == 200 else State.FAILED,
            values.message(record.get("err")),
            values.mapping(record.get("metadata")),
            values.mapping(record.get("resources")),
        )

    def check(self, what: str) -> None:
        """Raise ``OperationFailed`` if the operation has failed; ``what`` begins its message."""
        if self.state is State.FAILED:
            raise OperationFailed(f"{what}: {self.sentence or 'the operation has failed'} (LXD)")


class Account:
    """A caller in one project of one server. Safe under threads; connections are opened by the first request."""

    def __init__(self, identity: Identity, provider: ProviderSettings) -> None:
        """Raise ``AuthenticationFailure`` unless the passphrase opens the caller's key."""
        self.project = identity.project
        self.profiles: Cached[Sequence[Mapping[str, Any]]] = Cached(_KEPT_SECONDS)
        self.host: Cached[Mapping[str, int]] = Cached(_KEPT_SECONDS)
        self._url = provider.url.rstrip("/")
        self._headers = {"Accept": "application/json", **identity.headers}
        self._transport = Transport("LXD", tls=identity.tls(provider))

    def get(self, *path: str, **query: str) -> dict[str, Any]:
        """Return an object; raise ``LxdError`` where LXD refuses the request."""
        return values.required(self._request("GET", path, query), dict, "object")

    def find(self, *path: str, **query: str) -> dict[str, Any] | None:
        """Return an object, or ``None`` where LXD does not find it. Raises as ``get`` does."""
        try:
            return self.get(*path, **query)
        except LxdError as error:
            if error.code != NOT_FOUND:
                raise
            return None

    def list(self, *path: str, **query: str) -> list[Any]:
        """Return a list of objects, complete: LXD has no pages. Raises as ``get`` does."""
        try:
            return values.required(self._request("GET", path, {"recursion": "1", **query}), list, "list")
        except LxdError as error:
            if error.code in (NOT_FOUND, INTERNAL_ERROR):
                self.check_project()
            raise

    def begin(self, method: str, *path: str, body: Mapping[str, Any] | None = None, wait_seconds: float) -> Operation:
        """Begin an operation, and follow it until it ends or the time is over. Raises as ``get`` does.

        The wait ends early enough for a response within the request's deadline.
        """
        begun = Operation.of(values.required(self._request(method, path, {}, body), dict, "operation"))
        seconds = int(min(wait_seconds, max(current().left() - _RESERVE_SECONDS, 0)))
        try:
            return Operation.of(self.get("operations", begun.id, "wait", timeout=str(seconds)))
        except LxdError:  # Incus returns an error, without the operation, if it has failed or if the time is over
            return Operation.of(self.get("operations", begun.id))

    def check_project(self) -> None:
        """Raise ``AuthenticationFailure`` unless LXD trusts the caller, and ``Forbidden`` without that project.

        LXD shows public images to everybody, and an empty list of instances for a project that does not exist. Incus
        refuses lists of a project with an internal error where it does not let the caller into that project.
        """
        if self.find("projects", self.project) is None:
            raise Forbidden(f"LXD has no project '{self.project}'.")

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _request(
        self, method: str, path: Sequence[str], query: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> object:
        target = "/".join(["/1.0", *(quote(each, safe="") for each in path)])
        url = f"{self._url}{target}?{urlencode({'project': self.project, **query})}"
        try:
            response = self._transport.request(
                method, url, headers=self._headers, body=None if body is None else orjson.dumps(body)
            )
        except RefusedCertificate as error:
            raise AuthenticationFailure(str(error)) from error
        if response.status == FORBIDDEN and path:
            self._check_trust()
        if response.status not in (200, 202):
            raise failure(response)
        document = values.json_object(response.body)
        if document.get("type") == "error":
            raise refusal(document)
        return document.get("metadata")

    def _check_trust(self) -> None:
        """Raise ``AuthenticationFailure`` unless LXD trusts the caller: it refuses strangers with the same status."""
        if self.get().get("auth") != "trusted":
            raise AuthenticationFailure("LXD does not trust this certificate or token.")


def last_part(url: object) -> str:
    """Return the name or the fingerprint at the end of a URL of LXD; empty for anything else."""
    return values.text(url).partition("?")[0].rpartition("/")[2]
