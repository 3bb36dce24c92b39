"""A list as its page shows it: filtered by the server, sorted by a column, cut where a browser would choke."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest, nsmallest
from itertools import islice
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

#: How many rows a browser shows at once without becoming slow.
MAX_ROWS = 10_000
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

Parameter = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the parameter that sorts by it, its heading, and the model's field."""

    name: str
    heading: str
    field: str

    def key(self, thing: Any) -> tuple[Any, str]:
        """What things are ordered by: texts without regard to case, unknown times first."""
        value = getattr(thing, self.field)
        return value.casefold() if isinstance(value, str) else value or _LONG_AGO, thing.id


IMAGE_COLUMNS = (
    Column("name", "Name", "name"),
    Column("description", "Description", "description"),
    Column("architecture", "Architecture", "architecture"),
    Column("owner", "Owner", "owner_id"),
    Column("state", "State", "state"),
    Column("created", "Created (UTC)", "creation_time"),
    Column("id", "Id", "id"),
)
IMAGE_FILTERS = ("name", "owner_id", "architecture", "state", "id")
INSTANCE_COLUMNS = (
    Column("name", "Name", "name"),
    Column("state", "State", "state"),
    Column("image", "Image", "image_id"),
    Column("size", "Hardware profile", "hardware_profile_id"),
    Column("realm", "Realm", "realm_id"),
    Column("launched", "Launched (UTC)", "launch_time"),
)
INSTANCE_FILTERS = ("state", "realm_id", "image_id", "owner_id", "id")


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading: where it leads to sort by it, and ``ascending`` or ``descending`` if it sorts now."""

    text: str
    href: str
    sorted: str


class Listing:
    """The rows of a page and the addresses of its other views; ``chosen`` are those of the ``filters`` that are set."""

    def __init__(
        self,
        href: str,
        things: Iterable[Any],
        columns: tuple[Column, ...],
        filters: tuple[str, ...],
        parameter: Parameter,
    ) -> None:
        """``href`` is the collection, ``parameter`` reads the query: ``sort=name`` or ``sort=-name``, ``rows=all``."""
        self._href = href
        self._columns = columns
        self.sort = parameter("sort")
        self.all = parameter("rows") == "all"
        self.filters = {name: parameter(name) for name in filters}
        self.chosen = {name: value for name, value in self.filters.items() if value}
        found = self._sorted(things)
        self.rows = found if self.all else found[:MAX_ROWS]
        self.cut = len(self.rows) < len(found)

    def _sorted(self, things: Iterable[Any]) -> list[Any]:
        """One more than is shown, if there are more."""
        column = next((each for each in self._columns if each.name == self.sort.removeprefix("-")), None)
        descending = self.sort.startswith("-")
        if column is None:
            return list(things) if self.all else list(islice(things, MAX_ROWS + 1))
        if self.all:
            return sorted(things, key=column.key, reverse=descending)
        return (nlargest if descending else nsmallest)(MAX_ROWS + 1, things, key=column.key)

    def href(self, **changed: str) -> str:
        """This list, seen in another way; an empty value takes a parameter away."""
        given = {**self.chosen, "sort": self.sort, "rows": "all" if self.all else "", **changed}
        query = urlencode({name: value for name, value in given.items() if value}, errors="surrogatepass")
        return f"{self._href}?{query}" if query else self._href

    def headings(self) -> Iterator[Heading]:
        """One for each column; the one that sorts turns the order round."""
        for column in self._columns:
            now = {column.name: "ascending", f"-{column.name}": "descending"}.get(self.sort, "")
            turned = f"-{column.name}" if now == "ascending" else column.name
            yield Heading(column.heading, self.href(sort=turned), now)

    def values(self, field: str, *usual: str) -> list[str]:
        """The values of a field that the rows have, and the usual ones, for the filter's choices."""
        return sorted({*map(attrgetter(field), self.rows), *usual, self.filters[field]} - {""})
