"""What is FGCP's own about servers, sizes and realms. Quotations are from Apache Deltacloud's documentation."""

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Capability
from deltacloud_images.errors import Conflict, MethodNotAllowed, ObjectNotFound, ValidationFailure
from deltacloud_images.models import (
    Address,
    HardwareProfile,
    Instance,
    InstanceFilter,
    NewInstance,
    Property,
    Realm,
)
from tests.drivers.fgcp.rig import FgcpRig

STATUSES = {
    "DEPLOYING": ("PENDING", ()),
    "STARTING": ("PENDING", ()),
    "RESTORING": ("PENDING", ()),
    "BACKUP_ING": ("PENDING", ()),
    "REGISTERING": ("PENDING", ()),
    "CHANGE_TYPE": ("PENDING", ()),
    "RUNNING": ("RUNNING", ("stop",)),
    "FAILOVER": ("RUNNING", ("stop",)),
    "STOP_ERROR": ("RUNNING", ("stop",)),
    "STOPPING": ("STOPPING", ()),
    "STOPPED": ("STOPPED", ("start", "destroy")),
    "UNEXPECTED_STOP": ("STOPPED", ("start", "destroy")),
    "START_ERROR": ("STOPPED", ("start", "destroy")),
    "ERROR": ("ERROR", ()),
    "NEW_IN_2027": ("UNKNOWN", ()),
}


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_has_its_state_and_its_actions(rig: FgcpRig, catalog: Catalog, status: str) -> None:
    instance = catalog.instance(rig.seed_instance(status=status))
    assert (instance.state, instance.actions) == STATUSES[status]


def test_there_is_no_reboot(rig: FgcpRig) -> None:
    """'Reboot running instances: no' in the table of what the drivers can do."""
    assert Capability.REBOOT_INSTANCE not in rig.driver.capabilities


def test_a_server_as_fgcp_describes_it(rig: FgcpRig, catalog: Catalog) -> None:
    server = rig.seed_instance(name="web & co", type="advanced")
    assert catalog.instance(server) == Instance(
        id=server,
        name="web & co",
        owner_id=rig.owner_id,
        image_id="IMG_public_64",
        realm_id="CONTRACT1-SYS1-N-DMZ",
        state="STOPPED",
        hardware_profile_id="advanced",
        actions=("start", "destroy"),
        can_create_image=True,
        private_addresses=(Address(f"192.168.{int(server[-4:]) >> 8}.{int(server[-4:]) & 255}"),),
    )


def test_firewalls_and_load_balancers_are_no_instances(rig: FgcpRig, catalog: Catalog) -> None:
    balancer = rig.seed_instance(type="slb", nic=1)
    listed = {instance.id for instance in catalog.instances(InstanceFilter())}
    assert not listed & {balancer, "CONTRACT1-SYS1-S-0001", "CONTRACT1-SYS2-S-0001"}
    for server in (balancer, "CONTRACT1-SYS1-S-0001"):
        with pytest.raises(ObjectNotFound):
            catalog.instance(server)


@pytest.mark.parametrize(
    ("realm_id", "network_id"),
    [
        ("CONTRACT1-SYS1-N-SECURE1", "CONTRACT1-SYS1-N-SECURE1"),
        ("CONTRACT1-SYS2", "CONTRACT1-SYS2-N-DMZ"),
        ("", "CONTRACT1-SYS1-N-DMZ"),
    ],
)
def test_launch_in_a_network_segment(rig: FgcpRig, catalog: Catalog, realm_id: str, network_id: str) -> None:
    """The API's documentation: 'When creating an instance, specify a network segment realm as target location'."""
    name = f"by {realm_id} in {network_id}"
    (instance,) = catalog.create_instance(NewInstance("IMG_public_64", name=name, realm_id=realm_id), "advanced")
    assert instance == Instance(
        id=instance.id,
        name=name,
        owner_id=rig.owner_id,
        image_id="IMG_public_64",
        realm_id=network_id,
        state="PENDING",
        hardware_profile_id="advanced",
    )
    shown = catalog.instance(instance.id)
    assert (shown.name, shown.realm_id, shown.hardware_profile_id) == (name, network_id, "advanced")


