"""Instances and sizes on the real services, beyond what every driver does."""

import base64
import json
from typing import Any

import pytest
from requests import PreparedRequest

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import Conflict, Forbidden, ValidationFailure
from deltacloud_images.models import Address, HardwareProfile, Instance, InstanceFilter, NewInstance, Property
from deltacloud_images.testing import eventually
from deltacloud_openstack import cloud as calls
from deltacloud_openstack import convert
from tests.drivers.openstack.rig import OpenStackRig


def launched(sent: list[PreparedRequest]) -> dict[str, Any]:
    """What nova was asked to launch."""
    (request,) = [each for each in sent if each.method == "POST" and str(each.url).endswith("/servers")]
    server: dict[str, Any] = json.loads(request.body or b"")["server"]
    return server


def test_launch_with_everything(rig: OpenStackRig, catalog: Catalog, sent: list[PreparedRequest]) -> None:
    if not rig.caller.exists("nova", "/v2.1/os-keypairs/mykey"):
        rig.caller.call("POST", "nova", "/v2.1/os-keypairs", {"keypair": {"name": "mykey", "public_key": PUBLIC_KEY}})
    image_id = rig.seed_image()
    new = NewInstance(image_id, name="full", realm_id="nova", keyname="mykey", user_data=b"#cloud-config\n\xff")
    (instance,) = catalog.create_instance(new, "2")
    password = instance.authentication.password
    assert len(password) >= 8
    assert password not in repr(instance)
    assert (instance.authentication.username, instance.authentication.keyname) == ("root", "mykey")
    assert launched(sent) == {
        "name": "full",
        "imageRef": image_id,
        "flavorRef": "2",
        "networks": "none",
        "availability_zone": "nova",
        "key_name": "mykey",
        "user_data": base64.b64encode(b"#cloud-config\n\xff").decode(),
    }
    assert rig.caller.settled(instance.id)
    shown = catalog.instance(instance.id)
    assert shown == Instance(
        id=instance.id,
        name="full",
        owner_id=rig.owner_id,
        image_id=image_id,
        realm_id="nova",
        state="RUNNING",
        hardware_profile_id="2",
        actions=("reboot", "stop", "destroy"),
        can_create_image=True,
        launch_time=shown.launch_time,
        authentication=shown.authentication,
    )
    assert (shown.authentication.keyname, shown.authentication.password) == ("mykey", "")


def test_a_password_can_be_chosen(rig: OpenStackRig, catalog: Catalog, sent: list[PreparedRequest]) -> None:
    new = NewInstance(rig.seed_image(), options={"password": "correct horse"})
    (instance,) = catalog.create_instance(new, "")
    assert launched(sent)["adminPass"] == "correct horse"
    assert instance.authentication.password == "correct horse"


def test_the_smallest_size_that_fits_is_the_default(rig: OpenStackRig, catalog: Catalog) -> None:
    small = rig.caller.create_image("small", min_disk=1, min_ram=64)
    large = rig.caller.create_image("large", min_disk=1, min_ram=300)
    huge = rig.caller.create_image("huge", min_disk=1000)
    assert catalog.image(small).hardware_profiles == ("1", "2", "3", "0")
    assert catalog.image(large).hardware_profiles == ("3",)
    (instance,) = catalog.create_instance(NewInstance(large), "")
    assert (instance.hardware_profile_id, instance.name) == ("3", "large")
    assert catalog.image(huge).hardware_profiles == ("0",), "a flavor with disk 0 takes the image's size"


def test_an_image_that_nothing_fits(rig: OpenStackRig, catalog: Catalog) -> None:
    image_id = rig.caller.create_image("needy", min_ram=999_999)
    with pytest.raises(ValidationFailure, match="999999 MB"):
        catalog.create_instance(NewInstance(image_id), "")


def test_an_exhausted_quota_is_a_conflict(rig: OpenStackRig, catalog: Catalog) -> None:
    """Nova responds with 403, as to a missing permission."""
    path = f"/v2.1/os-quota-sets/{rig.owner_id}"
    rig.cloud.admin.call("PUT", "nova", path, {"quota_set": {"instances": 0, "force": True}})
    try:
        with pytest.raises(Conflict, match="a quota is exhausted: Quota exceeded for instances"):
            catalog.create_instance(NewInstance(rig.seed_image()), "")
    finally:
        rig.cloud.admin.call("DELETE", "nova", path)


