"""What every driver does when its cloud is broken: each call under each fault."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Capability, Driver
from deltacloud_images.errors import AuthenticationFailure, DeltacloudError, ProviderError, ProviderTimeout
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import ImageFilter, InstanceFilter, NewImage, NewInstance
from deltacloud_images.testing.base import Conformance
from deltacloud_images.testing.fault import Fault
from deltacloud_images.testing.rig import Rig

Call = Callable[[Catalog, str, str], object]

#: Every call of a catalog; it is given an image's and an instance's id.
CALLS: dict[Capability, Call] = {
    Capability.IMAGES: lambda catalog, _image, _instance: list(catalog.images(ImageFilter())),
    Capability.CREATE_IMAGE: lambda catalog, _, instance: catalog.create_image(NewImage(instance, name="never")),
    Capability.DESTROY_IMAGE: lambda catalog, image, _: catalog.destroy_image(image, {}),
    Capability.INSTANCES: lambda catalog, _image, _instance: list(catalog.instances(InstanceFilter())),
    Capability.CREATE_INSTANCE: lambda catalog, image, _: catalog.create_instance(NewInstance(image), ""),
    Capability.START_INSTANCE: lambda catalog, _, instance: catalog.act("start", instance),
    Capability.STOP_INSTANCE: lambda catalog, _, instance: catalog.act("stop", instance),
    Capability.REBOOT_INSTANCE: lambda catalog, _, instance: catalog.act("reboot", instance),
    Capability.DESTROY_INSTANCE: lambda catalog, _, instance: catalog.destroy_instance(instance),
    Capability.KEYS: lambda catalog, _image, _instance: list(catalog.keys()),
    Capability.CREATE_KEY: lambda catalog, _image, _instance: catalog.create_key(f"never {time.monotonic_ns()}"),
    Capability.DESTROY_KEY: lambda catalog, _image, _instance: catalog.destroy_key("never"),
    Capability.REALMS: lambda catalog, _image, _instance: list(catalog.realms()),
}

EXPECTED: dict[Fault, type[DeltacloudError]] = {
    Fault.REFUSED: ProviderError,
    Fault.TIMEOUT: ProviderTimeout,
    Fault.SERVER_ERROR: ProviderError,
    Fault.GARBAGE: ProviderError,
    Fault.CUT: ProviderError,
    Fault.THROTTLED: ProviderError,
    Fault.EXPIRED: AuthenticationFailure,
}

#: Faults that a driver waits for; the limit of all others is ample, so that a busy machine changes no result.
_WAITED_FOR = (Fault.TIMEOUT, Fault.THROTTLED)
_AMPLE_SECONDS = 30.0


class FaultConformance(Conformance):
    """Broken clouds give clear errors, and nothing is changed that was not answered as done."""

    @pytest.mark.parametrize("fault", list(Fault))
    @pytest.mark.parametrize("capability", list(CALLS))
    def test_every_call_on_a_broken_cloud(self, rig: Rig, fault: Fault, capability: Capability) -> None:
        if fault in rig.impossible_faults:
            assert rig.impossible_faults[fault]
            return
        if capability not in rig.driver.capabilities:
            return
        image, instance = rig.seed_image(), rig.seed_instance()
        before = rig.image_ids(), rig.instance_ids()
        with rig.broken(fault) as driver:
            if fault is Fault.EXPIRED and rig.renews_sessions:
                with Catalog(driver, rig.credentials, rig.provider) as catalog:
                    assert image in {each.id for each in catalog.images(ImageFilter())}
                    catalog.verify()
                return
            seconds = rig.timeout_seconds if fault in _WAITED_FOR else _AMPLE_SECONDS
            error = self._failure(rig, driver, CALLS[capability], image, instance, seconds)
        assert error.name == EXPECTED[fault].__name__, repr(error)
        assert (error.retry_after is not None) == (fault is Fault.THROTTLED), repr(error)
        if fault is not Fault.CUT:
            assert (rig.image_ids(), rig.instance_ids()) == before
        with Catalog(rig.driver, rig.credentials, rig.provider) as catalog:
            after = {each.id for each in catalog.images(ImageFilter())}
        may_be_gone = fault is Fault.CUT and capability is Capability.DESTROY_IMAGE
        assert image in after or may_be_gone, "works again after the fault"

    @staticmethod
    def _failure(
        rig: Rig, driver: Driver[Any], call: Call, image: str, instance: str, seconds: float
    ) -> DeltacloudError:
        deadline = Deadline(seconds)
        with (
            pytest.raises(DeltacloudError) as raised,
            Catalog(driver, rig.credentials, rig.provider, deadline) as catalog,
        ):
            call(catalog, image, instance)
        assert rig.credentials.password not in str(raised.value)
        return raised.value
