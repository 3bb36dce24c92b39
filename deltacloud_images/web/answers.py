"""Builds responses: whole ones with an ETag, large lists as streams."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import chain
from typing import Any

from flask import Response, request

from deltacloud_images.catalog import Catalog
from deltacloud_images.web.call import current_call
from deltacloud_images.web.clients import reset

#: A list up to this many characters is sent whole, with length and ETag; a larger one streams with neither, so that
#: its first byte leaves before the cloud has told all of it and memory stays bounded.
WHOLE = 1024 * 1024
#: What a stream sends at a time.
PIECE = 64 * 1024


def whole(text: str, status: int = 200, content_type: str | None = None) -> Response:
    """A document."""
    body = text.encode("utf-8", "surrogatepass")
    headers = [("Content-Type", content_type or current_call().serializer.content_type)]
    if status == 200:
        headers.append(("ETag", f'"{blake2b(body, digest_size=16).hexdigest()}"'))
    response = Response(body, status, headers)
    if status == 200 and "HTTP_IF_NONE_MATCH" in request.environ:
        response.make_conditional(request.environ)
    return response


def listed(chunks: Iterator[str], catalog: Catalog) -> Response:
    """A list of a catalog, which is closed when all is sent. Errors in its first ``WHOLE`` characters still count."""
    gathered: list[str] = []
    size = 0
    try:
        for chunk in chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size > WHOLE:
                break
        else:
            catalog.close()
            return whole("".join(gathered))
    except BaseException:
        catalog.close()
        raise
    catalog.deadline.stream()
    pieces = _complete_or_reset(_pieces(chain(gathered, chunks)), request.environ)
    response = Response(pieces, content_type=current_call().serializer.content_type)
    response.call_on_close(catalog.close)
    return response


def created(text: str, location: str) -> Response:
    """A new thing, and where it is."""
    response = whole(text, 201)
    response.headers["Location"] = location
    return response


def no_content() -> Response:
    """Done, and nothing to say."""
    response = Response(status=204)
    response.headers.remove("Content-Type")
    return response


def see(location: str) -> Response:
    """Done; a browser goes on to another page."""
    response = no_content()
    response.status_code = 303
    response.headers["Location"] = location
    return response


def watch(location: str) -> Response:
    """Begun; a browser goes on to the page that tells when it is done."""
    return see(f"{location}?watch=yes")


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