@pytest.mark.parametrize(
    "realm_id", ["CONTRACT1-SYS1-N-SECURE2", "CONTRACT1-SYS9", "CONTRACT1-SYS9-N-DMZ", "elsewhere"]
)
def test_launch_refuses_a_realm_that_there_is_not(rig: FgcpRig, catalog: Catalog, realm_id: str) -> None:
    before = rig.instance_ids()
    with pytest.raises(ValidationFailure, match=realm_id):
        catalog.create_instance(NewInstance("IMG_public_64", realm_id=realm_id), "")
    assert rig.instance_ids() == before


def test_a_name_that_is_taken_is_a_conflict(rig: FgcpRig, catalog: Catalog) -> None:
    rig.seed_instance(name="taken")
    with pytest.raises(Conflict, match="There is a server of that name"):
        catalog.create_instance(NewInstance("IMG_public_64", name="taken"), "")


def test_the_smallest_size_is_the_default(rig: FgcpRig, catalog: Catalog) -> None:
    (instance,) = catalog.create_instance(NewInstance("IMG_public_64"), "")
    assert instance.hardware_profile_id == "economy"
    assert instance.name.startswith("server-")


def test_a_running_server_has_to_be_stopped_first(rig: FgcpRig, catalog: Catalog) -> None:
    """The API's documentation: 'All instances in it need to be in the STOPPED state'."""
    server = rig.seed_instance(status="RUNNING")
    with pytest.raises(MethodNotAllowed):
        catalog.destroy_instance(server)
    with pytest.raises(Conflict, match="ILLEGAL_STATE"), rig.session() as session:
        session.destroy_instance(server)  # as where another client has started it since
    assert server in rig.instance_ids()


def test_sizes_are_counted_in_processors_and_megabytes(catalog: Catalog) -> None:
    assert catalog.hardware_profiles() == [
        HardwareProfile(name, name, (Property("cpu", cpu), Property("memory", memory), architecture))
        for architecture in [Property("architecture", "x86_64")]
        for name, cpu, memory in (
            ("economy", "1", "1740.8"),
            ("advanced", "4", "7680"),
            ("double_high", "16", "30720"),
        )
    ]


def test_systems_and_networks_are_realms(catalog: Catalog) -> None:
    """The API's documentation: 'FGCP virtual systems and networks are both mapped to realms'."""
    realms = [
        Realm("CONTRACT1-SYS1", "System 1"),
        Realm("CONTRACT1-SYS1-N-DMZ", "System 1 [DMZ]"),
        Realm("CONTRACT1-SYS1-N-SECURE1", "System 1 [SECURE1]"),
        Realm("CONTRACT1-SYS2", "System 2"),
        Realm("CONTRACT1-SYS2-N-DMZ", "System 2 [DMZ]"),
    ]
    assert list(catalog.realms()) == realms
    assert [catalog.realm(realm.id) for realm in realms] == realms
    with pytest.raises(ObjectNotFound):
        catalog.realm("CONTRACT1-SYS2-N-SECURE1")


def test_servers_of_one_network(rig: FgcpRig, catalog: Catalog) -> None:
    server = rig.seed_instance(network_id="CONTRACT1-SYS1-N-SECURE1")
    found = list(catalog.instances(InstanceFilter(realm_id="CONTRACT1-SYS1-N-SECURE1")))
    assert server in {instance.id for instance in found}
    assert {instance.realm_id for instance in found} == {"CONTRACT1-SYS1-N-SECURE1"}
    assert list(catalog.instances(InstanceFilter(realm_id="CONTRACT1-SYS9"))) == []


def test_what_is_destroyed_while_a_list_is_made_is_left_out(rig: FgcpRig, catalog: Catalog) -> None:
    rig.seed_instance(), rig.seed_instance()
    gone = rig.seed_instance()
    rig.cloud.state.vanishing.add(gone)
    assert gone not in {instance.id for instance in catalog.instances(InstanceFilter())}
