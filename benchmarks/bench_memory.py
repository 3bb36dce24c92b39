"""The memory of the server at rest, and how much a process grows while 100,000 images stream through it."""

import sqlite3
import subprocess
import sys
import tempfile
from base64 import b64encode
from contextlib import closing
from pathlib import Path

from benchmarks.crowd import ask_together, request
from benchmarks.measure import children, gunicorn, resident_megabytes

IMAGES = 100_000


def fill(path: Path, count: int) -> None:
    """Put images into a mock cloud's file."""
    rows = ((f"image {number}", f"number {number} of many", "mockuser") for number in range(count))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "INSERT INTO images (name, description, owner_id, architecture, created_at, available_at)"
            " VALUES (?, ?, ?, 'x86_64', 0, 0)",
            rows,
        )


def stream(folder: str) -> None:
    """Stream the list once small and once large, and print the growth between: runs in a process of its own."""
    from deltacloud_images import create_app

    config = Path(folder, "config.toml")
    config.write_text(f'[server]\nlog_level = "warning"\n[drivers.mock]\npath = "{folder}/mock.sqlite3"\n')
    client = create_app(config).test_client()
    headers = {"Authorization": "Basic " + b64encode(b"mockuser:mockpassword").decode()}
    client.get("/api/images", headers=headers)
    before = _peak_kib()
    fill(Path(folder, "mock.sqlite3"), IMAGES)
    size = 0
    for piece in client.get("/api/images", headers=headers).iter_encoded():
        size += len(piece)
    print(f"{(_peak_kib() - before) / 1024:.1f} {size / 1e6:.0f}")


def _peak_kib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def _at_rest() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.toml")
        config.write_text(f'[drivers.mock]\npath = "{folder}/mock.sqlite3"\n')
        with gunicorn("deltacloud_images:create_app()", {"DELTACLOUD_IMAGES_CONFIG": str(config)}) as (port, pid):
            ask_together(port, request("/api/images"), 64, 3.0)
            workers = [resident_megabytes(each) for each in children(pid)]
            master = resident_megabytes(pid)
    detail = ", ".join(f"{each:.0f}" for each in workers)
    print(
        f"after 64 clients, {len(workers)} workers have {sum(workers):.0f} MB (to be at most 120 MB): {detail} MB,"
        f" and the master process {master:.0f} MB (PSS: shared pages count once)"
    )


def main() -> None:
    """Print both."""
    _at_rest()
    with tempfile.TemporaryDirectory() as folder:
        program = f"from benchmarks.bench_memory import stream; stream({folder!r})"
        output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    growth, megabytes = output.split()
    print(f"streaming {IMAGES:,} images ({megabytes} MB of XML) grows the process by {growth} MB (to be below 64 MB)")
