"""Where images come from: glance v2, or nova's image API on clouds whose catalog has no glance."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deltacloud_images.errors import NotSupported, not_found, protected
from deltacloud_images.kit import values
from deltacloud_images.models import Image, ImageFilter
from deltacloud_openstack import convert
from deltacloud_openstack.cloud import Cloud, Record, uuid

#: The API's states of images -> nova's statuses.
NOVA_STATUSES = {"QUEUED": "SAVING", "PREPARING": "SAVING", "ACTIVE": "ACTIVE", "FAILED": "ERROR"}


def images_of(cloud: Cloud) -> "Images":
    """Return the cloud's source of images."""
    return Glance(cloud) if cloud.account.has("image") else NovaImages(cloud)


class Images(ABC):
    """Lists, shows and destroys. Records are as glance v2 has them."""

    def __init__(self, cloud: Cloud) -> None:
        """``cloud`` makes the calls."""
        self.cloud = cloud
        named = cloud.account.cloud.architecture_property
        self.architecture_properties = (named,) if named else convert.ARCHITECTURE_PROPERTIES

    def find(self, wanted: ImageFilter) -> Iterator[Image]:
        """Yield the images that match what the cloud can filter by."""
        read = self._reader()
        for query in self.queries(wanted):
            yield from filter(None, values.converted(self.records(query), read, "image"))

    def image(self, image_id: str) -> Image:
        """Return the image; raise ``ObjectNotFound``."""
        found = values.converted_one(self.fetch(uuid(image_id, "Image")), self._reader(), "image")
        if found is None:
            raise not_found("Image", image_id)
        return found

    def record(self, image_id: str) -> Record:
        """Return the image as glance v2 has it; raise ``ObjectNotFound``."""
        record = self.fetch(uuid(image_id, "Image"))
        if values.text(record.get("status")) in convert.GONE:
            raise not_found("Image", image_id)
        return record

    def destroy(self, image_id: str) -> None:
        """Destroy the image; raise ``Conflict`` if it is protected."""
        record, account = self.record(image_id), self.cloud.account
        if record.get("protected") and (account.is_admin or record.get("owner") == account.project_id):
            raise protected(image_id)
        self.delete(image_id)

    @abstractmethod
    def queries(self, wanted: ImageFilter) -> list[dict[str, str]]:
        """Return the parameters of one list, or of several that have no image in common; none if no image can match."""

    @abstractmethod
    def records(self, query: Mapping[str, str]) -> Iterator[Any]:
        """Yield the records of one list."""

    @abstractmethod
    def fetch(self, image_id: str) -> Record:
        """Return one image's record."""

    @abstractmethod
    def delete(self, image_id: str) -> None:
        """Delete one image."""

    def _reader(self) -> Callable[[Record], Image | None]:
        account = self.cloud.account
        return convert.image_reader(
            account.project_id, account.is_admin, self.cloud.sizes(), self.architecture_properties
        )

    def by_architecture(self, query: dict[str, str], wanted: ImageFilter, prefix: str = "") -> list[dict[str, str]]:
        """Return the query once for each name of the wanted architecture.

        The query for x86_64 is unchanged, because images that name no architecture count as x86_64.
        """
        named = self.cloud.account.cloud.architecture_property
        if not named or wanted.architecture in (None, convert.DEFAULT_ARCHITECTURE):
            return [query]
        aliases = convert.ARCHITECTURES.get(wanted.architecture, (wanted.architecture,))
        return [{**query, prefix + named: alias} for alias in aliases]


class Glance(Images):
    """Glance's images v2."""

    def queries(self, wanted: ImageFilter) -> list[dict[str, str]]:
        """By owner, visibility, name, status and architecture.

        Glance lists another project's community images only where they are asked for.
        """
        query = {}
        if wanted.owner_id is not None:
            query["owner"] = wanted.owner_id
        visibility = wanted.options.get("visibility", "")
        if visibility:
            query["visibility"] = visibility
        if wanted.name is not None and not any(special in wanted.name for special in "*?:"):
            query["name"] = wanted.name
        if wanted.state is not None and wanted.state.upper() != "UNKNOWN":
            statuses = convert.IMAGE_STATES.get(wanted.state.upper(), ())
            if not statuses:
                return []
            query["status"] = statuses[0] if len(statuses) == 1 else f"in:{','.join(statuses)}"
        queries = self.by_architecture(query, wanted)
        if visibility or wanted.owner_id in (None, self.cloud.account.project_id):
            return queries
        return queries + [{**each, "visibility": "community"} for each in queries]

    def records(self, query: Mapping[str, str]) -> Iterator[Any]:
        """``GET /v2/images``."""
        return self.cloud.records("image", "/v2/images", "images", query)

    def fetch(self, image_id: str) -> Record:
        """``GET /v2/images/<id>``."""
        return self.cloud.read("image", f"/v2/images/{image_id}")

    def delete(self, image_id: str) -> None:
        """``DELETE /v2/images/<id>``."""
        self.cloud.call("image", "DELETE", f"/v2/images/{image_id}")


class NovaImages(Images):
    """Nova's image API, which ended with microversion 2.36: none is sent."""

    def queries(self, wanted: ImageFilter) -> list[dict[str, str]]:
        """By name, status and architecture; nova does not filter by owner.

        Raises ``NotSupported`` for a visibility, which nova does not know.
        """
        if "visibility" in wanted.options:
            raise NotSupported("This cloud has no glance: its images have no visibility to filter by.")
        query = {}
        if wanted.name is not None and not any(special in wanted.name for special in "*?:"):
            query["name"] = wanted.name
        if wanted.state is not None and wanted.state.upper() != "UNKNOWN":
            if wanted.state.upper() not in NOVA_STATUSES:
                return []
            query["status"] = NOVA_STATUSES[wanted.state.upper()]
        return self.by_architecture(query, wanted, "property-")

    def records(self, query: Mapping[str, str]) -> Iterator[Any]:
        """``GET /images/detail``."""
        return values.converted(
            self.cloud.records("compute", "/images/detail", "images", query), convert.as_glance, "image"
        )

    def fetch(self, image_id: str) -> Record:
        """``GET /images/<id>``."""
        body = self.cloud.read("compute", f"/images/{image_id}")
        return convert.as_glance(values.required(body.get("image"), dict, "image"))

    def delete(self, image_id: str) -> None:
        """``DELETE /images/<id>``."""
        self.cloud.call("compute", "DELETE", f"/images/{image_id}")
