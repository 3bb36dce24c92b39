"""Stopping and reloading, of a server that either command has started."""

import os
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from deltacloud_images.testing import eventually
from tests.serving.server import COMMANDS, HEAD, Server, launched, read_all, running, status_of, write_config
from tests.serving.test_slow_clients import fill

pytestmark = pytest.mark.parametrize("command", COMMANDS)


def slow(seconds: float, *headers: str) -> bytes:
    more = "".join(f"{each}\r\n" for each in headers)
    return f"GET /api;driver=slow;provider={seconds}/images HTTP/1.1\r\n{HEAD}{more}\r\n".encode()


def test_it_stops_at_once_after_its_first_response(tmp_path: Path, command: str) -> None:
    """A worker that has just been forked gets the signal, too."""
    for number in range(5):
        folder = tmp_path / str(number)
        folder.mkdir()
        with running(folder, command) as server:
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(3 + 2) == 0
            assert "Traceback" not in server.log()


def test_requests_in_flight_are_answered(tmp_path: Path, command: str) -> None:
    with running(tmp_path, command) as server, ExitStack() as opened:
        crowd = [opened.enter_context(server.connect(slow(1.5))) for _ in range(20)]
        half = opened.enter_context(server.connect(b"GET /api HTTP/1.1\r\nHost: local"))
        assert server.get("/api/images").status == 200  # so that the others have arrived
        server.process.send_signal(signal.SIGTERM)
        half.sendall(b"host\r\n\r\n")
        assert status_of(read_all(half)) == 200
        for connection in crowd:
            response = read_all(connection)
            assert status_of(response) == 200
            assert b"\r\nConnection: close\r\n" in response
        assert server.process.wait(10) == 0


def test_what_hangs_is_cut_off_at_the_end_of_the_grace_time(tmp_path: Path, command: str) -> None:
    with running(tmp_path, command, server="stop_timeout_seconds = 4") as server, ExitStack() as opened:
        fill(tmp_path)
        hanging = opened.enter_context(server.connect(slow(86400)))
        stream = opened.enter_context(server.connect(f"GET /api/images HTTP/1.1\r\n{HEAD}\r\n".encode()))
        old_stream = opened.enter_context(server.connect(f"GET /api/images HTTP/1.0\r\n{HEAD}\r\n".encode()))
        for each in (stream, old_stream):
            assert status_of(each.recv(4096)) == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(4 + 2) == 0
        for connection in (hanging, stream, old_stream):
            with pytest.raises(ConnectionResetError):
                read_all(connection)


def test_a_new_configuration_is_taken_without_dropping_a_request(tmp_path: Path, command: str) -> None:
    with running(tmp_path, command) as server, ExitStack() as opened:
        crowd = [opened.enter_context(server.connect(slow(1.5))) for _ in range(20)]
        kept = opened.enter_context(server.connect())
        assert server.get("/api").status == 200
        write_config(tmp_path, server="max_body_bytes = 1024\nworkers = 1", rest='[api]\ndefault_driver = "slow"')
        server.process.send_signal(signal.SIGHUP)
        kept.sendall(f"GET /api HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n".encode())
        assert status_of(read_all(kept)) == 200
        assert eventually(lambda: b"driver='slow'" in server.get("/api").body)
        for connection in crowd:
            connection.settimeout(20)
            assert status_of(connection.recv(65536)) == 200
        large = f"POST /api/images HTTP/1.1\r\n{HEAD}Connection: close\r\nContent-Length: 1025\r\n\r\n"
        with server.connect(large.encode()) as connection:
            assert status_of(read_all(connection)) == 413


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ("[server]\nprot = 3001\n", "line 2: server.prot: there is no such key"),
        ("[server\n", "not TOML"),
        ("[drivers.slow]\nfailure_rate = 2.0\n", "drivers.slow.failure_rate"),
    ],
    ids=["key", "syntax", "driver"],
)
def test_a_broken_configuration_is_refused_and_the_old_one_stays(
    tmp_path: Path, command: str, broken: str, problem: str
) -> None:
    with running(tmp_path, command) as server:
        (tmp_path / "config.toml").write_text(broken)
        server.process.send_signal(signal.SIGHUP)
        refusal = "The new configuration is refused, and the old one stays in force: "
        assert eventually(lambda: refusal in server.log())
        (line,) = [each for each in server.log().splitlines() if refusal in each]
        assert problem in line
        assert server.get("/api/images").status == 200
        assert server.get("/api;driver=slow;provider=0/images").status == 200
        assert "Traceback" not in server.log()
        assert server.stop() == 0


def test_a_worker_that_dies_is_replaced_though_the_file_is_broken(tmp_path: Path, command: str) -> None:
    """Only SIGHUP makes the server read its configuration again."""
    with running(tmp_path, command, server="workers = 1") as server:
        (worker,) = children(server)
        (tmp_path / "config.toml").write_text("[server]\nprot = 3001\n")
        os.kill(worker, signal.SIGKILL)
        assert eventually(lambda: children(server) not in ([], [worker]))
        assert server.get("/api/images").status == 200


def children(server: Server) -> list[int]:
    pid = server.process.pid
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_broken_configuration_is_one_line_at_start(tmp_path: Path, command: str) -> None:
    config = write_config(tmp_path, server="prot = 3001")
    with launched(tmp_path, command, config) as server:
        assert server.process.wait(20) == 1
        (line,) = [each for each in server.log().splitlines() if each]
        assert line == f"Error: {config}: line 3: server.prot: there is no such key"


def test_nothing_is_left_in_the_home_directory(tmp_path: Path, command: str) -> None:
    with running(tmp_path, command) as server:
        known = {"config.toml", "log", "mock.sqlite3", "slow.sqlite3"}
        assert {each.name.removesuffix("-wal").removesuffix("-shm") for each in tmp_path.iterdir()} <= known
        assert server.stop() == 0
    assert not [each for each in tmp_path.rglob("*") if each.is_socket()]
