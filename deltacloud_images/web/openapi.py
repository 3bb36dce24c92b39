"""The OpenAPI document of the chosen driver, made from the declared operations and the application's routes.

Source: the OpenAPI Specification, version 3.1.1.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from werkzeug.routing import Rule

from deltacloud_images.driver import Driver
from deltacloud_images.features import INSTANCE_COUNT, Parameter
from deltacloud_images.serializers import API_PATH, API_VERSION, Links
from deltacloud_images.serializers.schemas import SCHEMAS, TEXT, Schema, reference
from deltacloud_images.web.collections import served
from deltacloud_images.web.document_examples import example
from deltacloud_images.web.operations import CREATE_INSTANCE, FORMAT, Operation

Document = dict[str, Any]

_VARIABLE = re.compile(r"<(?:segment|any\((?P<values>[\w,]+)\)):(?P<name>\w+)>")
_PRINTABLE = {"type": "string", "pattern": r"^[^\x00-\x1f\x7f]*$"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "application/json")
#: What each status of an error means in this API.
ERRORS = {
    400: "A parameter, the path, the body or the choice of a cloud is wrong; the message names it.",
    401: "Credentials are missing, or the cloud does not accept them.",
    403: "The cloud does not permit this to the caller, or a browser sent the request from another site.",
    404: "There is nothing of this id, or the driver does not serve the collection.",
    405: "The state of the instance does not permit the action.",
    406: "None of the acceptable formats is served.",
    409: "It is in use, protected, in the wrong state, or a quota is exhausted.",
    413: "The body is too large.",
    500: "A fault of the server.",
    501: "The driver cannot do this.",
    502: "The cloud failed.",
    504: "The cloud did not respond in time, or all places for its requests are taken.",
}
_ANY_ERROR = (400, 406, 500, 501)
_CLOUD_ERRORS = (401, 403, 409, 502, 504)


@dataclass(frozen=True, slots=True)
class Route:
    """An operation with its method, and its path as OpenAPI writes it, below the API's."""

    operation: Operation
    method: str
    path: str
    variables: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def asks_cloud(self) -> bool:
        """Whether the cloud is asked, with the caller's credentials."""
        return self.operation.collection not in ("", "drivers", "instance_states")


def routes(rules: Iterable[Rule], views: dict[str, Any]) -> Iterator[Route]:
    """Yield the routes of all operations, forms aside; ``views`` are an application's, by endpoint."""
    for rule in rules:
        operation: Operation | None = getattr(views.get(rule.endpoint), "operation", None)
        if operation is None or operation.is_form or not rule.rule.startswith(API_PATH) or rule.rule == f"{API_PATH}/":
            continue
        path = rule.rule.removeprefix(API_PATH)
        variables = tuple((each["name"], tuple((each["values"] or "").split(","))) for each in _VARIABLE.finditer(path))
        (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        yield Route(operation, method.lower(), _VARIABLE.sub(r"{\g<name>}", path) or "/", variables)


def document(driver: Driver[Any], links: Links, found: Iterable[Route]) -> Document:
    """Return the document of a driver; ``links`` are those of the request, which choose the driver."""
    able = served(driver)
    paths: dict[str, Document] = {}
    for route in found:
        if not route.operation.collection or route.operation.collection in able:
            paths.setdefault(route.path, {})[route.method] = _operation(route, driver, links)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": f"Apache Deltacloud's images API on {driver.title}",
            "version": API_VERSION,
            "description": "Machine images of many clouds by one API, and the instances, hardware profiles, realms and "
            "key pairs around them. Each parameter of a POST request may stand in its query as well as in its body.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": links.api}],
        "security": [{"basic": []}],
        "tags": [{"name": each} for each in able],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "responses": {str(status): _error(status, text) for status, text in ERRORS.items()},
            "headers": _HEADERS,
            "parameters": _common_parameters(driver),
            "securitySchemes": {"basic": _basic(driver)},
        },
    }


def _operation(route: Route, driver: Driver[Any], links: Links) -> Document:
    operation = route.operation
    found: Document = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_parameters(route, driver), *_shared_parameters()],
        "responses": _responses(route, driver, links),
    }
    if operation.collection:
        found["tags"] = [operation.collection]
    if not route.asks_cloud:
        found["security"] = [{}]
    elif operation.collection == "hardware_profiles" and driver.fixed_hardware_profiles() is not None:
        found["security"] = [{}, {"basic": []}]
    if route.method == "post" and (body := _body(route, driver)):
        found["requestBody"] = body
    return found


def _parameters(route: Route, driver: Driver[Any]) -> Iterator[Document]:
    for name, values in route.variables:
        schema = {"type": "string", "enum": list(values)} if values != ("",) else {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if route.method != "post":
        for each in route.operation.reads(driver).values():
            yield {"name": each.name, "in": "query", "description": each.description, "schema": _schema(each)}


def _shared_parameters() -> list[Document]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in ("format", "provider")]


