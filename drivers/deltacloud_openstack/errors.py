"""What keystoneauth's errors mean to a client: one table by status and service, and when to try again."""

from html.parser import HTMLParser

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
)
from deltacloud_openstack.identity import LoginFailed

#: Of any service. What is not here is the cloud's failure.
_STATUS: dict[int, type[DeltacloudError]] = {
    400: ValidationFailure,
    401: AuthenticationFailure,
    403: Forbidden,
    404: ObjectNotFound,
    409: Conflict,
    410: ObjectNotFound,
    504: ProviderTimeout,
}
#: Of keystone, when it is asked for a token: there the credentials are all that can be at fault.
_LOGIN_STATUS: dict[int, type[DeltacloudError]] = {
    400: AuthenticationFailure,
    401: AuthenticationFailure,
    403: AuthenticationFailure,
    504: ProviderTimeout,
}
_CONNECTION: dict[type[Exception], tuple[type[DeltacloudError], str]] = {
    exceptions.ConnectTimeout: (ProviderTimeout, "did not answer in time"),
    exceptions.SSLError: (ProviderError, "has a certificate that cannot be verified"),
    exceptions.ConnectFailure: (ProviderError, "cannot be reached"),
    exceptions.UnknownConnectionError: (ProviderError, "broke the connection"),
    exceptions.EndpointNotFound: (ProviderError, "has no such service in its catalog for this region"),
    exceptions.EmptyCatalog: (ProviderError, "gave a token without a catalog"),
}
_TOO_OFTEN = {413, 429}
_MESSAGE_LENGTH = 400

RETRIES = 3
FIRST_PAUSE_SECONDS = 0.1


class MalformedAnswer(Exception):
    """The cloud answered something that makes no sense; the text says what is wrong with it."""


def translate(error: Exception, title: str) -> DeltacloudError | None:
    """The meaning of an error of ``title``'s cloud; ``None`` where it is not the cloud's."""
    if isinstance(error, LoginFailed):
        cause = error.__cause__
        if isinstance(cause, exceptions.HttpError) and cause.http_status in _LOGIN_STATUS:
            return _LOGIN_STATUS[cause.http_status](f"{title} does not accept this user and password.")
        if isinstance(cause, exceptions.HttpError):
            return ProviderError(f"{title}'s identity service failed (HTTP {cause.http_status}).")
        return translate(cause, title) if isinstance(cause, Exception) else None
    if isinstance(error, exceptions.HttpError):
        return _of_status(error, title)
    if isinstance(error, MalformedAnswer):
        return ProviderError(f"{title} gave an answer that makes no sense: {error}.")
    if isinstance(error, exceptions.ClientException):
        meaning, words = _CONNECTION.get(type(error), (ProviderError, "failed"))
        return meaning(f"{title} {words}.")
    return None


def _of_status(error: exceptions.HttpError, title: str) -> DeltacloudError:
    status = error.http_status
    meaning = _STATUS.get(status, ProviderError)
    if status in _TOO_OFTEN:
        return ProviderError(f"{title} was asked too often or for too much (HTTP {status}).")
    if meaning in (ProviderError, ProviderTimeout):
        return meaning(f"{title} failed (HTTP {status}).")
    return meaning(f"{title} says: {message(error.response) or f'HTTP {status}'}")


def message(response: Response | None) -> str:
    """What an error's body says: nova's and keystone's JSON (``{"badRequest": {"message": ...}}``), glance's HTML."""
    body = response.content if response is not None else b""
    try:
        text = _message_in(orjson.loads(body))
    except ValueError:
        page = _Page()
        page.feed(body.decode(errors="replace"))
        text = page.text
    return " ".join(text.split())[:_MESSAGE_LENGTH]


def _message_in(body: object) -> str:
    if isinstance(body, dict):
        for each in (body, *body.values()):
            if isinstance(each, dict) and isinstance(each.get("message"), str):
                return str(each["message"])
    return ""


class _Page(HTMLParser):
    """An HTML page's text, its title and headings left out."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._left_out = ""

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        if tag in ("title", "h1"):
            self._left_out = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._left_out:
            self._left_out = ""

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self.text += f" {data}"


def retry_after(error: Exception, method: str, attempt: int) -> float | None:
    """Seconds to wait before sending it again; ``None`` where that is no use or not safe.

    A request that was refused as one too many (429, or 413 and 503 that say when) has changed nothing. After the loss
    of a connection only reading is safe, and logging in, which comes before anything else is sent.
    """
    pause = FIRST_PAUSE_SECONDS * 2**attempt
    cause = error.__cause__ if isinstance(error, LoginFailed) else error
    if attempt >= RETRIES:
        return None
    if isinstance(cause, exceptions.HttpError):
        asked = _asked_pause(cause)
        return None if asked is None else max(asked, pause)
    lost = isinstance(cause, exceptions.ConnectFailure | exceptions.UnknownConnectionError)
    return pause if lost and (method == "GET" or cause is not error) else None


def _asked_pause(error: exceptions.HttpError) -> float | None:
    value = error.response.headers.get("Retry-After", "") if error.response is not None else ""
    if value.isdecimal() and error.http_status in (413, 429, 503):
        return float(value)
    return 0.0 if error.http_status == 429 else None
