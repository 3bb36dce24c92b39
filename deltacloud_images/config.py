"""The operator's configuration: a TOML file and a few environment variables, checked and frozen."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from deltacloud_images.errors import ConfigurationError
from deltacloud_images.registry import Registry
from deltacloud_images.schema import InvalidTable, Problem, settings, settings_from_table

FILE_VARIABLE = "DELTACLOUD_IMAGES_CONFIG"
#: Environment variables that override the file, each with the table and key that it sets.
OVERRIDES = {
    "DELTACLOUD_IMAGES_HOST": ("server", "host"),
    "DELTACLOUD_IMAGES_PORT": ("server", "port"),
    "DELTACLOUD_IMAGES_LOG_LEVEL": ("server", "log_level"),
    "DELTACLOUD_IMAGES_DRIVER": ("api", "default_driver"),
    "DELTACLOUD_IMAGES_PROVIDER": ("api", "default_provider"),
}
#: The variables of Apache Deltacloud's own server, which ours override.
ORIGINAL_OVERRIDES = {
    "API_HOST": ("server", "host"),
    "API_PORT": ("server", "port"),
    "API_DRIVER": ("api", "default_driver"),
    "API_PROVIDER": ("api", "default_provider"),
}
#: The variables by which Apache Deltacloud's server lent its own credentials to every caller.
REFUSED_VARIABLES = ("API_USER", "API_PASSWORD")


@settings
class ServerSettings:
    """``[server]``."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3001
    workers: Annotated[int, Field(ge=1, le=256)] = 2
    #: Threads of a worker; each serves one request at a time.
    threads: Annotated[int, Field(ge=2, le=1000)] = 200
    #: Threads of a worker that requests to one driver and provider may take.
    threads_per_cloud: Annotated[int, Field(ge=1, le=1000)] = 150
    #: Open connections of a worker.
    max_connections: Annotated[int, Field(ge=10, le=100_000)] = 2000
    #: How long a client may take to send the head of a request.
    head_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    #: How long a client may take to send a body after its head.
    body_timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    #: How long a response may wait for a client that does not read, or reads less than 4 KiB a second.
    write_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    #: How long a connection is kept open for another request.
    keepalive_seconds: Annotated[float, Field(gt=0)] = 15.0
    #: How long requests may go on after the signal to stop.
    stop_timeout_seconds: Annotated[float, Field(ge=3)] = 30.0
    #: How many proxies stand before the server: that many values of X-Forwarded-* are believed.
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    max_body_bytes: Annotated[int, Field(ge=1024)] = 1024 * 1024
    #: How long one request may take until its response begins; of a list that streams, each page.
    backend_timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    #: How long a list that streams may take as a whole.
    list_timeout_seconds: Annotated[float, Field(gt=0)] = 600.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    #: Whether /metrics shows the metrics.
    metrics: bool = True
    #: Whether each request gets a line in the log.
    access_log: bool = True
    #: How such a line names the cloud's user: by a keyed hash, by name, or not at all.
    log_users: Literal["hash", "name", "none"] = "hash"


@settings
class ApiSettings:
    """``[api]``."""

    default_driver: str = "mock"
    #: Empty: the driver's own.
    default_provider: str = ""


@settings
class Settings:
    """The whole configuration. ``drivers`` holds each driver's table as it stands; the driver checks it."""

    server: ServerSettings = field(default_factory=ServerSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    drivers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A bad key of a configuration file. ``line`` counts from 1; it is 0 where the key is not in the file."""

    line: int
    problem: Problem

    def __str__(self) -> str:
        """``line 3: server.prot: there is no such key``."""
        words = str(self.problem) if self.problem.fatal else f"warning: {self.problem}"
        return f"line {self.line}: {words}" if self.line else words


def load(path: str | os.PathLike[str] | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The configuration from a file (or the one that ``DELTACLOUD_IMAGES_CONFIG`` names, or none) and environment.

    Raises ``ConfigurationError`` that names every bad key and its line, or a variable that is refused. The table of a
    driver that is not installed is no error, unless it is the default driver.
    """
    _refuse_credentials(environ)
    path = path or environ.get(FILE_VARIABLE) or None
    text = _read(path) if path else ""
    tables = _override(_parse(path, text), environ)
    if problems := [each for each in _problems(tables) if each.fatal]:
        found = "; ".join(str(FileProblem(line_of(text, each.path), each)) for each in problems)
        raise ConfigurationError(f"{path}: {found}" if path else found)
    return settings_from_table(Settings, tables)


def check(path: str | os.PathLike[str]) -> list[FileProblem]:
    """Everything that is wrong in a configuration file, drivers' tables and warnings included.

    Raises ``ConfigurationError`` only if it cannot be read or is no TOML.
    """
    text = _read(path)
    tables = _parse(path, text)
    found = [FileProblem(line_of(text, each.path), each) for each in _problems(tables)]
    return sorted(found, key=lambda each: each.line)


def _problems(tables: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        settings_from_table(Settings, tables)
    except InvalidTable as error:
        yield from error.problems
    drivers = tables.get("drivers", {})
    registry = Registry()
    names = registry.names
    default = tables.get("api", {})
    default = default.get("default_driver", "mock") if isinstance(default, dict) else "mock"
    for name, table in drivers.items() if isinstance(drivers, dict) else ():
        if name not in names:
            yield Problem(("drivers", name), f"there is no such driver; there are {', '.join(names)}")
        elif isinstance(table, dict):
            yield from _table_problems(registry, name, table, is_default=name == default)
    if isinstance(default, str) and default not in names:
        yield Problem(("api", "default_driver"), f"there is no driver '{default}'; there are {', '.join(names)}")


def _table_problems(registry: Registry, name: str, table: Mapping[str, Any], *, is_default: bool) -> Iterator[Problem]:
    path = ("drivers", name)
    try:
        if registry.missing_modules(name):
            yield Problem(path, f"the driver is not installed: {registry.install_hint(name)}", fatal=is_default)
        else:
            registry.driver_class(name).from_config(table)
    except InvalidTable as error:
        yield from error.below(*path).problems
    except (ConfigurationError, ImportError, AttributeError) as error:
        yield Problem(path, str(error))


def line_of(text: str, path: tuple[str, ...]) -> int:
    """The line, from 1, on which a key of a TOML text stands (for an array or text of many lines, its first); else 0.

    It is the first line with which the text, cut off there, is TOML that has the key.
    """
    lines = text.splitlines()
    complete = 0
    for count in range(1, len(lines) + 1):
        try:
            table: Any = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        for key in path:
            table = table.get(key) if isinstance(table, dict) else None
        if table is not None:
            return complete + 1
        complete = count
    return line_of(text, path[:-1]) if len(path) > 1 else 0


def _read(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not UTF-8 text") from None


def _parse(path: str | os.PathLike[str] | None, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from None


def _refuse_credentials(environ: Mapping[str, str]) -> None:
    if given := [name for name in REFUSED_VARIABLES if environ.get(name)]:
        raise ConfigurationError(
            f"{' and '.join(given)} in the environment: this server has no credentials of its own, because anybody who "
            "reaches it could then act in their name. Clients send the cloud's with each request, as HTTP Basic. "
            f"Unset {'it' if len(given) == 1 else 'both'} to start."
        )


def _override(tables: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    for variable, (table, key) in (ORIGINAL_OVERRIDES | OVERRIDES).items():
        value = environ.get(variable)
        if value and isinstance(tables.setdefault(table, {}), dict):
            tables[table][key] = int(value) if key == "port" and value.isdecimal() else value
    return tables
