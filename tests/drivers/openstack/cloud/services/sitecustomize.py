"""Lets several OpenStack processes share SQLite files: a transaction takes the write lock when it begins, and waits.

(SQLite refuses at once to turn a read transaction into a writing one while another process writes.)
"""

import sqlite3
from typing import Any

_connect = sqlite3.connect


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        return super().execute("BEGIN IMMEDIATE" if sql == "BEGIN" else sql, *arguments)


class _Connection(sqlite3.Connection):
    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


def _waiting_connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
    connection = _connect(*arguments, **{"factory": _Connection, **options, "timeout": 60})
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    return connection


sqlite3.connect = sqlite3.dbapi2.connect = _waiting_connect  # type: ignore[assignment,attr-defined]
