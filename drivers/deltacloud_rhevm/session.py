"""What one user does on an engine: each verb in as few requests as the engine allows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice
from uuid import UUID, uuid4

from lxml import etree

from deltacloud_images.driver import Session, find_profile
from deltacloud_images.errors import Conflict, ObjectNotFound, not_found
from deltacloud_images.kit.threads import side_by_side
from deltacloud_images.kit.values import converted, converted_one
from deltacloud_images.models import (
    Address,
    HardwareProfile,
    Image,
    ImageFilter,
    Instance,
    InstanceFilter,
    NewImage,
    NewInstance,
    Realm,
)
from deltacloud_rhevm import convert, documents, search
from deltacloud_rhevm.clusters import Clusters
from deltacloud_rhevm.engine import Engine
from deltacloud_rhevm.errors import EngineFault

_SIDE_BY_SIDE = 8
_BATCH = 64
_ADDRESS_LINKS = "nics,reported_devices"


class RhevmSession(Session):
    """What one user sees of one engine, or of one of its data centers."""

    def __init__(self, engine: Engine, user: str, datacenter: str) -> None:
        """``datacenter`` is a name, or empty for all."""
        self._engine = engine
        self._user = user
        self._datacenter = datacenter
        self._clusters = Clusters(engine, datacenter)
        self._linked: tuple[str, ...] | None = None

    def close(self) -> None:
        """Leave the login to other requests."""
        self._engine.close()

    def verify(self) -> None:
        """By the shortest list that every user may read."""
        self._engine.get("/datacenters?search=", "data_centers")

    def account_id(self) -> str:
        """The user: the API does not tell whose a template is, so all that a user sees are said to be the user's."""
        return self._user

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """All templates but the blank one; the engine looks for names and states."""
        if wanted.owner_id not in (None, self._user):
            return
        query = search.templates(self._datacenter, wanted)
        templates = self._clusters.members(self._engine.listed("/templates", "templates", "template", search=query))
        yield from converted((each for each in templates if each.get("id") != convert.BLANK), self._image, "template")

    def image(self, image_id: str) -> Image:
        """The template of that id."""
        return converted_one(self._template(image_id), self._image, "template")

    def create_image(self, new: NewImage) -> Image:
        """Locked while the engine copies the disks; named after the virtual machine where no name is given."""
        vm = self._vm(new.instance_id)
        source, _ = converted_one(vm, self._told, "virtual machine")
        if not source.can_create_image:
            raise Conflict(
                f"Instance '{source.id}' is {source.state} ({convert.status(vm)}):"
                " an image can be made of it when it is STOPPED (down)."
            )
        body = documents.template(source.id, new.name or f"{source.name}-template", new.description)
        return converted_one(self._engine.post("/templates", body, "template"), self._image, "template")

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """The engine refuses while virtual machines depend on it, or while it is locked."""
        _check_image_id(image_id)
        self._delete("Image", "/templates", image_id)

    def instances(self, wanted: InstanceFilter) -> Iterator[Instance]:
        """All virtual machines, in batches: the addresses that the list lacks are asked for side by side."""
        if wanted.owner_id not in (None, self._user):
            return
        vms = converted(self._clusters.members(self._vms()), self._told, "virtual machine")
        while batch := list(islice(vms, _BATCH)):
            yield from self._completed(batch)

    def instance(self, instance_id: str) -> Instance:
        """The virtual machine of that id."""
        return self._completed([converted_one(self._vm(instance_id), self._told, "virtual machine")])[0]

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """Locked while the engine makes the disks, then stopped: the engine has no call to make and start in one."""
        _check_image_id(new.image_id)
        if new.realm_id:
            _check_id("Realm", new.realm_id)
        cluster_id = new.realm_id or self._default_cluster(new.image_id)
        body = documents.vm(new, new.name or f"i-{uuid4().hex[:12]}", cluster_id, self._schema)
        return (converted_one(self._engine.post("/vms", body, "vm"), self._told, "virtual machine")[0],)

    def start_instance(self, instance_id: str) -> Instance:
        """Also wakes a suspended one."""
        return self._act(instance_id, "start")

    def stop_instance(self, instance_id: str) -> Instance:
        """Asks the guest to shut down, which may take it a while."""
        return self._act(instance_id, "shutdown")

    def reboot_instance(self, instance_id: str) -> Instance:
        """Offered only where the engine can: older ones than 3.4 cannot."""
        return self._act(instance_id, "reboot")

    def destroy_instance(self, instance_id: str) -> None:
        """With its disks."""
        self._delete("Instance", "/vms", instance_id)

    def hardware_profiles(self) -> Sequence[HardwareProfile]:
        """The two types of virtual machines, and the engine's instance types if it has such (since 3.5)."""
        return (*convert.HARDWARE_PROFILES, *self._instance_types())

    def hardware_profile(self, profile_id: str) -> HardwareProfile:
        """The engine is asked only for its own instance types."""
        if profile_id in convert.PROFILE_IDS:
            return find_profile(convert.HARDWARE_PROFILES, profile_id)
        return find_profile(self._instance_types(), profile_id)

    def realms(self) -> Sequence[Realm]:
        """The clusters, each available while its data center is up."""
        datacenters = list(self._clusters.datacenters())
        up = {each.get("id", "") for each in datacenters if convert.status(each) == "up"}
        return list(converted(self._clusters.listed(datacenters), lambda each: convert.realm(each, up), "cluster"))

    def _image(self, template: etree._Element) -> Image:
        return convert.image(template, self._user, self._linked_profiles)

    def _linked_profiles(self, is_old: bool) -> tuple[str, ...]:
        """Return the sizes that images link to, the same for all images of a request.

        Images of version 3 link the two types alone, which saves asking engines that have no instance types.
        """
        if self._linked is None:
            types = () if is_old else self._instance_types()
            self._linked = (*convert.PROFILE_IDS, *(each.id for each in types))
        return self._linked

    def _template(self, image_id: str) -> etree._Element:
        _check_image_id(image_id)
        return self._found("Image", image_id, f"/templates/{image_id}", "template")

    def _vm(self, instance_id: str) -> etree._Element:
        _check_id("Instance", instance_id)
        query = f"?follow={_ADDRESS_LINKS}" if self._follows() else ""
        vm = self._found("Instance", instance_id, f"/vms/{instance_id}{query}", "vm", detail="nics")
        if self._follows() is None:
            self._note_generation(vm)
        return vm

    def _vms(self) -> Iterator[etree._Element]:
        """The list with its network cards in it: by ``detail`` in version 3, since 4.2 by ``follow``.

        Which of the two the engine is, its first answer tells; an engine that does neither is asked for each one's.
        """
        vms = self._listed_vms(follow=bool(self._follows()))
        if self._follows() is None and (first := next(vms, None)) is not None:
            vms = self._listed_vms(follow=True) if self._note_generation(first) else chain((first,), vms)
        return vms

    def _follows(self) -> bool | None:
        account = self._engine.account
        return account.follows if account else None

    def _note_generation(self, vm: etree._Element) -> bool:
        """Remember whether the engine is one that puts linked objects into its responses."""
        follows = not convert.is_old(vm)
        if account := self._engine.account:
            account.follows = follows
        return follows

    def _listed_vms(self, *, follow: bool) -> Iterator[etree._Element]:
        query = search.datacenter(self._datacenter)
        links = _ADDRESS_LINKS if follow else ""
        return self._engine.listed("/vms", "vms", "vm", search=query, detail="nics", follow=links)

    def _told(self, vm: etree._Element) -> tuple[Instance, bool]:
        """The instance, and whether its element tells all addresses that it has."""
        found = convert.instance(vm, self._user)
        return found, bool(found.public_addresses) or vm.find("nics") is not None

    def _completed(self, batch: Sequence[tuple[Instance, bool]]) -> list[Instance]:
        lacking = [instance.id for instance, told in batch if not told]
        found = dict(zip(lacking, side_by_side(self._addresses, lacking, _SIDE_BY_SIDE), strict=True))
        return [
            replace(instance, public_addresses=found[instance.id]) if instance.id in found else instance
            for instance, _ in batch
        ]

    def _addresses(self, instance_id: str) -> tuple[Address, ...]:
        try:
            return convert.addresses(self._engine.get(f"/vms/{instance_id}/nics", "nics"))
        except EngineFault as fault:
            if fault.status == 404:  # destroyed meanwhile
                return ()
            raise

    def _default_cluster(self, image_id: str) -> str:
        """The template's own, else the first one."""
        cluster_id = convert.link(self._template(image_id), "cluster")
        if not cluster_id:
            cluster_id = self._clusters.first()
        if not cluster_id:
            raise Conflict(f"Image '{image_id}' belongs to no cluster, and there is none to launch it in.")
        return cluster_id

    def _instance_types(self) -> tuple[HardwareProfile, ...]:
        """Return the engine's instance types, fetched anew every few minutes."""
        return self._engine.kept(lambda account: account.instance_types, self._fetch_instance_types)

    def _fetch_instance_types(self) -> tuple[HardwareProfile, ...]:
        try:
            found = self._engine.get("/instancetypes", "instance_types")
        except EngineFault as fault:
            if fault.status == 404:  # older than 3.5
                return ()
            raise
        return tuple(converted(found.iterfind("instance_type"), convert.hardware_profile, "instance type"))

    def _schema(self) -> documents.Schema:
        account = self._engine.account
        if account is None or account.schema is None:
            schema = documents.Schema.of(self._engine.get("/", "api"))
            if account := self._engine.account:
                account.schema = schema
            return schema
        return account.schema

    def _act(self, instance_id: str, action: str) -> Instance:
        _check_id("Instance", instance_id)
        with _naming("Instance", instance_id):
            self._engine.post(f"/vms/{instance_id}/{action}", documents.ACTION, "action")
        return self.instance(instance_id)

    def _delete(self, kind: str, collection: str, item_id: str) -> None:
        _check_id(kind, item_id)
        with _naming(kind, item_id):
            self._engine.delete(f"{collection}/{item_id}")

    def _found(self, kind: str, item_id: str, path: str, tag: str, *, detail: str = "") -> etree._Element:
        with _naming(kind, item_id):
            return self._engine.get(path, tag, detail=detail)


@contextmanager
def _naming(kind: str, sought: str) -> Iterator[None]:
    """The engine's 404 pages do not say what was not found: this does."""
    try:
        yield
    except EngineFault as fault:
        if fault.status == 404:
            raise not_found(kind, sought) from fault
        raise


def _check_image_id(image_id: str) -> None:
    _check_id("Image", image_id)
    if image_id == convert.BLANK:
        raise ObjectNotFound(f"Image '{image_id}' was not found: the engine's blank template is none.")


def _check_id(kind: str, sought: str) -> None:
    """All of the engine's ids are UUIDs; any other text, which could lead elsewhere in a path, is none."""
    try:
        if str(UUID(sought)) == sought.lower():
            return
    except ValueError:
        pass
    raise not_found(kind, sought)
