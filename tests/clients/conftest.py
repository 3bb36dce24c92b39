"""One gunicorn with two workers of eight threads on a fresh mock cloud, reached over a raw socket."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.wire import Address, Answer, basic, exchange, request
from tests.conftest import gunicorn

CONFIG = """
[drivers.mock]
path = "{path}"

[drivers.mock.users]
mockuser = "mockpassword"
"mockuser+tenant" = "mockpassword"  # how the Vagrant plug-in writes its user and tenant
"""


@dataclass(frozen=True, slots=True)
class Server:
    address: Address
    database: Path

    @property
    def host(self) -> str:
        return f"{self.address[0]}:{self.address[1]}"

    @property
    def api(self) -> str:
        return f"http://{self.host}/api"

    def send(self, line: str, *headers: str, body: bytes = b"") -> Answer:
        """Send exactly these lines."""
        return exchange(self.address, request(line, *headers, body=body))

    def call(self, line: str, *headers: str, body: bytes = b"") -> Answer:
        """Send these lines, with ``Host`` and the mock user's credentials."""
        return self.send(f"{line} HTTP/1.1", f"Host: {self.host}", basic("mockuser"), *headers, body=body)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("clients")
    database = folder / "cloud.sqlite3"
    config = folder / "config.toml"
    config.write_text(CONFIG.format(path=database))
    with gunicorn(folder, config) as live:
        yield Server(("127.0.0.1", live.port), database)
