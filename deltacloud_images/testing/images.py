"""What every driver does with images."""

from datetime import UTC
from typing import Any

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Capability
from deltacloud_images.errors import AuthenticationFailure, Conflict, ObjectNotFound
from deltacloud_images.features import IMAGE_DESCRIPTION, IMAGE_NAME
from deltacloud_images.models import Image, ImageFilter, NewImage
from deltacloud_images.testing.base import STRANGE_IDS, Conformance, lacks
from deltacloud_images.testing.rig import Rig, eventually


class ImageConformance(Conformance):
    """List, show, filter, create, destroy."""

    def test_verify_accepts_the_right_credentials(self, catalog: Catalog) -> None:
        catalog.verify()

    def test_wrong_credentials_are_an_authentication_failure(self, rig: Rig) -> None:
        with (
            pytest.raises(AuthenticationFailure),
            Catalog(rig.driver, rig.wrong_credentials, rig.provider) as catalog,
        ):
            catalog.verify()

    def test_wrong_credentials_list_nothing(self, rig: Rig) -> None:
        with (
            pytest.raises(AuthenticationFailure),
            Catalog(rig.driver, rig.wrong_credentials, rig.provider) as catalog,
        ):
            list(catalog.images(ImageFilter()))

    def test_list_holds_what_the_cloud_has_and_each_image_once(self, rig: Rig, catalog: Catalog) -> None:
        seeded = rig.seed_image()
        ids = [image.id for image in catalog.images(ImageFilter())]
        assert seeded in ids
        assert len(ids) == len(set(ids))
        assert set(ids) <= rig.image_ids()

    def test_every_image_keeps_the_models_promises(self, rig: Rig, catalog: Catalog) -> None:
        rig.seed_image()
        images = list(catalog.images(ImageFilter()))
        assert images
        for image in images:
            _keeps_promises(image)

    def test_show_equals_the_entry_in_the_list(self, rig: Rig, catalog: Catalog) -> None:
        seeded = rig.seed_image()
        (listed,) = [image for image in catalog.images(ImageFilter()) if image.id == seeded]
        assert catalog.image(seeded) == listed

    @pytest.mark.parametrize("image_id", STRANGE_IDS, ids=lambda text: repr(text[:12]))
    def test_unknown_ids_are_not_found_and_an_empty_list(self, catalog: Catalog, image_id: str) -> None:
        with pytest.raises(ObjectNotFound):
            catalog.image(image_id)
        assert list(catalog.images(ImageFilter(id=image_id))) == []

    @pytest.mark.parametrize("field", ["id", "name", "owner_id", "architecture", "state"])
    def test_filters_give_exactly_the_matching_images(self, rig: Rig, catalog: Catalog, field: str) -> None:
        value = getattr(catalog.image(rig.seed_image()), field)
        everything = list(catalog.images(ImageFilter()))
        wanted = _filter(field, value)
        found = {image.id for image in catalog.images(wanted)}
        assert {image.id for image in everything if wanted.matches(image)} <= found
        assert all(getattr(image, field) == value for image in catalog.images(wanted))
        assert list(catalog.images(_filter(field, "no-such-value"))) == []

    def test_names_are_filtered_by_wildcards(self, rig: Rig, catalog: Catalog) -> None:
        name = catalog.image(rig.seed_image()).name
        pattern = f"{name[:2]}*"
        names = [image.name for image in catalog.images(ImageFilter(name=pattern))]
        assert name in names
        assert all(each.startswith(name[:2]) for each in names)

    def test_owner_self_is_the_caller(self, rig: Rig, catalog: Catalog) -> None:
        seeded = rig.seed_image()
        mine = list(catalog.images(ImageFilter(owner_id="self")))
        assert seeded in {image.id for image in mine}
        assert {image.owner_id for image in mine} == {rig.owner_id}

    def test_create_makes_one_image_and_returns_it_at_once(self, rig: Rig, catalog: Catalog) -> None:
        new = NewImage(rig.seed_instance(), name="conformance", description="made by the conformance suite")
        if lacks(rig, Capability.CREATE_IMAGE, lambda: catalog.create_image(new)):
            return
        before = rig.image_ids()
        image = catalog.create_image(new)
        _keeps_promises(image)
        if IMAGE_NAME in rig.driver.features:
            assert image.name == "conformance"
        if IMAGE_DESCRIPTION in rig.driver.features:
            assert image.description == "made by the conformance suite"
        assert rig.provisional_image_ids or catalog.image(image.id).id == image.id
        assert catalog.image(image.id).name == image.name
        assert eventually(lambda: len(rig.image_ids() - before) == 1)
        (made,) = rig.image_ids() - before
        assert rig.provisional_image_ids or image.id == made
        assert eventually(lambda: catalog.image(image.id).id == made)

    def test_create_from_an_unknown_instance_is_not_found(self, rig: Rig, catalog: Catalog) -> None:
        before = rig.image_ids()
        new = NewImage("nope", name="never")
        if lacks(rig, Capability.CREATE_IMAGE, lambda: catalog.create_image(new)):
            return
        with pytest.raises(ObjectNotFound):
            catalog.create_image(new)
        assert rig.image_ids() == before

    def test_create_from_an_instance_that_cannot_be_imaged_is_a_conflict(self, rig: Rig, catalog: Catalog) -> None:
        locked = rig.seed_unimageable_instance()
        if locked is None or Capability.CREATE_IMAGE not in rig.driver.capabilities:
            return
        before = rig.image_ids()
        assert not catalog.instance(locked).can_create_image
        with pytest.raises(Conflict):
            catalog.create_image(NewImage(locked, name="never"))
        assert rig.image_ids() == before

    def test_destroy_removes_the_image_and_only_it(self, rig: Rig, catalog: Catalog) -> None:
        image_id = rig.seed_image()
        if lacks(rig, Capability.DESTROY_IMAGE, lambda: catalog.destroy_image(image_id, {})):
            return
        before = rig.image_ids()
        catalog.destroy_image(image_id, {})
        assert eventually(lambda: rig.image_ids() == before - {image_id})
        with pytest.raises(ObjectNotFound):
            catalog.destroy_image(image_id, {})
        with pytest.raises(ObjectNotFound):
            catalog.image(image_id)

    @pytest.mark.parametrize("image_id", STRANGE_IDS, ids=lambda text: repr(text[:12]))
    def test_destroying_an_unknown_image_is_not_found(self, rig: Rig, catalog: Catalog, image_id: str) -> None:
        if lacks(rig, Capability.DESTROY_IMAGE, lambda: catalog.destroy_image(image_id, {})):
            return
        before = rig.image_ids()
        with pytest.raises(ObjectNotFound):
            catalog.destroy_image(image_id, {})
        assert rig.image_ids() == before


def _filter(field: str, value: str) -> ImageFilter:
    wanted: dict[str, Any] = {field: value}
    return ImageFilter(**wanted)


def _keeps_promises(image: Image) -> None:
    assert image.id
    assert image.name
    assert image.state
    assert image.state == image.state.upper()
    assert image.architecture
    assert image.root_type in ("persistent", "transient")
    assert image.creation_time is None or image.creation_time.tzinfo is UTC
    assert len(image.hardware_profiles) <= 40
