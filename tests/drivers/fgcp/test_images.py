"""What is FGCP's own about images. Quotations are from Apache Deltacloud's documentation of its API."""

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials
from deltacloud_images.errors import Conflict, Forbidden, ObjectNotFound, ProviderError, ValidationFailure
from deltacloud_images.models import Image, ImageFilter, NewImage, NewInstance
from tests.drivers.fgcp.rig import FgcpRig

EVERY_SIZE = ("economy", "advanced", "double_high")


def test_an_image_as_fgcp_describes_it(rig: FgcpRig, catalog: Catalog) -> None:
    assert catalog.image("IMG_public_64") == Image(
        id="IMG_public_64",
        name="CentOS 6.2 64bit(EN)",
        owner_id="FUJITSU",
        architecture="x86_64",
        state="AVAILABLE",
        hardware_profiles=EVERY_SIZE,
        root_type="persistent",
    )


@pytest.mark.parametrize(
    ("system", "architecture", "sizes"),
    [
        ("CentOS 5.6 32bit (English)", "i386", ("economy", "advanced")),
        ("Red Hat Enterprise Linux 5.8 32 bit", "i386", ("economy", "advanced")),
        ("Windows Server 2008 SE 32bit", "i386", EVERY_SIZE),
        ("Windows Server 2008 R2 EE 64bit SP1 (English)", "x86_64", EVERY_SIZE),
        ("Solaris", "x86_64", EVERY_SIZE),
    ],
)
def test_the_system_tells_the_architecture_and_the_sizes(
    rig: FgcpRig, catalog: Catalog, system: str, architecture: str, sizes: tuple[str, ...]
) -> None:
    image = catalog.image(rig.cloud.state.add_image("OTHER", "image", system))
    assert (image.architecture, image.hardware_profiles) == (architecture, sizes)


@pytest.mark.parametrize("status", ["RUNNING", "STARTING", "REGISTERING", "ERROR", "FAILOVER"])
def test_only_a_stopped_server_makes_an_image(rig: FgcpRig, catalog: Catalog, status: str) -> None:
    """The API's documentation: 'only from a stopped instance, not from a running instance'."""
    before = rig.cloud.calls["RegisterPrivateDiskImage"]
    with pytest.raises(Conflict, match="when it is STOPPED"):
        catalog.create_image(NewImage(rig.seed_instance(status=status), name="never"))
    assert rig.cloud.calls["RegisterPrivateDiskImage"] == before


@pytest.mark.parametrize("status", ["STOPPED", "UNEXPECTED_STOP", "START_ERROR"])
def test_create_image_is_offered_in_every_stopped_status(rig: FgcpRig, catalog: Catalog, status: str) -> None:
    instance = catalog.instance(rig.seed_instance(status=status))
    assert (instance.state, instance.can_create_image) == ("STOPPED", True)


def test_the_image_is_pending_until_it_is_listed(rig: FgcpRig, catalog: Catalog) -> None:
    """The API's documentation: 'Fujitsu GCP does not return an ID that can be used to track the state'."""
    source = rig.seed_instance(image_id="IMG_public_32")
    before = {image.id for image in catalog.images(ImageFilter())}
    pending = Image(
        id="PENDING-web <1> & co",
        name="web <1> & co",
        description="a & b",
        owner_id=rig.owner_id,
        architecture="i386",
        state="PENDING",
        root_type="persistent",
        destroyable=False,
    )
    assert catalog.create_image(NewImage(source, name=pending.name, description="a & b")) == pending

    early = catalog.image(pending.id)
    assert (early.id, early.name, early.state) == (pending.id, pending.name, "PENDING")

    (final_id,) = rig.image_ids() - before
    final = catalog.image(pending.id)
    assert (final.id, final.name, final.description, final.state) == (final_id, pending.name, "a & b", "AVAILABLE")
    assert catalog.image(final_id) == final
    assert [image.id for image in catalog.images(ImageFilter(name=pending.name))] == [final_id]
    assert {image.id for image in catalog.images(ImageFilter())} == before | {final_id}


