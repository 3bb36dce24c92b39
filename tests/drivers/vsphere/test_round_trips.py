"""How often the vCenter is asked: a number that does not depend on how much it holds."""

from collections.abc import Iterator

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.models import ImageFilter, NewImage
from tests.drivers.vsphere.rig import VsphereRig
from tests.drivers.vsphere.vcsim import Vcsim

LOGIN = ["RetrieveServiceContent", "Login"]
LIST = ["RetrievePropertiesEx"]
SHOW = ["RetrievePropertiesEx"]


@pytest.fixture
def catalog(rig: VsphereRig) -> Iterator[Catalog]:
    """With a login of its own, whose first list has been made."""
    driver = rig.new_driver()
    with Catalog(driver, rig.credentials, None) as catalog:
        list(catalog.images(ImageFilter()))
        rig.vcsim.calls()
        yield catalog
    driver.close()


def test_a_list_takes_one_round_trip_and_four_at_first(rig: VsphereRig) -> None:
    driver = rig.new_driver()
    rig.vcsim.calls()
    for expected in ([*LOGIN, "CreateContainerView", *LIST], LIST, LIST):
        with Catalog(driver, rig.credentials, None) as catalog:
            list(catalog.images(ImageFilter()))
        assert rig.vcsim.calls() == expected
    driver.close()


def test_a_configured_datacenter_takes_one_more_at_login(rig: VsphereRig) -> None:
    driver = rig.new_driver(providers={"one": rig.provider_table(datacenter="DC1")})
    rig.vcsim.calls()
    with Catalog(driver, rig.credentials, None) as catalog:
        list(catalog.images(ImageFilter()))
        assert rig.vcsim.calls() == [*LOGIN, "FindByInventoryPath", "CreateContainerView", *LIST]
        list(catalog.images(ImageFilter()))
        assert rig.vcsim.calls() == LIST
    driver.close()


def test_2000_machines_take_as_many_as_a_few(rig: VsphereRig) -> None:
    with (
        Vcsim("-machines", "1000") as large,
        rig.before(large) as driver,
        Catalog(driver, rig.credentials, None) as catalog,
    ):
        assert len(list(catalog.instances(rig.anything))) == 2000
        assert list(catalog.images(ImageFilter())) == []
        first = next(iter(catalog.instances(rig.anything)))
        catalog.create_image(NewImage(first.id))
        large.calls()
        assert [image.id for image in catalog.images(ImageFilter())] == [first.id]
        assert large.calls() == LIST
        assert len(list(catalog.instances(rig.anything))) == 1999
        assert large.calls() == LIST


def test_the_round_trips_of_every_verb(rig: VsphereRig, catalog: Catalog) -> None:
    image, name = rig.seed_image(), "by its name"
    rig.seed_machine(name).MarkAsTemplate()
    machine = rig.seed_instance()
    list(catalog.realms()), catalog.hardware_profiles(), catalog.create_instance(rig.launch_of(image), "")
    rig.vcsim.calls()

    def calls() -> list[str]:
        return rig.vcsim.calls()

    catalog.verify()
    assert calls() == ["CurrentTime"]
    catalog.image(image)
    assert calls() == SHOW
    catalog.image(name)
    assert calls() == [*LIST, *SHOW]
    list(catalog.instances(rig.anything))
    assert calls() == LIST
    list(catalog.realms())
    assert calls() == LIST
    catalog.hardware_profiles()
    assert calls() == LIST
    catalog.create_instance(rig.launch_of(image), "")
    assert calls() == [*SHOW, *LIST, "CloneVM_Task", "Fetch", *SHOW]
    catalog.act("start", machine)
    assert calls() == [*SHOW, *SHOW, "PowerOnVM_Task", "Fetch", *SHOW]
    catalog.act("stop", machine)
    assert calls() == [*SHOW, *SHOW, "PowerOffVM_Task", "Fetch", *SHOW]
    catalog.destroy_instance(rig.seed_instance())
    assert calls()[-4:] == [*SHOW, *SHOW, "Destroy_Task", "Fetch"]
    catalog.create_image(NewImage(machine))
    assert calls() == [*SHOW, "MarkAsTemplate", *SHOW]
    catalog.destroy_image(machine, {})
    assert calls() == [*SHOW, "Destroy_Task", "Fetch"]
