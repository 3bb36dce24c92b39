"""One user's session in one region of FGCP: each verb with the actions of FGCP's API that it takes."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from lxml.etree import _Element as Element

from deltacloud_fgcp import convert
from deltacloud_fgcp.client import Account
from deltacloud_fgcp.errors import NOT_FOUND, WRONG_VALUE, FgcpError
from deltacloud_images.driver import Session
from deltacloud_images.errors import (
    Conflict,
    DeltacloudError,
    ObjectNotFound,
    ProviderError,
    ValidationFailure,
    not_found,
)
from deltacloud_images.kit import values
from deltacloud_images.kit.pool import Lease
from deltacloud_images.kit.threads import side_by_side
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

_ABSENT = (NOT_FOUND, WRONG_VALUE)


class FgcpSession(Session):
    """One user's session in one region."""

    def __init__(self, lease: Lease[Account], parallel_calls: int) -> None:
        """Borrow the account, opened if need be; ``parallel_calls`` is how many calls may be under way at once."""
        self._lease = lease
        self._account = lease.item
        self._parallel_calls = parallel_calls

    def close(self) -> None:
        """Give the account back."""
        self._lease.close()

    def verify(self) -> None:
        """Make the call that every user may make."""
        self._server_types()

    def account_id(self) -> str | None:
        """Return the contract, if any call has shown it."""
        return self._account.contract

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """Yield all images that the user may launch; FGCP cannot filter them by anything."""
        owner_id = self._contract() if wanted.owner_id == "self" else wanted.owner_id
        return (image for image in self._images() if owner_id in (None, image.owner_id))

    def image(self, image_id: str) -> Image:
        """Return the image, found in the list. A ``PENDING-`` id stands for the image of that name once it is listed.

        Until then its state is PENDING, also where the registration has failed, because FGCP does not show that.
        """
        name = image_id.removeprefix(convert.PENDING)
        if name and name != image_id:
            return self._image_of_name(name)
        for image in self._images() if convert.is_image_id(image_id) else ():
            if image.id == image_id:
                return image
        raise not_found("Image", image_id)

    def create_image(self, new: NewImage) -> Image:
        """Register a stopped server's disk. FGCP returns no id: until it is listed, its name identifies the image."""
        source = self.instance(new.instance_id)
        if not source.can_create_image:
            raise Conflict(f"Instance '{source.id}' is {source.state}: an image is made of it when it is STOPPED.")
        architecture = next((each.architecture for each in self._images() if each.id == source.image_id), "x86_64")
        name = new.name.strip() or source.name
        refusal = f"FGCP does not accept the name '{values.message(name)}' or the description."
        with self._blaming(ValidationFailure(refusal)):
            document = convert.registration(source.id, name, new.description)
            self._account.client.submit("RegisterPrivateDiskImage", "diskImageXMLFilePath", document)
        return convert.pending_image(name, new.description, convert.contract_of(source.id), architecture)

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Unregister the image. Servers that were made from it stay."""
        if image_id.startswith(convert.PENDING):
            image_id = self._finished(image_id).id
        if not convert.is_image_id(image_id):
            raise not_found("Image", image_id)
        with self._blaming(not_found("Image", image_id)):
            self._call("UnregisterDiskImage", diskImageId=image_id)

    def instances(self, wanted: InstanceFilter) -> Iterator[Instance]:
        """Yield all virtual servers, or a realm's. Each takes a call for its status, so that others are left out."""
        if wanted.realm_id is None:
            systems = self._systems()
        else:
            systems = [system for system in (convert.system_of(wanted.realm_id),) if system]
        owner_id = self._contract() if wanted.owner_id == "self" else wanted.owner_id
        servers = [
            server
            for system in side_by_side(self._configuration_if_any, systems, self._parallel_calls)
            for server in (convert.servers(system) if system is not None else ())
            if wanted.image_id in (None, convert.text(server, "diskimageId"))
            and owner_id in (None, convert.text(server, "creator"))
        ]
        found = side_by_side(self._instance_if_any, servers, self._parallel_calls)
        return (instance for instance in found if instance is not None)

    def instance(self, instance_id: str) -> Instance:
        """Return the server, from its virtual system's configuration and its own status."""
        if not convert.is_server_id(instance_id):
            raise not_found("Instance", instance_id)
        with self._blaming(not_found("Instance", instance_id)):
            system = self._configuration(convert.system_of(instance_id) or "")
            for server in convert.servers(system):
                if convert.text(server, "vserverId") == instance_id:
                    return self._instance(server)
        raise not_found("Instance", instance_id)

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """Create a server in a network segment, of the smallest size where none is given. It is not started."""
        image = self._finished(new.image_id)
        network_id = self._network(new.realm_id)
        profile = new.profile or convert.smallest(self.hardware_profiles())
        name = new.name or f"server-{time.time_ns():x}"
        with self._blaming(ValidationFailure(f"FGCP does not accept the name '{name}', or the size for this image.")):
            created = self._call(
                "CreateVServer",
                vsysId=convert.system_of(network_id) or "",
                vserverName=name,
                vserverType=profile.id,
                diskImageId=image.id,
                networkId=network_id,
            )
        server_id = values.required(convert.text(created, "vserverId"), str, "id of the new server")
        return (
            Instance(
                id=server_id,
                name=name,
                owner_id=convert.contract_of(server_id),
                image_id=image.id,
                realm_id=network_id,
                state="PENDING",
                hardware_profile_id=profile.id,
            ),
        )

    def start_instance(self, instance_id: str) -> Instance:
        """Start the server, which takes FGCP some minutes."""
        return self._act("StartVServer", instance_id)

    def stop_instance(self, instance_id: str) -> Instance:
        """Have the server's operating system shut down."""
        return self._act("StopVServer", instance_id, force="false")

    def destroy_instance(self, instance_id: str) -> None:
        """Destroy the server, which has to be stopped."""
        self._change("DestroyVServer", instance_id)

    def hardware_profiles(self) -> Sequence[HardwareProfile]:
        """Return the region's server types, which are requested once for each pooled account."""
        if self._account.profiles is None:
            self._account.profiles = self._server_types()
        return self._account.profiles

    def realms(self) -> Iterator[Realm]:
        """Yield every virtual system, each followed by its network segments."""
        for system in side_by_side(self._configuration_if_any, self._systems(), self._parallel_calls):
            if system is not None:
                yield from convert.realms(system)

    def realm(self, realm_id: str) -> Realm:
        """Return a virtual system or a network segment."""
        system_id = convert.system_of(realm_id)
        if system_id is None:
            raise not_found("Realm", realm_id)
        with self._blaming(not_found("Realm", realm_id)):
            if realm_id == system_id:
                return convert.realm(_vsys(self._call("GetVSYSAttributes", vsysId=system_id)), system_id)
            system = self._configuration(system_id)
        if realm_id not in convert.networks(system):
            raise not_found("Realm", realm_id)
        return convert.realm(system, realm_id)

    def _call(self, action: str, **parameters: str) -> Element:
        return self._account.client.call(action, parameters)

    @contextmanager
    def _blaming(self, error: DeltacloudError) -> Iterator[None]:
        """Raise ``error`` where FGCP refuses a value, because the client chose that value.

        FGCP has the same status for a wrong clock, but then it refuses every call, also the one of ``verify``.
        """
        try:
            yield
        except FgcpError as refusal:
            if refusal.status not in _ABSENT:
                raise
            if refusal.status == WRONG_VALUE:
                self.verify()
            raise error from refusal

    def _images(self) -> Iterable[Image]:
        return convert.images(self._call("ListDiskImage"), self.hardware_profiles())

    def _image_of_name(self, name: str) -> Image:
        found = [image for image in self._images() if image.name == name]
        if len(found) > 1:
            ids = ", ".join(image.id for image in found)
            raise Conflict(f"There are {len(found)} images of the name '{name}': use their ids, {values.message(ids)}.")
        return found[0] if found else convert.pending_image(name)

    def _finished(self, image_id: str) -> Image:
        image = self.image(image_id)
        if image.state == "PENDING":
            raise Conflict(f"Image '{image_id}' is PENDING: FGCP does not list an image of that name yet.")
        return image

    def _systems(self) -> list[str]:
        systems = convert.children(self._call("ListVSYS"), "vsyss", "vsys")
        found = [system_id for each in systems if (system_id := convert.text(each, "vsysId"))]
        if found:
            self._account.contract = convert.contract_of(found[0])
        return found

    def _contract(self) -> str:
        """Return the user's contract, which is in the ids of its virtual systems; empty while it has none."""
        if self._account.contract is None:
            self._systems()
        return self._account.contract or ""

    def _configuration(self, system_id: str) -> Element:
        return _vsys(self._call("GetVSYSConfiguration", vsysId=system_id))

    def _configuration_if_any(self, system_id: str) -> Element | None:
        try:
            with self._blaming(not_found("Realm", system_id)):
                return self._configuration(system_id)
        except ObjectNotFound:
            return None  # destroyed while the list was made

    def _instance(self, server: Element) -> Instance:
        server_id = convert.text(server, "vserverId")
        system_id = convert.system_of(server_id) or ""
        status = self._call("GetVServerStatus", vsysId=system_id, vserverId=server_id)
        return convert.instance(server, convert.text(status, "vserverStatus"))

    def _instance_if_any(self, server: Element) -> Instance | None:
        try:
            with self._blaming(not_found("Instance", convert.text(server, "vserverId"))):
                return self._instance(server)
        except ObjectNotFound:
            return None  # destroyed while the list was made

    def _act(self, action: str, instance_id: str, **parameters: str) -> Instance:
        self._change(action, instance_id, **parameters)
        return self.instance(instance_id)

    def _change(self, action: str, instance_id: str, **parameters: str) -> None:
        with self._blaming(not_found("Instance", instance_id)):
            self._call(action, vsysId=convert.system_of(instance_id) or "", vserverId=instance_id, **parameters)

    def _network(self, realm_id: str) -> str:
        """Return the network segment to launch in: the given one, or the first of the given or the first system."""
        system_ids = [realm_id] if realm_id else self._systems()
        system_id = convert.system_of(system_ids[0]) if system_ids else None
        if system_id is None:
            raise not_found("Realm", realm_id) if realm_id else ObjectNotFound("There is no virtual system yet.")
        with self._blaming(not_found("Realm", realm_id)):
            networks = convert.networks(self._configuration(system_id))
        wanted = [each for each in networks if realm_id in ("", system_id, each)]
        if not wanted:
            raise not_found("Realm", realm_id)
        return wanted[0]

    def _server_types(self) -> Sequence[HardwareProfile]:
        # The parameter is mandatory, and FGCP ignores its value.
        return convert.hardware_profiles(self._call("ListServerType", diskImageId="dummy"))


def _vsys(document: Element) -> Element:
    system = document.find(f"{convert.NAMESPACE}vsys")
    if system is None:
        raise ProviderError("FGCP's response does not describe the virtual system that was requested.")
    return system