def test_the_list_never_shows_a_pending_image(rig: FgcpRig, catalog: Catalog) -> None:
    """The API's documentation: 'Poll the list of all images until your image appears'."""
    catalog.create_image(NewImage(rig.seed_instance(), name="unseen"))
    assert not [image for image in catalog.images(ImageFilter()) if image.name == "unseen" or image.state == "PENDING"]
    rig.image_ids()
    assert [image.state for image in catalog.images(ImageFilter()) if image.name == "unseen"] == ["AVAILABLE"]


def test_a_pending_image_is_neither_launched_nor_destroyed(rig: FgcpRig, catalog: Catalog) -> None:
    with pytest.raises(Conflict, match="PENDING"):
        catalog.create_instance(NewInstance("PENDING-nothing"), "")
    with pytest.raises(Conflict, match="PENDING"):
        catalog.destroy_image("PENDING-nothing", {})


def test_the_pending_id_serves_for_what_has_become_of_it(rig: FgcpRig, catalog: Catalog) -> None:
    catalog.create_image(NewImage(rig.seed_instance(), name="through"))
    before = rig.image_ids()
    (launched,) = catalog.create_instance(NewInstance("PENDING-through"), "")
    assert rig.cloud.state.images[launched.image_id]["diskimageName"] == "through"
    catalog.destroy_image("PENDING-through", {})
    assert before - rig.image_ids() == {launched.image_id}


def test_a_name_that_two_images_have_stands_for_neither(rig: FgcpRig, catalog: Catalog) -> None:
    ids = [rig.cloud.state.add_image(rig.owner_id, "twice", "CentOS") for _ in range(2)]
    for call in (catalog.image, lambda image_id: catalog.destroy_image(image_id, {})):
        with pytest.raises(Conflict, match=f"{ids[0]}, {ids[1]}"):
            call("PENDING-twice")
    assert set(ids) <= rig.image_ids()


def test_a_name_is_taken_from_the_server_where_none_is_given(rig: FgcpRig, catalog: Catalog) -> None:
    source = rig.seed_instance(name="database")
    assert catalog.create_image(NewImage(source)).id == "PENDING-database"


def test_a_server_that_was_never_booted_is_a_conflict(rig: FgcpRig, catalog: Catalog) -> None:
    source = rig.seed_instance(booted=False)
    with pytest.raises(Conflict, match="started once"):
        catalog.create_image(NewImage(source, name="never"))


def test_a_name_that_fgcp_refuses_is_the_clients_fault(rig: FgcpRig, catalog: Catalog) -> None:
    with pytest.raises(ValidationFailure, match="does not accept the name"):
        catalog.create_image(NewImage(rig.seed_instance(), name="x" * 65))


def test_an_image_of_others_is_not_destroyed(rig: FgcpRig, catalog: Catalog) -> None:
    with pytest.raises(Forbidden):
        catalog.destroy_image("IMG_public_64", {})


def test_a_wrong_clock_is_told_and_never_taken_for_an_unknown_id(rig: FgcpRig, catalog: Catalog) -> None:
    """FGCP has one status, VALIDATION_ERROR, for a clock that is not right and for an id that it does not know."""
    server = rig.seed_instance()
    rig.cloud.skew_seconds = 3600
    try:
        for call in (
            lambda: list(catalog.images(ImageFilter())),
            lambda: catalog.instance(server),
            lambda: catalog.destroy_image("IMG_unknown", {}),
            lambda: catalog.realm("CONTRACT1-SYS1"),
        ):
            with pytest.raises(ProviderError, match=r"clock is wrong.*synchronized"):
                call()
    finally:
        rig.cloud.skew_seconds = 0
    with pytest.raises(ObjectNotFound):
        catalog.destroy_image("IMG_unknown", {})


def test_without_any_virtual_system_nothing_is_known_to_be_ones_own(rig: FgcpRig) -> None:
    systems = dict(rig.cloud.state.systems)
    rig.cloud.add_user("newcomer").write_p12(rig.certificates / "newcomer" / "UserCert.p12", "pass")
    rig.cloud.state.systems.clear()
    try:
        with Catalog(rig.driver, Credentials("newcomer", "pass"), None) as catalog:
            assert list(catalog.images(ImageFilter(owner_id="self"))) == []
            assert list(catalog.realms()) == []
    finally:
        rig.cloud.state.systems.update(systems)
