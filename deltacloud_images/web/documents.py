"""The views of the documents that describe the API: OpenAPI, RELAX NG, and pages for people."""

import orjson
from flask import Blueprint, Response, current_app

from deltacloud_images.serializers import DocumentedOperation, HtmlSerializer
from deltacloud_images.serializers.assets import relax_ng as relax_ng_schema
from deltacloud_images.web import openapi, operations
from deltacloud_images.web.call import Call, registry
from deltacloud_images.web.collections import served
from deltacloud_images.web.document_examples import example
from deltacloud_images.web.page_context import PageContext
from deltacloud_images.web.responses import document
from deltacloud_images.web.views import serves

blueprint = Blueprint("documents", __name__)


@blueprint.get("/openapi.json")
@serves(operations.SHOW_OPENAPI)
def openapi_document(call: Call) -> Response:
    """The OpenAPI document of the chosen driver."""
    found = openapi.document(call.driver, call.links, _routes())
    return document(call, orjson.dumps(found).decode(), content_type="application/json")


@blueprint.get("/schema.rng")
@serves(operations.SHOW_RELAX_NG)
def relax_ng(call: Call) -> Response:
    """The RELAX NG schema of the XML."""
    return document(call, relax_ng_schema(), content_type="application/xml")


@blueprint.get("/docs")
@serves(operations.SHOW_DOCS)
def docs(call: Call) -> Response:
    """The documentation for people: every operation of the chosen driver with its curl line."""
    pages = HtmlSerializer(PageContext(call, registry()))
    able = served(call.driver)
    found = [
        _documented(each, call)
        for each in _routes()
        if not each.operation.collection or each.operation.collection in able
    ]
    return document(call, pages.docs(found, openapi.ERRORS, call.links), content_type=pages.content_type)


def _routes() -> list[openapi.Route]:
    return list(openapi.routes(current_app.url_map.iter_rules(), current_app.view_functions))


def _documented(route: openapi.Route, call: Call) -> DocumentedOperation:
    operation = route.operation
    shown = example(operation, call.links)
    return DocumentedOperation(
        method=route.method.upper(),
        path=route.path,
        summary=operation.summary,
        collection=operation.collection,
        parameters=tuple(operation.reads(call.driver).values()),
        needs_credentials=route.asks_cloud,
        status=operation.status,
        example=shown.xml if shown else "",
    )
