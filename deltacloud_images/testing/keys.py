"""What every driver does with key pairs."""

import logging
import re
from collections.abc import Callable

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Capability
from deltacloud_images.errors import Conflict, NotSupported, ObjectNotFound, ValidationFailure
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import Key, NewInstance
from deltacloud_images.testing.attack import hostile, new_driver, run
from deltacloud_images.testing.base import STRANGE_IDS, Conformance
from deltacloud_images.testing.behaviours import Recorder
from deltacloud_images.testing.rig import Rig, eventually

PEM = re.compile(r"-----BEGIN ([A-Z0-9]+ )?PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+\n-----END \1PRIVATE KEY-----\n?")
#: An RSA key of 2,048 bits whose private half nobody has.
PUBLIC_KEY = (
    "ssh-rsa "
    "AAAAB3NzaC1yc2EAAAADAQABAAABAQDHt7MQGKaHCv9LXEhgCbJEUdmH3h+ytNQEdwnRIIcLMgMY/AZRywxfPvtckw9QED55RYqn"
    "L7ZFd60UapKByv9+DUEUx7mt1PsfA0Vj1siYYEfFYNVkNpYeCgy9PaqKgO+ghqI5F9pEFAQaN7e88Uck5xw0hWdDJ85ZpRhYoUET"
    "Xvph8vOHrtjJnrmxvySRYEWz5IF26vG0t86wKTjyYqB+kKux/WkYOYJP5oceZXJCKhBIXPmvlGpRxzin8RbqAMPigxEKXN4cWAVT"
    "uz4omM5eK/WijNk/VdSO00Mfd5fyNEeuzhLNdtgIgGPa+esICqAFicvSsV2xWt60GrRwHYN3"
    " someone@example.com"
)

#: Every call on key pairs; each is given a key pair's id.
CALLS: dict[Capability, Callable[[Catalog, str], object]] = {
    Capability.KEYS: lambda catalog, _: list(catalog.keys()),
    Capability.CREATE_KEY: lambda catalog, key_id: catalog.create_key(key_id),
    Capability.DESTROY_KEY: lambda catalog, key_id: catalog.destroy_key(key_id),
}


class KeyConformance(Conformance):
    """List, show, create, destroy, and launch with one."""

    @pytest.mark.parametrize("capability", list(CALLS))
    def test_keys_that_a_driver_lacks_are_refused_and_nothing_is_sent(self, rig: Rig, capability: Capability) -> None:
        if capability in rig.driver.capabilities:
            return
        recorder = Recorder()
        with new_driver(rig) as driver, hostile(rig, recorder), pytest.raises(NotSupported) as raised:
            run(rig, driver, lambda catalog, *_: CALLS[capability](catalog, "mine"), Deadline(30))
        assert raised.value.status == 501
        assert recorder.requests == []

    def test_keys_are_listed_and_shown_alike(self, rig: Rig, catalog: Catalog) -> None:
        if Capability.KEYS not in rig.driver.capabilities:
            return
        seeded = {rig.seed_key(), rig.seed_key()}
        listed = {key.id: key for key in list(catalog.keys())}
        assert set(listed) == rig.key_ids()
        assert seeded <= set(listed)
        for key_id in seeded:
            assert catalog.key(key_id) == listed[key_id]
        for key in listed.values():
            assert key.fingerprint
            assert key.pem == ""

    @pytest.mark.parametrize("key_id", STRANGE_IDS, ids=lambda text: repr(text[:12]))
    def test_unknown_keys_are_not_found(self, rig: Rig, catalog: Catalog, key_id: str) -> None:
        if Capability.KEYS not in rig.driver.capabilities:
            return
        rig.seed_key()
        before = rig.key_ids()
        with pytest.raises(ObjectNotFound):
            catalog.key(key_id)
        if Capability.DESTROY_KEY in rig.driver.capabilities:
            with pytest.raises(ObjectNotFound):
                catalog.destroy_key(key_id)
        assert rig.key_ids() == before

    def test_a_new_key_has_its_private_key_once_and_no_log_has_it(
        self, rig: Rig, catalog: Catalog, caplog: pytest.LogCaptureFixture
    ) -> None:
        if Capability.CREATE_KEY not in rig.driver.capabilities:
            return
        before, name = rig.key_ids(), self._unused(rig)
        with caplog.at_level(logging.DEBUG):
            key = catalog.create_key(name)
        assert key.id == name
        assert PEM.fullmatch(key.pem)
        assert rig.key_ids() == before | {name}
        assert catalog.key(name) == Key(name, key.fingerprint)
        assert key.pem not in repr(key)
        secret = key.pem.splitlines()[5]
        assert secret not in caplog.text
        assert not [each for each in caplog.records if secret in repr(each.__dict__)]

    def test_a_public_key_is_imported(self, rig: Rig, catalog: Catalog) -> None:
        if Capability.CREATE_KEY not in rig.driver.capabilities:
            return
        before, name = rig.key_ids(), self._unused(rig)
        key = catalog.create_key(name, PUBLIC_KEY)
        assert (key.id, key.pem) == (name, "")
        assert rig.key_ids() == before | {name}
        assert catalog.key(name) == key
        with pytest.raises(ValidationFailure):
            catalog.create_key(self._unused(rig), "ssh-rsa bm8ga2V5")

    def test_a_name_that_is_taken_is_a_conflict(self, rig: Rig, catalog: Catalog) -> None:
        if Capability.CREATE_KEY not in rig.driver.capabilities:
            return
        taken = rig.seed_key()
        known, before = catalog.key(taken), rig.key_ids()
        with pytest.raises(Conflict):
            catalog.create_key(taken)
        assert rig.key_ids() == before
        assert catalog.key(taken) == known, "the key pair is unchanged"

    def test_destroy_removes_the_key_and_only_it(self, rig: Rig, catalog: Catalog) -> None:
        if Capability.DESTROY_KEY not in rig.driver.capabilities:
            return
        key_id = rig.seed_key()
        before = rig.key_ids()
        catalog.destroy_key(key_id)
        assert rig.key_ids() == before - {key_id}
        with pytest.raises(ObjectNotFound):
            catalog.destroy_key(key_id)

    def test_an_instance_is_launched_with_a_new_key(self, rig: Rig, catalog: Catalog) -> None:
        if not {Capability.CREATE_KEY, Capability.CREATE_INSTANCE} <= rig.driver.capabilities:
            return
        key_id = catalog.create_key(self._unused(rig)).id
        (launched,) = catalog.create_instance(NewInstance(rig.seed_image(), keyname=key_id), "")
        assert launched.authentication.keyname == key_id
        assert eventually(lambda: launched.id in rig.instance_ids())
        assert catalog.instance(launched.id).authentication.keyname == key_id

    @staticmethod
    def _unused(rig: Rig) -> str:
        """Return a name that no key pair has."""
        name = rig.seed_key()
        with Catalog(rig.driver, rig.credentials, rig.provider) as catalog:
            catalog.destroy_key(name)
        assert name not in rig.key_ids()
        return name
