"""Where a request's body ends, however its bytes arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltacloud_images.serving.framing import Body, ChunkedBody, LengthBody

LIMIT = 100
NEXT = b"GET /next"


def feed(body: Body, data: bytes, pieces: list[int]) -> int:
    """Let the body take the data in pieces of these sizes, then the rest; return how many bytes it took."""
    taken = 0
    for size in [*pieces, len(data)]:
        piece = data[taken : taken + size]
        if body.complete or not piece:
            break
        count = body.take(piece)
        taken += count
        if count < len(piece):
            break
    return taken


def chunked(chunks: list[bytes], trailers: bytes = b"", extension: bytes = b"") -> bytes:
    parts = [b"%x%s\r\n%s\r\n" % (len(each), extension, each) for each in chunks if each]
    return b"".join(parts) + b"0\r\n" + trailers + b"\r\n"


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=30), max_size=3),
    pieces=st.lists(st.integers(1, 20)),
    trailers=st.sampled_from([b"", b"X-A: b\r\n", b"X-A: b\r\nX-C: d\r\n"]),
    extension=st.sampled_from([b"", b";name=value", b' ; name="value"']),
)
def test_a_chunked_body_ends_where_its_trailers_end(
    chunks: list[bytes], pieces: list[int], trailers: bytes, extension: bytes
) -> None:
    data = chunked(chunks, trailers, extension)
    body = ChunkedBody(LIMIT)
    assert feed(body, data + NEXT, pieces) == len(data)
    assert body.complete
    assert not body.cut


@given(length=st.integers(1, LIMIT), pieces=st.lists(st.integers(1, 20)))
def test_a_body_of_known_length_ends_there(length: int, pieces: list[int]) -> None:
    body = LengthBody(length)
    assert not body.complete
    assert feed(body, b"x" * length + NEXT, pieces) == length
    assert body.complete
    assert not body.cut


@pytest.mark.parametrize(
    "data",
    [
        b"x\r\n",
        b"\r\n",
        b"-1\r\n",
        b"0x5\r\nhello\r\n",
        b"5_0\r\n",
        b"5\n",
        b"5\r\nhello!",
        b"5\r\nhello!\r\n",
        b"f" * 17 + b"\r\n",
        b"5;" + b"x" * 9000,
        chunked([b"x" * 60, b"y" * 60]),
        chunked([b"x" * (LIMIT + 1)]),
        chunked([b"x"] * (LIMIT * 2)),
    ],
)
@given(pieces=st.lists(st.integers(1, 20)))
def test_what_is_malformed_or_too_large_is_cut(data: bytes, pieces: list[int]) -> None:
    body = ChunkedBody(LIMIT)
    feed(body, data, pieces)
    if data.endswith(b"!"):
        assert not body.complete
        body.take(b"?\r\n")
    assert body.complete
    assert body.cut


def test_a_body_that_is_too_large_is_cut_after_the_byte_that_shows_it() -> None:
    body = ChunkedBody(LIMIT)
    assert feed(body, b"65\r\n" + b"x" * (LIMIT + 1), []) == 4 + LIMIT + 1
    assert body.complete
    assert body.cut
