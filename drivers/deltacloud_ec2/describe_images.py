"""DescribeImages: the one call whose responses are large, read by lxml and a page ahead of the reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import methodcaller
from typing import TYPE_CHECKING

from lxml import etree

from deltacloud_ec2.errors import has_expired
from deltacloud_images.errors import ProviderError
from deltacloud_images.kit import pages, xml

if TYPE_CHECKING:
    from deltacloud_ec2.caller import Caller

#: The most images that EC2 puts on a page. Requests without pages are throttled first and time out on AWS.
PAGE_SIZE = "1000"

#: What is read of an image, by its name in the XML: texts only.
FIELDS = (
    "imageId",
    "imageLocation",
    "imageState",
    "imageOwnerId",
    "imageOwnerAlias",
    "creationDate",
    "architecture",
    "name",
    "description",
    "rootDeviceType",
    "deregistrationProtection",
)

Record = dict[str, str | None]
_IMAGE_ID = methodcaller("get", "imageId", "")


@dataclass(frozen=True, slots=True)
class ImagePage:
    """Some images and the token for the next page, empty on the last."""

    next_token: str
    _images: etree._Element
    _namespace: str

    def records(self) -> Iterator[Record]:
        """Each image's ``FIELDS``, as far as it has them.

        In one walk: lxml takes as long to begin a search in each image as to read what it finds there. Nothing inside
        an image's own lists has the name of a field.
        """
        names = {f"{self._namespace}{name}": name for name in FIELDS}
        record: Record = {}
        for element in self._images.iter(f"{self._namespace}item", *names):
            if name := names.get(element.tag):
                record[name] = element.text
            elif element.getparent() is self._images:
                if record:
                    yield record
                record = {}
        if record:
            yield record

    def has_only_machines(self) -> bool:
        """Whether all can be launched: to EC2, kernels and RAM disks are images as well."""
        return all(each.text == "machine" for each in self._images.iter(f"{self._namespace}imageType"))

    def snapshot_ids(self) -> list[str]:
        """The snapshots that the images' disks are made from, each once."""
        found = self._images.iter(f"{self._namespace}snapshotId")
        return list(dict.fromkeys(each.text for each in found if each.text))


def fetch(caller: Caller, parameters: Mapping[str, str]) -> ImagePage:
    """Return one page. Raises ``ProviderError`` for a response that is none."""
    return _parse(caller.query("DescribeImages", parameters))


def listed(caller: Caller, parameters: Mapping[str, str]) -> Iterator[Record]:
    """Yield all images of a query. While the reader has one page, the next is fetched.

    A list whose page token has expired is begun anew; images that were yielded before are left out.
    """
    parameters = {**parameters, "MaxResults": PAGE_SIZE}

    def fetch_page(token: str) -> pages.Page[Record]:
        page = fetch(caller, {**parameters, "NextToken": token} if token else parameters)
        return pages.Page(page.records(), page.next_token)

    return pages.listed(fetch_page, ahead=True, restart=pages.Restart(has_expired, key=_IMAGE_ID))


def _parse(body: bytes | bytearray) -> ImagePage:
    root = xml.parse(body)
    name = etree.QName(root)
    namespace = f"{{{name.namespace}}}" if name.namespace else ""
    images = root.find(f"{namespace}imagesSet")
    if name.localname != "DescribeImagesResponse" or images is None:
        raise ProviderError("EC2's response is no list of images.")
    return ImagePage(root.findtext(f"{namespace}nextToken") or "", images, namespace)
