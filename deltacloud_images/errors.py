"""What can go wrong, as one small tree: each class carries the HTTP status that a client sees.

The class names are those that Deltacloud's JSON errors carry in ``error``, so a program can act on the name or on
the status and never has to read the message. No other statuses are used: existing Deltacloud clients fall over 410,
412, 422 and 503.
"""


class DeltacloudError(Exception):
    """A failure that a client is told about.

    ``str(error)`` is the message sent to the client: it says what happened, which value was at fault and what is
    allowed, and never holds a credential, a stack trace or a path of the server's machine.
    """

    status = 500

    @property
    def name(self) -> str:
        """The error's name in JSON answers, for example ``ObjectNotFound``."""
        return type(self).__name__


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
