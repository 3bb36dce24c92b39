"""Values of an engine that make no sense: they are left out, and hide nothing else."""

from dataclasses import replace

import pytest

from deltacloud_images.models import ImageFilter, InstanceFilter, Property
from deltacloud_images.testing.exchange import Exchange
from tests.drivers.rhevm.rig import RhevmRig


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "yesterday", ""])
def test_a_time_that_makes_no_sense_is_left_out(lab: RhevmRig, said: str) -> None:
    with lab.catalog() as catalog:
        image_id, vm_id = lab.seed_image(created=said), lab.seed_instance(created=said)
        assert catalog.image(image_id).creation_time is None
        assert image_id in {image.id for image in catalog.images(ImageFilter())}
        assert catalog.instance(vm_id).launch_time is None
        assert [instance.id for instance in catalog.instances(InstanceFilter())] == [vm_id]


@pytest.mark.parametrize("memory", ["9" * 5000, "-1", "much"])
def test_a_size_that_makes_no_sense_is_left_out(lab: RhevmRig, memory: str) -> None:
    vm_id = lab.seed_instance(memory=memory)
    with lab.catalog() as catalog:
        assert catalog.instance(vm_id).overrides == (Property("cpu", "1"),)
        assert [instance.id for instance in catalog.instances(InstanceFilter())] == [vm_id]


@pytest.mark.parametrize("said", [b"\x08", b"\x1b", b"&#8;", b"&#x1B;"])
def test_a_control_character_hides_no_list(lab: RhevmRig, said: bytes) -> None:
    """XML 1.0 does not allow these characters, and engines send what their users have entered."""
    image_id = lab.seed_image(name="front back")

    def spoil(exchange: Exchange) -> None:
        reply = exchange.forward()
        exchange.send(reply.with_body(reply.body.replace(b"front back", b"front" + said + b"back")))

    with lab.catalog() as catalog:
        good = catalog.image(image_id)
        with lab.proxy.hostile(spoil):
            assert list(catalog.images(ImageFilter())) == [replace(good, name="frontback")]
            assert catalog.image(image_id) == replace(good, name="frontback")


def test_an_address_that_makes_no_sense_is_left_out(lab: RhevmRig) -> None:
    vm_id = lab.seed_instance(status="up", ips=("unknown", "192.0.2.21", "999.1.1.1"))
    with lab.catalog() as catalog:
        assert [each.address for each in catalog.instance(vm_id).public_addresses] == ["192.0.2.21"]
