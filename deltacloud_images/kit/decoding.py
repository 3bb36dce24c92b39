"""The body of a response, read and decoded within bounds."""

import zlib
from typing import Protocol

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit.sockets import MAX_BYTES, ResponseTooLarge

_PIECE = 64 * 1024
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_CODINGS = ("gzip", "x-gzip", "deflate")


class Body(Protocol):
    """What is read of urllib3's response."""

    length_remaining: int | None

    def read(self, amt: int | None = None, decode_content: bool | None = None) -> bytes:
        """Read so many bytes, or all."""


def read_body(body: Body, coding: str) -> bytes | bytearray:
    """Return a response's body, decoded by its ``Content-Encoding``.

    Raises ``ResponseTooLarge`` before more than ``MAX_BYTES`` are in memory, encoded or decoded, and ``ProviderError``
    for a coding that was not asked for, more than one included.
    """
    name = coding.strip().lower()
    if name not in ("", "identity", *_CODINGS):
        raise ProviderError("The cloud's response has a content coding that was not asked for.")
    encoded = _read(body)
    return _decoded(encoded) if name in _CODINGS else encoded


def _read(body: Body) -> bytes | bytearray:
    if body.length_remaining is not None:
        if body.length_remaining > MAX_BYTES:
            raise ResponseTooLarge
        return body.read(decode_content=False)
    pieces: list[bytes] = []
    size = 0
    while piece := body.read(_PIECE, decode_content=False):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            raise ResponseTooLarge
    return b"".join(pieces)


def _decoded(encoded: bytes | bytearray) -> bytearray:
    decoded = bytearray()
    rest = bytes(encoded)
    try:
        while rest:
            decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
            while rest and not decoder.eof:
                decoded += decoder.decompress(rest, _PIECE)
                rest = decoder.unconsumed_tail
                if len(decoded) > MAX_BYTES:
                    raise ResponseTooLarge
            if not decoder.eof:
                raise ProviderError("The cloud's compressed response is incomplete.")
            rest = decoder.unused_data
    except zlib.error as error:
        raise ProviderError("The cloud's compressed response is damaged.") from error
    return decoded
