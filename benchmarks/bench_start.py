"""How long ``deltacloud-images serve`` takes to its first response and to stop after it, and what importing it imports.

With ``BENCH_OTHER=DIRECTORY``, the stops of another checkout with its own ``.venv`` are measured in the same run.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from benchmarks.measure import free_port, wait_for

STOPS = 50
SDKS = ("boto3", "botocore", "keystoneauth1", "pyVmomi", "requests", "lxml")


def _seconds_to_first_answer(folder: str) -> float:
    port = free_port()
    command = [sys.executable, "-m", "deltacloud_images", "serve", "-p", str(port)]
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, "XDG_DATA_HOME": folder})
    try:
        wait_for(port)
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api").read()
        return time.monotonic() - started
    finally:
        process.terminate()
        process.wait(30)


def _seconds_to_stop(checkout: Path, folder: str) -> float:
    """Send SIGTERM as soon as there is a response, while workers are still being forked."""
    port = free_port()
    python = sys.executable if checkout == Path.cwd() else str(checkout / ".venv/bin/python")
    command = [python, "-m", "deltacloud_images", "serve", "-p", str(port)]
    environ = {**os.environ, "XDG_DATA_HOME": folder}
    process = subprocess.Popen(command, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ)
    while True:
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api").read()
            break
    started = time.monotonic()
    process.terminate()
    process.wait(60)
    return time.monotonic() - started


def _stops() -> None:
    other = os.environ.get("BENCH_OTHER")
    for checkout in [Path.cwd(), *([Path(other)] if other else [])]:
        with tempfile.TemporaryDirectory() as folder:
            seconds = [_seconds_to_stop(checkout, folder) for _ in range(STOPS)]
        which = "this checkout" if checkout == Path.cwd() else "the other checkout"
        late = sum(each > 3 for each in seconds)
        print(f"{STOPS} stops of {which} right after its first response: the longest takes {max(seconds):.1f} s,")
        print(f"  {late} take more than 3 s (to be 0)")


def main() -> None:
    """Print all."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = statistics.median(_seconds_to_first_answer(folder) for _ in range(5))
    program = f"import sys, deltacloud_images.app; print([m for m in {SDKS!r} if m in sys.modules])"
    imported = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    print(f"serve answers its first request after {seconds:.2f} s (to be within 2 s)")
    print(f"cloud SDKs that importing the server imports: {imported.strip()} (to be none)")
    _stops()
