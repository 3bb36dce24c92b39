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
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _own(pid) + sum(cpu_seconds(int(child)) for child in children)


def _own(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def gunicorn(application: str, environ: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """An application under gunicorn, 2 workers of 8 threads: gives its port and its process id."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-w", "2", "--threads", "8"]
    options = ["--log-level", "warning", "--no-control-socket", application]
    process = subprocess.Popen([*command, *options], env={**os.environ, **environ})
    try:
        wait_for(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


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
