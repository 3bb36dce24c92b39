"""What one caller does on EC2: each verb is a call, or a few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from deltacloud_ec2 import convert, describe_images, errors, parameters
from deltacloud_ec2.clients import Caller
from deltacloud_ec2.config import EC2Settings
from deltacloud_images.driver import Session
from deltacloud_images.errors import Conflict, DeltacloudError, Forbidden, ObjectNotFound
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

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeDef, PaginatorConfigTypeDef

_PAGES: PaginatorConfigTypeDef = {"PageSize": 1000}


class EC2Session(Session):
    """What one caller sees of one region."""

    def __init__(self, caller: Caller, settings: EC2Settings) -> None:
        """``caller`` holds the pooled clients."""
        self._caller = caller
        self._ec2 = caller.ec2
        self._settings = settings

    def verify(self) -> None:
        """A call that EC2 is told not to carry out: it answers whether it would, and whether it knows the caller."""
        try:
            self._ec2.describe_regions(DryRun=True)
        except ClientError as error:
            if errors.code_of(error) not in ("DryRunOperation", "UnauthorizedOperation", "AccessDenied"):
                raise

    def account_id(self) -> str | None:
        """The account's number, where there is STS to tell it."""
        return self._caller.account_id()

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """Of the owner asked for or of the default owners, the caller's own first; each once."""
        account = self.account_id()
        listed: set[str] = set()
        for query in parameters.image_queries(wanted, self._settings.default_owners, account):
            owners = set()
            for record in describe_images.stream(self._caller.query, query):
                image = convert.image(record, account, self._settings.linked_profiles)
                if image.owner_id not in listed:
                    owners.add(image.owner_id)
                    yield image
            listed |= owners

    def image(self, image_id: str) -> Image:
        """One call. EC2 goes on answering for a deregistered image for a while, with nothing in it."""
        account = self.account_id()
        for record in self._image_page(image_id).records():
            return convert.image(record, account, self._settings.linked_profiles)
        raise _no_image(image_id)

    def create_image(self, new: NewImage) -> Image:
        """PENDING at first. What EC2 does not show yet is told from the instance."""
        name = parameters.image_name(new, datetime.now(UTC))
        no_reboot = parameters.flag(new.options, "no_reboot")
        record, owner_id = self._instance(new.instance_id)
        source = convert.instance(record, owner_id)
        if not source.can_create_image:
            obstacle = source.image_obstacle
            raise Conflict(f"Instance '{source.id}' is {source.state} and cannot be saved as an image: {obstacle}")
        with self._acting():
            image_id = self._ec2.create_image(
                InstanceId=new.instance_id, Name=name, Description=new.description, NoReboot=no_reboot
            )["ImageId"]
        try:
            return self.image(image_id)
        except (DeltacloudError, *errors.FAILURES):
            return self._expected_image(image_id, name, new.description, record, owner_id)

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Deregister; with ``delete_snapshots`` delete the image's snapshots too, which cost money otherwise."""
        delete_snapshots = parameters.flag(options, "delete_snapshots")
        page = self._image_page(image_id)
        if not any(page.records()):
            raise _no_image(image_id)
        with self._acting():
            self._ec2.deregister_image(ImageId=image_id)
        if delete_snapshots:
            self._delete_snapshots(page.snapshot_ids())

    def instances(self, wanted: InstanceFilter) -> Iterator[Instance]:
        """The caller's own, terminated ones only where they are asked for."""
        pages = self._ec2.get_paginator("describe_instances").paginate(
            Filters=parameters.instance_filters(wanted), PaginationConfig=_PAGES
        )
        for page in pages:
            for reservation in page["Reservations"]:
                for record in reservation["Instances"]:
                    yield convert.instance(record, reservation["OwnerId"])

    def instance(self, instance_id: str) -> Instance:
        """One call."""
        return convert.instance(*self._instance(instance_id))

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """One or, with ``instance_count``, all of so many; of the first size linked where none is asked for."""
        if new.realm_id:
            self.realm(new.realm_id)
        sizes = (new.profile.id,) if new.profile else self.image(new.image_id).hardware_profiles
        with self._acting():
            reservation = self._ec2.run_instances(**parameters.launch(new, *sizes[:1]))
        return [convert.instance(record, reservation["OwnerId"]) for record in reservation["Instances"]]

    def start_instance(self, instance_id: str) -> Instance:
        """PENDING at first."""
        with self._acting():
            self._ec2.start_instances(InstanceIds=[instance_id])
        return self.instance(instance_id)

    def stop_instance(self, instance_id: str) -> Instance:
        """STOPPING at first."""
        with self._acting():
            self._ec2.stop_instances(InstanceIds=[instance_id])
        return self.instance(instance_id)

    def reboot_instance(self, instance_id: str) -> Instance:
        """RUNNING all the time, as EC2 sees it."""
        with self._acting():
            self._ec2.reboot_instances(InstanceIds=[instance_id])
        return self.instance(instance_id)

    def destroy_instance(self, instance_id: str) -> None:
        """Terminate. Volumes that were made to outlive the instance do."""
        with self._acting():
            self._ec2.terminate_instances(InstanceIds=[instance_id])

    def hardware_profiles(self) -> Sequence[HardwareProfile]:
        """All instance types of the region, kept for a day; kept ones are told to callers whom EC2 knows."""
        if self._caller.sizes.are_known:
            self.verify()
        return self._caller.sizes.all(self._ec2)

    def hardware_profile(self, profile_id: str) -> HardwareProfile:
        """One call."""
        types: list[Any] = [profile_id]  # any text: EC2 knows more types than the SDK's list of them
        for record in self._ec2.describe_instance_types(InstanceTypes=types)["InstanceTypes"]:
            return convert.hardware_profile(record)
        raise ObjectNotFound(f"Hardware profile '{profile_id}' was not found.")

    def realms(self) -> Iterator[Realm]:
        """The region's availability zones, then the caller's subnets."""
        yield from map(convert.zone, self._ec2.describe_availability_zones()["AvailabilityZones"])
        for page in self._ec2.get_paginator("describe_subnets").paginate(PaginationConfig=_PAGES):
            yield from map(convert.subnet, page["Subnets"])

    def _image_page(self, image_id: str) -> describe_images.Page:
        if not _may_be_id(image_id):
            raise _no_image(image_id)
        page = describe_images.fetch(self._caller.query, {"ImageId.1": image_id})
        if not page.has_only_machines():
            raise _no_image(image_id)
        return page

    def _instance(self, instance_id: str) -> tuple[InstanceTypeDef, str]:
        """An instance and its owner's account number."""
        if _may_be_id(instance_id):
            for reservation in self._ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]:
                for record in reservation["Instances"]:
                    return record, reservation["OwnerId"]
        raise ObjectNotFound(f"Instance '{instance_id}' was not found.")

    def _expected_image(
        self, image_id: str, name: str, description: str, source: InstanceTypeDef, owner_id: str
    ) -> Image:
        architecture = str(source.get("Architecture", ""))
        return Image(
            id=image_id,
            name=name,
            description=description,
            owner_id=owner_id,
            architecture=architecture,
            state="PENDING",
            hardware_profiles=self._settings.linked_profiles.get(architecture, ()),
            root_type="persistent",
        )

    def _delete_snapshots(self, snapshot_ids: Sequence[str]) -> None:
        """All that nothing else needs. Tries every one before it tells of the first that it may not delete."""
        failure: ClientError | None = None
        for snapshot_id in snapshot_ids:
            try:
                self._ec2.delete_snapshot(SnapshotId=snapshot_id)
            except ClientError as error:
                if errors.code_of(error) not in ("InvalidSnapshot.InUse", "InvalidSnapshot.NotFound"):
                    failure = failure or error
        if failure:
            raise failure

    @contextmanager
    def _acting(self) -> Iterator[None]:
        """EC2 says AuthFailure for wrong credentials and for other accounts' objects alike: this finds out which."""
        try:
            yield
        except ClientError as error:
            if errors.code_of(error) != "AuthFailure":
                raise
            self.verify()
            raise Forbidden("EC2 knows the caller, but does not allow this: it belongs to another account.") from error


def _may_be_id(text: str) -> bool:
    """Control characters, which XML cannot hold, would make EC2's answer that there is no such thing unreadable."""
    return text.isascii() and text.isprintable()


def _no_image(image_id: str) -> ObjectNotFound:
    return ObjectNotFound(f"Image '{image_id}' was not found.")
