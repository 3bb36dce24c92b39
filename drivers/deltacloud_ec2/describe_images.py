"""DescribeImages: the one call whose answers are large, read by lxml and a page ahead of the reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from deltacloud_images.errors import ProviderError

if TYPE_CHECKING:
    from deltacloud_ec2.query import Query

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
)

Record = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Page:
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


def fetch(ec2: Query, parameters: Mapping[str, str]) -> Page:
    """One page. Raises ``ProviderError`` for an answer that is none."""
    return _parse(ec2.call("DescribeImages", parameters))


def stream(ec2: Query, parameters: Mapping[str, str]) -> Iterator[Record]:
    """All images of a query. While the reader has one page, the next is fetched, and never more than that."""
    parameters = {**parameters, "MaxResults": PAGE_SIZE}
    page = fetch(ec2, parameters)
    if page.next_token:
        with _OneAhead() as ahead:
            while token := page.next_token:
                coming = ahead.submit(fetch, ec2, {**parameters, "NextToken": token})
                yield from page.records()
                page = coming.result()
                if page.next_token == token:
                    raise ProviderError("EC2 answered with the same page again and again.")
    yield from page.records()


class _OneAhead(ThreadPoolExecutor):
    """One thread, which the reader does not wait for when it leaves early."""

    def __init__(self) -> None:
        super().__init__(max_workers=1, thread_name_prefix="describe-images")

    def __exit__(self, *_: object) -> None:
        self.shutdown(wait=False, cancel_futures=True)


def _parse(body: bytes) -> Page:
    try:
        answer = etree.fromstring(body)  # by the thread's own parser, which opens no file and no connection
    except etree.XMLSyntaxError as error:
        raise ProviderError("EC2's answer is not XML.") from error
    name = etree.QName(answer)
    namespace = f"{{{name.namespace}}}" if name.namespace else ""
    images = answer.find(f"{namespace}imagesSet")
    if name.localname != "DescribeImagesResponse" or images is None:
        raise ProviderError("EC2's answer is no list of images.")
    return Page(answer.findtext(f"{namespace}nextToken") or "", images, namespace)
