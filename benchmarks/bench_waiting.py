"""How many requests wait at a time, and how much slow clouds and slow clients hold up the others.

With ``BENCH_OTHER=DIRECTORY``, another checkout with its own ``.venv`` is measured in the same run.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from benchmarks.bench_memory import fill
from benchmarks.crowd import (
    ask_in_turn,
    ask_together,
    connections,
    dribblers,
    percentile,
    request,
    silent_cloud,
)
from benchmarks.measure import free_port, report, wait_for

CLIENTS = 200
SECONDS = 4.0
PROBES = {"/api": request("/api"), "mock list": request("/api/images?id=img1")}
LIST = request("/api/images")
HANGING = request("/api;driver=ec2/images")
FORM = "Content-Type: application/x-www-form-urlencoded"
BODY = f"POST /api/images HTTP/1.1\r\nHost: localhost\r\n{FORM}\r\nContent-Length: 10000\r\n\r\nname=".encode()

DISTURBANCES: Mapping[str, Callable[[int], AbstractContextManager[object]]] = {
    "nobody": lambda _port: nullcontext(),
    "1,000 silent connections": lambda port: connections(port, 1000),
    "1,000 idle connections": lambda port: connections(port, 1000, request("/api")),
    "100 dribblers of a head": lambda port: dribblers(port, 100),
    "100 dribblers of a body": lambda port: dribblers(port, 100, BODY),
    "16 clients that do not read": lambda port: connections(port, 16, LIST),
    "64 requests to a silent cloud": lambda port: connections(port, 64, HANGING),
}


@contextmanager
def serving(checkout: Path, folder: str, mock: str = "", rest: str = "") -> Iterator[int]:
    """Run ``deltacloud-images serve`` of a checkout with its defaults; give its port."""
    port = free_port()
    config = Path(folder, "config.toml")
    config.write_text(f'[drivers.mock]\npath = "{folder}/mock.sqlite3"\n{mock}\n{rest}\n')
    python = sys.executable if checkout == Path.cwd() else str(checkout / ".venv/bin/python")
    command = [python, "-m", "deltacloud_images", "serve", "-p", str(port), "--config", str(config)]
    process = subprocess.Popen(command, cwd=checkout, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(120)


def _throughput(checkout: Path) -> float:
    with tempfile.TemporaryDirectory() as folder, serving(checkout, folder, mock="delay_seconds = 1.0") as port:
        ask_together(port, PROBES["mock list"], CLIENTS, 2.0)  # threads have started
        crowd = ask_together(port, PROBES["mock list"], CLIENTS, 10.0)
    served = [len(client.seconds) / (sum(client.seconds) or 1.0) for client in crowd]
    return sum(served) if all(served) else sum(len(client.seconds) for client in crowd) / 10.0


def _percentiles(checkout: Path) -> dict[str, list[float]]:
    """Return, for each disturbance, the 99th percentile of each probe in seconds."""
    found = {}
    for name, disturbance in DISTURBANCES.items():
        with tempfile.TemporaryDirectory() as folder, silent_cloud() as url:
            ec2 = f'[drivers.ec2.providers.us-east-1]\nendpoint_url = "{url}"\n'
            with serving(checkout, folder, rest=ec2) as port:
                ask_in_turn(port, list(PROBES.values()), 1.0)
                fill(Path(folder, "mock.sqlite3"), 10_000)
                with disturbance(port):
                    times = ask_in_turn(port, list(PROBES.values()), SECONDS)
        found[name] = [percentile(each, 0.99) for each in times]
    return found


def main() -> None:
    """Print one line a measurement, and the other checkout's after ours."""
    other = os.environ.get("BENCH_OTHER")
    for checkout in [Path.cwd(), *([Path(other)] if other else [])]:
        print(f"-- {'this checkout' if checkout == Path.cwd() else 'the other checkout'}")
        rate = _throughput(checkout)
        detail = f"{rate:.0f} of {CLIENTS} requests a second"
        report(f"{CLIENTS} clients of a cloud that takes 1 s", rate / CLIENTS, "at least 0.85", detail)
        found = _percentiles(checkout)
        usual = found.pop("nobody")
        for name, times in found.items():
            for probe, seconds, undisturbed in zip(PROBES, times, usual, strict=True):
                detail = f"{seconds * 1000:.1f} ms and {undisturbed * 1000:.1f} ms"
                report(f"{name}: 99th percentile of {probe}", seconds / undisturbed, "below 5", detail)
