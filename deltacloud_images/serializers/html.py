"""HTML pages, rendered by Jinja templates with everything escaped."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from deltacloud_images.models import HardwareProfile, Image, Instance, Realm, StateMachine
from deltacloud_images.serializers.base import DriverEntry, EntryPoint, Failure, Serializer, iso8601
from deltacloud_images.serializers.links import Links

_PAGE = Environment(
    loader=PackageLoader("deltacloud_images"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
).get_template("page.html")


class HtmlSerializer(Serializer):
    """One page a resource: a title, links, and a table of fields for each thing."""

    content_type = "text/html; charset=utf-8"

    def welcome(self, links: Links) -> str:
        """What this is, and where to go on."""
        return _page("deltacloud-images", links, [("The API", links.api)])

    def entry_point(self, entry: EntryPoint, links: Links) -> str:
        """A link to each collection."""
        return _page(f"Driver {entry.driver}", links, [(name, links.collection(name)) for name in entry.collections])

    def drivers(self, drivers: Sequence[DriverEntry], links: Links) -> str:
        """A link to each driver."""
        return _page("Drivers", links, [(each.name, links.member("drivers", each.id)) for each in drivers])

    def driver(self, driver: DriverEntry, links: Links) -> str:
        """One driver."""
        return _page(driver.name, links, [], [_Row(driver.id, "", driver)])

    def images(self, images: Iterable[Image], links: Links) -> Iterator[str]:
        """All on one page."""
        yield _list("images", images, links)

    def image(self, image: Image, links: Links) -> str:
        """One image."""
        return _member("images", image, links)

    def instances(self, instances: Iterable[Instance], links: Links) -> Iterator[str]:
        """All on one page."""
        yield _list("instances", instances, links)

    def instance(self, instance: Instance, links: Links) -> str:
        """One instance."""
        return _member("instances", instance, links)

    def hardware_profiles(self, profiles: Iterable[HardwareProfile], links: Links) -> Iterator[str]:
        """All on one page."""
        yield _list("hardware_profiles", profiles, links)

    def hardware_profile(self, profile: HardwareProfile, links: Links) -> str:
        """One hardware profile."""
        return _member("hardware_profiles", profile, links)

    def realms(self, realms: Iterable[Realm], links: Links) -> Iterator[str]:
        """All on one page."""
        yield _list("realms", realms, links)

    def realm(self, realm: Realm, links: Links) -> str:
        """One realm."""
        return _member("realms", realm, links)

    def instance_states(self, states: StateMachine, links: Links) -> str:
        """Every transition."""
        return _page("Instance states", links, [], [_Row(each.origin, "", each) for each in states.transitions])

    def error(self, failure: Failure, links: Links) -> str:
        """What happened, and the request id to ask about."""
        return _page(f"{failure.status} {failure.name}", links, [], [], failure)


class _Row:
    def __init__(self, title: str, href: str, thing: Any) -> None:
        self.title = title
        self.href = href
        self.fields = [(each.name, _readable(getattr(thing, each.name))) for each in fields(thing)]


def _readable(value: object) -> str:
    if isinstance(value, datetime):
        return iso8601(value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _list(collection: str, things: Iterable[Any], links: Links) -> str:
    rows = [_Row(each.id, links.member(collection, each.id), each) for each in things]
    return _page(collection.replace("_", " ").capitalize(), links, [], rows)


def _member(collection: str, thing: Any, links: Links) -> str:
    return _page(thing.id, links, [(collection, links.collection(collection))], [_Row(thing.id, "", thing)])


def _page(
    title: str,
    links: Links,
    points: Sequence[tuple[str, str]],
    rows: Sequence[_Row] = (),
    failure: Failure | None = None,
) -> str:
    return _PAGE.render(title=title, api=links.api, points=points, rows=rows, failure=failure)
