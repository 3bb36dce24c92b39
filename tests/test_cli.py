"""The command line: serve, drivers, check."""

import io
import os
import re
import socket
import subprocess
import tomllib
from contextlib import closing, redirect_stderr
from pathlib import Path

import pytest
from click.testing import CliRunner

from deltacloud_images import create_app
from deltacloud_images.cli import main
from deltacloud_images.config import load
from deltacloud_images.driver import Capability
from deltacloud_images.registry import Registry
from deltacloud_images.testing import eventually
from deltacloud_mock import MockDriver
from tests.command import RUN, serving
from tests.conftest import answers, write_config
from tests.serving.server import COMMANDS, launched
from tests.web import AUTHORIZATION, exchange


def test_serve_prints_what_to_try_and_it_works(tmp_path: Path) -> None:
    with serving(folder=tmp_path) as (port, printed, process):
        assert printed == [
            f"deltacloud-images serves the driver 'mock' on http://127.0.0.1:{port}/api\n",
            "user mockuser, password mockpassword\n",
            f"try: curl -u 'mockuser:mockpassword' http://127.0.0.1:{port}/api/images\n",
        ]
        answer = exchange(port, f"GET /api/images HTTP/1.0\r\nAuthorization: {AUTHORIZATION}\r\n\r\n".encode())
        assert answer.status == 200
        assert answer.all("Server") == ["Apache-Deltacloud/1.1.3"]
        assert (tmp_path / "deltacloud-images" / "mock.sqlite3").exists()
    assert process.returncode == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_serve_logs_requests_without_credentials_or_queries(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[server]\nlog_format = "json"\n')
    with serving("--config", str(tmp_path / "config.toml"), folder=tmp_path) as (port, _, _process):
        target = "/api/images/img1?password=sesame"
        exchange(
            port, f"GET {target} HTTP/1.0\r\nX-Request-Id: my-id\r\nAuthorization: {AUTHORIZATION}\r\n\r\n".encode()
        )
    log = (tmp_path / "log").read_text()
    line = next(each for each in log.splitlines() if "my-id" in each)
    assert re.search(r'"message": "GET /api/images/img1 200 [\d.]+ ms"', line)
    for secret in ("sesame", "mockpassword", AUTHORIZATION):
        assert secret not in log


def test_options_win_over_the_file(tmp_path: Path) -> None:
    config = write_config(tmp_path, server='host = "127.0.0.2"\nworkers = 1')
    with serving("--config", str(config), "-r", "127.0.0.1", "-P", "eu", "--threads", "2", folder=tmp_path) as (
        port,
        _,
        _process,
    ):
        answer = exchange(port, b"GET /api HTTP/1.0\r\n\r\n")
        assert answer["X-Deltacloud-Provider"] == "eu"


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        result = CliRunner().invoke(main, ["serve", "-p", str(port), "--config", str(write_config(tmp_path))])
    assert result.exit_code == 1
    assert result.output == f"Error: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-i", "nope", "-p", "0"], "api.default_driver: there is no 'nope'; there are "),
        (["-p", "high"], "'high' is not a valid integer range"),
        (["--config", "/nowhere/c.toml"], "/nowhere/c.toml: No such file or directory"),
        (["-r", "256.1.1.1", "-p", "0"], "cannot listen on 256.1.1.1:0"),
    ],
)
def test_serve_refuses_in_words(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(main, ["serve", *arguments])
    assert result.exit_code != 0
    assert words in result.output
    assert "Traceback" not in result.output


def test_the_version_is_the_projects() -> None:
    version = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]["version"]
    assert CliRunner().invoke(main, ["--version"]).output == f"deltacloud-images, version {version}\n"


def test_drivers_is_a_table() -> None:
    result = CliRunner().invoke(main, ["drivers"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].split() == ["NAME", "INSTALLED", "PROVIDERS", "CAN"]
    (mock,) = [line for line in lines if line.startswith("mock ")]
    assert mock.split() == ["mock", "yes", "any", "everything"]
    (ec2,) = [line for line in lines if line.startswith("ec2 ")]
    assert re.fullmatch(r"ec2 +yes +af-south-1, ap-east-1, \S+ and \d\d more +everything", ec2)
    assert re.search(r"^vsphere +yes +none configured +everything but keys$", result.output, re.MULTILINE)
    assert re.search(r"^fgcp +yes +.* +everything but keys, reboot_instance$", result.output, re.MULTILINE)
    assert max(map(len, lines)) < 120


def test_drivers_that_can_do_little_are_told_by_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MockDriver, "capabilities", frozenset({Capability.IMAGES, Capability.DESTROY_IMAGE}))
    result = CliRunner().invoke(main, ["drivers"])
    assert re.search(r"^mock +yes +any +destroy_image, images$", result.output, re.MULTILINE)


