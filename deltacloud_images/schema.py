"""Checks a table of the configuration against the dataclass that describes it, and names every bad key."""

import json
import re
import ssl
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Annotated, Any, TypeVar, cast, dataclass_transform

from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated_dataclass

from deltacloud_images.errors import ConfigurationError

Settings = TypeVar("Settings")


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad key: ``path`` is ``("server", "port")``, ``reason`` is in words and holds no secret.

    The server starts with a problem that is not ``fatal``.
    """

    path: tuple[str, ...]
    reason: str
    fatal: bool = True

    def __str__(self) -> str:
        """``server.port: Input should be ...``."""
        return f"{'.'.join(self.path) or 'the table'}: {self.reason}"


class InvalidTable(ConfigurationError):
    """A table has bad keys: ``problems`` lists all of them."""

    def __init__(self, problems: list[Problem]) -> None:
        """``problems`` holds at least one."""
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems

    def below(self, *path: str) -> "InvalidTable":
        """The same problems, as those of a table that stands at ``path``."""
        return InvalidTable([Problem((*path, *each.path), each.reason) for each in self.problems])


def settings_from_table(settings_type: type[Settings], table: Mapping[str, Any]) -> Settings:
    """The table as an instance of the dataclass; raises ``InvalidTable`` for unknown keys, wrong types and ranges.

    Types are strict: a port is a number and not a text. A number without a fraction serves as a float.
    """
    try:
        # As JSON, since only there strict checking takes tables for dataclasses and arrays for tuples.
        settings: Settings = _adapter(cast(Hashable, settings_type)).validate_json(json.dumps(dict(table), default=str))
        return settings
    except ValidationError as error:
        raise InvalidTable([_problem(each) for each in error.errors(include_url=False, include_input=False)]) from None


def _problem(detail: Any) -> Problem:
    path = tuple(str(part) for part in detail["loc"] if part != "[key]")
    if detail["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
        return Problem(path, "there is no such key")
    return Problem(path, detail["msg"].removeprefix("Value error, "))


def _readable(path: str) -> str:
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except OSError as error:
            raise ValueError(f"'{path}' cannot be used: {error}") from error
    return path


_HOST_PORT_PATH = re.compile(r"([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]+))?(/[^\s?#]*)?")


def _address(url: str, schemes: tuple[str, ...]) -> str:
    """The URL; the reason for refusing it does not repeat it, as it may hold a password."""
    scheme, _, rest = url.partition("://")
    parts = _HOST_PORT_PATH.fullmatch(rest)
    if scheme not in schemes or not parts or not 0 < int(parts["port"] or 1) <= 65535:
        forms = [f"{each}://host[:port][/path]" for each in schemes]
        raise ValueError(f"it has to be {' or '.join(forms)}, without user, query and fragment")
    return url


def _address_or_empty(url: str, schemes: tuple[str, ...]) -> str:
    return url and _address(url, schemes)


_WEB = ("https", "http")

#: The path of a PEM file of authorities to trust, which is read when the configuration is checked; or empty.
CertificateFile = Annotated[str, AfterValidator(_readable)]
#: Where a service is, without credentials.
Url = Annotated[str, AfterValidator(partial(_address, schemes=_WEB))]
OptionalUrl = Annotated[str, AfterValidator(partial(_address_or_empty, schemes=_WEB))]
HttpsUrl = Annotated[str, AfterValidator(partial(_address, schemes=_WEB[:1]))]


@lru_cache(maxsize=32)
def _adapter(settings_type: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(type, settings_type))


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def settings(cls: type[Settings]) -> type[Settings]:
    """Decorates a class of annotated fields with defaults: a frozen dataclass that refuses unknown keys.

    Constrain fields with ``Annotated`` and ``pydantic.Field``; keep a secret out of reprs with ``field(repr=False)``.
    """
    checked: Any = validated_dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid", strict=True))(cls)
    return cast(type[Settings], checked)
