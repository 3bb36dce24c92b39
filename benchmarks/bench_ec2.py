"""EC2's lists through the whole server, beside boto3 and apache-libcloud on the same prepared answers."""

import http.client
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ec2_pages import IMAGE_ID
from benchmarks.measure import ask, cpu_seconds, gunicorn, paired, report

IMAGES = 10_000
CALLS = 200
WARMING = 8  # lists, so that each worker has made some before they count, as the yardsticks have
MANY = 100_000
PAGE_SECONDS = 0.5
_AUTHORIZATION = "Basic " + b64encode(b"key:secret").decode()
_SERVER = "deltacloud_images:create_app()"


class _Child:
    """A module of this package as a process that prints a line for each line that it is given."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self, given: str = "") -> str:
        """The next line that it prints, after it has been given one."""
        assert self.process.stdin
        assert self.process.stdout
        if given:
            print(given, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.communicate()


@contextmanager
def _cloud(images: int, seconds: float = 0.0) -> Iterator[str]:
    """A pretended EC2; gives its URL."""
    child = _Child("ec2_pages", str(images), str(seconds))
    try:
        yield f"http://127.0.0.1:{child.line()}"
    finally:
        child.close()


@contextmanager
def _server(url: str) -> Iterator[tuple[int, int]]:
    """The whole server on that cloud, every worker warm; gives its port and its process id."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.toml")
        config.write_text(
            '[server]\nlog_level = "warning"\n[api]\ndefault_driver = "ec2"\n'
            '[drivers.ec2]\ndefault_provider = "bench"\n[drivers.ec2.providers.bench]\nregion = "us-east-1"\n'
            f'endpoint_url = "{url}"\nsts_endpoint_url = "{url}"\n'
        )
        with gunicorn(_SERVER, {"DELTACLOUD_IMAGES_CONFIG": str(config)}) as (port, pid):
            for _ in range(20):
                _show(port, 1)
            yield port, pid


def _show(port: int, times: int) -> None:
    request = (
        f"GET /api/images/{IMAGE_ID}?format=xml HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: {_AUTHORIZATION}\r\n\r\n"
    )
    ask(port, request.encode(), times)


def _list(port: int) -> tuple[float, float, int]:
    """The seconds to the first byte of the list, those to its last, and how many images it has."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    started = time.monotonic()
    connection.request("GET", "/api/images?format=xml", headers={"Authorization": _AUTHORIZATION})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    count, rest = 0, b""
    first = 0.0
    while piece := answer.read1(1 << 20):
        first = first or time.monotonic() - started
        text = rest + piece
        count += text.count(b"</image>")
        rest = text[-7:]
    connection.close()
    return first, time.monotonic() - started, count


def _cpu_of_lists(url: str) -> None:
    bare = _Child("ec2_bare", url)
    with _server(url) as (port, pid):

        def ours() -> float:
            before = cpu_seconds(pid)
            _, _, count = _list(port)
            assert count == IMAGES, count
            return cpu_seconds(pid) - before

        def yardstick(work: str, times: int = 1) -> float:
            return float(bare.line(f"{work} {times}"))

        for _ in range(WARMING):
            ours()
        for work in ("boto3 list", "libcloud list"):
            yardstick(work)
            mine, theirs, ratio = paired(ours, lambda: yardstick(work), rounds=9)  # noqa: B023
            bound = "at most 0.30" if work == "boto3 list" else "less than 1"
            report(f"GET /api/images of {IMAGES:,} / {work}", ratio, bound, f"{mine:.2f} and {theirs:.2f} s of CPU")

        def show() -> float:
            before = cpu_seconds(pid)
            _show(port, CALLS)
            return cpu_seconds(pid) - before

        ways: dict[str, Callable[[], float]] = {
            "in a loop": lambda: yardstick("boto3 show", CALLS),
            "one at a time": lambda: sum(yardstick("boto3 show") for _ in range(CALLS)),
        }
        for way, bare_show in ways.items():
            show()
            bare_show()
            mine, theirs, ratio = paired(show, bare_show, rounds=15)
            detail = f"{mine / CALLS * 1000:.2f} and {theirs / CALLS * 1000:.2f} ms of CPU"
            report(f"a warm GET /api/images/:id / boto3's describe_images, {way}", ratio, "at most 1.25", detail)
    bare.close()


def _first_byte() -> None:
    with _cloud(IMAGES, PAGE_SECONDS) as url, _server(url) as (port, _):
        first, whole, count = _list(port)
    assert count == IMAGES, count
    detail = f"first byte after {first:.2f} s, all after {whole:.2f} s; each page but the first takes {PAGE_SECONDS} s"
    report("time to the first byte / time of one page", first / PAGE_SECONDS, "less than 1", detail)


def _memory() -> None:
    with _cloud(MANY) as url, _server(url) as (port, pid):
        before = _peak_mb(pid)
        _, _, count = _list(port)
        assert count == MANY, count
        growth = max(after - was for was, after in zip(before, _peak_mb(pid), strict=True))
    print(f"streaming {MANY:,} images grows the process by {growth:.1f} MB (to be below 100 MB)", flush=True)


def _peak_mb(pid: int) -> list[float]:
    """The most memory that each worker has had."""
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = [Path(f"/proc/{worker}/status").read_text() for worker in workers]
    return [int(each.partition("VmHWM:")[2].split()[0]) / 1024 for each in status]


def main() -> None:
    """Print all figures."""
    with _cloud(IMAGES) as url:
        _cpu_of_lists(url)
    _first_byte()
    _memory()
