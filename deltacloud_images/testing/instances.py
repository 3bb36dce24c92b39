"""What every driver does with instances, hardware profiles and realms."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

import pytest

from deltacloud_images.catalog import ACTIONS, Catalog
from deltacloud_images.driver import Capability
from deltacloud_images.errors import MethodNotAllowed, NotSupported, ObjectNotFound, ValidationFailure
from deltacloud_images.features import USER_NAME
from deltacloud_images.models import ImageFilter, Instance, InstanceFilter, NewImage, NewInstance
from deltacloud_images.profiles import by_size
from deltacloud_images.testing.base import STRANGE_IDS, Conformance, lacks
from deltacloud_images.testing.rig import Rig, eventually

STATES = {"PENDING", "RUNNING", "STOPPING", "STOPPED", "SHUTTING_DOWN", "FINISHED", "ERROR", "REBOOTING", "UNKNOWN"}


class InstanceConformance(Conformance):
    """List, show, launch, act, destroy."""

    def test_instances_are_listed_and_shown_alike(self, rig: Rig, catalog: Catalog) -> None:
        if lacks(rig, Capability.INSTANCES, lambda: catalog.instances(InstanceFilter())):
            return
        seeded = rig.seed_instance()
        listed = {instance.id: instance for instance in catalog.instances(InstanceFilter())}
        assert set(listed) <= rig.instance_ids()
        assert catalog.instance(seeded) == listed[seeded]
        for instance in listed.values():
            _keeps_promises(rig, instance)

    @pytest.mark.parametrize("instance_id", STRANGE_IDS, ids=lambda text: repr(text[:12]))
    def test_unknown_instances_are_not_found(self, rig: Rig, catalog: Catalog, instance_id: str) -> None:
        if lacks(rig, Capability.INSTANCES, lambda: catalog.instance(instance_id)):
            return
        with pytest.raises(ObjectNotFound):
            catalog.instance(instance_id)
        assert list(catalog.instances(InstanceFilter(id=instance_id))) == []

    @pytest.mark.parametrize("field", ["id", "state", "realm_id", "image_id", "owner_id"])
    def test_filters_give_exactly_the_matching_instances(self, rig: Rig, catalog: Catalog, field: str) -> None:
        if Capability.INSTANCES not in rig.driver.capabilities:
            return
        seeded = catalog.instance(rig.seed_instance())
        value = getattr(seeded, field)
        if not value:
            assert field == "image_id", f"only an instance's image may be unknown, but {field} is empty"
            return
        found = list(catalog.instances(InstanceFilter(**{field: value})))
        assert seeded.id in {instance.id for instance in found}
        assert {getattr(instance, field) for instance in found} == {value}
        assert list(catalog.instances(InstanceFilter(**{field: "no-such-value"}))) == []

    def test_create_image_is_offered_where_it_succeeds(self, rig: Rig, catalog: Catalog) -> None:
        if Capability.INSTANCES not in rig.driver.capabilities:
            return
        instance = catalog.instance(rig.seed_instance())
        assert instance.can_create_image == (Capability.CREATE_IMAGE in rig.driver.capabilities)
        if instance.can_create_image:
            catalog.create_image(NewImage(instance.id, name="offered"))

    def test_launch_makes_one_instance_of_the_image(self, rig: Rig, catalog: Catalog) -> None:
        new = NewInstance(rig.seed_image(), name="launched")
        if lacks(rig, Capability.CREATE_INSTANCE, lambda: catalog.create_instance(new, "")):
            return
        before = rig.instance_ids()
        (instance,) = catalog.create_instance(new, "")
        assert instance.state in ("PENDING", "RUNNING")
        _keeps_promises(rig, instance)
        if USER_NAME in rig.driver.features:
            assert instance.name == "launched"
        assert instance.image_id in ("", new.image_id)
        assert eventually(lambda: len(rig.instance_ids() - before) == 1)

    def test_launch_refuses_what_is_unknown(self, rig: Rig, catalog: Catalog) -> None:
        if lacks(rig, Capability.CREATE_INSTANCE, lambda: catalog.create_instance(NewInstance("nope"), "")):
            return
        before = rig.instance_ids()
        with pytest.raises(ValidationFailure):
            catalog.create_instance(NewInstance("nope"), "")
        with pytest.raises(ValidationFailure, match="no-such-size"):
            catalog.create_instance(NewInstance(rig.seed_image()), "no-such-size")
        with pytest.raises(ValidationFailure):
            catalog.create_instance(NewInstance(rig.seed_image(), realm_id="no-such-realm"), "")
        assert rig.instance_ids() == before

    def test_the_round_of_all_actions(self, rig: Rig, catalog: Catalog) -> None:
        """From launch to destroy: whatever an instance offers succeeds, whatever it does not offer is refused."""
        if Capability.CREATE_INSTANCE not in rig.driver.capabilities:
            return
        (instance,) = catalog.create_instance(NewInstance(rig.seed_image(), name="round"), "")
        assert eventually(lambda: bool(catalog.instance(instance.id).actions))
        if "start" in catalog.instance(instance.id).actions:  # some clouds leave a new instance stopped
            catalog.act("start", instance.id)
        for wanted in ("reboot", "stop", "start"):
            if ACTIONS[wanted] not in rig.driver.capabilities or wanted in rig.absent_actions:
                continue
            assert eventually(lambda: wanted in catalog.instance(instance.id).actions), wanted  # noqa: B023
            self._refuses_others(rig, catalog, instance.id)
            catalog.act(wanted, instance.id)
        if "destroy" not in catalog.instance(instance.id).actions:
            assert eventually(lambda: "stop" in catalog.instance(instance.id).actions)
            catalog.act("stop", instance.id)
        assert eventually(lambda: "destroy" in catalog.instance(instance.id).actions)
        catalog.destroy_instance(instance.id)
        assert eventually(lambda: instance.id not in rig.instance_ids())

    def test_hardware_profiles_are_sorted_and_found_by_id(self, rig: Rig, catalog: Catalog) -> None:
        if lacks(rig, Capability.HARDWARE_PROFILES, catalog.hardware_profiles):
            return
        profiles = list(catalog.hardware_profiles())
        assert profiles
        assert profiles == by_size(profiles)
        assert len({profile.id for profile in profiles}) == len(profiles)
        assert catalog.hardware_profile(profiles[-1].id) == profiles[-1]
        for profile in profiles:
            assert all(each.allows(each.value) for each in profile.properties)
        with pytest.raises(ObjectNotFound):
            catalog.hardware_profile("no-such-size")

    def test_images_link_profiles_that_exist(self, rig: Rig, catalog: Catalog) -> None:
        rig.seed_image()
        linked = {each for image in catalog.images(ImageFilter()) for each in image.hardware_profiles}
        if Capability.HARDWARE_PROFILES not in rig.driver.capabilities:
            assert not linked
            return
        assert linked
        assert linked <= {profile.id for profile in catalog.hardware_profiles()}

    def test_realms_are_found_by_id(self, rig: Rig, catalog: Catalog) -> None:
        if lacks(rig, Capability.REALMS, catalog.realms):
            return
        realms = list(catalog.realms())
        assert realms
        for realm in realms:
            assert realm.name
            assert realm.state in ("AVAILABLE", "UNAVAILABLE")
        assert catalog.realm(realms[0].id) == realms[0]
        with pytest.raises(ObjectNotFound):
            catalog.realm("no-such-realm")

    def test_callers_side_by_side_see_the_same(self, rig: Rig, catalog: Catalog) -> None:
        rig.seed_image()
        expected = {image.id for image in catalog.images(ImageFilter())}

        def list_once(_: int) -> set[str]:
            with Catalog(rig.driver, rig.credentials, rig.provider) as mine:
                return {image.id for image in mine.images(ImageFilter())}

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(list_once, range(16))) == [expected] * 16

    @staticmethod
    def _refuses_others(rig: Rig, catalog: Catalog, instance_id: str) -> None:
        offered = catalog.instance(instance_id).actions
        for action in {"start", "stop", "reboot"} - set(offered):
            known = ACTIONS[action] in rig.driver.capabilities
            with pytest.raises(MethodNotAllowed if known else NotSupported):
                catalog.act(action, instance_id)


def _keeps_promises(rig: Rig, instance: Instance) -> None:
    assert instance.id
    assert instance.state in STATES
    assert set(instance.actions) <= set(ACTIONS)
    assert all(ACTIONS[action] in rig.driver.capabilities for action in instance.actions)
    assert not rig.absent_actions & set(instance.actions)
    assert instance.launch_time is None or instance.launch_time.tzinfo is UTC
