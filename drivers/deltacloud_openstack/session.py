"""What one account does on one OpenStack cloud."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from keystoneauth1 import exceptions

from deltacloud_images.driver import Session
from deltacloud_images.errors import Conflict, ObjectNotFound, ValidationFailure
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
from deltacloud_openstack import convert, states
from deltacloud_openstack.account import Account
from deltacloud_openstack.cloud import Cloud, Record, checked, decoded, uuid
from deltacloud_openstack.errors import MalformedAnswer, message
from deltacloud_openstack.images import Images, images_of


class OpenStackSession(Session):
    """One caller's view of one cloud."""

    def __init__(self, account: Account, timeout_seconds: float) -> None:
        """``account`` is shared with the caller's other requests; ``timeout_seconds`` is for this one."""
        self.cloud = Cloud(account, timeout_seconds)

    @cached_property
    def _images(self) -> Images:
        return images_of(self.cloud)

    def verify(self) -> None:
        """Log in; with a token already there, make a small call, since it may have been revoked."""
        if not self.cloud.account.is_logged_in:
            self.cloud.login()
        else:
            self.cloud.read("compute", "/flavors", params={"limit": "1"})

    def account_id(self) -> str:
        """The project's id."""
        return self.cloud.project_id

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """All that the project may see, in glance's order: newest first."""
        return self._images.find(wanted)

    def image(self, image_id: str) -> Image:
        """The image of that id."""
        return self._images.image(image_id)

    def create_image(self, new: NewImage) -> Image:
        """As glance has it at once, QUEUED or PREPARING. Named after the instance's id where no name is given."""
        instance_id = uuid(new.instance_id, "Instance")
        name = new.name or f"image-of-{instance_id}"
        metadata = {"description": new.description} if new.description else {}
        try:
            answer = self._act(instance_id, "createImage", {"name": name, "metadata": metadata})
        except exceptions.Conflict as error:
            raise Conflict(
                f"Instance '{instance_id}' cannot be imaged now: it has to be RUNNING or STOPPED and to be doing"
                f" nothing else. {message(error.response)}"
            ) from error
        image_id = _image_id(answer)
        try:
            return self._images.image(image_id)
        except exceptions.NotFound:  # clouds of several sites are known to need a moment
            return Image(image_id, name, new.description, self.cloud.project_id, convert.DEFAULT_ARCHITECTURE, "QUEUED")

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Instances that were launched from it live on."""
        self._images.destroy(image_id)

    def instances(self, wanted: InstanceFilter) -> Iterator[Instance]:
        """The project's, newest first."""
        query = {"image": wanted.image_id} if wanted.image_id else {}
        version = self.cloud.microversion
        for page in self.cloud.pages("compute", "/servers/detail", "servers", query, version=version):
            yield from map(self.convert_instance, page)

    def instance(self, instance_id: str) -> Instance:
        """The project's instance of that id."""
        return self.convert_instance(self._server(instance_id))

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """One, PENDING, on the smallest flavor that fits the image where none is asked for.

        The answer is made from nova's: asking again could fail and lose the password, which nova tells once.
        """
        image = self._images.record(new.image_id)
        if image.get("status") != "active":
            raise Conflict(f"Image '{new.image_id}' is not ACTIVE yet: it can be launched when it is.")
        profile_id = new.profile.id if new.profile else self._smallest(image)
        server = self.new_server(new, image, profile_id)
        version = self.cloud.microversion
        answer = self.cloud.call("compute", "POST", "/servers", json={"server": server}, version=version)
        made = checked(decoded(answer).get("server"), dict)
        password = str(made.get("adminPass") or "")
        return (
            Instance(
                id=checked(made.get("id"), str),
                name=server["name"],
                owner_id=self.cloud.project_id,
                image_id=new.image_id,
                realm_id=new.realm_id,
                state="PENDING",
                hardware_profile_id=profile_id,
                actions=states.STATES.actions("PENDING"),
                authentication=Authentication(new.keyname, _login_name(image) if password else "", password),
            ),
        )

    def start_instance(self, instance_id: str) -> Instance:
        """PENDING or RUNNING; also from PAUSED, SUSPENDED and SHELVED."""
        status = self._server(instance_id).get("status")
        return self._act_and_show(instance_id, states.START_ACTIONS.get(str(status), "os-start"), None)

    def stop_instance(self, instance_id: str) -> Instance:
        """STOPPING or STOPPED."""
        return self._act_and_show(instance_id, "os-stop", None)

    def reboot_instance(self, instance_id: str) -> Instance:
        """REBOOTING: its operating system is asked to."""
        return self._act_and_show(instance_id, "reboot", {"type": "SOFT"})

    def destroy_instance(self, instance_id: str) -> None:
        """Gone in a moment."""
        self.cloud.call("compute", "DELETE", f"/servers/{uuid(instance_id, 'Instance')}")

    def hardware_profiles(self) -> Sequence[HardwareProfile]:
        """The flavors that the project may use."""
        return self.cloud.sizes().profiles

    def realms(self) -> Iterable[Realm]:
        """The availability zones."""
        body = self.cloud.read("compute", "/os-availability-zone")
        return [convert.realm(record) for record in checked(body.get("availabilityZoneInfo"), list)]

    def convert_instance(self, record: Record) -> Instance:
        """A record of nova's as an instance."""
        return convert.instance(record)

    def new_server(self, new: NewInstance, image: Record, profile_id: str) -> Record:
        """What nova is asked for."""
        server: Record = {
            "name": new.name or image.get("name") or new.image_id,
            "imageRef": new.image_id,
            "flavorRef": profile_id,
        }
        if self.cloud.microversion:
            server["networks"] = self._networks()
        if new.realm_id:
            server["availability_zone"] = new.realm_id
        if new.keyname:
            server["key_name"] = new.keyname
        if password := new.options.get("password"):
            server["adminPass"] = password
        if new.user_data:
            server["user_data"] = base64.b64encode(new.user_data).decode()
        return server

    def _networks(self) -> Any:
        """The configured choice; else ``auto``, which takes neutron to be there."""
        chosen = self.cloud.account.cloud.networks
        if chosen in ("auto", "none"):
            return chosen
        if chosen:
            return [{"uuid": chosen}]
        return "auto" if self.cloud.endpoint("network") else "none"

    def _smallest(self, image: Record) -> str:
        disk, ram = image.get("min_disk") or 0, image.get("min_ram") or 0
        links = self.cloud.sizes().links(disk, ram)
        if not links:
            raise ValidationFailure(f"No hardware profile has the {ram} MB and {disk} GB that the image needs.")
        return links[0]

    def _server(self, instance_id: str) -> Record:
        path = f"/servers/{uuid(instance_id, 'Instance')}"
        body = self.cloud.read("compute", path, version=self.cloud.microversion)
        server: Record = checked(body.get("server"), dict)
        if server.get("status") == "DELETED":
            raise ObjectNotFound(f"Instance '{instance_id}' was not found.")
        return server

    def _act(self, instance_id: str, action: str, body: Any) -> Any:
        path = f"/servers/{instance_id}/action"
        return self.cloud.call("compute", "POST", path, json={action: body}, version=self.cloud.microversion)

    def _act_and_show(self, instance_id: str, action: str, body: Any) -> Instance:
        self._act(uuid(instance_id, "Instance"), action, body)
        return self.instance(instance_id)


def _login_name(image: Record) -> str:
    """Whose password nova sets."""
    return str(image.get("os_admin_user") or "root")


def _image_id(answer: Any) -> str:
    """From the body since microversion 2.45, else from the end of ``Location``."""
    location = answer.headers.get("Location", "")
    found = location.rstrip("/").rpartition("/")[2] or (str(decoded(answer).get("image_id")) if answer.content else "")
    try:
        return uuid(found, "Image")
    except ObjectNotFound:
        raise MalformedAnswer("a new image without an id") from None
