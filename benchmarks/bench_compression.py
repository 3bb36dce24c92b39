"""What compression costs and saves: CPU time of the server for 10,000 images with and without it, and the levels."""

import socket
import sqlite3
import tempfile
import time
import zlib
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPResponse
from pathlib import Path

from benchmarks.bench_serialize import ROOT, images
from benchmarks.measure import cpu_seconds, gunicorn, paired, report
from deltacloud_images.serializers import SERIALIZERS, Links
from deltacloud_images.web.compression import LEVEL
from deltacloud_images.web.responses import PIECE

IMAGES = 10_000
LISTS = 5
_USER = b64encode(b"mockuser:mockpassword").decode()


def _fill(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO images (name, description, owner_id, architecture, created_at, available_at)"
            " VALUES (?, ?, 'mockuser', 'x86_64', 0, 0)",
            ((f"ubuntu-22.04-server-{number}", f"Ubuntu 22.04 LTS, build {number}") for number in range(IMAGES)),
        )


def _list(port: int, coding: str) -> int:
    """Ask for all images; return the number of bytes of the body."""
    head = f"GET /api/images HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {_USER}\r\nAccept-Encoding: {coding}"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode())
        response = HTTPResponse(connection)
        response.begin()
        return len(response.read())


def _milliseconds(port: int, pid: int, coding: str) -> Callable[[], float]:
    def run() -> float:
        before = cpu_seconds(pid)
        for _ in range(LISTS):
            _list(port, coding)
        return (cpu_seconds(pid) - before) / LISTS * 1000

    return run


def _print_levels() -> None:
    """Print CPU time and size by level, compressed as lists are."""
    body = "".join(SERIALIZERS["xml"].images(images(), Links(ROOT))).encode()
    pieces = [body[start : start + PIECE] for start in range(0, len(body), PIECE)]
    for level in range(1, 10):
        before = time.process_time()
        compressor = zlib.compressobj(level, zlib.DEFLATED, 31)
        size = sum(len(compressor.compress(each) + compressor.flush(zlib.Z_SYNC_FLUSH)) for each in pieces)
        taken = (time.process_time() - before) * 1000
        chosen = " (chosen)" if level == LEVEL else ""
        print(
            f"gzip level {level}{chosen}: {taken:.0f} ms, {len(body) / 1e6:.1f} MB become {size / 1e3:.0f} KB",
            flush=True,
        )


def main() -> None:
    """Print the ratio of CPU time with gzip to that without, what a list shrinks to, and the levels."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.toml")
        config.write_text(f'[server]\nlog_level = "warning"\n[drivers.mock]\npath = "{folder}/mock.sqlite3"\n')
        environ = {"DELTACLOUD_IMAGES_CONFIG": str(config)}
        with gunicorn("deltacloud_images:create_app()", environ) as (port, pid):
            _list(port, "identity")  # which makes the cloud's file
            _fill(Path(folder, "mock.sqlite3"))
            sizes = _list(port, "gzip"), _list(port, "identity")
            compressed, plain, ratio = paired(
                _milliseconds(port, pid, "gzip"), _milliseconds(port, pid, "identity"), rounds=7
            )
    detail = f"{compressed:.0f} and {plain:.0f} ms; {sizes[0] / 1e3:.0f} KB instead of {sizes[1] / 1e6:.1f} MB"
    report(f"CPU time of {IMAGES:,} images with gzip beside without", ratio, "at most 1.30", detail)
    _print_levels()
