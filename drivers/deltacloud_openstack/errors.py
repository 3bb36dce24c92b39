"""What keystoneauth's errors mean to a client: one table by status."""

import html
import re

import orjson
from keystoneauth1 import exceptions
from requests import Response

from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
    quota_exhausted,
    refused,
    throttled,
)
from deltacloud_images.kit import values
from deltacloud_openstack.identity import LoginFailed
from deltacloud_openstack.transport import MAX_ERROR_BYTES

TITLE = "OpenStack"
LOGIN_HINT = (
    "The user is written user, user+project, user+project+domain, user+project+user domain+project domain, or"
    " +application_credential_id=ID; %2B stands for a + in a name."
)
#: Of any service. A status that is not here is the cloud's failure.
_STATUS: dict[int, type[DeltacloudError]] = {
    400: ValidationFailure,
    401: AuthenticationFailure,
    403: Forbidden,
    404: ObjectNotFound,
    409: Conflict,
    410: ObjectNotFound,
    504: ProviderTimeout,
}
#: Of keystone, when it is asked for a token: there only the credentials can be wrong.
_REFUSED_LOGIN = {400, 401, 403}
#: Nova responds to an exhausted quota with 403, as to a missing permission; only its words differ (``exception.py``,
#: and oslo.limit's ``ProjectOverLimit``).
_QUOTA_PHRASES = ("Quota exceeded", "Maximum number of ports exceeded", "is over a limit for")
_TAG = re.compile("<[^<>]*>")


def translate(error: Exception, title: str = TITLE, login_hint: str = LOGIN_HINT) -> DeltacloudError | None:
    """Return the meaning of an error of ``title``'s cloud; ``None`` where it is not the cloud's.

    ``login_hint`` tells users how credentials are written.
    """
    if isinstance(error, LoginFailed):
        cause = error.__cause__
        if isinstance(cause, exceptions.HttpError) and cause.http_status in _REFUSED_LOGIN:
            return AuthenticationFailure(f"{title} does not accept this user and password. {login_hint}")
        return translate(cause, title, login_hint) if isinstance(cause, Exception) else None
    if isinstance(error, exceptions.HttpError):
        return _of_status(error, title)
    if isinstance(error, exceptions.ClientException):
        return ProviderError(f"{title} sent a response that makes no sense.")
    return None


def _of_status(error: exceptions.HttpError, title: str) -> DeltacloudError:
    status, said = error.http_status, message(error.response)
    asked = values.decimal(error.response.headers.get("Retry-After")) if error.response is not None else None
    if status == 429 or (status in (413, 503) and asked is not None):
        return throttled(title, asked)
    if status == 413 or (status == 403 and any(phrase in said for phrase in _QUOTA_PHRASES)):
        return quota_exhausted(title, said or f"HTTP {status}")
    if status == 403:
        return refused(title, said or "HTTP 403")
    meaning = _STATUS.get(status, ProviderError)
    if meaning in (ProviderError, ProviderTimeout):
        return meaning(f"{title} failed (HTTP {status}).")
    return meaning(f"{title} says: {said or f'HTTP {status}'}")


def message(response: Response | None) -> str:
    """Return an error's message: nova's and keystone's JSON (``{"badRequest": {"message": ...}}``), glance's HTML."""
    body = response.content[:MAX_ERROR_BYTES] if response is not None else b""
    try:
        return values.message(_message_in(orjson.loads(body)))
    except ValueError:
        page = body.decode(errors="replace").rpartition("</h1>")[2]
        return values.message(html.unescape(_TAG.sub(" ", page)))


def _message_in(body: object) -> str:
    known = values.mapping(body)
    return next((text for each in (known, *known.values()) if (text := _text(each))), "")


def _text(value: object) -> str:
    return values.text(values.mapping(value).get("message"))
