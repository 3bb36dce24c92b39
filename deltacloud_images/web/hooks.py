"""What happens before and after every request: choices, refusals, headers, the log."""

import re
from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any, cast
from urllib.parse import quote

from flask import Flask, Request, Response, current_app, g, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import MapAdapter

from deltacloud_images.config import ServerSettings, Settings
from deltacloud_images.errors import ValidationFailure
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.registry import Registry
from deltacloud_images.serializers import API_VERSION
from deltacloud_images.web.call import Call, current_call
from deltacloud_images.web.choice import choose
from deltacloud_images.web.clients import disconnected
from deltacloud_images.web.compression import compress
from deltacloud_images.web.hosts import refuse_cross_site
from deltacloud_images.web.operations import METHOD
from deltacloud_images.web.parameters import read_parameters, refuse_large
from deltacloud_images.web.parking import TICKET, Ticket
from deltacloud_images.web.paths import PROBLEM, shown_path
from deltacloud_images.web.served import Served, observe_when_complete

SERVER = f"Apache-Deltacloud/{API_VERSION}"
#: Is given each request when its response is complete.
Observe = Callable[[Served], None]
_SHOWN = 2000  # characters of a path, in errors and in the log
_OVERRIDE = "HTTP_X_HTTP_METHOD_OVERRIDE"
_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def install(app: Flask, settings: Settings, registry: Registry, observers: Sequence[Observe]) -> None:
    """Make the application do all this; ``observers`` are called after every request."""

    def begin() -> None:
        current = cast(Request, request._get_current_object())  # type: ignore[attr-defined]  # one look-up for many uses
        environ = current.environ
        wanted_id = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = wanted_id if _SANE_ID.fullmatch(wanted_id) else token_hex(8)
        deadline = _deadline(environ, settings.server)
        path = shown_path(environ)[:_SHOWN]
        call = g.call = Call(environ, deadline, request_id, path, settings.api.default_driver)
        choose(call, current, registry, settings.api)
        if PROBLEM in environ:
            raise ValidationFailure(environ[PROBLEM])
        if current.method not in ("GET", "HEAD", "OPTIONS"):
            refuse_cross_site(current)
            refuse_large(current)
            _override_method(call)

    app.extensions["deltacloud_images.observers"] = observers
    app.config["SENDS_SERVER_HEADER"] = True
    app.before_request(begin)
    app.after_request(_finish)


def _deadline(environ: Mapping[str, Any], limits: ServerSettings) -> Deadline:
    """Return the request's deadline, which goes on if the request was parked and is served again."""
    ticket: Ticket | None = environ.get(TICKET)
    if ticket is not None and ticket.deadline is not None:
        return ticket.deadline
    deadline = Deadline(limits.backend_timeout_seconds, limits.list_timeout_seconds, abandoned=disconnected(environ))
    if ticket is not None:
        ticket.deadline = deadline
    return deadline


def _override_method(call: Call) -> None:
    """Have a POST act as DELETE: by the header ``X-HTTP-Method-Override``, or by a form's parameter ``_method``."""
    if request.method != "POST":
        return
    if request.environ.get(_OVERRIDE, "").strip().upper() == "DELETE":
        _act_as_delete()
        return
    refused = request.routing_exception
    if isinstance(refused, MethodNotAllowed) and "DELETE" in (refused.valid_methods or ()):
        wanted = read_parameters(request).get(METHOD.name)
        if wanted is not None and wanted.lower() == "delete":
            call.from_form = True
            _act_as_delete()


def _act_as_delete() -> None:
    adapter = cast(MapAdapter, current_app.create_url_adapter(request))
    rule, arguments = adapter.match(method="DELETE", return_rule=True)
    request.url_rule, request.view_args, request.routing_exception = rule, dict(arguments), None


def _finish(response: Response) -> Response:
    call = current_call()
    if not response.is_streamed or request.method == "HEAD":  # the body of a HEAD response is never closed
        call.close()
    headers = response.headers
    if current_app.config["SENDS_SERVER_HEADER"]:
        headers.add("Server", SERVER)
    headers.add("Cache-Control", call.cache_control)
    headers.add("X-Content-Type-Options", "nosniff")
    headers.add("Vary", call.vary)
    if call.given.ignored:
        headers.add("X-Deltacloud-Ignored", call.given.ignored_header)
    if more := call.serializer.headers:
        headers.extend(more)
    if call.accept_encoding:
        compress(response, call.accept_encoding)
    headers.add("X-Request-Id", call.request_id)
    headers.add("X-Deltacloud-Driver", call.driver_name)
    if call.provider:
        headers.add("X-Deltacloud-Provider", quote(call.provider, safe=" !#$&'()*+,/:;=?@[]~%"))
    observe_when_complete(call, request, response, current_app.extensions["deltacloud_images.observers"])
    return response