def test_listing_drivers_makes_no_file(tmp_path: Path) -> None:
    subprocess.run(
        [*RUN, "drivers"], check=True, env={**os.environ, "XDG_DATA_HOME": str(tmp_path)}, stdout=subprocess.DEVNULL
    )
    assert list(tmp_path.iterdir()) == []


def test_check(tmp_path: Path) -> None:
    good = CliRunner().invoke(main, ["check", "--config", str(write_config(tmp_path))])
    assert (good.exit_code, good.output) == (0, f"{tmp_path / 'config.toml'}: fine\n")
    bad = tmp_path / "bad.toml"
    bad.write_text("[server]\n\nprot = 1\nworkers = -1\n")
    result = CliRunner().invoke(main, ["check", "--config", str(bad)])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"{bad}: line 3: server.prot: there is no such key",
        f"{bad}: line 4: server.workers: Input should be greater than or equal to 1",
    ]
    assert CliRunner().invoke(main, ["check", "--config", str(tmp_path / "nope")]).exit_code == 1
    assert CliRunner().invoke(main, ["check"]).exit_code == 2


def test_check_takes_the_file_as_an_argument(tmp_path: Path) -> None:
    config = str(write_config(tmp_path))
    good = CliRunner().invoke(main, ["check", config])
    assert (good.exit_code, good.output) == (0, f"{config}: fine\n")
    for arguments in ([], [config, "--config", config]):
        refused = CliRunner().invoke(main, ["check", *arguments])
        assert refused.exit_code == 2
        assert "Error: Name one file to check: deltacloud-images check FILE.\n" in refused.output


def test_a_table_of_a_driver_that_is_not_installed_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Registry().driver_class("rhevm"), "requires", ("no_such_module",))
    config = write_config(tmp_path)
    config.write_text(f"{config.read_text()}[drivers.rhevm]\n")
    line = len(config.read_text().splitlines())
    hint = Registry().install_hint("rhevm")
    assert "[rhevm]'" in hint
    checked = CliRunner().invoke(main, ["check", str(config)])
    warning = f"{config}: line {line}: warning: drivers.rhevm: the driver is not installed: {hint}"
    assert (checked.exit_code, checked.output.splitlines()) == (0, [warning, f"{config}: fine"])
    assert load(config, {}).drivers.keys() == {"mock", "rhevm"}
    logged = io.StringIO()
    with redirect_stderr(logged):
        create_app(config)
    assert (
        f"WARNING A driver's table has no effect. The driver 'rhevm' is not installed: {hint}.\n" in logged.getvalue()
    )

    config.write_text(f'{config.read_text()}[api]\ndefault_driver = "rhevm"\n')
    checked = CliRunner().invoke(main, ["check", str(config)])
    error = warning.replace("warning: ", "")
    assert (checked.exit_code, checked.output.splitlines()) == (1, [error])
    served = CliRunner().invoke(main, ["serve", "-p", "0", "--config", str(config)])
    assert (served.exit_code, served.output) == (1, f"Error: {error}\n")


PLAIN_TEXT = (
    "WARNING The server listens on {} without TLS: the credentials of each request travel in plain text unless a proxy "
    "with TLS is in front. If one is, set trusted_proxies.\n"
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("host", "proxies", "warns"), [("0.0.0.0", 0, True), ("0.0.0.0", 1, False), ("127.0.0.1", 0, False)]
)
def test_an_address_for_other_machines_is_warned_of(
    tmp_path: Path, command: str, host: str, proxies: int, warns: bool
) -> None:
    config = write_config(tmp_path, f"trusted_proxies = {proxies}\nworkers = 1")
    with launched(tmp_path, command, config, host) as started:
        assert eventually(lambda: answers(started.port)), started.log()
        assert started.log().count(PLAIN_TEXT.format(host)) == warns
