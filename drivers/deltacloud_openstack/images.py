"""Where images come from: glance v2, or nova's image API on clouds whose catalog has no glance."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from deltacloud_images.errors import Conflict, ObjectNotFound
from deltacloud_images.models import Image, ImageFilter
from deltacloud_openstack import convert
from deltacloud_openstack.cloud import Cloud, Record, checked, uuid

#: The API's states of images -> nova's statuses.
NOVA_STATUSES = {"QUEUED": "SAVING", "PREPARING": "SAVING", "ACTIVE": "ACTIVE", "FAILED": "ERROR"}


def images_of(cloud: Cloud) -> "Images":
    """The cloud's source of images."""
    return Glance(cloud) if cloud.endpoint("image") else NovaImages(cloud)


class Images(ABC):
    """Lists, shows and destroys. Records are as glance v2 tells them."""

    def __init__(self, cloud: Cloud) -> None:
        """``cloud`` makes the calls."""
        self.cloud = cloud
        named = cloud.account.cloud.architecture_property
        self.architecture_properties = (named,) if named else convert.ARCHITECTURE_PROPERTIES

    def find(self, wanted: ImageFilter) -> Iterator[Image]:
        """The images that match what the cloud can filter by, page by page."""
        for query in self.queries(wanted):
            for page in self.pages(query):
                for record in page:
                    image = self._read(record)
                    if record["status"] not in convert.GONE:
                        yield image

    def image(self, image_id: str) -> Image:
        """The image of that id, or ``ObjectNotFound``."""
        return self._read(self.record(image_id))

    def record(self, image_id: str) -> Record:
        """Likewise, as the cloud tells it."""
        record = self.fetch(uuid(image_id, "Image"))
        if record.get("status") in convert.GONE:
            raise ObjectNotFound(f"Image '{image_id}' was not found.")
        return record

    def destroy(self, image_id: str) -> None:
        """Destroy it; raises ``Conflict`` if it is protected."""
        record = self.record(image_id)
        if record.get("protected") and (self.cloud.is_admin or record.get("owner") == self.cloud.project_id):
            raise Conflict(f"Image '{image_id}' is protected: it can be destroyed when its protection is taken off.")
        self.delete(image_id)

    @abstractmethod
    def queries(self, wanted: ImageFilter) -> list[dict[str, str]]:
        """What to ask for: parameters of one list, or of several that have no image in common; none if none match."""

    @abstractmethod
    def pages(self, query: Mapping[str, str]) -> Iterator[list[Record]]:
        """The pages of one list."""

    @abstractmethod
    def fetch(self, image_id: str) -> Record:
        """One image."""

    @abstractmethod
    def delete(self, image_id: str) -> None:
        """Delete one image."""

    @cached_property
    def _read(self) -> Callable[[Record], Image]:
        cloud = self.cloud
        return convert.image_reader(cloud.project_id, cloud.is_admin, cloud.sizes(), self.architecture_properties)

    def by_architecture(self, query: dict[str, str], wanted: ImageFilter, prefix: str = "") -> list[dict[str, str]]:
        """The query once for each name of the wanted architecture.

        Not for x86_64, since that is also what images are that do not tell.
        """
        named = self.cloud.account.cloud.architecture_property
        if not named or wanted.architecture in (None, convert.DEFAULT_ARCHITECTURE):
            return [query]
        aliases = convert.ARCHITECTURES.get(wanted.architecture, (wanted.architecture,))
        return [{**query, prefix + named: alias} for alias in aliases]


class Glance(Images):
    """Glance's images v2."""

    def queries(self, wanted: ImageFilter) -> list[dict[str, str]]:
        """By owner, name, status and architecture."""
        query = {}
        if wanted.owner_id is not None:
            query["owner"] = wanted.owner_id
        if wanted.name is not None and not any(special in wanted.name for special in "*?:"):
            query["name"] = wanted.name
        if wanted.state is not None and wanted.state.upper() != "UNKNOWN":
            statuses = convert.IMAGE_STATES.get(wanted.state.upper(), ())
            if not statuses:
                return []
            query["status"] = statuses[0] if len(statuses) == 1 else f"in:{','.join(statuses)}"
        return self.by_architecture(query, wanted)

    def pages(self, query: Mapping[str, str]) -> Iterator[list[Record]]:
        """``GET /v2/images``."""
        return self.cloud.pages("image", self._path(), "images", query)

    def fetch(self, image_id: str) -> Record:
        """``GET /v2/images/<id>``."""
        return self.cloud.read("image", self._path(image_id))

    def delete(self, image_id: str) -> None:
        """``DELETE /v2/images/<id>``."""
        self.cloud.call("image", "DELETE", self._path(image_id))

    def _path(self, image_id: str = "") -> str:
        """Catalogs name glance's root, or that of its version 2."""
        root = "" if self.cloud.endpoint("image").endswith("/v2") else "/v2"
        return f"{root}/images/{image_id}".rstrip("/")


class NovaImages(Images):
    """Nova's image API, which ended with microversion 2.36: none is sent."""

    def queries(self, wanted: ImageFilter) -> list[dict[str, str]]:
        """By name, status and architecture; nova does not filter by owner."""
        query = {}
        if wanted.name is not None and not any(special in wanted.name for special in "*?:"):
            query["name"] = wanted.name
        if wanted.state is not None and wanted.state.upper() != "UNKNOWN":
            if wanted.state.upper() not in NOVA_STATUSES:
                return []
            query["status"] = NOVA_STATUSES[wanted.state.upper()]
        return self.by_architecture(query, wanted, "property-")

    def pages(self, query: Mapping[str, str]) -> Iterator[list[Record]]:
        """``GET /images/detail``."""
        for page in self.cloud.pages("compute", "/images/detail", "images", query):
            yield [convert.as_glance(record) for record in page]

    def fetch(self, image_id: str) -> Record:
        """``GET /images/<id>``."""
        body = self.cloud.read("compute", f"/images/{image_id}")
        return convert.as_glance(checked(body.get("image"), dict))

    def delete(self, image_id: str) -> None:
        """``DELETE /images/<id>``."""
        self.cloud.call("compute", "DELETE", f"/images/{image_id}")
