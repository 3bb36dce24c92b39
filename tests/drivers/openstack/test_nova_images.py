"""Images on a cloud whose catalog has no glance: nova's own image API."""

from collections.abc import Iterator

import pytest
from requests import PreparedRequest

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import Forbidden, NotSupported, ObjectNotFound
from deltacloud_images.models import ImageFilter, NewImage
from deltacloud_images.testing import eventually
from deltacloud_openstack import cloud as calls
from tests.drivers.openstack.rig import OpenStackRig
from tests.drivers.openstack.test_images import paths


@pytest.fixture
def nova_only(rig: OpenStackRig) -> Iterator[Catalog]:
    with Catalog(rig.driver, rig.credentials, "NovaOnly") as catalog:
        yield catalog


def test_visibility_is_not_supported(nova_only: Catalog) -> None:
    with pytest.raises(NotSupported, match="visibility"):
        list(nova_only.images(ImageFilter(options={"visibility": "public"})))


def test_the_same_images_are_listed(rig: OpenStackRig, catalog: Catalog, nova_only: Catalog) -> None:
    """All but their owner, whom nova tells of snapshots only."""
    rig.caller.create_image("same", description="of both", arch="i686", min_disk=1)
    rig.caller.create_image("same", bytes_=None)
    wanted = ImageFilter(name="same")

    def seen(images: Catalog) -> set[tuple[object, ...]]:
        return {
            (i.id, i.description, i.architecture, i.state, i.creation_time, i.hardware_profiles, i.root_type)
            for i in images.images(wanted)
        }

    assert seen(nova_only) == seen(catalog)
    assert {state for _, _, _, state, _, _, _ in seen(nova_only)} == {"ACTIVE", "QUEUED"}


@pytest.mark.parametrize(
    ("wanted", "query"),
    [
        (ImageFilter(name="some"), "&name=some"),
        (ImageFilter(state="ACTIVE"), "&status=ACTIVE"),
        (ImageFilter(state="QUEUED"), "&status=SAVING"),
        (ImageFilter(owner_id="me"), ""),
    ],
    ids=str,
)
def test_filters_are_sent_to_nova(
    nova_only: Catalog, sent: list[PreparedRequest], wanted: ImageFilter, query: str
) -> None:
    list(nova_only.hardware_profiles())
    sent.clear()
    list(nova_only.images(wanted))
    assert paths(sent) == [f"/v2.1/images/detail?limit=1000{query}"]


def test_pages_are_followed(rig: OpenStackRig, nova_only: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.caller.create_image("one more")
    rig.caller.create_image("and one")
    monkeypatch.setattr(calls, "PAGE", 1)
    found = [image.id for image in nova_only.images(ImageFilter())]
    assert len(found) == len(set(found))
    assert set(found) == rig.image_ids()


def test_from_instance_to_image_to_nothing(rig: OpenStackRig, nova_only: Catalog) -> None:
    image = nova_only.create_image(NewImage(rig.seed_instance(), "by nova", "described"))
    assert (image.name, image.description) == ("by nova", "described")
    assert image.state in ("QUEUED", "PREPARING", "ACTIVE")
    assert eventually(lambda: nova_only.image(image.id).state == "ACTIVE")
    assert image.id in {each.id for each in nova_only.images(ImageFilter(owner_id="self"))}
    nova_only.destroy_image(image.id, {})
    assert image.id not in rig.image_ids()
    with pytest.raises(ObjectNotFound):
        nova_only.destroy_image(image.id, {})


def test_the_clouds_own_image_is_forbidden(rig: OpenStackRig, admin_rig: OpenStackRig, nova_only: Catalog) -> None:
    image_id = admin_rig.caller.create_image("public", visibility="public")
    with pytest.raises(Forbidden):
        nova_only.destroy_image(image_id, {})
    assert image_id in rig.image_ids()
