"""Compresses responses by gzip, if their clients accept it: documents from 1 KB on, and lists while they stream."""

import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import cast

from flask import Response
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

#: Smaller documents are not worth the CPU time, in bytes.
MIN_SIZE = 1024
#: As fast as the lowest level and smaller; higher ones take twice the time (``benchmarks/bench_compression.py``).
LEVEL = 3
_GZIP_FORMAT = 31  # zlib's name for it: a window of 2 to the power of 15, with gzip's head and trailer


def compress(response: Response, accept_encoding: str) -> None:
    """Compress the response if that is what its client prefers.

    The ETag of a compressed response is the uncompressed one's as a weak validator: the bytes differ and the meaning
    is the same (RFC 9110, section 8.8.1). So ``If-None-Match`` holds for either, whichever the client has kept.
    """
    accepted, needed = _gzip(accept_encoding)
    if not accepted:
        return
    if response.is_streamed:
        response.response = _compressed(cast("Iterable[bytes]", response.response))
    else:
        body = response.get_data()
        if not body or (len(body) < MIN_SIZE and not needed):
            return
        if response.status_code != 304:
            response.set_data(zlib.compress(body, LEVEL, _GZIP_FORMAT))
    headers = response.headers
    if response.status_code != 304:
        headers["Content-Encoding"] = "gzip"
    if etag := headers.get("ETag"):
        headers["ETag"] = f"W/{etag}"


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress each piece so that the client can read it at once. If a piece raises, the end of the file is missing."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    for piece in pieces:
        yield compressor.compress(piece) + compressor.flush(zlib.Z_SYNC_FLUSH)
    yield compressor.flush()


@lru_cache(maxsize=256)
def _gzip(accept_encoding: str) -> tuple[bool, bool]:
    """Return whether the client prefers gzip, and whether it refuses what is not compressed.

    A client that refuses both gets the response uncompressed (RFC 9110, section 12.5.3).
    """
    qualities = {
        name.lower(): quality for name, quality in parse_accept_header(accept_encoding.replace(" ", ""), Accept)
    }
    any_other = qualities.get("*", 0.0)
    gzip = max(qualities.get("gzip", any_other), qualities.get("x-gzip", 0.0))
    identity = qualities.get("identity", any_other if "*" in qualities else None)
    return gzip > 0 and (identity is None or gzip >= identity), identity == 0
