"""Where launches go in clusters without DRS, resource pools and datastore clusters, and what guests read."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pyVmomi import vim

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import Conflict, ValidationFailure
from deltacloud_images.models import HardwareProfile, Property, Realm
from deltacloud_images.testing.behaviours import Recorder
from tests.drivers.vsphere.changes import changed, replacing, with_value
from tests.drivers.vsphere.rig import VsphereRig


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VsphereRig]:
    """A vCenter whose cluster has no DRS and two resource pools; a datastore cluster has one of two datastores."""
    flags = ("-drs=false", "-pools", "2", "-pods", "1", "-datastores", "2", "-machines", "1")
    with VsphereRig(tmp_path_factory.mktemp("sites"), *flags) as rig:
        moved = rig.find("DC0/datastore/LocalDS_1")
        rig.wait(pod(rig).MoveIntoFolder_Task([moved]))
        yield rig


@pytest.fixture
def catalog(sites: VsphereRig) -> Iterator[Catalog]:
    with Catalog(sites.driver, sites.credentials, None) as catalog:
        yield catalog


def pod(rig: VsphereRig) -> Any:
    folder = rig.find("DC0").datastoreFolder
    return next(each for each in folder.childEntity if isinstance(each, vim.StoragePod))


def cluster(rig: VsphereRig) -> Any:
    return rig.find("DC0/host/DC0_C0")


def clone_request(rig: VsphereRig, image: str, realm_id: str) -> bytes:
    """Launch an image and return what the driver has sent for the clone."""
    recorder = Recorder()
    with rig.proxy.hostile(recorder), Catalog(rig.driver, rig.credentials, None) as catalog:
        catalog.create_instance(rig.launch_of(image, realm_id=realm_id), "")
    (request,) = (each for each in recorder.requests if b"<CloneVM_Task " in each)
    return request


def reference(managed: Any) -> bytes:
    return f">{managed._moId}<".encode()


def test_a_cluster_without_drs_gets_a_host(sites: VsphereRig) -> None:
    sent = clone_request(sites, sites.seed_image(), cluster(sites)._moId)
    assert [reference(host) in sent for host in cluster(sites).host].count(True) == 1


@pytest.mark.parametrize(("path", "value"), [("connectionState", "disconnected"), ("inMaintenanceMode", "true")])
def test_a_host_that_is_not_in_service_is_not_chosen(
    sites: VsphereRig, catalog: Catalog, path: str, value: str
) -> None:
    new = sites.launch_of(sites.seed_image(), realm_id=cluster(sites)._moId)
    with (
        changed(sites, with_value(f"summary.runtime.{path}", value)),
        pytest.raises(Conflict, match="No connected host"),
    ):
        catalog.create_instance(new, "")


def test_a_cluster_with_drs_chooses_the_host(rig: VsphereRig) -> None:
    sent = clone_request(rig, rig.seed_image(), cluster(rig)._moId)
    assert b'type="HostSystem"' not in sent


def test_resource_pools_and_datastore_clusters_are_realms(sites: VsphereRig, catalog: Catalog) -> None:
    realms = {realm.id: realm for realm in catalog.realms()}
    root = cluster(sites).resourcePool
    for each in root.resourcePool:
        assert realms[each._moId] == Realm(each._moId, each.name, "AVAILABLE", "")
    assert root._moId not in realms, "the cluster stands for its root pool"
    stores = pod(sites)
    assert (realms[stores._moId].name, realms[stores._moId].state) == ("DC0_POD0", "AVAILABLE")


def test_a_launch_into_a_resource_pool(sites: VsphereRig, catalog: Catalog) -> None:
    target = cluster(sites).resourcePool.resourcePool[1]
    (instance,) = catalog.create_instance(sites.launch_of(sites.seed_image(), realm_id=target._moId), "")
    assert sites.machine(instance.id).resourcePool == target


def test_a_user_who_sees_only_a_lower_pool_launches_in_it(sites: VsphereRig, catalog: Catalog) -> None:
    root = cluster(sites).resourcePool
    image = root.vm[0]
    image.MarkAsTemplate()
    hidden = rb'<objects><obj type="ResourcePool">%s</obj>.*?</objects>' % root._moId.encode()
    with changed(sites, replacing(hidden, b"")):
        (instance,) = catalog.create_instance(sites.launch_of(image._moId), "")
    assert sites.machine(instance.id).resourcePool == root.resourcePool[0]


def test_a_launch_into_a_datastore_cluster(sites: VsphereRig, catalog: Catalog) -> None:
    (instance,) = catalog.create_instance(sites.launch_of(sites.seed_image(), realm_id=pod(sites)._moId), "")
    assert [each.name for each in sites.machine(instance.id).datastore] == ["LocalDS_1"]


def test_a_datastore_cluster_under_maintenance_takes_no_launch(sites: VsphereRig, catalog: Catalog) -> None:
    new = sites.launch_of(sites.seed_image(), realm_id=pod(sites)._moId)
    with (
        changed(sites, with_value("summary.maintenanceMode", "inMaintenance")),
        pytest.raises(ValidationFailure, match="Realm"),
    ):
        catalog.create_instance(new, "")


def test_user_data_reaches_the_guest(rig: VsphereRig) -> None:
    user_data = b"#cloud-config\nhostname: caf\xc3\xa9 <&>\n\x00"
    with Catalog(rig.driver, rig.credentials, None) as catalog:
        new = replace(rig.launch_of(rig.seed_image(), cpu="2"), user_data=user_data)
        (instance,) = catalog.create_instance(new, "")
    variables = {each.key: each.value for each in rig.machine(instance.id).config.extraConfig}
    assert variables["guestinfo.userdata"] == b64encode(user_data).decode()
    assert variables["guestinfo.userdata.encoding"] == "base64"
    assert instance.overrides[0] == Property("cpu", "2")


def test_a_size_is_not_capped_by_hosts_that_are_not_visible(rig: VsphereRig) -> None:
    hidden = rb'(?s)<objects><obj type="HostSystem">.*?</objects>'
    with changed(rig, replacing(hidden, b"")), Catalog(rig.driver, rig.credentials, None) as catalog:
        assert catalog.hardware_profiles() == [
            HardwareProfile(
                "default",
                "default",
                (
                    Property("cpu", "1", "range", first="1", last="768"),
                    Property("memory", "1024", "range", first="128", last="25165824"),
                    Property("architecture", "x86_64", "enum", entries=("x86_64", "i386")),
                ),
            )
        ]
        (instance,) = catalog.create_instance(rig.launch_of(rig.seed_image(), cpu="4", memory="4096"), "")
    assert instance.overrides == (Property("cpu", "4"), Property("memory", "4096"))
