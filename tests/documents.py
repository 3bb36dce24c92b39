"""Holds responses of the application to its OpenAPI document and its RELAX NG schema."""

from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from deltacloud_images.testing.documents import check_json, check_xml
from deltacloud_images.web import openapi
from deltacloud_images.web.operations import Operation

#: Longer ones are lists that repeat what shorter ones hold.
_MAX_BYTES = 200_000


def check_response(app: Flask, response: TestResponse) -> None:
    """Assert that the response's status and body are documented."""
    if response.request.method == "OPTIONS":
        return
    route = _route(app, response)
    if route is not None:
        allowed = {route.operation.status, 303, 304, *openapi.errors(route)}
        assert response.status_code in allowed, f"{response.status} is not documented: {response.text[:500]}"
    if response.is_streamed or response.headers.get("Content-Encoding") or response.request.method == "HEAD":
        return
    body = response.data
    if not body or len(body) > _MAX_BYTES or (route and route.operation.media_type):
        return
    if response.content_type == "application/xml":
        check_xml(body)
    elif response.content_type == "application/json":
        if response.status_code >= 400:
            check_json("Error", response.get_json())
        elif route is not None:
            check_json(_schema(route.operation, response.get_json()), response.get_json())


def _schema(operation: Operation, document: Any) -> str:
    """Return the schema of a response; a launch of several instances returns a list."""
    return "InstanceList" if operation.name == "create_instance" and "instances" in document else operation.schema


def _route(app: Flask, response: TestResponse) -> openapi.Route | None:
    """Return the route of a request's path and method, if it is an operation's."""
    request = response.request
    try:
        rule, _ = app.url_map.bind("").match(request.path, method=request.method, return_rule=True)
    except HTTPException:
        return None
    return next(openapi.routes([rule], app.view_functions), None)
