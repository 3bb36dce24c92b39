"""The objects of a vCenter as the property collector tells of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

#: The namespace of the API's elements.
VIM = "{urn:vim25}"


@dataclass(frozen=True, slots=True)
class Row:
    """One object of the vCenter with those of the wanted properties that are set."""

    kind: str
    id: str
    values: Mapping[str, Element]

    def text(self, path: str) -> str:
        """A property as text; empty if it is not set."""
        value = self.values.get(path)
        return "" if value is None else value.text or ""

    def time(self, path: str) -> datetime | None:
        """A property that is a time, in UTC."""
        text = self.text(path)
        return datetime.fromisoformat(text).astimezone(UTC) if text else None

    def ids(self, path: str) -> list[str]:
        """The ids of the managed objects that a property lists."""
        value = self.values.get(path)
        return [] if value is None else [each.text or "" for each in value]

    def records(self, path: str) -> list[dict[str, list[str]]]:
        """The data objects that a property lists, each as name -> texts."""
        return [_texts(each) for each in self.values.get(path, ())]


def _texts(record: Element) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for each in record:
        texts.setdefault(each.tag.removeprefix(VIM), []).append(each.text or "")
    return texts
