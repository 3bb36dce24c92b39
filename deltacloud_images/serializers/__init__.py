"""Models out, as XML, JSON or HTML: nothing else in the server writes a format."""

from deltacloud_images.serializers.base import (
    API_VERSION,
    DocumentedOperation,
    DriverEntry,
    EntryPoint,
    Failure,
    PageContext,
    Serializer,
)
from deltacloud_images.serializers.html import HtmlSerializer
from deltacloud_images.serializers.json import JsonSerializer
from deltacloud_images.serializers.links import API_PATH, Links
from deltacloud_images.serializers.xml import XmlSerializer

#: Every format by its name in ``?format=``; the first is the API's primary one.
SERIALIZERS: dict[str, Serializer] = {"xml": XmlSerializer(), "json": JsonSerializer(), "html": HtmlSerializer()}

__all__ = [
    "API_PATH",
    "API_VERSION",
    "SERIALIZERS",
    "DocumentedOperation",
    "DriverEntry",
    "EntryPoint",
    "Failure",
    "HtmlSerializer",
    "Links",
    "PageContext",
    "Serializer",
]
