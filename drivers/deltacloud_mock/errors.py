"""What SQLite's and the pretend cloud's failures mean to a client: one table."""

import sqlite3

from deltacloud_images.errors import DeltacloudError, InternalError, NotSupported, ProviderError, ProviderTimeout

_PRIMARY_CODE = 0xFF
_MEANING: dict[int, tuple[type[DeltacloudError], str]] = {
    sqlite3.SQLITE_BUSY: (ProviderTimeout, "The mock cloud's file is locked by another process."),
    sqlite3.SQLITE_LOCKED: (ProviderTimeout, "The mock cloud's file is locked by another request."),
    sqlite3.SQLITE_READONLY: (ProviderError, "The mock cloud's file cannot be written: it is read-only."),
    sqlite3.SQLITE_FULL: (ProviderError, "The mock cloud's file cannot be written: the disk is full."),
    sqlite3.SQLITE_NOTADB: (ProviderError, "The mock cloud's file is not a database."),
    sqlite3.SQLITE_CORRUPT: (ProviderError, "The mock cloud's file is damaged."),
    sqlite3.SQLITE_CANTOPEN: (ProviderError, "The mock cloud's file cannot be opened."),
}

#: Realms that exist for clients' tests alone, each with the error that asking for it raises.
BY_REALM: dict[str, type[DeltacloudError]] = {
    str(error.status): error for error in (InternalError, NotSupported, ProviderError, ProviderTimeout)
}


class PretendedFailure(Exception):
    """A failure that the configuration asked for."""


def translate(error: Exception) -> DeltacloudError | None:
    """The meaning of an error; ``None`` where it is not the pretend cloud's."""
    if isinstance(error, PretendedFailure):
        return ProviderError("The mock cloud failed, as its failure_rate asks for.")
    if isinstance(error, sqlite3.DatabaseError):
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
        meaning, message = _MEANING.get(code, (ProviderError, "The mock cloud's file failed."))
        return meaning(message)
    return None
