"""What is special about images of RHEV-M and oVirt: templates."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deltacloud_images.errors import Conflict, ObjectNotFound, ValidationFailure
from deltacloud_images.models import Image, ImageFilter, NewImage, NewInstance
from deltacloud_images.testing import eventually
from tests.drivers.rhevm.rig import RhevmRig
from tests.drivers.rhevm.simulator.state import BLANK


def test_an_image_is_a_template_in_either_generation(lab: RhevmRig) -> None:
    image_id = lab.seed_image()
    types = lab.engine.state.instance_types if lab.engine.version >= (4, 0) else []
    expected = Image(
        id=image_id,
        name="seed1",
        description="seeded",
        owner_id="jane@example.com",
        architecture="x86_64",
        state="OK",
        creation_time=datetime(2014, 5, 6, 12, 8, 9, tzinfo=UTC),
        hardware_profiles=("SERVER", "DESKTOP", *(each.id for each in types)),
        root_type="persistent",
    )
    with lab.catalog() as catalog:
        assert list(catalog.images(ImageFilter())) == [expected]
        assert catalog.image(image_id) == expected


def test_the_blank_template_is_no_image(lab: RhevmRig) -> None:
    """REST API guide, Templates: every engine has the template Blank, of zeros, which no one can remove."""
    with lab.catalog() as catalog:
        assert list(catalog.images(ImageFilter())) == []
        assert list(catalog.images(ImageFilter(name="Blank"))) == []
        with pytest.raises(ObjectNotFound):
            catalog.image(BLANK)
        with pytest.raises(ObjectNotFound):
            catalog.destroy_image(BLANK, {})
        with pytest.raises(ValidationFailure):
            catalog.create_instance(NewInstance(BLANK), "")
    assert BLANK in {each.id for each in lab.engine.state.templates}


@pytest.mark.parametrize(
    ("said", "architecture"),
    [("undefined", "x86_64"), ("ppc64", "ppc64"), ("s390x", "s390x"), ("aarch64", "arm64"), ("x86_64", "x86_64")],
)
def test_architectures_are_named_as_elsewhere(new_lab: RhevmRig, said: str, architecture: str) -> None:
    image_id = new_lab.seed_image(architecture=said)
    with new_lab.catalog() as catalog:
        assert catalog.image(image_id).architecture == architecture
        assert [image.id for image in catalog.images(ImageFilter(architecture=architecture))] == [image_id]


@pytest.mark.parametrize("status", ["ok", "locked", "illegal"])
def test_states_are_the_engines_in_upper_case(lab: RhevmRig, status: str) -> None:
    lab.seed_image()
    image_id = lab.seed_image(status=status)
    with lab.catalog() as catalog:
        assert catalog.image(image_id).state == status.upper()
        assert image_id in {image.id for image in catalog.images(ImageFilter(state=status.upper()))}


def test_names_and_states_are_looked_for_by_the_engine(lab: RhevmRig) -> None:
    lab.seed_image()
    wanted = lab.seed_image()
    driver = lab.make_driver(datacenter="iscsi")
    with lab.catalog(driver) as catalog, lab.engine.recorded() as seen:
        assert [image.id for image in catalog.images(ImageFilter(name="se*2", state="ok"))] == [wanted]
        assert list(catalog.images(ImageFilter(name="and"))) == []
        assert list(catalog.images(ImageFilter(name='x" or name="*'))) == []
        assert list(catalog.images(ImageFilter(owner_id="someone else"))) == []
    assert [each for each in seen if "templates" in each] == [
        "GET /templates?search=datacenter=iscsi and name=se* and status=ok",
        "GET /templates?search=datacenter=iscsi",
        "GET /templates?search=datacenter=iscsi",
    ]


def test_the_versions_of_a_template_are_told_apart(lab: RhevmRig) -> None:
    """REST API guide, Templates: all versions have the name of the first."""
    for number, version in ((1, "base version"), (2, "with nginx"), (3, "")):
        lab.seed_image(name="golden", version=(number, version))
    names = ["golden", "golden (with nginx)", "golden (3)"] if lab.engine.version >= (3, 5) else ["golden"] * 3
    with lab.catalog() as catalog:
        assert [image.name for image in catalog.images(ImageFilter())] == names
        for pattern in ("*nginx)", "g*nginx*", "golden (with nginx)"):
            assert [image.name for image in catalog.images(ImageFilter(name=pattern))] == names[1:2] * (
                names[1] != "golden"
            )


def test_an_image_is_locked_while_it_is_made(lab: RhevmRig) -> None:
    """REST API guide, Templates: a new template is ``locked`` until its disks have been copied."""
    vm_id = lab.seed_instance()
    with lab.catalog() as catalog:
        image = catalog.create_image(NewImage(vm_id, "made", "of a <machine> & more"))
        assert (image.name, image.description, image.state) == ("made", "of a <machine> & more", "LOCKED")
        assert eventually(lambda: catalog.image(image.id).state == "OK")
        assert catalog.image(image.id) == replace(image, state="OK")


def test_an_image_without_a_name_is_named_after_its_instance(lab: RhevmRig) -> None:
    """Deltacloud's RHEV-M driver: the name defaults to the instance's with ``-template``."""
    vm_id = lab.seed_instance()
    vm = lab.engine.state.vm(vm_id)
    with lab.catalog() as catalog, lab.engine.recorded() as seen:
        assert catalog.create_image(NewImage(vm_id)).name == f"{vm.name}-template"
    assert [each for each in seen if "instancetypes" not in each] == [f"GET /vms/{vm_id}", "POST /templates"]


@pytest.mark.parametrize(
    "status", ["up", "powering_up", "paused", "suspended", "image_locked", "image_illegal", "powering_down", "unknown"]
)
def test_only_of_a_stopped_instance_an_image_can_be_made(lab: RhevmRig, status: str) -> None:
    """REST API guide, Templates: the virtual machine has to be ``down``."""
    vm_id = lab.seed_instance(status=status)
    before = lab.image_ids()
    with lab.catalog() as catalog, lab.engine.recorded() as seen:
        assert not catalog.instance(vm_id).can_create_image
        with pytest.raises(Conflict, match=rf"is \w+ \({status}\): .* when it is STOPPED"):
            catalog.create_image(NewImage(vm_id, "never"))
    assert lab.image_ids() == before
    assert not [each for each in seen if each.startswith("POST")]


def test_a_name_that_is_taken_is_a_conflict_in_the_engines_words(lab: RhevmRig) -> None:
    vm_id, image_id = lab.seed_instance(), lab.seed_image()
    with lab.catalog() as catalog:
        taken = catalog.image(image_id).name
        with pytest.raises(Conflict, match="The Template name is already in use"):
            catalog.create_image(NewImage(vm_id, taken))


def test_characters_that_xml_cannot_hold_are_refused(lab: RhevmRig) -> None:
    with lab.catalog() as catalog, pytest.raises(ValidationFailure, match="The name holds characters"):
        catalog.create_image(NewImage(lab.seed_instance(), "a\x01b"))


def test_an_image_in_use_is_a_conflict_with_the_engines_reason(lab: RhevmRig) -> None:
    """REST API guide, Templates: one that virtual machines were made of cannot be removed. 3.1 says 400, others 409."""
    image_id = lab.seed_image()
    lab.seed_instance(template_id=image_id)
    lab.seed_instance(template_id=image_id)
    with lab.catalog() as catalog, pytest.raises(Conflict) as refused:
        catalog.destroy_image(image_id, {})
    assert str(refused.value) == (
        "The engine refuses: Cannot delete Template. Template is being used by the following VMs: vm2,vm3."
    )
    assert image_id in lab.image_ids()


def test_a_locked_image_can_neither_be_destroyed_nor_launched(lab: RhevmRig) -> None:
    image_id = lab.seed_image(status="locked")
    with lab.catalog() as catalog:
        with pytest.raises(Conflict, match="locked"):
            catalog.destroy_image(image_id, {})
        with pytest.raises(Conflict, match="locked"):
            catalog.create_instance(NewInstance(image_id), "")
    assert image_id in lab.image_ids()
    assert lab.instance_ids() == set()


def test_an_image_is_destroyed_in_one_request(lab: RhevmRig) -> None:
    image_id = lab.seed_image()
    with lab.catalog() as catalog, lab.engine.recorded() as seen:
        catalog.destroy_image(image_id, {})
    assert seen == [f"DELETE /templates/{image_id}"]
    assert lab.image_ids() == set()


def test_a_list_takes_one_request_a_page(lab: RhevmRig) -> None:
    expected = {lab.seed_image() for _ in range(600)}
    with lab.catalog() as catalog:
        list(catalog.images(ImageFilter()))
        with lab.engine.recorded() as seen:
            assert {image.id for image in catalog.images(ImageFilter())} == expected
    assert seen == ["GET /templates?search=", "GET /templates?search=sortby name asc page 2"]


def test_an_engine_that_chooses_the_pages_itself_cuts_no_list(old_lab: RhevmRig) -> None:
    """REST API guide of 3.0, Pagination: a response holds a default number of resources; ``;max`` of 3.6 sets it."""
    expected = {old_lab.seed_image() for _ in range(250)}
    with old_lab.catalog() as catalog:
        assert {image.id for image in catalog.images(ImageFilter())} == expected
