"""Values of a cloud's responses, which may be anything: what makes no sense is left out, never an error of ours."""

import ipaddress
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import orjson

from deltacloud_images.errors import ProviderError
from deltacloud_images.models import Address

Record = TypeVar("Record")
Model = TypeVar("Model")
Kind = TypeVar("Kind")

#: What code that reads a record raises where the record is not as the cloud's documentation has it.
DATA_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
#: The largest number that is shown.
MAX_INTEGER = 2**63 - 1
#: JSON and XML with more values than that are refused before they are parsed: each takes many times its size.
MAX_NODES = 1_000_000
#: Up to this size the number of values cannot be too large, and they are not counted.
_UNCOUNTED_BYTES = 2 * 1024 * 1024
#: The longest text of a cloud that is told to clients or logged.
MAX_MESSAGE = 500
_JSON_OBJECT = re.compile(rb"\s*\{")
_NOT_PRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]+")

log = logging.getLogger(__name__)


class MalformedRecord(ProviderError):
    """A record of the cloud lacks what every record of its kind has."""


def text(value: object) -> str:
    """Return a text, or a number as text; empty for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def integer(value: object, default: int = 0) -> int:
    """Return a whole number from 0 to ``MAX_INTEGER`` that is given as a number or a text; else the default."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return default
    try:
        number = int(value)
    except (ValueError, OverflowError):
        return default
    return number if 0 <= number <= MAX_INTEGER else default


def decimal(value: object) -> float | None:
    """Return a number from 0 to ``MAX_INTEGER`` that is given as a number or a text; ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= MAX_INTEGER else None


def time(value: object) -> datetime | None:
    """Return an ISO 8601 time in UTC, which is also the zone of times without one; ``None`` for anything else."""
    if not isinstance(value, str):
        return None
    try:
        known = datetime.fromisoformat(value)
        if known.tzinfo is UTC:
            return known
        return known.replace(tzinfo=UTC) if known.tzinfo is None else known.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def utc(value: object) -> datetime | None:
    """Return a time that an SDK has read already, in UTC; ``None`` for anything else."""
    if not isinstance(value, datetime):
        return None
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def address(value: object) -> Address | None:
    """Return an IPv4 or IPv6 address; ``None`` for anything else."""
    if not isinstance(value, str):
        return None
    try:
        known = ipaddress.ip_address(value)
    except ValueError:
        return None
    return Address(value, "ipv6" if known.version == 6 else "ipv4")


def is_public(known: Address) -> bool:
    """Return whether an IP address is routed on the internet."""
    return ipaddress.ip_address(known.address).is_global


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def array(value: object) -> list[Any]:
    """Return a JSON array; an empty one for anything else."""
    return value if isinstance(value, list) else []


def required(value: object, kind: type[Kind], what: str) -> Kind:
    """Return a value of that kind that is not empty; raise ``MalformedRecord`` that names it for anything else."""
    if isinstance(value, kind) and value != "":
        return value
    raise MalformedRecord(f"The cloud's response has no {what} where one belongs.")


def message(value: object) -> str:
    """Return a cloud's text on one line, without control characters and bounded, for errors and the log."""
    return _NOT_PRINTABLE.sub(" ", text(value)[: 4 * MAX_MESSAGE]).strip()[:MAX_MESSAGE]


def json_object(body: bytes | bytearray) -> dict[str, Any]:
    """Return the JSON object of a response; raise ``ProviderError`` if it is none, or too large."""
    if not _JSON_OBJECT.match(body):  # said before orjson's error copies the body
        raise ProviderError("The cloud's response is not a JSON object.")
    check_nodes(body, b"[{,")
    try:
        parsed: dict[str, Any] = orjson.loads(body)
    except ValueError as error:
        raise ProviderError("The cloud's response is not JSON.") from error
    return parsed


def check_nodes(body: bytes | bytearray, marks: bytes) -> None:
    """Raise ``ProviderError`` where a body holds more than ``MAX_NODES`` of the characters that begin its values."""
    if len(body) > _UNCOUNTED_BYTES and sum(body.count(mark) for mark in marks) > MAX_NODES:
        raise ProviderError(f"The cloud's response has more than {MAX_NODES:,} values.")


def converted(records: Iterable[Record], convert: Callable[[Record], Model], what: str) -> Iterator[Model]:
    """Yield each record's model. Records that cannot be read are left out, and counted in the log.

    ``what`` names a record in the log, for example ``image``.
    """
    left_out = 0
    try:
        for record in records:
            try:
                model = convert(record)
            except (*DATA_ERRORS, MalformedRecord) as error:
                left_out += 1
                log.debug("A malformed %s of the cloud: %r", what, error, exc_info=True)
            else:
                yield model
    finally:
        if left_out:
            log.warning("The cloud sent %d malformed records (%s), which are left out.", left_out, what)


def converted_one(record: Record, convert: Callable[[Record], Model], what: str) -> Model:
    """Return a record's model; raise ``ProviderError`` where it cannot be read."""
    try:
        return convert(record)
    except DATA_ERRORS as error:
        raise ProviderError(f"The cloud's response describes a malformed {what}.") from error


def strings(value: object) -> dict[str, str]:
    """Return the members of a JSON object that are texts."""
    return {name: each for name, each in cast("dict[Any, Any]", mapping(value)).items() if isinstance(each, str)}
