"""What happens to the mock cloud's file: replaced, deleted, locked, damaged, read-only; and what survives a kill."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from deltacloud_images import create_app
from deltacloud_images.cli import main
from deltacloud_images.errors import ConfigurationError, NotSupported
from deltacloud_images.registry import Registry
from tests.conftest import client_of, gunicorn, write_config


def ids(client: FlaskClient) -> list[str]:
    return [image["id"] for image in client.get("/api/images?format=json").get_json()["images"]]


def test_a_file_that_is_no_database_is_told_at_start(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    (tmp_path / "mock.sqlite3").write_bytes(b"no database " * 100)
    with pytest.raises(ConfigurationError, match=r"drivers\.mock\.path: .*mock\.sqlite3 cannot be used: file is not"):
        create_app(config)


def test_a_folder_that_cannot_be_made_is_told_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "below" / "mock.sqlite3"
    config = tmp_path / "config.toml"
    config.write_text(f'[drivers.mock]\npath = "{path}"\n')
    with pytest.raises(ConfigurationError, match=r"drivers\.mock\.path"):
        create_app(config)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("#!/bin/sh\r\nid", b"#!/bin/sh\r\nid"),
        ("IyEvYmluL3NoCmlk", b"#!/bin/sh\nid"),
        ("IyEvYmlu\r\nL3NoCmlk\r\n", b"#!/bin/sh\nid"),
        ("H4s/+w==", b"\x1f\x8b?\xfb"),
        ("Grüße", "Grüße".encode()),
        ("", b""),
    ],
)
def test_an_instance_reads_its_user_data_decoded(tmp_path: Path, sent: str, read: bytes) -> None:
    client = client_of(create_app(write_config(tmp_path)))
    assert client.post("/api/instances", data={"image_id": "img1", "name": "new", "user_data": sent}).status_code == 201
    with closing(sqlite3.connect(tmp_path / "mock.sqlite3")) as cloud:
        assert cloud.execute("SELECT user_data FROM instances WHERE name = 'new'").fetchone() == (read,)


def test_user_data_has_the_lines_that_were_typed_into_the_form(tmp_path: Path) -> None:
    client = client_of(create_app(write_config(tmp_path)))
    form = {"image_id": "img1", "name": "new", "user_data": "#!/bin/sh\r\nid\r\n"}
    assert client.post("/api/instances", data=form, headers={"Accept": "text/html"}).status_code == 303
    with closing(sqlite3.connect(tmp_path / "mock.sqlite3")) as cloud:
        assert cloud.execute("SELECT user_data FROM instances WHERE name = 'new'").fetchone() == (b"#!/bin/sh\nid\n",)


def test_a_locked_file_is_a_504_and_nothing_is_lost(tmp_path: Path) -> None:
    client = client_of(create_app(write_config(tmp_path, server="backend_timeout_seconds = 0.05")))
    with closing(sqlite3.connect(tmp_path / "mock.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for answer in (
            client.get("/api/images?format=json"),
            client.post("/api/images?instance_id=inst1&format=json"),
            client.delete("/api/images/img1?format=json"),
        ):
            assert answer.status_code == 504
            assert answer.get_json() == {
                "code": 504,
                "message": "The mock cloud's file is locked by another process.",
                "error": "ProviderTimeout",
            }
    assert ids(client) == ["img1", "img2", "img3"]


def test_a_damaged_file_is_a_502_without_its_path(tmp_path: Path) -> None:
    app = create_app(write_config(tmp_path))
    path = tmp_path / "mock.sqlite3"
    path.rename(tmp_path / "aside")
    path.write_bytes(b"garbage " * 999)
    answer = client_of(app).get("/api/images?format=json")
    assert answer.status_code == 502
    assert answer.get_json()["message"] == "The mock cloud's file is not a database."


def test_a_deleted_file_is_a_new_cloud(tmp_path: Path) -> None:
    client = client_of(create_app(write_config(tmp_path)))
    client.post("/api/images?instance_id=inst1")
    assert ids(client) == ["img1", "img2", "img3", "img4"]
    (tmp_path / "mock.sqlite3").unlink()
    assert ids(client) == ["img1", "img2", "img3"]


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user whom file permissions bind: root is not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_file_is_read_and_not_written(tmp_path: Path) -> None:
    client = client_of(create_app(write_config(tmp_path)))
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.owner() == tmp_path.owner() and folder != Path("/tmp"):
            folder.chmod(0o755)
    path = tmp_path / "mock.sqlite3"
    path.rename(tmp_path / "aside")
    shutil.copy(tmp_path / "aside", path)  # a new file, so that it is opened anew
    path.chmod(0o444)
    with unprivileged():
        assert ids(client) == ["img1", "img2", "img3"]
        for answer in (client.post("/api/images?instance_id=inst1"), client.delete("/api/images/img1")):
            assert answer.status_code == 502
            assert "The mock cloud's file cannot be written: it is read-only." in answer.text
        assert ids(client) == ["img1", "img2", "img3"]


def test_artificial_delay_and_failures(tmp_path: Path) -> None:
    broken = client_of(create_app(write_config(tmp_path, mock="failure_rate = 1.0")))
    answer = broken.get("/api/images?format=json")
    assert (answer.status_code, answer.get_json()["error"]) == (502, "ProviderError")
    assert broken.post("/api/images?instance_id=inst1").status_code == 502
    slow = "backend_timeout_seconds = 0.01"
    silent = client_of(create_app(write_config(tmp_path, server=slow, mock="delay_seconds = 1")))
    assert silent.get("/api/images").status_code == 504
    assert ids(client_of(create_app(write_config(tmp_path, mock="delay_seconds = 0.001")))) == ["img1", "img2", "img3"]


def test_what_was_answered_201_is_there_after_a_kill(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    with gunicorn(tmp_path, config) as live:
        made = live.send(
            b"POST /api/images?instance_id=inst1&name=kept HTTP/1.1\r\nHost: x\r\n"
            b"Authorization: Basic bW9ja3VzZXI6bW9ja3Bhc3N3b3Jk\r\n\r\n"
        )
        assert made.status == 201
        children = Path(f"/proc/{live.process.pid}/task/{live.process.pid}/children").read_text().split()
        for pid in (live.process.pid, *map(int, children)):
            os.kill(pid, signal.SIGKILL)
        live.process.wait()
    with gunicorn(tmp_path, config) as live:
        assert b"<name>kept</name>" in live.get("/api/images/img4").body


def state(client: FlaskClient) -> dict[str, str]:
    """Everything that the cloud shows, as it is answered."""
    collections = ("images", "instances", "keys", "realms", "hardware_profiles")
    return {name: client.get(f"/api/{name}?format=json").text for name in collections}


def test_a_reset_brings_back_what_a_new_cloud_holds_while_a_server_uses_it(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    client = client_of(create_app(config))
    first = state(client)
    for _ in range(2):
        assert client.post("/api/images", data={"instance_id": "inst1", "name": "mine"}).status_code == 201
        assert client.post("/api/instances", data={"image_id": "img1"}).status_code == 201
        assert client.post("/api/keys", data={"name": "mykey"}).status_code == 201
        assert client.post("/api/instances/inst0/stop").status_code == 202
        changed = state(client)
        assert all(changed[name] != first[name] for name in ("images", "instances", "keys"))
        with closing(sqlite3.connect(tmp_path / "mock.sqlite3")) as other:
            other.execute("DELETE FROM realms")
            other.commit()
        assert CliRunner().invoke(main, ["mock", "reset", "--config", str(config)]).exit_code == 0
        assert state(client) == first
    answer = client.post("/api/images", data={"instance_id": "inst1", "name": "mine"})
    assert answer.headers["Location"].endswith("/api/images/img4")


def test_a_reset_makes_the_file_if_there_is_none_and_tells_if_it_cannot(tmp_path: Path) -> None:
    config = write_config(tmp_path)
    assert CliRunner().invoke(main, ["mock", "reset", "--config", str(config)]).exit_code == 0
    assert ids(client_of(create_app(config))) == ["img1", "img2", "img3"]
    (tmp_path / "mock.sqlite3").write_bytes(b"no database " * 100)
    failed = CliRunner().invoke(main, ["mock", "reset", "--config", str(config)])
    assert failed.exit_code == 1
    assert failed.output.startswith("Error: drivers.mock.path: ")
    assert "Traceback" not in failed.output


@pytest.mark.parametrize("name", [name for name in Registry().names if name != "mock"])
def test_a_real_cloud_is_never_reset(name: str) -> None:
    driver = Registry().unprepared(name)
    with pytest.raises(NotSupported, match=f"{driver.title} is a real cloud, which is never reset"):
        driver.reset()
