"""The pretend cloud's SQLite file: opened once a thread, seeded when it is new, safe among processes."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import local
from typing import TypeVar, cast

from deltacloud_images.errors import ProviderTimeout
from deltacloud_images.kit.deadline import current

Result = TypeVar("Result")

_PAGE = 1000
#: How long SQLite itself waits for a lock before the deadline is looked at.
_LOCK_SECONDS = 0.25

_SCHEMA = """
CREATE TABLE images (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT GENERATED ALWAYS AS ('img' || number) VIRTUAL,
    name TEXT NOT NULL, description TEXT NOT NULL, owner_id TEXT NOT NULL, architecture TEXT NOT NULL,
    created_at REAL NOT NULL, available_at REAL NOT NULL);
CREATE UNIQUE INDEX images_by_id ON images (id);
CREATE TABLE instances (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT GENERATED ALWAYS AS ('inst' || number) VIRTUAL,
    name TEXT NOT NULL, owner_id TEXT NOT NULL, image_id TEXT NOT NULL, architecture TEXT NOT NULL,
    address_prefix TEXT NOT NULL, realm_id TEXT NOT NULL, state TEXT NOT NULL, profile_id TEXT NOT NULL,
    cpu TEXT NOT NULL DEFAULT '', memory TEXT NOT NULL DEFAULT '', storage TEXT NOT NULL DEFAULT '',
    imageable INTEGER NOT NULL DEFAULT 1, keyname TEXT NOT NULL DEFAULT '', user_data BLOB NOT NULL DEFAULT x'',
    launched_at REAL NOT NULL);
CREATE TABLE realms (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE UNIQUE INDEX instances_by_id ON instances (id);
"""
# Files of earlier versions have no keys.
_KEYS = "CREATE TABLE keys (owner_id TEXT NOT NULL, id TEXT NOT NULL, fingerprint TEXT NOT NULL, UNIQUE (owner_id, id))"

# What Apache Deltacloud's mock cloud held when new: existing clients and their tests expect it. 2012-10-25T12:27:53Z.
_SEED = """
INSERT INTO images (number, name, description, owner_id, architecture, created_at, available_at) VALUES
    (1, 'img1', 'Fedora 10', 'fedoraproject', 'x86_64', 1351168073, 0),
    (2, 'img2', 'Fedora 10', 'fedoraproject', 'i386', 1351168073, 0),
    (3, 'img3', 'JBoss', 'mockuser', 'i386', 1351168073, 0);
INSERT INTO realms (id, name) VALUES ('us', 'United States'), ('eu', 'Europe');
INSERT INTO instances (number, name, owner_id, image_id, architecture, address_prefix, realm_id, state, profile_id,
                       memory, imageable, launched_at) VALUES
    (0, 'Mock Instance With Profile Change', 'mockuser', 'img1', 'x86_64', 'img1', 'us', 'RUNNING', 'm1-large',
     '12288', 1, 1351168073),
    (1, 'MockUserInstance', 'mockuser', 'img3', 'i386', 'img1', 'us', 'RUNNING', 'm1-small', '', 1, 1351168073),
    (2, 'AnotherInstance', 'mockuser', 'img1', 'x86_64', 'img1', 'us', 'RUNNING', 'm1-large', '', 1, 1351168073),
    (3, '', 'mockuser', 'img3', 'i386', 'img3', 'eu', 'RUNNING', 'm1-small', '', 0, 1351168073);
"""


class Store:
    """One SQLite file. Rollback journal and full synchronisation: what was answered is there after a kill -9."""

    def __init__(self, path: Path) -> None:
        """Take the path of the file."""
        self._path = path
        self._mine = local()

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        return _when_unlocked(lambda: self._connection().execute(sql, values).fetchall())

    def stream(self, table: str, where: str, values: Sequence[object]) -> Iterator[sqlite3.Row]:
        """All rows of a table that match, in pages by number: a slow reader never holds a lock."""
        last = -1
        sql = f"SELECT * FROM {table} WHERE number > ? AND ({where}) ORDER BY number LIMIT {_PAGE}"  # noqa: S608 (ours)
        while page := self.rows(sql, (last, *values)):
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1]["number"]

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that alone may write; committed when left, undone on an exception."""
        connection = _when_unlocked(self._connection)
        _when_unlocked(lambda: connection.execute("BEGIN IMMEDIATE"))
        try:
            yield connection
            _when_unlocked(lambda: connection.execute("COMMIT"))
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def reset(self) -> None:
        """Replace everything by what a new file holds."""
        with self.writing() as connection:
            for table in ("images", "instances", "realms", "keys"):
                connection.execute(f"DROP TABLE {table}")
            _make(connection)

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection, opened anew after a fork or when somebody has replaced the file."""
        try:
            status = os.stat(self._path)
            key = (os.getpid(), status.st_dev, status.st_ino)
            if key == self._mine.key:
                return cast(sqlite3.Connection, self._mine.connection)
        except (AttributeError, FileNotFoundError):
            pass
        connection = self._mine.connection = self._open()
        status = os.stat(self._path)
        self._mine.key = (os.getpid(), status.st_dev, status.st_ino)
        return connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_LOCK_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        if not _has(connection, "keys"):
            connection.execute("BEGIN IMMEDIATE")
            _make(connection)
            connection.execute("COMMIT")
        return connection


def _when_unlocked(act: Callable[[], Result]) -> Result:
    """Act as soon as no other process has locked the file; the deadline in force bounds the wait."""
    while True:
        try:
            return act()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            try:
                current().check()
            except ProviderTimeout:
                raise error from None


def _make(connection: sqlite3.Connection) -> None:
    """Make the tables that the file lacks, with what a new file holds."""
    if not _has(connection, "instances_by_id"):
        for statement in (_SCHEMA + _SEED).split(";"):
            connection.execute(statement)
    if not _has(connection, "keys"):
        connection.execute(_KEYS)


def _has(connection: sqlite3.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is not None
