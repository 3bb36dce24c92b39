"""Good responses changed in one place each: every field missing, empty, of another type, or of a senseless value."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

#: What stands in place of a JSON value.
_JSON_VALUES: tuple[Any, ...] = (
    None,
    True,
    "",
    "nonsense \u0001\r\n\u2603 <&>",
    "0001-01-01T00:00:00+23:59",
    "9" * 400,
    -1,
    10**18,
    1.5,
    [],
    [None],
    [[]],
    {},
    {"id": {}},
)
#: What stands in place of a text or an attribute of XML. A text that XML cannot hold is put in after serializing.
_CONTROL = "CONTROL-CHARACTER"
_XML_VALUES = ("", "nonsense", "-1", "9" * 400, "1.5", "0001-01-01T00:00:00+23:59", _CONTROL)
_SEED = 20121025

Change = tuple[str, bytes]


def mutations(body: bytes, at_most: int) -> list[Change]:
    """Return changed versions of a JSON or XML body, each with words that say what was changed.

    Of all changes at most so many are chosen, always the same ones.
    """
    start = body.lstrip()[:1]
    changes = list(_json(body) if start in (b"{", b"[") else _xml(body) if start == b"<" else ())
    return changes if len(changes) <= at_most else random.Random(_SEED).sample(changes, at_most)


def _json(body: bytes) -> Iterator[Change]:
    document = json.loads(body)
    for path in _paths(document, ()):
        words = "/".join(map(str, path)) or "the document"
        for value in _JSON_VALUES:
            yield f"{words} = {value!r:.40}", json.dumps(_replaced(document, path, value)).encode()
        if path:
            yield f"{words} missing", json.dumps(_without(document, path)).encode()


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value; of the items of an array only the first is looked into."""
    yield path
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _paths(each, (*path, name))
    elif isinstance(value, list) and value:
        yield from _paths(value[0], (*path, 0))


def _replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(document)
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def _without(document: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(document)
    del _at(changed, path[:-1])[path[-1]]
    return changed


def _at(document: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


def _xml(body: bytes) -> Iterator[Change]:
    from lxml import etree  # needed for clouds that speak XML alone

    try:
        root: Any = etree.fromstring(body)
    except etree.XMLSyntaxError:  # a page of a web server
        return
    seen: set[tuple[str, ...]] = set()
    for number, element in enumerate(root.iter()):
        names = (*(str(each.tag) for each in reversed(list(element.iterancestors()))), str(element.tag))
        if names in seen:
            continue
        seen.add(names)
        words = "/".join(name.rpartition("}")[2] for name in names)

        def changed(change: Callable[[Any], None], number: int = number) -> bytes:
            twin = copy.deepcopy(root)
            change(list(twin.iter())[number])
            return etree.tostring(twin).replace(_CONTROL.encode(), b"&#1;")

        for value in _XML_VALUES:
            yield f"{words} = {value:.20}", changed(lambda each, value=value: _set_text(each, value))  # type: ignore[misc]
            for name in element.keys():  # noqa: SIM118 (lxml's elements are no mappings)
                yield (
                    f"{words}@{name} = {value:.20}",
                    changed(lambda each, name=name, value=value: each.set(name, value)),  # type: ignore[misc]
                )
        for name in element.keys():  # noqa: SIM118
            yield f"{words}@{name} missing", changed(lambda each, name=name: each.attrib.pop(name))  # type: ignore[misc]
        if number:
            yield f"{words} missing", changed(lambda each: each.getparent().remove(each))
            yield f"{words} twice", changed(lambda each: each.addnext(copy.deepcopy(each)))


def _set_text(element: Any, value: str) -> None:
    for child in list(element):
        element.remove(child)
    element.text = value
