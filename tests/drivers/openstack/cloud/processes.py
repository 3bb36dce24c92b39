"""Starts the services as child processes, and stops them whatever happens to the tests."""

import contextlib
import socket
import subprocess
import time
from pathlib import Path

from tests.drivers.openstack.cloud.configure import SERVICES, environment_variables
from tests.drivers.openstack.cloud.install import environment


def free_ports(number: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    with contextlib.ExitStack() as held:
        listeners = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [listener.getsockname()[1] for listener in listeners]


class Process:
    """One service. It ends by itself when its standard input closes, that is also when the tests are killed."""

    def __init__(self, folder: Path, program: str, port: int, *arguments: str) -> None:
        """Runs ``services/<program>.py PORT ARGUMENTS``; what it prints is in ``folder/log/<program>-<port>.out``."""
        self._port = port
        self.log = folder / "log" / f"{program}-{port}.out"
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [environment() / "bin" / "python", SERVICES / f"{program}.py", str(port), *arguments],
                env=environment_variables(folder),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )

    def wait_until_up(self, within_seconds: float = 180) -> None:
        """Return when it listens; raises ``RuntimeError`` with what it printed if it ends or never does."""
        deadline = time.monotonic() + within_seconds
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=5):
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.log.name}: it did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
