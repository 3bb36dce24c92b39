"""Pieces of XML that several elements share: the prolog, lists, actions and references."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

from deltacloud_images.serializers.escaping import escape
from deltacloud_images.serializers.links import path_segment

Item = TypeVar("Item")

PROLOG = "<?xml version='1.0' encoding='utf-8' ?>\n"


def elements(name: str, items: Iterable[Item], write: Callable[[Item], str]) -> Iterator[str]:
    """Yield a collection of that name, one chunk an item."""
    yield f"{PROLOG}<{name}>\n"
    yield from map(write, items)
    yield f"</{name}>\n"


def actions(links: Iterable[tuple[str, str, str]], pad: str) -> str:
    """Return the links of a resource's actions: rel, method and href each."""
    inner = "".join([f"{pad}    <link href='{href}' method='{method}' rel='{rel}' />\n" for rel, method, href in links])
    return f"{pad}  <actions>\n{inner}{pad}  </actions>\n"


@lru_cache(maxsize=4096)
def reference(collection: str, member_id: str, api: str) -> str:
    """Return the attributes that refer to a member of a collection."""
    return f"href='{api}/{collection}/{path_segment(member_id)}' id='{escape(member_id)}'"
