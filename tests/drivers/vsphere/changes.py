"""Responses of a vCenter that are changed on their way to the driver."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from deltacloud_images.testing.exchange import Exchange
from tests.drivers.vsphere.rig import VsphereRig

Change = Callable[[bytes], bytes]


@contextmanager
def changed(rig: VsphereRig, change: Change) -> Iterator[None]:
    """Change every response while the context is open."""

    def behave(exchange: Exchange) -> None:
        reply = exchange.forward()
        exchange.send(reply.with_body(change(reply.body)))

    with rig.proxy.hostile(behave):
        yield


def replacing(pattern: bytes, replacement: bytes) -> Change:
    return lambda body: re.sub(pattern, replacement, body)


def with_value(path: str, value: str) -> Change:
    """Give a property another value in all objects."""
    return replacing(rb"(<name>%s</name><val[^>]*>)[^<]*" % re.escape(path.encode()), rb"\g<1>" + value.encode())


def with_property(object_id: str, path: str, value: str) -> Change:
    """Set a property of one object; ``value`` is the element ``val``."""
    added = f"<propSet><name>{path}</name>{value}</propSet>".encode()
    return replacing(rb"(?s)(<obj [^>]*>%s</obj>.*?)</objects>" % object_id.encode(), rb"\g<1>%s</objects>" % added)
