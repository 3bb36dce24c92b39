"""One caller's session in one project of LXD: each verb with the requests that it takes."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deltacloud_images.driver import Session
from deltacloud_images.errors import Conflict, ObjectNotFound, not_found
from deltacloud_images.kit import values
from deltacloud_images.kit.pool import Lease
from deltacloud_images.models import (
    HardwareProfile,
    Image,
    ImageFilter,
    Instance,
    InstanceFilter,
    NewImage,
    NewInstance,
    Realm,
)
from deltacloud_lxd import convert, images, launch, sizes
from deltacloud_lxd.client import Account, State
from deltacloud_lxd.errors import INTERNAL_ERROR, NOT_FOUND, LxdError

_NAME = re.compile(r"[A-Za-z0-9-]{1,63}")
_POOL_NAME = re.compile(r"[A-Za-z0-9][^/\s]{0,254}")
# How long LXD waits for a guest that is asked to shut down, in seconds.
_SHUTDOWN_SECONDS = 30
_MAX_LINKED_PROFILES = 40


class LxdSession(Session):
    """One caller's session in one project."""

    def __init__(self, lease: Lease[Account], task_wait_seconds: float) -> None:
        """Borrow the account; ``task_wait_seconds`` is how long a call waits for an operation."""
        self._lease = lease
        self._account = lease.item
        self._wait_seconds = task_wait_seconds

    def close(self) -> None:
        """Give the account back."""
        self._lease.close()

    def verify(self) -> None:
        """Read the project."""
        self._account.check_project()

    def account_id(self) -> str:
        """Return the project, which owns its images and instances."""
        return self._account.project

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """Yield the project's images, public ones included; LXD filters by architecture."""
        records = self._account.list("images", **images.query(wanted))
        if all(images.is_public(each) for each in records):
            self._account.check_project()
        profiles = self._linked_profiles()
        return values.converted(records, lambda each: convert.image(each, self.account_id(), profiles), "image")

    def image(self, image_id: str) -> Image:
        """Return the image of a fingerprint, of its unambiguous beginning, of an alias, or of a ``PENDING-`` id."""
        if images.publication(self._account, image_id):
            return convert.pending_image(image_id, self.account_id())
        return self._image(images.find(self._account, image_id))

    def create_image(self, new: NewImage) -> Image:
        """Publish a stopped instance under an alias: the new name, or one made of the instance's and the time."""
        source = self._record(new.instance_id)
        if values.integer(source.get("status_code")) != convert.STOPPED:
            state = values.message(source.get("status")).upper()
            raise Conflict(f"Instance '{new.instance_id}' is {state}: an image is made of it when it is STOPPED.")
        alias = new.name.strip() or f"{new.instance_id}-{time.time_ns():x}"
        if images.target(self._account, alias):
            raise Conflict(f"There is an image with the alias '{alias}' already.")
        body = {
            "source": {"type": "instance", "name": new.instance_id},
            "aliases": [{"name": alias}],
            "properties": {"name": alias, "description": new.description},
        }
        begun = self._account.begin("POST", "images", body=body, wait_seconds=self._wait_seconds)
        begun.check(f"Instance '{new.instance_id}' could not be published")
        if begun.state is State.DONE:
            return self._image(self._account.get("images", images.fingerprint(begun.metadata)))
        image_id = convert.pending_id(begun.id, alias)
        return convert.pending_image(image_id, self.account_id(), new.description, source.get("architecture"))

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Delete an image. Instances keep their own copies of it."""
        if images.publication(self._account, image_id):
            raise Conflict(f"Image '{image_id}' is PENDING: it can be destroyed when it is published.")
        fingerprint = images.fingerprint(images.find(self._account, image_id))
        begun = self._account.begin("DELETE", "images", fingerprint, wait_seconds=self._wait_seconds)
        begun.check(f"Image '{image_id}' could not be destroyed")

    def instances(self, wanted: InstanceFilter) -> Iterator[Instance]:
        """Yield the project's instances with their addresses; LXD filters by image."""
        records = self._account.list("instances", recursion="2", **images.instance_query(wanted.image_id))
        if not records:
            self._account.check_project()
        profiles = self._linked_profiles()
        return values.converted(records, lambda each: convert.instance(each, self.account_id(), profiles), "instance")

    def instance(self, instance_id: str) -> Instance:
        """Return the instance of that name, which is PENDING as long as LXD has a launch of it, but no record yet."""
        try:
            record, profiles = self._record(instance_id), self._linked_profiles()
        except ObjectNotFound:
            if launch.is_under_way(self._account, instance_id):
                return convert.pending_instance(instance_id, self.account_id())
            raise
        return values.converted_one(
            record, lambda each: convert.instance(each, self.account_id(), profiles), "instance"
        )

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """Launch a container or a virtual machine, as the image says, and start it.

        If the time to wait is over before its disk is made, the instance is PENDING; LXD 5.0 then leaves it stopped.
        """
        source = images.find(self._account, new.image_id)
        if new.realm_id:
            self.realm(new.realm_id)
        if new.name and _NAME.fullmatch(new.name) and self._account.find("instances", new.name) is not None:
            raise Conflict(f"There is an instance of the name '{new.name}' already.")
        body = launch.request(new, source, self._profiles())
        begun = self._account.begin("POST", "instances", body=body, wait_seconds=self._wait_seconds)
        name = launch.name_of(begun.resources)
        begun.check(f"Instance '{name}' could not be launched")
        if begun.state is State.RUNNING:
            return (convert.pending_instance(name, self.account_id(), images.fingerprint(source), new.profile),)
        launched = self.instance(name)
        return (self.start_instance(name) if "start" in launched.actions else launched,)

    def start_instance(self, instance_id: str) -> Instance:
        """Start a stopped instance, or resume a frozen one."""
        frozen = values.integer(self._record(instance_id).get("status_code")) == convert.FROZEN
        return self._act(instance_id, "unfreeze" if frozen else "start")

    def stop_instance(self, instance_id: str) -> Instance:
        """Ask the guest to shut down."""
        return self._act(instance_id, "stop")

    def reboot_instance(self, instance_id: str) -> Instance:
        """Ask the guest to shut down, and start it again."""
        return self._act(instance_id, "restart")

    def destroy_instance(self, instance_id: str) -> None:
        """Delete a stopped instance and its disk."""
        self._change("DELETE", instance_id)

    def hardware_profiles(self) -> Sequence[HardwareProfile]:
        """Return the default size and the profiles that set limits, as they were at most a minute ago."""
        profiles = self._profiles()
        return sizes.hardware_profiles(profiles, self._account.host.get(lambda: launch.host(self._account, profiles)))

    def realms(self) -> Iterator[Realm]:
        """Yield the storage pools: those of the profiles where Incus 6.0 refuses the list to a restricted caller."""
        try:
            records = self._account.list("storage-pools")
        except LxdError as error:
            pools = sizes.pools(self._profiles()) if error.code == INTERNAL_ERROR else []
            if not pools:
                raise
            records = [self._account.get("storage-pools", name) for name in pools]
        return values.converted(records, convert.realm, "realm")

    def realm(self, realm_id: str) -> Realm:
        """Return a storage pool."""
        record = self._account.find("storage-pools", realm_id) if _POOL_NAME.fullmatch(realm_id) else None
        if record is None:
            raise not_found("Realm", realm_id)
        return values.converted_one(record, convert.realm, "realm")

    def _image(self, record: Mapping[str, Any]) -> Image:
        profiles = self._linked_profiles()
        return values.converted_one(record, lambda each: convert.image(each, self.account_id(), profiles), "image")

    def _record(self, instance_id: str) -> Mapping[str, Any]:
        known = _NAME.fullmatch(instance_id)
        record = self._account.find("instances", instance_id, recursion="1") if known else None
        if record is None:
            raise not_found("Instance", instance_id)
        return record

    def _act(self, instance_id: str, action: str) -> Instance:
        self._change("PUT", instance_id, "state", body={"action": action, "timeout": _SHUTDOWN_SECONDS})
        return self.instance(instance_id)

    def _change(self, method: str, instance_id: str, *path: str, body: Mapping[str, Any] | None = None) -> None:
        """Change an instance; raise ``Conflict`` where its state, which another request has changed, forbids it."""
        try:
            begun = self._account.begin(
                method, "instances", instance_id, *path, body=body, wait_seconds=self._wait_seconds
            )
        except LxdError as error:
            if error.code == NOT_FOUND:
                raise not_found("Instance", instance_id) from error
            if error.code != 400:
                raise
            raise Conflict(f"Instance '{instance_id}' does not permit this now: {error.sentence} (LXD)") from error
        begun.check(f"Instance '{instance_id}' could not be changed")

    def _profiles(self) -> Sequence[Mapping[str, Any]]:
        return self._account.profiles.get(self._fetch_profiles)

    def _fetch_profiles(self) -> Sequence[Mapping[str, Any]]:
        records = self._account.list("profiles")
        return [each for each in map(values.mapping, records) if isinstance(each.get("name"), str) and each["name"]]

    def _linked_profiles(self) -> tuple[str, ...]:
        """Return the ids of the sizes that images link."""
        return tuple([each["name"] for each in self._profiles() if sizes.is_size(each)][:_MAX_LINKED_PROFILES])
