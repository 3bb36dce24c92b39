"""The mock cloud for tests: its file is seeded and read with SQLite alone."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from deltacloud_images.driver import Credentials, Driver
from deltacloud_images.testing import Fault, Rig
from deltacloud_mock import MockDriver


class MockRig(Rig):
    """One file in a folder of its own."""

    credentials = Credentials("mockuser", "mockpassword")
    wrong_credentials = Credentials("mockuser", "wrong")
    owner_id = "mockuser"
    timeout_seconds = 0.05
    unattackable = "there is no connection: the cloud is a file"
    unpaged = "the cloud is a file"
    impossible_faults: ClassVar[Mapping[Fault, str]] = {
        Fault.CUT: "there is no connection to cut: the cloud is a file",
        Fault.THROTTLED: "a file does not throttle",
    }

    def __init__(self, folder: Path) -> None:
        self._path = folder / "cloud.sqlite3"
        self._numbers = count(100)
        self.driver = self._driver()
        self.driver.prepare()

    def _driver(self, **table: Any) -> MockDriver:
        return MockDriver.from_config({"path": str(self._path), **table})

    def _run(self, sql: str, *values: object) -> list[Any]:
        with sqlite3.connect(self._path) as connection:
            rows = connection.execute(sql, values).fetchall()
        connection.close()
        return rows

    def seed_image(self) -> str:
        number = next(self._numbers)
        self._run(
            "INSERT INTO images (number, name, description, owner_id, architecture, created_at, available_at)"
            " VALUES (?, ?, 'seeded', 'mockuser', 'x86_64', 0, 0)",
            number,
            f"seed{number}",
        )
        return f"img{number}"

    def seed_instance(self, imageable: bool = True) -> str:
        number = next(self._numbers)
        self._run(
            "INSERT INTO instances (number, name, owner_id, image_id, architecture, address_prefix, realm_id, state,"
            " profile_id, imageable, launched_at)"
            " VALUES (?, '', 'mockuser', 'img1', 'x86_64', 'img1', 'us', 'RUNNING', 'm1-small', ?, 0)",
            number,
            imageable,
        )
        return f"inst{number}"

    def seed_unimageable_instance(self) -> str:
        return self.seed_instance(imageable=False)

    def image_ids(self) -> set[str]:
        return {row[0] for row in self._run("SELECT id FROM images")}

    def instance_ids(self) -> set[str]:
        return {row[0] for row in self._run("SELECT id FROM instances WHERE owner_id = 'mockuser'")}

    def seed_key(self) -> str:
        name = f"seed {next(self._numbers)}"
        self._run("INSERT INTO keys (owner_id, id, fingerprint) VALUES ('mockuser', ?, '00')", name)
        return name

    def key_ids(self) -> set[str]:
        return {row[0] for row in self._run("SELECT id FROM keys WHERE owner_id = 'mockuser'")}

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[Driver[Any]]:
        if fault is Fault.SERVER_ERROR:
            yield self._driver(failure_rate=1)
        elif fault is Fault.EXPIRED:
            yield self._driver(users={"mockuser": "changed"})
        elif fault is Fault.TIMEOUT:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
                connection.execute("BEGIN EXCLUSIVE")
                yield self.driver
        else:
            with self._replaced(fault):
                yield self.driver

    @contextmanager
    def _replaced(self, fault: Fault) -> Iterator[None]:
        aside = self._path.with_suffix(".aside")
        self._path.rename(aside)
        if fault is Fault.REFUSED:
            self._path.mkdir()
        else:
            self._path.write_bytes(b"garbage " * 999)
        try:
            yield
        finally:
            self._path.rmdir() if fault is Fault.REFUSED else self._path.unlink()
            aside.rename(self._path)
