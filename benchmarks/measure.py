"""How the benchmarks measure: CPU seconds of processes, as Linux counts them, and the median of paired ratios."""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process and its children have used, user and system."""
    return _own(pid) + sum(cpu_seconds(child) for child in children(pid))


def _own(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


#: gunicorn's own defaults, apart from 2 workers of 8 threads, for what is measured beside this server.
PLAIN = ("-w", "2", "--threads", "8", "--log-level", "warning", "--no-control-socket")
#: This server's settings, as the README says.
OURS = ("-c", "python:deltacloud_images.gunicorn")


@contextmanager
def gunicorn(application: str, environ: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """An application under gunicorn: gives its port and its process id."""
    port = free_port()
    options = OURS if application.startswith("deltacloud_images:") else PLAIN
    command = [sys.executable, "-m", "gunicorn", *options, "-b", f"127.0.0.1:{port}", application]
    process = subprocess.Popen(command, env={**os.environ, **environ}, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def children(pid: int) -> list[int]:
    """The process ids of a process's children."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident_megabytes(pid: int) -> float:
    """The memory of a process, in which pages that it shares with others count by its share of them (PSS)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(text.partition("\nPss:")[2].split()[0]) / 1024


def wait_for(port: int) -> None:
    """Return when something listens on the port."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"nothing listens on port {port}")


def ask(port: int, request: bytes, times: int) -> bytes:
    """Send a keep-alive request so often over one connection; gives the last body. Needs ``Content-Length`` answers."""
    body = b""
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
        for _ in range(times):
            connection.sendall(request)
            status = answers.readline()
            length = 0
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            body = answers.read(length)
            assert status.split()[1] == b"200", status + body
    return body


def paired(first: Callable[[], float], second: Callable[[], float], rounds: int = 5) -> tuple[float, float, float]:
    """Run two measurements in turn: their medians, and the median of first/second round by round."""
    results = [(first(), second()) for _ in range(rounds)]
    ratio = statistics.median(a / b for a, b in results)
    return statistics.median(a for a, _ in results), statistics.median(b for _, b in results), ratio


def report(what: str, ratio: float, bound: str, detail: str) -> None:
    """One line: the figure, the bound that it is to keep, and what it is made of."""
    print(f"{what}: {ratio:.2f} (to be {bound}); {detail}", flush=True)
