"""What vSphere's images are, beyond what the conformance suite shows."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from pyVmomi import vim

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import Conflict, ObjectNotFound, ProviderError, ValidationFailure
from deltacloud_images.models import Image, ImageFilter, NewImage
from deltacloud_vsphere import VsphereDriver
from tests.drivers.vsphere.changes import changed, with_value
from tests.drivers.vsphere.rig import VsphereRig
from tests.drivers.vsphere.vcsim import Vcsim


@pytest.fixture
def catalog(rig: VsphereRig) -> Iterator[Catalog]:
    with Catalog(rig.driver, rig.credentials, None) as catalog:
        yield catalog


def template(rig: VsphereRig, name: str, datacenter: str = "DC0", **config: Any) -> str:
    machine = rig.seed_machine(name, datacenter, **config)
    machine.MarkAsTemplate()
    return str(machine._moId)


def test_every_field_of_an_image(rig: VsphereRig, catalog: Catalog) -> None:
    machine = rig.seed_machine("whole", guestId="rhel7_64Guest", annotation="RHEL 7 <golden> & tested")
    machine.MarkAsTemplate()
    assert catalog.image(machine._moId) == Image(
        id=machine._moId,
        name="whole",
        description="RHEL 7 <golden> & tested",
        owner_id="user",
        architecture="x86_64",
        state="AVAILABLE",
        creation_time=None,
        hardware_profiles=("default",),
        root_type="persistent",
    )


def test_a_template_without_notes_is_described_by_its_guest(rig: VsphereRig, catalog: Catalog) -> None:
    image = catalog.image(template(rig, "plain", guestId="winXPProGuest"))
    assert (image.description, image.architecture) == ("winXPProGuest", "i386")


@pytest.mark.parametrize(
    ("guest_id", "architecture"),
    [
        ("otherGuest64", "x86_64"),
        ("vmkernel65Guest", "x86_64"),
        ("vmkernelGuest", "x86_64"),
        ("vmkernel9Guest", "x86_64"),
        ("windowsHyperVGuest", "x86_64"),
        ("crxPod1Guest", "x86_64"),
        ("rhel8_64Guest", "x86_64"),
        ("otherGuest", "i386"),
        ("dosGuest", "i386"),
        ("darwin11Guest", "i386"),
        ("solaris10Guest", "i386"),
    ],
)
def test_the_architecture_is_that_of_the_guest_id(
    rig: VsphereRig, catalog: Catalog, guest_id: str, architecture: str
) -> None:
    image = template(rig, f"of {guest_id}", guestId=guest_id)
    assert catalog.image(image).architecture == architecture
    assert image in {each.id for each in catalog.images(ImageFilter(architecture=architecture))}


def test_all_known_guest_ids_with_64_in_their_name_are_64_bit(rig: VsphereRig, catalog: Catalog) -> None:
    image = template(rig, "of any guest")
    for guest_id in vim.vm.GuestOsDescriptor.GuestOsIdentifier.values:
        if "64" in guest_id:
            with changed(rig, with_value("summary.config.guestId", guest_id)):
                assert catalog.image(image).architecture == "x86_64"


def test_a_guest_id_of_the_future_is_known_by_its_full_name(rig: VsphereRig, catalog: Catalog) -> None:
    image = template(rig, "of the future", guestId="otherGuest")
    with changed(rig, with_value("summary.config.guestFullName", "Future OS (64-bit)")):
        assert catalog.image(image).architecture == "x86_64"


def test_a_template_without_its_host_is_unavailable(rig: VsphereRig, catalog: Catalog) -> None:
    machine = rig.seed_machine("lost")
    rig.set_property(machine, "summary.runtime.connectionState", "inaccessible")
    machine.MarkAsTemplate()
    assert catalog.image(machine._moId).state == "UNAVAILABLE"
    assert "lost" in {image.name for image in catalog.images(ImageFilter(state="unavailable"))}


def test_creation_is_told_since_version_6_7_only(rig: VsphereRig, catalog: Catalog) -> None:
    clone = catalog.create_instance(rig.launch_of(template(rig, "born")), "")[0]
    catalog.act("stop", clone.id)
    image = catalog.create_image(NewImage(clone.id))
    assert image.creation_time == rig.machine(clone.id).config.createDate.astimezone(UTC)
    with Vcsim("-api-version", "6.5") as old, rig.before(old) as driver, Catalog(driver, rig.credentials, None) as aged:
        born = next(iter(aged.instances(rig.anything)))
        assert aged.create_image(NewImage(born.id)).creation_time is None


def test_all_datacenters_and_folders_are_listed(rig: VsphereRig, catalog: Catalog) -> None:
    elsewhere = rig.seed_machine("in-a-folder", "DC1")
    folder = rig.find("DC1").vmFolder.CreateFolder("deep").CreateFolder("deeper")
    rig.wait(folder.MoveIntoFolder_Task([elsewhere]))
    elsewhere.MarkAsTemplate()
    assert elsewhere._moId in {image.id for image in catalog.images(ImageFilter())}


def test_a_configured_datacenter_hides_the_others(rig: VsphereRig) -> None:
    here, there = template(rig, "here", "DC1"), template(rig, "there", "DC0")
    machine = str(rig.seed_machine("there too", "DC0")._moId)
    driver = rig.new_driver(providers={"one": rig.provider_table(datacenter="DC1")})
    with Catalog(driver, rig.credentials, None) as catalog:
        ids = {image.id for image in catalog.images(ImageFilter())}
        assert here in ids
        assert there not in ids
        assert catalog.image(here).id == catalog.image("here").id == here
        for call in (catalog.image, catalog.instance, lambda each: catalog.destroy_image(each, {})):
            for hidden in (there, "there", machine):
                with pytest.raises(ObjectNotFound):
                    call(hidden)
        with pytest.raises(ValidationFailure):
            catalog.create_instance(rig.launch_of(there), "")
        assert machine not in {instance.id for instance in catalog.instances(rig.anything)}
    driver.close()
    assert {here, there} <= rig.image_ids()


def test_a_datacenter_that_is_not_there_is_said(rig: VsphereRig) -> None:
    before = rig.sessions()
    driver = rig.new_driver(providers={"one": rig.provider_table(datacenter="DC9")})
    with Catalog(driver, rig.credentials, None) as catalog, pytest.raises(ProviderError, match="'DC9'"):
        list(catalog.images(ImageFilter()))
    assert rig.sessions() == before


def test_a_name_serves_as_id_where_one_template_bears_it(rig: VsphereRig, catalog: Catalog) -> None:
    image_id = template(rig, "only one")
    rig.seed_machine("an instance's")
    assert catalog.image("only one") == catalog.image(image_id)
    with pytest.raises(ObjectNotFound):
        catalog.image("an instance's")
    catalog.destroy_image("only one", {})
    assert image_id not in rig.image_ids()


def test_a_name_that_several_templates_bear_is_a_conflict(rig: VsphereRig, catalog: Catalog) -> None:
    ids = sorted((template(rig, "twin"), template(rig, "twin", "DC1")))
    for call in (catalog.image, lambda name: catalog.destroy_image(name, {})):
        with pytest.raises(Conflict, match=", ".join(ids)):
            call("twin")
    with pytest.raises(Conflict):
        catalog.create_instance(rig.launch_of("twin"), "")
    assert set(ids) <= rig.image_ids()


def test_names_are_unescaped(rig: VsphereRig, catalog: Catalog) -> None:
    image_id = template(rig, "a%2fb 100%25 %41")
    assert catalog.image(image_id).name == "a/b 100% %41"
    assert catalog.image("a/b 100% %41").id == image_id


def test_create_marks_the_instance_itself(rig: VsphereRig, catalog: Catalog) -> None:
    instance_id = str(rig.seed_machine("becomes an image", annotation="its notes")._moId)
    image = catalog.create_image(NewImage(instance_id, name="ignored", description="ignored"))
    assert (image.id, image.name, image.description) == (instance_id, "becomes an image", "its notes")
    assert rig.machines()[instance_id] is True
    assert instance_id not in {instance.id for instance in catalog.instances(rig.anything)}
    with pytest.raises(ObjectNotFound):
        catalog.instance(instance_id)
    with pytest.raises(ObjectNotFound):
        catalog.create_image(NewImage(instance_id))


def test_create_says_which_state_is_needed(rig: VsphereRig, catalog: Catalog) -> None:
    running = rig.seed_unimageable_instance()
    with pytest.raises(Conflict, match="has to be STOPPED"):
        catalog.create_image(NewImage(running))
    assert rig.machines()[running] is False


def test_a_suspended_instance_is_stopped_and_cannot_be_imaged(rig: VsphereRig, catalog: Catalog) -> None:
    machine = rig.seed_machine()
    rig.wait(machine.PowerOnVM_Task())
    rig.wait(machine.SuspendVM_Task())
    instance = catalog.instance(machine._moId)
    assert (instance.state, instance.can_create_image) == ("STOPPED", False)
    with pytest.raises(Conflict):
        catalog.create_image(NewImage(machine._moId))


@pytest.mark.parametrize("powered", [False, True])
def test_an_instance_is_never_destroyed_as_an_image(rig: VsphereRig, catalog: Catalog, powered: bool) -> None:
    machine_id = rig.seed_unimageable_instance() if powered else rig.seed_instance()
    with pytest.raises(ObjectNotFound):
        catalog.destroy_image(machine_id, {})
    with pytest.raises(ObjectNotFound):
        catalog.image(machine_id)
    assert rig.machines()[machine_id] is False


def test_an_image_is_never_destroyed_as_an_instance(rig: VsphereRig, catalog: Catalog) -> None:
    image_id = rig.seed_image()
    with pytest.raises(ObjectNotFound):
        catalog.destroy_instance(image_id)
    assert image_id in rig.image_ids()


def test_providers_come_from_the_configuration_alone(rig: VsphereRig) -> None:
    assert [provider.id for provider in rig.driver.providers()] == ["main"]
    assert rig.driver.default_provider == "main"
    for name in ("localhost", "https://evil.example/sdk", "Main"):
        assert not rig.driver.allows_provider(name)
        with pytest.raises(ValidationFailure, match="there are: main"):
            Catalog(rig.driver, rig.credentials, name)
    with pytest.raises(ValidationFailure, match="the operator has to configure one"):
        Catalog(VsphereDriver.from_config({}), rig.credentials, None)
