"""Joins views and operations: a view gets its request's call, with the parameters of its operation read."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request

from deltacloud_images.web.call import Call, current_call
from deltacloud_images.web.collections import require_collection
from deltacloud_images.web.given import read
from deltacloud_images.web.operations import Operation
from deltacloud_images.web.parameters import read_parameters

View = Callable[..., Response]


def serves(operation: Operation) -> Callable[[View], View]:
    """Decorate the view of an operation, whose first argument is the ``Call``; others are those of its path.

    Without the collection in the driver, the response is ``ObjectNotFound``.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def serve(**arguments: Any) -> Response:
            call = current_call()
            if operation.collection:
                require_collection(call.driver, operation.collection)
            _read(call, operation)
            return view(call, **arguments)

        serve.operation = operation  # type: ignore[attr-defined]
        return serve

    return decorate


def _read(call: Call, operation: Operation) -> None:
    given = read_parameters(request) if request.method == "POST" else call.query
    call.given = read(operation, call.driver, given, for_page=call.for_browser)
