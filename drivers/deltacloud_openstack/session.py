"""What one account does on one OpenStack cloud."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from keystoneauth1 import exceptions

from deltacloud_images.errors import Conflict, ObjectNotFound, ProviderError, not_found
from deltacloud_images.kit import values
from deltacloud_images.models import (
    Authentication,
    HardwareProfile,
    Image,
    ImageFilter,
    Instance,
    InstanceFilter,
    NewImage,
    NewInstance,
    Realm,
)
from deltacloud_openstack import convert, launch, states
from deltacloud_openstack.cloud import Cloud, Record, uuid
from deltacloud_openstack.errors import message
from deltacloud_openstack.images import Images, images_of
from deltacloud_openstack.key_pairs import KeyPairs


class OpenStackSession(KeyPairs):
    """One caller's view of one cloud."""

    def __init__(self, cloud: Cloud) -> None:
        """``cloud`` makes this request's calls."""
        self.cloud = cloud

    @property
    def _images(self) -> Images:
        return images_of(self.cloud)

    def verify(self) -> None:
        """Log in, or make a small call."""
        self.cloud.verify()

    def account_id(self) -> str:
        """Return the project's id; logs in if that is needed."""
        return self.cloud.account.project_id

    def close(self) -> None:
        """Give the account back to the pool."""
        self.cloud.close()

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """Yield all that the project may see, in glance's order: newest first."""
        return self._images.find(wanted)

    def image(self, image_id: str) -> Image:
        """Return the image."""
        return self._images.image(image_id)

    def create_image(self, new: NewImage) -> Image:
        """Return the image as glance has it at once, QUEUED or PREPARING.

        It is named after the instance's id where no name is given.
        """
        instance_id = uuid(new.instance_id, "Instance")
        name = new.name or f"image-of-{instance_id}"
        metadata = {"description": new.description} if new.description else {}
        try:
            response = self._act(instance_id, "createImage", {"name": name, "metadata": metadata})
        except exceptions.Conflict as error:
            raise Conflict(
                f"Instance '{instance_id}' cannot be imaged now: it has to be RUNNING or STOPPED and to be doing"
                f" nothing else. {message(error.response)}"
            ) from error
        image_id = _image_id(response)
        try:
            return self._images.image(image_id)
        except exceptions.NotFound:  # clouds of several sites are known to need a moment
            owner = self.cloud.account.project_id
            return Image(image_id, name, new.description, owner, convert.DEFAULT_ARCHITECTURE, "QUEUED")

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Destroy the image. Instances that were launched from it live on."""
        self._images.destroy(image_id)

    def instances(self, wanted: InstanceFilter) -> Iterator[Instance]:
        """Yield the project's instances, newest first."""
        query = {"image": wanted.image_id} if wanted.image_id else {}
        version = self.cloud.microversion
        records = self.cloud.records("compute", "/servers/detail", "servers", query, version=version)
        return values.converted(records, self.convert_instance, "server")

    def instance(self, instance_id: str) -> Instance:
        """Return the project's instance."""
        return values.converted_one(self._server(instance_id), self.convert_instance, "server")

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """Launch one instance, on the smallest flavor that fits the image where none is chosen.

        It is made from nova's response, because another request could fail and lose the password, which nova sends
        once.
        """
        image = self._images.record(new.image_id)
        server = launch.server(self.cloud, new, image)
        version = self.cloud.microversion
        response = self.cloud.call("compute", "POST", "/servers", json={"server": server}, version=version)
        made = values.mapping(values.json_object(response.content).get("server"))
        password = values.text(made.get("adminPass"))
        return (
            Instance(
                id=values.required(made.get("id"), str, "server id"),
                name=server["name"],
                owner_id=self.cloud.account.project_id,
                image_id=new.image_id,
                realm_id=new.realm_id,
                state="PENDING",
                hardware_profile_id=server["flavorRef"],
                actions=states.STATES.actions("PENDING"),
                authentication=Authentication(new.keyname, _login_name(image) if password else "", password),
            ),
        )

    def start_instance(self, instance_id: str) -> Instance:
        """Start it, also from PAUSED, SUSPENDED and SHELVED; return it PENDING or RUNNING."""
        status = values.text(self._server(instance_id).get("status"))
        return self._act_and_show(instance_id, states.START_ACTIONS.get(status, "os-start"), None)

    def stop_instance(self, instance_id: str) -> Instance:
        """Stop it; return it STOPPING or STOPPED."""
        return self._act_and_show(instance_id, "os-stop", None)

    def reboot_instance(self, instance_id: str) -> Instance:
        """Ask its operating system to reboot; return it REBOOTING."""
        return self._act_and_show(instance_id, "reboot", {"type": "SOFT"})

    def destroy_instance(self, instance_id: str) -> None:
        """Destroy it; it is gone after a moment."""
        self.cloud.call("compute", "DELETE", f"/servers/{uuid(instance_id, 'Instance')}")

    def hardware_profiles(self) -> Sequence[HardwareProfile]:
        """Return the flavors that the project may use."""
        return self.cloud.sizes().profiles

    def realms(self) -> Iterable[Realm]:
        """Return the availability zones."""
        body = self.cloud.read("compute", "/os-availability-zone")
        zones = values.required(body.get("availabilityZoneInfo"), list, "list of availability zones")
        return values.converted(zones, convert.realm, "availability zone")

    def convert_instance(self, record: Record) -> Instance:
        """Return nova's record as an instance."""
        return convert.instance(record)

    def _server(self, instance_id: str) -> Record:
        path = f"/servers/{uuid(instance_id, 'Instance')}"
        body = self.cloud.read("compute", path, version=self.cloud.microversion)
        server: Record = values.required(body.get("server"), dict, "server")
        if server.get("status") == "DELETED":
            raise not_found("Instance", instance_id)
        return server

    def _act(self, instance_id: str, action: str, body: Any) -> Any:
        path = f"/servers/{instance_id}/action"
        return self.cloud.call("compute", "POST", path, json={action: body}, version=self.cloud.microversion)

    def _act_and_show(self, instance_id: str, action: str, body: Any) -> Instance:
        self._act(uuid(instance_id, "Instance"), action, body)
        return self.instance(instance_id)


def _login_name(image: Record) -> str:
    """Return whose password nova sets."""
    return values.text(image.get("os_admin_user")) or "root"


def _image_id(response: Any) -> str:
    """Return the new image's id: of the body since microversion 2.45, else of the end of ``Location``."""
    location = response.headers.get("Location", "")
    found = location.rstrip("/").rpartition("/")[2]
    if not found and response.content:
        found = values.text(values.json_object(response.content).get("image_id"))
    try:
        return uuid(found, "Image")
    except ObjectNotFound:
        raise ProviderError("The cloud's response names a new image without an id.") from None
