"""Requests per CPU second of small answers, beside a bare Flask view that returns the same bytes under plain gunicorn.

The server writes its access lines, as it does by default.
"""

import tempfile
from base64 import b64encode
from pathlib import Path

from benchmarks.measure import ask, cpu_seconds, gunicorn, paired, report

PATHS = ("/api/images?format=xml", "/api", "/api/images/img1", "/api/instances")
REQUESTS = 1500


def _request(port: int, path: str) -> bytes:
    token = b64encode(b"mockuser:mockpassword").decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {token}\r\n"
        "Accept: application/xml\r\nUser-Agent: benchmark\r\n\r\n"
    ).encode()


def _rate(port: int, pid: int, path: str) -> float:
    before = cpu_seconds(pid)
    ask(port, _request(port, path), REQUESTS)
    return REQUESTS / (cpu_seconds(pid) - before)


def main() -> None:
    """Print one line a path."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.toml")
        config.write_text(f'[drivers.mock]\npath = "{folder}/mock.sqlite3"\n')
        body = Path(folder, "body")
        ours = "deltacloud_images:create_app()"
        with gunicorn(ours, {"DELTACLOUD_IMAGES_CONFIG": str(config)}) as (port, pid):
            for path in PATHS:
                body.write_bytes(ask(port, _request(port, path), 50))
                with gunicorn("benchmarks.bare:app", {"BENCH_BODY": str(body)}) as (bare_port, bare_pid):
                    ask(bare_port, _request(bare_port, path), 50)
                    rate, bare, ratio = paired(
                        lambda: _rate(port, pid, path),  # noqa: B023
                        lambda: _rate(bare_port, bare_pid, path),  # noqa: B023
                    )
                detail = f"{rate:.0f} and {bare:.0f} requests per CPU second"
                report(f"GET {path} beside a bare Flask view", ratio, "at least 0.60", detail)
