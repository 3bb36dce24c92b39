"""Servers under test, started by either command, and clients that talk to them over raw sockets."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deltacloud_images.testing import eventually
from tests.conftest import answers
from tests.web import AUTHORIZATION, Answer, exchange

PLUGIN = Path(__file__).parent / "plugin"
#: The commands that start the server; they have to behave alike.
COMMANDS = ("serve", "gunicorn")
#: What the README says to run.
GUNICORN = ("-c", "python:deltacloud_images.gunicorn", "deltacloud_images:create_app()")
HEAD = f"Host: localhost\r\nAuthorization: {AUTHORIZATION}\r\n"


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: "subprocess.Popen[bytes]"
    folder: Path

    def connect(self, raw: bytes = b"", timeout: float = 20.0) -> socket.socket:
        """Return a new connection over which these bytes were sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout)
        connection.sendall(raw)
        return connection

    def get(self, path: str, *headers: str, version: str = "1.1") -> Answer:
        return self.send("GET", path, *headers, version=version)

    def send(self, method: str, path: str, *headers: str, version: str = "1.1") -> Answer:
        lines = [f"{method} {path} HTTP/{version}", *headers]
        return exchange(self.port, ("\r\n".join(lines) + f"\r\n{HEAD}Connection: close\r\n\r\n").encode())

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def stop(self) -> int:
        """Ask it to stop, and wait for that for no longer than its grace time of 30 s; return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(32)


def write_config(folder: Path, server: str = "", rest: str = "", mock: str = "") -> Path:
    """Write a configuration with a mock cloud and one whose providers take as many seconds as their name says."""
    path = folder / "config.toml"
    path.write_text(
        f'[server]\nlog_level = "warning"\n{server}\n[drivers.mock]\npath = "{folder}/mock.sqlite3"\n{mock}\n'
        f'[drivers.slow]\npath = "{folder}/slow.sqlite3"\n{rest}\n'
    )
    return path


@contextmanager
def running(folder: Path, command: str = "serve", server: str = "", mock: str = "") -> Iterator[Server]:
    """Start the server with more lines of the tables ``server`` and ``mock``; in the end it is killed."""
    with launched(folder, command, write_config(folder, server, mock=mock)) as started:
        assert eventually(lambda: answers(started.port)), started.log()
        yield started


@contextmanager
def launched(folder: Path, command: str, config: Path, host: str = "127.0.0.1") -> Iterator[Server]:
    """Start the server on a free port of an IPv4 address, and do not wait until it serves."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    commands = {
        "serve": ["-m", "deltacloud_images", "serve", "--config", str(config), "-r", host, "-p", str(port)],
        "gunicorn": ["-m", "gunicorn", *GUNICORN, "-b", f"{host}:{port}"],
    }
    environ = {**os.environ, "PYTHONPATH": str(PLUGIN), "HOME": str(folder), "DELTACLOUD_IMAGES_CONFIG": str(config)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *commands[command]], env=environ, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield Server(port, process, folder)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def status_of(response: bytes) -> int:
    """Return the status of a response's first line, 0 if there is none."""
    found = re.match(rb"HTTP/1\.[01] (\d+) ", response)
    return int(found[1]) if found else 0


def read_all(connection: socket.socket) -> bytes:
    """Return what the server sends until it closes the connection; raise ``ConnectionError`` if it resets it."""
    received = b""
    while data := connection.recv(65536):
        received += data
    return received
