"""Whether the server serves well and keeps its memory for a long time, among clouds and clients that hang.

``python -m benchmarks.bench_soak 900`` runs for 900 seconds.
"""

import selectors
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from benchmarks.bench_waiting import BODY, HANGING
from benchmarks.crowd import Client, connections, dribblers, percentile, request, silent_cloud
from benchmarks.measure import children, gunicorn, resident_megabytes

CLIENTS = 64
SECONDS = 30.0
SAMPLES = 20
#: What the clients ask for in turn, with the status that each response is to have.
MIX = [
    (request("/api"), 200),
    (request("/api/images"), 200),
    (request("/api/images?format=json"), 200),
    (request("/api/images/img1", "Accept: text/html"), 200),
    (request("/api/images/none"), 404),
    (request("/api/instances"), 200),
    (request("/api/images?name=*a*b"), 200),
    (request("/api/hardware_profiles"), 200),
    (request("/api", "X-Deltacloud-Driver: none"), 400),
]


class MixedClient(Client):
    """Asks for everything in turn."""

    def __init__(self, port: int, number: int) -> None:
        self._next = number
        self.wrong: Counter[str] = Counter()
        super().__init__(port, b"")

    def send(self) -> None:
        self.statuses.clear()
        self.raw, self._expected = MIX[self._next % len(MIX)]
        self._next += 1
        super().send()

    def check(self) -> None:
        """Note a response that is not as it should be."""
        if list(self.statuses) != [self._expected]:
            self.wrong[f"{list(self.statuses)} instead of {self._expected}"] += 1


def _soak(port: int, pid: int, seconds: float) -> tuple[list[MixedClient], list[float], Counter[str]]:
    """Return the clients, samples of the workers' memory in MB, and connections that were lost."""
    selector = selectors.DefaultSelector()
    crowd = [MixedClient(port, number) for number in range(CLIENTS)]
    for client in crowd:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send()
    memory: list[float] = []
    lost: Counter[str] = Counter()
    started = time.monotonic()
    while (passed := time.monotonic() - started) < seconds:
        if passed >= len(memory) * seconds / SAMPLES:
            memory.append(sum(resident_megabytes(each) for each in children(pid)))
        for key, _ in selector.select(0.1):
            try:
                if key.data.read():
                    key.data.check()
                    key.data.send()
            except OSError as error:
                lost[str(error)] += 1
                selector.unregister(key.fileobj)
    return crowd, memory, lost


def main(seconds: float = SECONDS) -> None:
    """Print errors, response times, and the ends of the memory's curve."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(silent_cloud())
        config = Path(folder, "config.toml")
        config.write_text(
            f'[server]\nbackend_timeout_seconds = 5.0\n[drivers.mock]\npath = "{folder}/mock.sqlite3"\n'
            f'[drivers.ec2.providers.us-east-1]\nendpoint_url = "{url}"\n'
        )
        port, pid = stack.enter_context(
            gunicorn("deltacloud_images:create_app()", {"DELTACLOUD_IMAGES_CONFIG": str(config)})
        )
        stack.enter_context(dribblers(port, 50))
        stack.enter_context(dribblers(port, 50, BODY))
        stack.enter_context(dribblers(port, 16, HANGING))
        stack.enter_context(connections(port, 16))
        crowd, memory, lost = _soak(port, pid, seconds)
    times = [each for client in crowd for each in client.seconds]
    wrong = sum((client.wrong for client in crowd), Counter[str]())
    print(f"{len(times)} requests in {seconds:.0f} s; 99th percentile {percentile(times, 0.99) * 1000:.0f} ms")
    print(f"unexpected responses and lost connections: {dict(wrong + lost) or 'none'} (to be none)")
    start, end = memory[len(memory) // 4], memory[-1]
    print(
        f"memory of the workers: {memory[0]:.0f} MB at first, {start:.0f} MB after a quarter,"
        f" {end:.0f} MB in the end (to be flat: {end / start:.2f})"
    )


if __name__ == "__main__":
    main(float(sys.argv[1]))
