"""How long ``deltacloud-images serve`` takes from its start to its first answer, and what importing it brings in."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from benchmarks.measure import free_port, wait_for

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


def main() -> None:
    """Print both."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = statistics.median(_seconds_to_first_answer(folder) for _ in range(5))
    program = f"import sys, deltacloud_images.app; print([m for m in {SDKS!r} if m in sys.modules])"
    imported = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    print(f"serve answers its first request after {seconds:.2f} s (to be within 2 s)")
    print(f"cloud SDKs that importing the server imports: {imported.strip()} (to be none)")
