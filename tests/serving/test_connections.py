"""What happens on one connection: several requests, bodies announced and chunked, errors, and half-closed ones."""

import socket
from collections.abc import Iterator

import pytest

from tests.serving.server import HEAD, Server, read_all, running, status_of

GET = f"GET /api/images/img1 HTTP/1.1\r\n{HEAD}"
LAST = f"{GET}Connection: close\r\n\r\n"
FORM = f"POST /api/images HTTP/1.1\r\n{HEAD}Content-Type: application/x-www-form-urlencoded\r\n"
BODY = "instance_id=inst1&name=made"
CHUNKS = "".join(f"{len(each):x}\r\n{each}\r\n" for each in (BODY[:9], BODY[9:])) + "0\r\nX-Trailer: x\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("connections")) as server:
        yield server


def statuses(server: Server, *raws: str) -> list[int]:
    """Send all requests at once over one connection; return the statuses of all responses."""
    with server.connect("".join(raws).encode()) as connection:
        received = read_all(connection)
    return [status_of(b"HTTP/1.1 " + each) for each in received.split(b"HTTP/1.1 ")[1:]]


def test_requests_sent_together_are_answered_in_order(server: Server) -> None:
    missing = GET.replace("img1", "nope")
    assert statuses(server, f"{GET}\r\n", f"{missing}\r\n", f"\r\n{GET}\r\n", LAST) == [200, 404, 200, 200]


@pytest.mark.parametrize(
    "sent", [f"Content-Length: {len(BODY)}\r\n\r\n{BODY}", f"Transfer-Encoding: chunked\r\n\r\n{CHUNKS}"]
)
def test_a_body_is_not_taken_for_the_next_request(server: Server, sent: str) -> None:
    unread = f"DELETE /api/images/nope HTTP/1.1\r\n{HEAD}{sent}"
    assert statuses(server, f"{FORM}{sent}", unread, f"{FORM}{sent}", LAST) == [201, 404, 201, 200]


@pytest.mark.parametrize("framing", [f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked"])
def test_a_client_that_expects_100_is_told_to_go_on(server: Server, framing: str) -> None:
    head = f"{FORM}Connection: close\r\nExpect: 100-continue\r\n{framing}\r\n\r\n"
    with server.connect(head.encode()) as connection:
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall((BODY if "Length" in framing else CHUNKS).encode())
        assert status_of(read_all(connection)) == 201


def test_a_client_that_expects_100_for_too_large_a_body_is_refused_at_once(server: Server) -> None:
    assert statuses(server, f"{FORM}Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n") == [413]


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("NONSENSE\r\n\r\n", 400),
        ("GET /api HTTP/1.1\r\nNo colon\r\n\r\n", 400),
        (f"GET /{'x' * 70_000} HTTP/1.1\r\n\r\n", 414),
        (f"GET /{'x' * 140_000}", 414),
        (f"GET /api HTTP/1.1\r\nX-Large: {'x' * 140_000}", 431),
        ("GET /api HTTP/1.1\r\n" + "X-Many: x\r\n" * 200 + "\r\n", 431),
    ],
)
def test_a_malformed_or_large_head_is_refused_and_closes_the_connection(server: Server, raw: str, status: int) -> None:
    with server.connect(raw.encode()) as connection:
        received = read_all(connection)
    assert status_of(received) == status
    assert b"\r\nConnection: close\r\n" in received


def test_a_client_that_closes_its_sending_side_gets_its_response(server: Server) -> None:
    with server.connect(f"GET /api HTTP/1.0\r\n{HEAD}\r\n".encode()) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert status_of(read_all(connection)) == 200


def test_a_head_arrives_in_one_packet_with_its_body(server: Server) -> None:
    with server.connect(f"{GET}\r\n".encode()) as connection:
        assert connection.recv(65536).endswith(b"</image>\n")
