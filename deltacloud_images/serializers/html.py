"""HTML pages: Jinja templates with everything escaped. Every page works without JavaScript; scripts add convenience."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from deltacloud_images.models import HardwareProfile, Image, Instance, Key, Realm, StateMachine
from deltacloud_images.serializers import assets, listing, wording
from deltacloud_images.serializers.base import (
    API_VERSION,
    DocumentedOperation,
    DriverEntry,
    EntryPoint,
    Failure,
    PageContext,
    Serializer,
    iso8601,
)
from deltacloud_images.serializers.links import Links
from deltacloud_images.serializers.listing import Column, Listing

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class ImageForm:
    """What the form that creates an image offers: ``sources`` is one instance if it is ``chosen``, otherwise all."""

    sources: Sequence[Instance]
    chosen: bool


@dataclass(frozen=True, slots=True)
class InstanceForm:
    """What the form that launches an image offers; ``image`` is ``None`` where one has to be chosen first."""

    image: Image | None
    profiles: Sequence[HardwareProfile]
    realms: Sequence[Realm]


class HtmlSerializer(Serializer):
    """One page a resource, and the forms. Made for each request by ``for_request``; before that, for errors alone."""

    content_type = "text/html; charset=utf-8"
    headers = (
        ("Content-Security-Policy", _POLICY),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
    )

    def __init__(self, context: PageContext | None = None) -> None:
        """``context`` is what pages show of the request."""
        self._context = context

    def for_request(self, context: PageContext) -> "HtmlSerializer":
        """Return the serializer of pages that show the driver, the provider and the filters of that request."""
        return HtmlSerializer(context)

    def welcome(self, links: Links) -> str:
        """The same as ``/api``, where a person starts."""
        return self._page("home", links)

    def entry_point(self, entry: EntryPoint, links: Links) -> str:
        """What this is, which cloud is chosen, and where to go on."""
        return self._page("home", links)

    def drivers(self, drivers: Sequence[DriverEntry], links: Links) -> str:
        """Every cloud and provider, to switch to."""
        return self._page("drivers", links, drivers=drivers)

    def driver(self, driver: DriverEntry, links: Links) -> str:
        """One driver, its providers and their entry points."""
        return self._page("driver", links, driver=driver)

    def images(self, images: Iterable[Image], links: Links) -> Iterator[str]:
        """A table of at most ``listing.MAX_ROWS`` rows, with filters."""
        own = [each.name for each in self._context.options("images", "index")] if self._context else []
        return self._list("images", images, links, listing.IMAGE_COLUMNS, (*listing.IMAGE_FILTERS, *own))

    def image(self, image: Image, links: Links) -> str:
        """One image; while it is being made, the page looks again by itself."""
        return self._page("image", links, image=image, watch=self._parameter("watch"))

    def new_image(self, form: ImageForm, links: Links) -> str:
        """The form that makes an image of an instance."""
        return self._page("new_image", links, form=form)

    def instances(self, instances: Iterable[Instance], links: Links) -> Iterator[str]:
        """A table of at most ``listing.MAX_ROWS`` rows."""
        return self._list("instances", instances, links, listing.INSTANCE_COLUMNS, listing.INSTANCE_FILTERS)

    def instance(self, instance: Instance, links: Links) -> str:
        """One instance; while it changes by itself, the page looks again."""
        return self._page("instance", links, instance=instance, watch=self._parameter("watch"))

    def new_instance(self, form: InstanceForm, links: Links) -> str:
        """The form that launches an image."""
        return self._page("new_instance", links, form=form)

    def hardware_profiles(self, profiles: Iterable[HardwareProfile], links: Links) -> Iterator[str]:
        """A table."""
        yield self._page("hardware_profiles", links, profiles=list(profiles))

    def hardware_profile(self, profile: HardwareProfile, links: Links) -> str:
        """One hardware profile."""
        return self._page("hardware_profile", links, profile=profile)

    def realms(self, realms: Iterable[Realm], links: Links) -> Iterator[str]:
        """A table."""
        yield self._page("realms", links, realms=list(realms))

    def realm(self, realm: Realm, links: Links) -> str:
        """One realm."""
        return self._page("realm", links, realm=realm)

    def keys(self, keys: Iterable[Key], links: Links) -> Iterator[str]:
        """A table, and the form that creates a key pair."""
        yield self._page("keys", links, keys=list(keys))

    def key(self, key: Key, links: Links) -> str:
        """One key pair."""
        return self._page("key", links, key=key)

    def instance_states(self, states: StateMachine, links: Links) -> str:
        """Every state with what leads out of it."""
        ways = {state: [each for each in states.transitions if each.origin == state] for state in states.states}
        return self._page("instance_states", links, ways=ways)

    def docs(self, operations: Sequence[DocumentedOperation], errors: Mapping[int, str], links: Links) -> str:
        """The documentation of the API: its operations in the order of their collections, and its errors."""
        return self._page("docs", links, operations=operations, errors=errors)

    def error(self, failure: Failure, links: Links) -> str:
        """What happened, what to do next, and the request id to ask about."""
        title, advice = wording.advice(failure.status)
        return self._page("error", links, failure=failure, title=title, advice=advice)

    def _parameter(self, name: str) -> str:
        return self._context.parameter(name) if self._context else ""

    def _page(self, name: str, links: Links, **fields: Any) -> str:
        return _template(name).render(context=self._context, links=links, **fields)

    def _list(
        self, name: str, things: Iterable[Any], links: Links, columns: tuple[Column, ...], filters: tuple[str, ...]
    ) -> Iterator[str]:
        shown = Listing(links.collection(name), things, columns, filters, self._parameter)
        stream = _template(name).stream(context=self._context, links=links, listing=shown)
        stream.enable_buffering(200)
        yield from stream


@lru_cache
def _template(name: str) -> Template:
    return _environment().get_template(f"{name}.html")


@lru_cache
def _environment() -> Environment:
    """Made when the first page is asked for: programs that only use XML or JSON never pay for it."""
    environment = Environment(
        loader=PackageLoader("deltacloud_images"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    for word in (wording.meaning, wording.when, wording.elapsed, wording.label, wording.amount, wording.size, iso8601):
        environment.filters[word.__name__] = word
    environment.globals.update(asset=assets.address, curl=wording.curl, version=API_VERSION, most=listing.MAX_ROWS)
    return environment
