"""What can go wrong, as one small tree: each class carries the HTTP status that a client sees.

The class names are those that Deltacloud's JSON errors carry in ``error``, so a program can act on the name or on
the status and never has to read the message. No other statuses are used: existing Deltacloud clients fall over 410,
412, 422 and 503.
"""

#: The seconds that a client is asked to wait where the cloud does not name any.
DEFAULT_RETRY_AFTER = 10.0


class DeltacloudError(Exception):
    """A failure that a client is told about.

    ``str(error)`` is the message sent to the client: it says what happened, which value was at fault and what is
    allowed, and never holds a credential, a stack trace or a path of the server's machine.
    """

    status = 500

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        """Take the message, and the seconds after which a client may try again (header ``Retry-After``)."""
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def name(self) -> str:
        """The error's name in JSON responses: the nearest class of this module, for example ``ObjectNotFound``."""
        return next(each.__name__ for each in type(self).__mro__ if each.__module__ == __name__)


class ValidationFailure(DeltacloudError):
    """A parameter is missing, malformed or not allowed (400)."""

    status = 400


class AuthenticationFailure(DeltacloudError):
    """The cloud did not accept the credentials, or there were none (401)."""

    status = 401


class Forbidden(DeltacloudError):
    """The cloud knows the caller and does not allow this (403)."""

    status = 403


class ObjectNotFound(DeltacloudError):
    """No such image, instance, profile, realm, driver or path (404)."""

    status = 404


class MethodNotAllowed(DeltacloudError):
    """An action that the instance's state, or a method that the resource, does not permit (405)."""

    status = 405


class NotAcceptable(DeltacloudError):
    """None of the formats that the client accepts is served (406)."""

    status = 406


class Conflict(DeltacloudError):
    """The object's state does not permit this now, or it is in use (409)."""

    status = 409


class BodyTooLarge(DeltacloudError):
    """The request's body exceeds the configured limit (413)."""

    status = 413


class InternalError(DeltacloudError):
    """A bug of this server (500). Never raised for what a cloud did."""

    status = 500


class NotSupported(DeltacloudError):
    """The driver cannot do that (501). The cloud was not asked."""

    status = 501


class ProviderError(DeltacloudError):
    """The cloud failed, refused the connection or answered something that makes no sense (502)."""

    status = 502


class ProviderTimeout(DeltacloudError):
    """The cloud did not answer in time (504). What was asked of it may still happen."""

    status = 504


class ConfigurationError(Exception):
    """The operator's configuration, or the installation, is wrong: seen at start, never sent to a client."""


def not_found(kind: str, sought: str) -> ObjectNotFound:
    """Return the error for an id that nothing has; ``kind`` is the resource in words, for example ``Image``."""
    return ObjectNotFound(f"{kind} '{sought}' was not found.")


def protected(image_id: str) -> Conflict:
    """Return the error for an image that the cloud protects against being destroyed."""
    return Conflict(f"Image '{image_id}' is protected: it can be destroyed when its protection is taken off.")


def quota_exhausted(title: str, detail: str) -> Conflict:
    """Return the error for a limit of the caller's account at the cloud; ``detail`` is the cloud's own message."""
    return Conflict(f"{title} refuses this, because a quota is exhausted: {detail}")


def throttled(title: str, retry_after: float | None) -> ProviderError:
    """Return the error for a cloud that still refuses because of too many requests after all retries."""
    return ProviderError(
        f"{title} refuses more requests for now; try again later.",
        retry_after=DEFAULT_RETRY_AFTER if retry_after is None else retry_after,
    )


def refused(title: str, detail: str) -> Forbidden:
    """Return the error for a cloud that knows the caller and does not allow the request."""
    return Forbidden(f"{title} does not allow this: {detail}")
