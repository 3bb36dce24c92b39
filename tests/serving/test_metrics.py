"""The metrics that all workers share, judged by Prometheus' own tool."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.serving.server import COMMANDS, read_all, running

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"


@pytest.fixture(scope="session")
def promtool(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Debian's promtool: the installed one, or the one in the package, which is not installed."""
    if found := shutil.which("promtool"):
        return found
    folder = tmp_path_factory.mktemp("prometheus")
    subprocess.run(["apt-get", "download", "-q", "prometheus"], cwd=folder, check=True)
    (package,) = folder.glob("*.deb")
    subprocess.run(["dpkg", "-x", package, folder], check=True)
    return str(folder / "usr" / "bin" / "promtool")


def scrape(server: object) -> str:
    with server.connect(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") as connection:  # type: ignore[attr-defined]
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"text/plain; version=0.0.4" in head
    return str(body.decode())


def count_of(operation: str, text: str) -> float:
    found = re.findall(rf'^deltacloud_requests_total\{{.*operation="{operation}".*\}} (\S+)$', text, re.MULTILINE)
    return sum(map(float, found))


@pytest.mark.parametrize("command", COMMANDS)
def test_they_count_the_requests_of_all_workers_and_promtool_accepts_them(
    tmp_path: Path, command: str, promtool: str
) -> None:
    with running(tmp_path, command, server="workers = 2") as server:
        before = count_of("entry_point", scrape(server))
        for _ in range(40):
            assert server.get("/api").status == 200
        text = scrape(server)
    assert count_of("entry_point", text) - before == 40.0
    checked = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.parametrize("command", COMMANDS[:1])
def test_they_can_be_switched_off(tmp_path: Path, command: str) -> None:
    with running(tmp_path, command, server="metrics = false") as server:
        assert server.get("/metrics").status == 404


def test_the_page_names_every_metric() -> None:
    from deltacloud_images import metrics

    made = {f"{name}_total" if value._type == "counter" else name for name, value in metrics_of(metrics)}
    section = PAGE.read_text().partition("## Metrics\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == made


def metrics_of(module: object) -> list[tuple[str, Any]]:
    from prometheus_client.metrics import MetricWrapperBase

    return [(value._name, value) for value in vars(module).values() if isinstance(value, MetricWrapperBase)]
