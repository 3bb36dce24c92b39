"""What FGCP's and the connection's failures mean to a client: one table for each kind of code."""

from lxml.etree import XMLSyntaxError
from urllib3 import exceptions as connection

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    NotSupported,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
)

#: What FGCP answers for an id that it does not know; the first also for a clock that is wrong.
WRONG_VALUE = "VALIDATION_ERROR"
NOT_FOUND = "RESOURCE_NOT_FOUND"

# FGCP's ``responseStatus``.
_STATUSES: dict[str, tuple[type[DeltacloudError], str]] = {
    WRONG_VALUE: (ProviderError, "FGCP refuses the call itself; it does so where this server's clock is wrong"),
    NOT_FOUND: (ObjectNotFound, "FGCP does not find it"),
    "ACCESS_NOT_PERMIT": (Forbidden, "FGCP does not permit it to this user"),
    "NEVER_BOOTED": (Conflict, "The server has to be started once before"),
    "ILLEGAL_STATE": (Conflict, "The state does not permit it now"),
    "ALREADY_STARTED": (Conflict, "It is running already"),
    "ALREADY_STOPPED": (Conflict, "It is stopped already"),
    "SERVER_NAME_ALREADY_EXISTS": (Conflict, "There is a server of that name"),
    "NOTFOUND": (NotSupported, "This region does not have that call"),
}
# The one failure that FGCP tells by its text alone: the certificate is another region's, or no longer any user's.
_TEXTS = {"User not found in selectData.": (AuthenticationFailure, "This region does not know the certificate")}
_HTTP: dict[int, type[DeltacloudError]] = {401: AuthenticationFailure, 403: Forbidden, 504: ProviderTimeout}
# OpenSSL's names of the alerts by which a server refuses a client's certificate.
_REFUSED_CERTIFICATE = frozenset(
    {
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
    }
)


class FgcpError(Exception):
    """An answer whose ``status`` (``responseStatus``) is not SUCCESS, with FGCP's ``text``."""

    def __init__(self, status: str, text: str) -> None:
        """Both as FGCP wrote them."""
        super().__init__(status, text)
        self.status = status
        self.text = text


class UnexpectedAnswer(Exception):
    """An answer that is none of FGCP's: another HTTP ``code`` than 200, or a document of another kind."""

    def __init__(self, code: int) -> None:
        """``code`` is HTTP's."""
        super().__init__(code)
        self.code = code


def translate(error: Exception) -> DeltacloudError | None:
    """The meaning of an error; ``None`` where it is not the cloud's."""
    if isinstance(error, FgcpError):
        default = (ProviderError, "FGCP failed")
        meaning, words = _TEXTS.get(error.text) or _STATUSES.get(error.status, default)
        return meaning(f"{words}. It answered {error.status}: {error.text}")
    if isinstance(error, UnexpectedAnswer):
        meaning = _HTTP.get(error.code, ProviderError)
        return meaning(f"FGCP's endpoint answered with HTTP status {error.code} and not as its API does.")
    if isinstance(error, XMLSyntaxError):
        return ProviderError("FGCP's answer is not XML.")
    # urllib3 counts a refused connection among the time-outs.
    if isinstance(error, connection.TimeoutError) and not isinstance(error, connection.NewConnectionError):
        return ProviderTimeout("FGCP did not answer in time.")
    return _translate_connection(error) if isinstance(error, connection.HTTPError) else None


def _translate_connection(error: connection.HTTPError) -> DeltacloudError:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    if reason in _REFUSED_CERTIFICATE:
        return AuthenticationFailure(f"FGCP does not accept the certificate: {reason}.")
    if reason == "CERTIFICATE_VERIFY_FAILED":
        return ProviderError("The certificate of FGCP's endpoint is not one that this server trusts.")
    return ProviderError("The connection to FGCP failed.")
