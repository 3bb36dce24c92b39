"""XML of a cloud's responses: parsed by lxml, which opens no file and no connection, within bounds.

A character that XML does not allow is left out, because it stands in the text of one item and must not hide all others.
"""

import re

from lxml import etree

from deltacloud_images.errors import ProviderError
from deltacloud_images.kit.values import check_nodes

_PARSER_OPTIONS = {"resolve_entities": False, "no_network": True, "remove_comments": True, "remove_pis": True}
_LARGE_BYTES = 1024 * 1024
_BEGINNING = re.compile(rb"(\xef\xbb\xbf)?\s*<")
_CONTROL_CHARACTERS = bytes(set(range(32)) - {9, 10, 13})
_REFERENCE = re.compile(rb"&#(?:x0*([0-9a-fA-F]{1,6})|0*([0-9]{1,7}));")


def parse(body: bytes | bytearray) -> etree._Element:
    """Return the root element; raise ``ProviderError`` where the body is not XML, or too large."""
    _check(body)
    try:
        return _parse(bytes(body))
    except etree.XMLSyntaxError:
        pass
    try:
        return _parse(without_control_characters(bytes(body)))
    except etree.XMLSyntaxError as error:
        raise ProviderError("The cloud's response is not XML.") from error


def cleaned(body: bytes | bytearray) -> bytes:
    """Return XML for another parser, an SDK's: without the characters that XML does not allow.

    Raises ``ProviderError`` where a large body is not XML, or has too many values.
    """
    _check(body)
    return without_control_characters(bytes(body))


def without_control_characters(body: bytes) -> bytes:
    """Return XML in UTF-8 without the characters, and references to them, that XML 1.0 does not allow."""
    return _REFERENCE.sub(_allowed, body.translate(None, _CONTROL_CHARACTERS))


def _check(body: bytes | bytearray) -> None:
    """Refuse what would take many times its size before it turns out to be senseless."""
    if len(body) > _LARGE_BYTES and not _BEGINNING.match(body):
        raise ProviderError("The cloud's response is not XML.")
    check_nodes(body, b"<=")


def _parse(body: bytes) -> etree._Element:
    return etree.fromstring(body, etree.XMLParser(**_PARSER_OPTIONS))  # type: ignore[arg-type]


def _allowed(reference: re.Match[bytes]) -> bytes:
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    allowed = code in (9, 10, 13) or 32 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return reference[0] if allowed else b""
