"""Images on the real services, beyond what every driver does: filters, pages, states, creation, destruction."""

from dataclasses import replace

import pytest
from requests import PreparedRequest

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import Conflict, Forbidden, ObjectNotFound
from deltacloud_images.models import Image, ImageFilter, NewImage
from deltacloud_images.testing import eventually
from deltacloud_openstack import cloud as calls
from tests.drivers.openstack.cloud.openstack import OTHER
from tests.drivers.openstack.rig import OpenStackRig


def paths(sent: list[PreparedRequest]) -> list[str]:
    return [str(request.path_url) for request in sent]


def test_an_image_has_all_that_glance_tells(rig: OpenStackRig, catalog: Catalog) -> None:
    image_id = rig.caller.create_image(
        "all", description="<all> & more", hw_architecture="aarch64", min_disk=2, block_device_mapping='[{"x": 1}]'
    )
    created = catalog.image(image_id).creation_time
    assert created is not None
    assert created.isoformat().replace("+00:00", "Z") == rig.caller.image(image_id)["created_at"]
    assert catalog.image(image_id) == Image(
        id=image_id,
        name="all",
        description="<all> & more",
        owner_id=rig.owner_id,
        architecture="arm64",
        state="ACTIVE",
        creation_time=created,
        hardware_profiles=("2", "3", "0"),
        root_type="persistent",
        destroyable=True,
    )


@pytest.mark.parametrize(
    ("wanted", "query"),
    [
        (ImageFilter(name="a name"), "name=a+name"),
        (ImageFilter(state="active"), "status=active"),
        (ImageFilter(state="PREPARING"), "status=in%3Asaving%2Cimporting%2Cuploading"),
        (ImageFilter(name="a*"), ""),
        (ImageFilter(state="UNKNOWN"), ""),
        (ImageFilter(architecture="arm64"), ""),
    ],
    ids=str,
)
def test_filters_are_sent_to_glance(
    catalog: Catalog, sent: list[PreparedRequest], wanted: ImageFilter, query: str
) -> None:
    catalog.verify()
    list(catalog.hardware_profiles())
    sent.clear()
    list(catalog.images(wanted))
    assert paths(sent) == ["/v2/images?limit=1000" + (f"&{query}" if query else "")]


def test_a_projects_own_images_are_one_list(rig: OpenStackRig, catalog: Catalog, sent: list[PreparedRequest]) -> None:
    list(catalog.images(ImageFilter(owner_id="self")))
    assert paths(sent)[-1] == f"/v2/images?limit=1000&owner={rig.owner_id}"


def test_community_images_are_listed_by_their_owner(
    rig: OpenStackRig, admin_rig: OpenStackRig, catalog: Catalog
) -> None:
    """Glance lists those of other projects only where they are asked for, also to an administrator."""
    other = rig.cloud.caller(OTHER)
    community = other.create_image("community", visibility="community")
    private = other.create_image("private")
    own = rig.caller.create_image("own community", visibility="community")
    assert own in {image.id for image in catalog.images(ImageFilter(owner_id="self"))}
    assert community not in {image.id for image in catalog.images(ImageFilter())}
    wanted = ImageFilter(owner_id=other.project_id)
    assert community in {image.id for image in catalog.images(wanted)}
    assert private not in {image.id for image in catalog.images(wanted)}
    with Catalog(admin_rig.driver, admin_rig.credentials, admin_rig.provider) as administrators:
        seen = [image.id for image in administrators.images(wanted)]
    assert (seen.count(community), seen.count(private)) == (1, 1)


@pytest.mark.parametrize("visibility", ["public", "private", "shared", "community", "all"])
def test_images_are_listed_by_visibility(
    rig: OpenStackRig, admin_rig: OpenStackRig, visibility: str, sent: list[PreparedRequest]
) -> None:
    """Each kind alone, of every project that shows it; another project's shared image only to its members."""
    others = rig.cloud.caller(OTHER)
    seen = {
        "public": admin_rig.caller.create_image("seen", visibility="public"),
        "private": rig.caller.create_image("seen", visibility="private"),
        "shared": rig.caller.create_image("seen", visibility="shared"),
        "community": others.create_image("seen", visibility="community"),
    }
    hidden = {others.create_image("hidden", visibility=each) for each in ("private", "shared")}
    expected = set(seen.values()) if visibility == "all" else {seen[visibility]}
    for each in (rig, admin_rig):
        with Catalog(each.driver, each.credentials, each.provider) as catalog:
            wanted = ImageFilter(options={"visibility": visibility})
            listed = {image.id for image in catalog.images(wanted)}
            assert listed & set(seen.values()) == expected
            assert paths(sent)[-1] == f"/v2/images?limit=1000&visibility={visibility}"
            assert listed <= each.image_ids() | {seen["community"]} or visibility in ("community", "all")
            if each is rig:
                assert not listed & hidden
            by_id = {image.id for image in catalog.images(replace(wanted, id=seen["community"]))}
            assert by_id == expected & {seen["community"]}
            by_owner = {image.id for image in catalog.images(replace(wanted, owner_id=others.project_id))}
            assert by_owner & {seen["community"]} == expected & {seen["community"]}
            assert paths(sent)[-1] == f"/v2/images?limit=1000&owner={others.project_id}&visibility={visibility}"
    admin_rig.caller.call("DELETE", "glance", f"/v2/images/{seen['public']}")