def _body(route: Route, driver: Driver[Any]) -> Document | None:
    known = route.operation.reads(driver)
    if not known:
        return None
    schema: Schema = {
        "type": "object",
        "properties": {name: _described(each) for name, each in known.items() if not each.prefix},
        "required": [name for name, each in known.items() if each.required],
    }
    if families := {f"^{each.prefix}": _described(each) for each in known.values() if each.prefix}:
        schema["patternProperties"] = families
    return {"required": True, "content": {kind: {"schema": schema} for kind in _FORMS}}


def _described(parameter: Parameter) -> Schema:
    return {**_schema(parameter), "description": parameter.description}


def _schema(parameter: Parameter) -> Schema:
    if parameter.kind == "flag":
        return {"type": "string", "enum": ["true", "false"]}
    if parameter.kind == "integer":
        most = {} if parameter.maximum is None else {"maximum": parameter.maximum}
        return {"type": "integer", "minimum": parameter.minimum, **most}
    if parameter.allowed:
        return {"type": "string", "enum": list(parameter.allowed)}
    return {"type": "string", "minLength": 1} if parameter.required else TEXT


def _responses(route: Route, driver: Driver[Any], links: Links) -> Document:
    operation = route.operation
    good: Document = {"description": operation.summary, "headers": _header_references(operation)}
    if shown := example(operation, links):
        good["content"] = {
            "application/json": {"schema": _schema_of(operation, driver), "example": shown.json},
            "application/xml": {"schema": TEXT, "example": shown.xml},
            "text/html": {"schema": TEXT},
        }
    elif operation.media_type:
        good["content"] = {operation.media_type: {"schema": {}}}
    redirects = {"303": _REDIRECT} if route.method == "post" else {}
    return {
        str(operation.status): good,
        **redirects,
        **{str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(errors(route))},
    }


def _schema_of(operation: Operation, driver: Driver[Any]) -> Schema:
    """Return the schema of the JSON; a launch of several instances returns a list."""
    if operation is CREATE_INSTANCE and INSTANCE_COUNT in driver.features:
        return {"oneOf": [reference(operation.schema), reference("InstanceList")]}
    return reference(operation.schema)


def errors(route: Route) -> set[int]:
    """Return the statuses of all errors that an operation may return."""
    found = {*_ANY_ERROR}
    if route.asks_cloud or route.operation.rel == "entry_point":
        found |= {*_CLOUD_ERRORS}
    if route.operation.collection:
        found.add(404)
    if route.method != "get":
        found |= {403, 409, 413}
    if route.method == "post":
        found.add(405)  # for another method in X-HTTP-Method-Override
    if route.operation.collection == "instances" and (route.operation.rel in ("act", "destroy")):
        found.add(405)
    return found


def _error(status: int, description: str) -> Document:
    headers = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    if status == 401:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/WWW-Authenticate"}
    if status in (502, 504):
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    content = {
        "application/json": {"schema": reference("Error")},
        "application/xml": {"schema": TEXT},
        "text/html": {"schema": TEXT},
    }
    return {"description": description, "headers": headers, "content": content}


def _header_references(operation: Operation) -> Document:
    names = ["X-Request-Id", "X-Deltacloud-Driver", "X-Deltacloud-Provider", "X-Deltacloud-Ignored"]
    names += {200: ["ETag"], 201: ["Location"]}.get(operation.status, [])
    if operation.rel in ("show", "create", "act") and operation.collection in ("images", "instances"):
        names.append("Retry-After")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _basic(driver: Driver[Any]) -> Document:
    user, password = driver.credential_names
    return {
        "type": "http",
        "scheme": "basic",
        "description": f"The cloud's own credentials. User: {user}. Password: {password}.",
    }


def _header(description: str, schema: Schema = TEXT) -> Document:
    return {"description": description, "schema": schema}


_REDIRECT = {
    "description": "Done; a browser is sent to the page that shows it. Only if the response is to be HTML.",
    "headers": {"Location": {"$ref": "#/components/headers/Location"}},
}
_HEADERS = {
    "ETag": _header("The version of the body, for If-None-Match; lists that stream have none."),
    "Location": _header("The address of what was created.", {"type": "string", "format": "uri"}),
    "Retry-After": _header("After how many seconds the request may succeed.", {"type": "integer"}),
    "WWW-Authenticate": _header("The challenge of HTTP Basic authentication."),
    "X-Deltacloud-Driver": _header("The driver that was chosen."),
    "X-Deltacloud-Ignored": _header("Parameters of the request that nothing reads."),
    "X-Deltacloud-Provider": _header("The provider that was chosen."),
    "X-Request-Id": _header("What the server's log calls the request."),
}


def _common_parameters(driver: Driver[Any]) -> dict[str, Document]:
    providers = [each.id for each in driver.providers()]
    return {
        "format": {
            "name": FORMAT.name,
            "in": "query",
            "description": FORMAT.description,
            "schema": {"type": "string", "enum": ["xml", "json", "html"]},
        },
        "provider": {
            "name": "X-Deltacloud-Provider",
            "in": "header",
            "description": "The driver's provider, if not the default one.",
            "schema": {"type": "string", "enum": providers} if providers else _PRINTABLE,
        },
    }
