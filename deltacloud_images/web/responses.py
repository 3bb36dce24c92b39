"""Builds responses: documents with an ETag, large lists as streams, redirects for browsers."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import chain
from typing import Any

from flask import Response

from deltacloud_images.catalog import Catalog
from deltacloud_images.web.call import Call
from deltacloud_images.web.clients import reset

#: A list up to this many characters is sent as one document, with length and ETag; a larger one streams with neither,
#: so that its first byte leaves before the cloud has sent all of it and memory stays bounded.
MAX_DOCUMENT = 1024 * 1024
#: How many characters a stream sends at a time.
PIECE = 64 * 1024


def document(call: Call, text: str, status: int = 200, content_type: str | None = None) -> Response:
    """Return a response whose whole body is known."""
    body = text.encode("utf-8", "surrogatepass")
    headers = [("Content-Type", content_type or call.serializer.content_type)]
    if status == 200:
        headers.append(("ETag", f'"{blake2b(body, digest_size=16).hexdigest()}"'))
    response = Response(body, status, headers)
    if status == 200 and "HTTP_IF_NONE_MATCH" in call.environ:
        response.make_conditional(dict(call.environ))
    return response


def stream(call: Call, chunks: Iterator[str], catalog: Catalog) -> Response:
    """Return a list of a catalog, which is closed when all is sent.

    An error within the first ``MAX_DOCUMENT`` characters becomes an error response.
    """
    gathered: list[str] = []
    size = 0
    try:
        for chunk in chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size > MAX_DOCUMENT:
                break
        else:
            catalog.close()
            return document(call, "".join(gathered))
    except BaseException:
        catalog.close()
        raise
    catalog.deadline.stream()
    pieces = _complete_or_reset(_pieces(chain(gathered, chunks)), call.environ)
    response = Response(pieces, content_type=call.serializer.content_type)
    response.call_on_close(catalog.close)
    return response


def created(call: Call, text: str, location: str) -> Response:
    """Return a new thing, and where it is."""
    response = document(call, text, 201)
    response.headers["Location"] = location
    return response


def no_content() -> Response:
    """Return the response of what is done and has nothing to show."""
    response = Response(status=204)
    response.headers.remove("Content-Type")
    return response


def destroyed(call: Call, collection: str) -> Response:
    """Return the response of a destroyed thing: a form's sender is redirected to the collection."""
    return redirect(call.links.collection(collection)) if call.from_form else no_content()


def redirect(location: str) -> Response:
    """Redirect a browser to another page."""
    response = no_content()
    response.status_code = 303
    response.headers["Location"] = location
    return response


def redirect_and_watch(location: str) -> Response:
    """Redirect a browser to a page that reloads itself until what has begun is done."""
    return redirect(f"{location}?watch=yes")


def _complete_or_reset(pieces: Iterator[bytes], environ: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the pieces; if one raises, let the client see that the response is incomplete."""
    try:
        yield from pieces
    except Exception:
        reset(environ)
        raise


def _pieces(chunks: Iterable[str]) -> Iterator[bytes]:
    gathered: list[str] = []
    size = 0
    for chunk in chunks:
        gathered.append(chunk)
        size += len(chunk)
        if size > PIECE:
            yield "".join(gathered).encode("utf-8", "surrogatepass")
            gathered.clear()
            size = 0
    yield "".join(gathered).encode("utf-8", "surrogatepass")
