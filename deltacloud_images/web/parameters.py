"""The parameters of a request, wherever its client put them: body first, then query, then matrix parameters."""

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from functools import partial
from io import BytesIO
from typing import Any, cast
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import HTTPException
from werkzeug.formparser import FormDataParser

from deltacloud_images.errors import BodyTooLarge, ValidationFailure
from deltacloud_images.web.paths import API_SEGMENT, CLOUD_CHOICE, MATRIX

MAX_FIELDS = 1000
_FORMS = ("", "application/x-www-form-urlencoded", "application/x-www-form-encoded")  # the last is a client's slip
#: How the Vagrant plug-in names each parameter of a form.
_WRAPPED = re.compile(r"body\[(\w+)\]")

Pairs = Iterable[tuple[str, str]]


class _Malformed(str):
    """A value that no parameter can have; its text says why. It is refused if an operation reads it."""


class Parameters:
    """Named texts. An empty one is as good as none; one that stands twice in one place is refused when it is read."""

    def __init__(self, *sources: Pairs) -> None:
        """``sources`` from the strongest to the weakest."""
        self._sources = [_collect(source) for source in sources]

    def get(self, name: str) -> str | None:
        """The value, or ``None``; raises ``ValidationFailure`` where it was given twice."""
        for source in self._sources:
            if values := source.get(name):
                if len(values) > 1:
                    raise ValidationFailure(f"The parameter '{name}' was given {len(values)} times; give it once.")
                if isinstance(values[0], _Malformed):
                    raise ValidationFailure(values[0])
                return values[0]
        return None

    @property
    def names(self) -> list[str]:
        """The names of all that have a value, each once."""
        return list(dict.fromkeys(name for source in self._sources for name in source))


def read_query(request: Request) -> Parameters:
    """Query and matrix parameters alone."""
    return Parameters(_query(request), _matrix(request))


def read_parameters(request: Request) -> Parameters:
    """All parameters, the body's included; raises ``ValidationFailure`` for a body that cannot be read."""
    return Parameters(_body(request), _query(request), _matrix(request))


def decode_user_data(text: str) -> bytes:
    """What an instance is to read: Deltacloud's clients send it in Base64. What is none, as no script is, is as meant.

    Source: Deltacloud's mock, EC2 and RHEV-M drivers, which decode it.
    """
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError:
        return text.encode()


def refuse_large(request: Request) -> None:
    """Raise ``BodyTooLarge`` where the announced length exceeds the limit."""
    _check_size(request, request.content_length or 0)


def _check_size(request: Request, size: int) -> None:
    limit = cast(int, request.max_content_length) - 1
    if size > limit:
        raise BodyTooLarge(f"The body exceeds the limit of {limit} bytes.")


def _collect(pairs: Pairs) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if value:
            found.setdefault(name, []).append(value)
    return found


def _matrix(request: Request) -> Pairs:
    """Return the matrix parameters, without those that choose the cloud."""
    return (
        (name, value)
        for index, name, value in request.environ[MATRIX]
        if not (index == API_SEGMENT and name in CLOUD_CHOICE)
    )


def _query(request: Request) -> Pairs:
    return _urlencoded(request.query_string, "query string")


def _urlencoded(raw: bytes, where: str) -> Pairs:
    if not raw:
        return ()
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise ValidationFailure(f"The {where} is not UTF-8 text.") from None
    except ValueError:
        raise ValidationFailure(f"The {where} has more than {MAX_FIELDS} parameters.") from None


def _body(request: Request) -> Pairs:
    kind, raw = request.mimetype, _read(request)
    if not raw.strip():
        return ()
    if kind in _FORMS:
        return [(_unwrapped(name), value) for name, value in _urlencoded(raw.strip(), "body")]
    if kind == "application/json":
        return _json(raw)
    if kind == "multipart/form-data":
        return _multipart(raw, request.mimetype_params)
    raise ValidationFailure(
        f"A body of type '{kind}' is not understood; send application/x-www-form-urlencoded, multipart/form-data"
        " or application/json."
    )


def _read(request: Request) -> bytes:
    """Return the whole body; raise ``ValidationFailure`` if it ends too early or holds a malformed chunk."""
    try:
        raw = request.get_data()
    except HTTPException:
        raise
    except Exception as error:  # each WSGI server has its own errors for such bodies
        raise ValidationFailure("The body cannot be read: it is malformed, or its end did not arrive.") from error
    _check_size(request, len(raw))  # a chunked body does not announce its length
    if len(raw) < (request.content_length or 0):
        raise ValidationFailure(f"The body ends after {len(raw)} of {request.content_length} bytes.")
    return raw


def _unwrapped(name: str) -> str:
    wrapped = _WRAPPED.fullmatch(name)
    return wrapped[1] if wrapped else name


def _multipart(raw: bytes, options: dict[str, str]) -> Pairs:
    parser = FormDataParser(max_form_memory_size=None, max_form_parts=MAX_FIELDS, silent=False)
    try:
        _, form, _ = parser.parse(BytesIO(raw), "multipart/form-data", len(raw), options)
    except ValueError:
        raise ValidationFailure("The multipart body is truncated or malformed.") from None
    return [(name, value) for name, value in form.items(multi=True) if name is not None]


def _json(raw: bytes) -> Pairs:
    try:
        document = json.loads(raw, object_pairs_hook=_JsonObject, parse_constant=partial(_refuse_constant))
    except (ValueError, RecursionError):
        raise ValidationFailure("The body is not valid JSON.") from None
    if not isinstance(document, _JsonObject):
        raise ValidationFailure("The JSON body is not an object of parameters.")
    return [(name, _json_text(name, value)) for name, value in document]


class _JsonObject(list[tuple[str, Any]]):
    """The members of a JSON object, those given twice included."""


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _json_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if value is None:
        return ""
    if not isinstance(value, str):
        return _Malformed(f"The parameter '{name}' of the JSON body is neither a text nor a number.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return _Malformed(f"The parameter '{name}' of the JSON body is not Unicode text.")
    return value
