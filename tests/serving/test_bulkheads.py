"""A cloud that hangs holds up its own callers and nobody else."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event

import pytest

from deltacloud_images.errors import ProviderTimeout
from deltacloud_images.kit.deadline import Cancelled, Deadline
from deltacloud_images.testing import eventually
from deltacloud_images.web.bulkheads import Bulkheads
from deltacloud_images.web.parking import Parked, Ticket
from tests.serving.server import HEAD, Server, read_all, running, status_of


@contextmanager
def waiting(server: Server, count: int, provider: str = "86400") -> Iterator[list[socket.socket]]:
    """Open connections, each with a request to a cloud that takes so many seconds."""
    raw = f"GET /api;driver=slow;provider={provider}/images HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n".encode()
    with ExitStack() as opened:
        yield [opened.enter_context(server.connect(raw, timeout=30)) for _ in range(count)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One worker with 20 threads, 8 of them for a cloud."""
    more = "workers = 1\nthreads = 20\nthreads_per_cloud = 8"
    with running(tmp_path_factory.mktemp("bulkheads"), server=more) as server:
        yield server


def test_with_defaults_64_requests_to_a_hanging_cloud_hold_up_nobody(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("defaults")) as server, waiting(server, 64):
        assert [server.get(path).status for path in ("/api", "/api/drivers", "/api/images")] == [200] * 3


def test_every_cloud_may_hang_and_what_needs_no_cloud_is_served(server: Server) -> None:
    with ExitStack() as stack:
        for provider in range(5):
            stack.enter_context(waiting(server, 30, provider=f"{86400 + provider}"))
        assert [server.get(path).status for path in ("/api", "/api/drivers", "/", "/api/instance_states")] == [200] * 4


def test_who_finds_no_thread_in_time_gets_504_with_retry_after(server: Server) -> None:
    with waiting(server, 8), waiting(server, 3) as late:
        assert server.get("/api/images").status == 200
        for connection in late:
            response = read_all(connection)
            assert status_of(response) == 504
            assert b"\r\nRetry-After: 10\r\n" in response
            assert b"Too many requests wait for driver 'slow', provider '86400'; try again later." in response


def test_more_requests_than_threads_are_served_one_after_the_other(server: Server) -> None:
    with waiting(server, 40, provider="0.2") as crowd:
        assert [status_of(read_all(connection)) for connection in crowd] == [200] * 40


def test_a_request_with_a_body_is_served_whole_after_it_was_parked(server: Server) -> None:
    body = b"instance_id=inst1&name=parked"
    raw = f"POST /api;driver=slow;provider=0.3/images HTTP/1.1\r\n{HEAD}Connection: close\r\n"
    kind = "Content-Type: application/x-www-form-urlencoded\r\n"
    chunked = f"{raw}{kind}Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    plain = f"{raw}{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body
    with ExitStack() as opened:
        crowd = [opened.enter_context(server.connect(each)) for each in [plain, chunked] * 10]
        for connection in crowd:
            response = read_all(connection)
            assert status_of(response) == 201, response
            assert b"<name>parked</name>" in response


def test_a_head_request_of_a_long_list_gives_its_thread_back(server: Server) -> None:
    raw = f"HEAD /api;driver=slow;provider=0/images HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n".encode()
    for _ in range(9):
        with server.connect(raw) as connection:
            assert status_of(read_all(connection)) == 200


def test_a_refused_request_gives_its_thread_back(server: Server) -> None:
    wrong = "GET /api;driver=slow;provider=0/images HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic eDp5\r\n"
    for _ in range(9):
        with server.connect(f"{wrong}Connection: close\r\n\r\n".encode()) as connection:
            assert status_of(read_all(connection)) == 401


# The class itself

CLOUD, OTHER = ("ec2", "us-east-1"), ("ec2", "eu-west-1")


def test_counts_say_who_has_threads_and_who_waits() -> None:
    bulkheads = Bulkheads(20, 2)
    leave = [bulkheads.enter(CLOUD, Deadline(10), None) for _ in range(2)]
    with pytest.raises(Parked):
        bulkheads.enter(CLOUD, Deadline(10), Ticket(lambda: None))
    assert bulkheads.counts() == {CLOUD: (2, 1)}
    bulkheads.enter(OTHER, Deadline(10), None)()
    for each in leave:
        each()
    assert bulkheads.counts() == {}


def test_the_first_to_wait_is_the_first_to_be_resumed_and_nobody_overtakes() -> None:
    bulkheads = Bulkheads(20, 1)
    resumed: list[str] = []
    leave = bulkheads.enter(CLOUD, Deadline(10), None)
    tickets = {name: Ticket(lambda name=name: resumed.append(name)) for name in "ab"}  # type: ignore[misc]
    for ticket in tickets.values():
        with pytest.raises(Parked):
            bulkheads.enter(CLOUD, Deadline(10), ticket)
        ticket.park()
    leave()
    assert resumed == ["a"]
    with pytest.raises(Parked):
        bulkheads.enter(CLOUD, Deadline(10), Ticket(lambda: None))
    leave = bulkheads.enter(CLOUD, Deadline(10), tickets["a"])
    leave()
    assert resumed == ["a", "b"]


def test_a_request_that_is_resumed_before_its_thread_is_free_is_served_again() -> None:
    resumed: list[bool] = []
    ticket = Ticket(lambda: resumed.append(True))
    ticket.resume()
    assert resumed == []
    ticket.park()
    assert resumed == [True]


def test_without_a_ticket_the_thread_waits() -> None:
    bulkheads, entered = Bulkheads(20, 1), Event()
    leave = bulkheads.enter(CLOUD, Deadline(10), None)

    def enter() -> None:
        bulkheads.enter(CLOUD, Deadline(10), None)()
        entered.set()

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(enter)
        assert eventually(lambda: bulkheads.counts()[CLOUD] == (1, 1))
        assert not entered.is_set()
        leave()
        done.result(10)
    assert bulkheads.counts() == {}


def test_waiting_ends_with_the_deadline() -> None:
    bulkheads = Bulkheads(20, 1)
    bulkheads.enter(CLOUD, Deadline(10), None)
    with pytest.raises(ProviderTimeout, match="Too many requests") as raised:
        bulkheads.enter(CLOUD, Deadline(0.01), None)
    assert raised.value.retry_after == 10.0
    with pytest.raises(Cancelled):
        bulkheads.enter(CLOUD, Deadline(10, abandoned=lambda: True), None)
    assert bulkheads.counts() == {CLOUD: (1, 0)}


def test_waiting_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltacloud_images.web.bulkheads.WAIT_SECONDS", 0.0)
    bulkheads, resumed = Bulkheads(20, 1), list[bool]()
    bulkheads.enter(CLOUD, Deadline(10), None)
    ticket = Ticket(lambda: resumed.append(True))
    with pytest.raises(Parked):
        bulkheads.enter(CLOUD, Deadline(10), ticket)
    ticket.park()
    ticket.resume_late(time.monotonic())
    assert resumed == [True]
    with pytest.raises(ProviderTimeout, match="Too many requests wait for driver 'ec2', provider 'us-east-1'"):
        bulkheads.enter(CLOUD, Deadline(10), ticket)
    assert bulkheads.counts() == {CLOUD: (1, 0)}


def test_a_tenth_of_the_threads_is_kept_whatever_the_clouds_do() -> None:
    bulkheads = Bulkheads(20, 12)
    for number in range(18):
        bulkheads.enter(("mock", str(number % 3)), Deadline(10), None)
    with pytest.raises(Parked):
        bulkheads.enter(OTHER, Deadline(10), Ticket(lambda: None))
