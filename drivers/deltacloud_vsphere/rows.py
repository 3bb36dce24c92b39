"""The objects of a vCenter as its property collector describes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from deltacloud_images.kit import values

if TYPE_CHECKING:
    from lxml.etree import _Element

#: The namespace of the API's elements.
VIM = "{urn:vim25}"


@dataclass(frozen=True, slots=True)
class Row:
    """One object of the vCenter with those of the requested properties that are set."""

    kind: str
    id: str
    values: "Mapping[str, _Element]"

    def text(self, path: str) -> str:
        """Return a property as text; empty if it is not set."""
        value = self.values.get(path)
        return "" if value is None else value.text or ""

    def integer(self, path: str) -> int | None:
        """Return a property that is a whole number; ``None`` if it is not set, or makes no sense."""
        number = values.integer(self.text(path), -1)
        return None if number < 0 else number

    def time(self, path: str) -> datetime | None:
        """Return a property that is a time, in UTC; ``None`` if it is not set, or makes no sense."""
        return values.time(self.text(path))

    def texts(self, path: str) -> list[str]:
        """Return the items of a list of texts, or the ids of a list of managed objects."""
        value = self.values.get(path)
        return [] if value is None else [each.text or "" for each in value]

    def member(self, path: str, name: str) -> str:
        """Return a text of a data object that a property is; empty if it is not set."""
        value = self.values.get(path)
        return "" if value is None else value.findtext(f"{VIM}{name}") or ""

    def records(self, path: str) -> list[dict[str, list[str]]]:
        """Return the data objects that a property lists, each as name -> texts."""
        value = self.values.get(path)
        return [] if value is None else [_texts(each) for each in value]


def _texts(record: "_Element") -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for each in record:
        texts.setdefault(str(each.tag).removeprefix(VIM), []).append(each.text or "")
    return texts