def test_a_flavor_without_a_disk_is_forbidden_where_there_is_no_cinder(rig: OpenStackRig, catalog: Catalog) -> None:
    with pytest.raises(Forbidden, match="zero disk"):
        catalog.create_instance(NewInstance(rig.seed_image()), "0")


def test_an_image_without_bytes_is_a_conflict(rig: OpenStackRig, catalog: Catalog) -> None:
    image_id = rig.caller.create_image("empty", bytes_=None)
    with pytest.raises(Conflict, match="ACTIVE"):
        catalog.create_instance(NewInstance(image_id), "")


def test_an_unknown_key_is_refused_in_the_clouds_words(rig: OpenStackRig, catalog: Catalog) -> None:
    with pytest.raises(ValidationFailure, match=r"OpenStack says: .*key_name"):
        catalog.create_instance(NewInstance(rig.seed_image(), keyname="unknown"), "")


@pytest.mark.parametrize(
    ("provider", "setting", "networks"),
    [("Networked", "", "auto"), ("One", "auto", "auto"), ("Networked", "none", "none")],
)
def test_networks(
    rig: OpenStackRig, sent: list[PreparedRequest], provider: str, setting: str, networks: object
) -> None:
    """By the catalog, unless configured."""
    driver = rig.make_driver(networks=setting)
    with Catalog(driver, rig.credentials, provider) as catalog:
        catalog.create_instance(NewInstance(rig.seed_image()), "")
    assert launched(sent)["networks"] == networks


def test_a_configured_network_is_asked_for(rig: OpenStackRig, sent: list[PreparedRequest]) -> None:
    """This cloud does not have it, and says so."""
    network = "11111111-2222-3333-4444-555555555555"
    driver = rig.make_driver(networks=network)
    with Catalog(driver, rig.credentials, "One") as catalog, pytest.raises(ValidationFailure, match=network):
        catalog.create_instance(NewInstance(rig.seed_image()), "")
    assert launched(sent)["networks"] == [{"uuid": network}]


def test_a_locked_instance_offers_nothing_but_to_be_imaged(rig: OpenStackRig, catalog: Catalog) -> None:
    instance_id = rig.caller.boot(rig.seed_image(), "locked")
    rig.caller.act(instance_id, "lock")
    instance = catalog.instance(instance_id)
    assert (instance.actions, instance.can_create_image) == ((), True)


def test_pages_are_followed(rig: OpenStackRig, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.caller.boot(rig.seed_image(), "one")
    rig.caller.boot(rig.seed_image(), "two")
    monkeypatch.setattr(calls, "PAGE", 1)
    found = [instance.id for instance in catalog.instances(InstanceFilter())]
    assert len(found) == len(set(found))
    assert set(found) == rig.instance_ids()


def test_destroyed_instances_are_gone(rig: OpenStackRig, catalog: Catalog) -> None:
    instance_id = rig.caller.boot(rig.seed_image(), "short-lived")
    catalog.destroy_instance(instance_id)
    assert eventually(lambda: instance_id not in rig.instance_ids())
    assert instance_id not in {each.id for each in catalog.instances(InstanceFilter())}


def test_hardware_profiles_are_the_flavors(catalog: Catalog) -> None:
    sizes = [("1", "m1.tiny", 1, 64, 1), ("0", "m1.diskless", 1, 64, 0), ("2", "m1.small", 2, 128, 2)]
    assert list(catalog.hardware_profiles())[:3] == [
        HardwareProfile(
            each_id,
            name,
            (
                Property("cpu", str(cpus)),
                Property("memory", str(ram)),
                Property("storage", str(disk)),
                Property("architecture", "x86_64"),
            ),
        )
        for each_id, name, cpus, ram, disk in sizes
    ]


def test_addresses() -> None:
    """As nova's documentation shows them: this cloud has no networks."""
    fixed = {"addr": "10.0.0.3", "version": 4, "OS-EXT-IPS:type": "fixed"}
    floating = {"addr": "10.9.9.9", "version": 4, "OS-EXT-IPS:type": "floating"}
    routed = {"addr": "2a00:1450::1", "version": 6, "OS-EXT-IPS:type": "fixed"}
    record = {"id": "1", "status": "ACTIVE", "addresses": {"one": [fixed, floating], "two": [routed]}}
    instance = convert.instance(record)
    assert instance.private_addresses == (Address("10.0.0.3", "ipv4"),)
    assert instance.public_addresses == (Address("10.9.9.9", "ipv4"), Address("2a00:1450::1", "ipv6"))


PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKGnfXrrFv1JqGJYGSKTV0rbNDK9DZ2KSBC9ZaR5Eq test"
