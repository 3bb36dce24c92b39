"""How much the process grows while 100,000 images stream through the WSGI application."""

import sqlite3
import subprocess
import sys
import tempfile
from base64 import b64encode
from contextlib import closing
from pathlib import Path

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


def main() -> None:
    """Print the growth."""
    with tempfile.TemporaryDirectory() as folder:
        program = f"from benchmarks.bench_memory import stream; stream({folder!r})"
        output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    growth, megabytes = output.split()
    print(f"streaming {IMAGES:,} images ({megabytes} MB of XML) grows the process by {growth} MB (to be below 64 MB)")
