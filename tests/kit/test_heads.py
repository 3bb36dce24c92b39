"""What is read of a response's head, and where its body ends."""

import socket
from http.client import HTTPException, HTTPResponse

import pytest

from deltacloud_images.kit.heads import Head

OK = b"HTTP/1.1 200 OK\r\n"


def received(data: bytes, method: str = "GET", kind: type[HTTPResponse] = Head) -> HTTPResponse:
    """The response in these bytes, after which the server closes the connection."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(data)
    with ours:
        response = kind(ours, method=method)
        response.begin()
    return response


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "data",
    [
        OK + b"Content-Length: 4\r\n\r\nbody",
        OK + b"\r\nbody",
        OK + b"Connection: Close\r\nContent-Length: 4\r\n\r\nbody",
        OK + b"Transfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        OK + b"Content-Length: -4\r\n\r\nbody",
        OK + b"Content-Length: four\r\n\r\nbody",
        OK + b"content-length:4\r\nX-Empty:\r\nX: a: b\r\n\r\nbody",
        OK + b"Set-Cookie: a\r\nContent-Length: 4\r\nSet-Cookie: b\r\nContent-Length: 5\r\n\r\nbody",
        OK + b"X: caf\xe9\nContent-Length: 4\n\nbody",
        b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + OK + b"Content-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 304 Not Modified\r\n\r\nbody",
        b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 404\r\nContent-Length: 4\r\n\r\nbody",
    ],
    ids=repr,
)
def test_it_means_what_it_means_to_the_standard_library(data: bytes, method: str) -> None:
    ours, theirs = received(data, method), received(data, method, HTTPResponse)
    for each in ("status", "reason", "version", "chunked", "length", "will_close"):
        assert getattr(ours, each) == getattr(theirs, each), each
    assert ours.headers.items() == theirs.headers.items()
    assert ours.read() == theirs.read()


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_interim_responses_are_skipped(status: bytes) -> None:
    response = received(b"HTTP/1.1 " + status + b"\r\nLink: </x>\r\n\r\n" + OK + b"X: y\r\nContent-Length: 0\r\n\r\n")
    assert (response.status, response.headers.items()) == (200, [("X", "y"), ("Content-Length", "0")])


def test_a_folded_value_is_one_value() -> None:
    response = received(OK + b"X: a\r\n  b\r\n\tc\r\nContent-Length: 0\r\n\r\n")
    assert response.headers.items() == [("X", "a b c"), ("Content-Length", "0")]


def test_a_line_that_is_no_field_hides_no_other_field() -> None:
    response = received(OK + b" lost\r\nnonsense\r\nContent-Length: 4\r\n\r\nbody")
    assert (response.headers.items(), response.read()) == ([("Content-Length", "4")], b"body")


def test_a_length_beyond_all_numbers_is_none() -> None:
    assert received(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nbody").length is None


@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 200 OK", OK, OK + b"X: y\r\n", OK + b"Content-Len", OK + b"X: y\r\n\r"],
    ids=repr,
)
def test_a_head_that_is_cut_is_an_error(head: bytes) -> None:
    with pytest.raises(ConnectionError, match=r"closed connection|the head of the response is cut"):
        received(head)


@pytest.mark.parametrize("fields", [b"X: y\r\n" * 101, b"X: " + b"y" * 65536 + b"\r\n"], ids=["many", "long"])
def test_a_head_without_measure_is_an_error(fields: bytes) -> None:
    with pytest.raises(HTTPException):
        received(OK + fields + b"\r\n")
