"""Good responses changed in one place each: every field missing, empty, of another type, or of a senseless value."""

import copy
import json
import random
from collections.abc import Callable, Iterator
from functools import partial
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

#: Words that say what is changed, and what makes the changed body.
Change = tuple[str, Callable[[], bytes]]
#: How many items of each list are kept of a good response.
_ITEMS = 20


def mutations(body: bytes, at_most: int) -> Iterator[tuple[str, bytes]]:
    """Yield changed versions of a JSON or XML body, each with words that say what was changed.

    Of all changes at most so many are chosen, always the same ones.
    """
    changes = list(_json(body) if _is_json(body) else _xml(body))
    if len(changes) > at_most:
        changes = random.Random(_SEED).sample(changes, at_most)
    for words, change in changes:
        yield words, change()


def shrunk(body: bytes) -> bytes:
    """Return a good body with at most 20 items in each of its lists, so that many changes of it can be tried."""
    if _is_json(body):
        return json.dumps(_shrunk_json(json.loads(body))).encode()
    root = _parsed(body)
    if root is None:
        return body
    for element in root.iter():
        counts: dict[str, int] = {}
        for child in list(element):
            counts[child.tag] = counts.get(child.tag, 0) + 1
            if counts[child.tag] > _ITEMS:
                element.remove(child)
    return _serialized(root)


def _shrunk_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shrunk_json(each) for name, each in value.items()}
    return [_shrunk_json(each) for each in value[:_ITEMS]] if isinstance(value, list) else value


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] in (b"{", b"[")


def _parsed(body: bytes) -> Any:
    """Return the root of an XML body; ``None`` for anything else, a web server's page for example."""
    from lxml import etree  # needed for clouds that speak XML alone

    try:
        return etree.fromstring(body)
    except etree.XMLSyntaxError:
        return None


def _serialized(root: Any) -> bytes:
    from lxml import etree

    text: bytes = etree.tostring(root)
    return text


def _json(body: bytes) -> Iterator[Change]:
    document = json.loads(body)
    for path in _paths(document, ()):
        words = "/".join(map(str, path)) or "the document"
        for value in _JSON_VALUES:
            yield f"{words} = {value!r:.40}", partial(_dumped, _replaced, document, path, value)
        if path:
            yield f"{words} missing", partial(_dumped, _without, document, path)


def _dumped(change: Callable[..., Any], *arguments: Any) -> bytes:
    return json.dumps(change(*arguments)).encode()


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
    root = _parsed(body)
    if root is None:
        return
    seen: set[tuple[str, ...]] = set()
    for number, element in enumerate(root.iter()):
        names = (*(str(each.tag) for each in reversed(list(element.iterancestors()))), str(element.tag))
        if names in seen:
            continue
        seen.add(names)
        words = "/".join(name.rpartition("}")[2] for name in names)
        for value in _XML_VALUES:
            yield f"{words} = {value:.20}", partial(_changed, root, number, _set_text, value)
        for name in element.keys():  # noqa: SIM118 (lxml's elements are no mappings)
            yield f"{words}@{name} missing", partial(_changed, root, number, _remove_attribute, name)
            for value in _XML_VALUES:
                yield f"{words}@{name} = {value:.20}", partial(_changed, root, number, _set_attribute, name, value)
        if number:
            yield f"{words} missing", partial(_changed, root, number, _remove)
            yield f"{words} twice", partial(_changed, root, number, _double)


def _changed(root: Any, number: int, change: Callable[..., None], *arguments: str) -> bytes:
    twin = copy.deepcopy(root)
    change(list(twin.iter())[number], *arguments)
    return _serialized(twin).replace(_CONTROL.encode(), b"&#1;")


def _set_attribute(element: Any, name: str, value: str) -> None:
    element.set(name, value)


def _remove_attribute(element: Any, name: str) -> None:
    element.attrib.pop(name)


def _remove(element: Any) -> None:
    element.getparent().remove(element)


def _double(element: Any) -> None:
    element.addnext(copy.deepcopy(element))


def _set_text(element: Any, value: str) -> None:
    for child in list(element):
        element.remove(child)
    element.text = value