def test_a_named_property_is_sent_to_glance_by_each_of_its_names(
    rig: OpenStackRig, sent: list[PreparedRequest]
) -> None:
    arm = rig.caller.create_image("arm", hw_architecture="aarch64")
    driver = rig.make_driver(architecture_property="hw_architecture")
    with Catalog(driver, rig.credentials, rig.provider) as catalog:
        list(catalog.hardware_profiles())
        assert arm in {image.id for image in catalog.images(ImageFilter(architecture="arm64"))}
        assert paths(sent)[-2:] == [f"/v2/images?limit=1000&hw_architecture={name}" for name in ("arm64", "aarch64")]
        assert arm not in {image.id for image in catalog.images(ImageFilter(architecture="x86_64"))}
        assert paths(sent)[-1] == "/v2/images?limit=1000"


def test_an_impossible_state_is_not_asked_for(catalog: Catalog, sent: list[PreparedRequest]) -> None:
    catalog.verify()
    sent.clear()
    assert list(catalog.images(ImageFilter(state="DELETED"))) == []
    assert sent == []


def test_pages_are_followed_and_the_second_list_is_one_call_a_page(
    rig: OpenStackRig, catalog: Catalog, sent: list[PreparedRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        rig.caller.create_image(f"page{number}", bytes_=None)
    monkeypatch.setattr(calls, "PAGE", 2)
    list(catalog.images(ImageFilter()))
    sent.clear()
    with Catalog(rig.driver, rig.credentials, rig.provider) as second:
        found = [image.id for image in second.images(ImageFilter())]
    assert len(found) == len(set(found))
    assert set(found) == rig.image_ids()
    assert len(sent) in (len(found) // 2, len(found) // 2 + 1)  # glance may not know that a full page is the last
    assert all(path.startswith("/v2/images?limit=2") for path in paths(sent))


def test_states(rig: OpenStackRig, admin_rig: OpenStackRig, catalog: Catalog) -> None:
    queued = rig.caller.create_image("queued", bytes_=None)
    active = rig.caller.create_image("active")
    deactivated = rig.caller.create_image("deactivated")
    admin_rig.caller.call("POST", "glance", f"/v2/images/{deactivated}/actions/deactivate")
    states = {image.id: image.state for image in catalog.images(ImageFilter())}
    assert [states[each] for each in (queued, active, deactivated)] == ["QUEUED", "ACTIVE", "DEACTIVATED"]


def test_a_new_image_is_followed_from_queued_to_active(rig: OpenStackRig, catalog: Catalog) -> None:
    instance_id = rig.seed_instance()
    with rig.cloud.slow_snapshots():
        image = catalog.create_image(NewImage(instance_id, "snapshot", "before & after"))
        assert (image.name, image.description, image.owner_id) == ("snapshot", "before & after", rig.owner_id)
        assert image.state in ("QUEUED", "PREPARING")
        busy = catalog.instance(instance_id)
        assert (busy.can_create_image, busy.actions) == (False, ("destroy",))
        with pytest.raises(Conflict, match="RUNNING or STOPPED"):
            catalog.create_image(NewImage(instance_id, "too soon"))
    assert eventually(lambda: catalog.image(image.id).state == "ACTIVE")
    assert rig.caller.image(image.id)["description"] == "before & after"
    assert eventually(lambda: catalog.instance(instance_id).can_create_image)


@pytest.mark.parametrize(("action", "status"), [("os-stop", "SHUTOFF"), ("pause", "PAUSED"), ("suspend", "SUSPENDED")])
def test_servers_at_rest_are_imaged_and_started(
    rig: OpenStackRig, admin_rig: OpenStackRig, catalog: Catalog, action: str, status: str
) -> None:
    instance_id = rig.caller.boot(rig.seed_image(), "resting")
    admin_rig.caller.act(instance_id, action)
    assert rig.caller.settled(instance_id, status)
    instance = catalog.instance(instance_id)
    assert (instance.state, instance.actions, instance.can_create_image) == ("STOPPED", ("start", "destroy"), True)
    catalog.create_image(NewImage(instance_id))
    assert rig.caller.settled(instance_id, status)
    catalog.act("start", instance_id)
    assert rig.caller.settled(instance_id, "ACTIVE")


def test_a_nameless_image_is_named_after_its_instance(rig: OpenStackRig, catalog: Catalog) -> None:
    instance_id = rig.seed_instance()
    assert catalog.create_image(NewImage(instance_id)).name == f"image-of-{instance_id}"


def test_a_protected_image_is_a_conflict(rig: OpenStackRig, catalog: Catalog) -> None:
    image_id = rig.caller.create_image("protected", protected=True)
    assert not catalog.image(image_id).destroyable
    with pytest.raises(Conflict, match="protected"):
        catalog.destroy_image(image_id, {})
    assert image_id in rig.image_ids()


def test_the_clouds_own_image_is_forbidden(rig: OpenStackRig, admin_rig: OpenStackRig, catalog: Catalog) -> None:
    image_id = admin_rig.caller.create_image("public", visibility="public", min_ram=100_000)
    image = catalog.image(image_id)
    assert (image.owner_id, image.destroyable, image.hardware_profiles) == (admin_rig.owner_id, False, ())
    with pytest.raises(Forbidden) as raised:
        catalog.destroy_image(image_id, {})
    assert "<" not in str(raised.value), "glance answers in HTML"
    assert image_id in rig.image_ids()
    with Catalog(admin_rig.driver, admin_rig.credentials, admin_rig.provider) as administrators:
        assert administrators.image(image_id).destroyable
        administrators.destroy_image(image_id, {})
    assert image_id not in rig.image_ids()


def test_another_projects_image_is_not_found(rig: OpenStackRig, catalog: Catalog) -> None:
    image_id = rig.cloud.caller(OTHER).create_image("private")
    with pytest.raises(ObjectNotFound):
        catalog.image(image_id)
    with pytest.raises(ObjectNotFound):
        catalog.destroy_image(image_id, {})
    assert rig.cloud.caller(OTHER).exists("glance", f"/v2/images/{image_id}")
