"""Turns every error into an answer in the format that the client asked for."""

import logging
from math import ceil

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from deltacloud_images import errors
from deltacloud_images.kit.deadline import Cancelled
from deltacloud_images.serializers import Failure
from deltacloud_images.web.call import current_call

log = logging.getLogger("deltacloud_images")


def install(app: Flask) -> None:
    """Make the application answer all its errors here."""
    app.register_error_handler(errors.DeltacloudError, _answer)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_bug)


def _answer(error: errors.DeltacloudError) -> Response:
    call = current_call()
    failure = Failure(
        status=error.status,
        name=error.name,
        message=str(error),
        path=call.path,
        driver=call.driver_name,
        provider=call.provider or "default",
        request_id=call.request_id,
    )
    if isinstance(error, Cancelled):
        log.debug("%s (request %s)", error, call.request_id)
    elif error.status > errors.InternalError.status:
        log.warning("%s: %s (request %s)", error.name, error, call.request_id, exc_info=_cause(error))
    body = call.serializer.error(failure, call.links).encode("utf-8", "surrogatepass")
    response = Response(body, error.status, content_type=call.serializer.content_type)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(ceil(error.retry_after))
    if isinstance(error, errors.AuthenticationFailure):
        response.headers["WWW-Authenticate"] = f'Basic realm="{call.driver_name}-deltacloud", charset="UTF-8"'
    return response


def _cause(error: errors.DeltacloudError) -> BaseException | None:
    """What the cloud or its SDK raised, for the log alone."""
    return error.__cause__ if log.isEnabledFor(logging.DEBUG) else None


def _answer_http(error: HTTPException) -> Response:
    if isinstance(error, NotFound):
        return _answer(errors.ObjectNotFound(f"There is nothing at '{current_call().path}'."))
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        response = _answer(errors.MethodNotAllowed(f"{request.method} is not possible here, but {allowed} is."))
        response.headers["Allow"] = allowed
        return response
    return _answer(errors.ValidationFailure(f"The request is malformed: {error.name}."))


def _answer_bug(error: Exception) -> Response:
    log.error("Bug (request %s)", current_call().request_id, exc_info=error)
    return _answer(
        errors.InternalError("The server failed by a fault of its own; its log tells more by the request id.")
    )
