"""What one caller does on EC2: each verb is a call, or a few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from deltacloud_ec2 import convert, describe_images, errors, parameters, snapshots
from deltacloud_ec2.caller import Caller
from deltacloud_ec2.config import EC2Settings
from deltacloud_ec2.key_pairs import KeyPairs
from deltacloud_images.errors import Conflict, DeltacloudError, Forbidden, not_found, protected
from deltacloud_images.kit import values
from deltacloud_images.kit.pages import Page, Restart, listed
from deltacloud_images.kit.values import converted, converted_one, required
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
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import ReservationResponseTypeDef

    from deltacloud_ec2.convert import OwnedInstance

_PAGE_SIZE = 1000
_SIZES_PAGE_SIZE = 100
#: The most instance types and subnets that are read, each of which is kept in memory.
_MAX_ITEMS = 20_000


class EC2Session(KeyPairs):
    """What one caller sees of one region."""

    def __init__(self, caller: Caller, settings: EC2Settings) -> None:
        """``caller`` signs the requests."""
        self._caller = caller
        self._settings = settings

    def close(self) -> None:
        """Leave what is known of the caller to other requests."""
        self._caller.close()

    def verify(self) -> None:
        """Make a call that EC2 is told not to carry out: it says whether it would, and whether it knows the caller."""
        try:
            with self._caller.client() as ec2:
                ec2.describe_regions(DryRun=True)
        except ClientError as error:
            if errors.code_of(error) not in ("DryRunOperation", "UnauthorizedOperation", "AccessDenied"):
                raise

    def account_id(self) -> str | None:
        """The account's number, where there is STS to tell it."""
        return self._caller.account_id()

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """Of the owner asked for or of the default owners, the caller's own first; each once."""
        account = self.account_id()
        linked = self._settings.linked_profiles
        seen: set[str] = set()
        for query in parameters.image_queries(wanted, self._settings.default_owners, account):
            owners = set()
            records = describe_images.listed(self._caller, query)
            if wanted.owner_id == parameters.SHARED:
                records = convert.with_alias(records, parameters.SHARED)
            for image in converted(records, lambda record: convert.image(record, account, linked), "image"):
                if image.owner_id not in seen:
                    owners.add(image.owner_id)
                    yield image
            seen |= owners

    def image(self, image_id: str) -> Image:
        """One call. EC2 goes on showing a deregistered image for a while, with nothing in it."""
        account = self.account_id()
        linked = self._settings.linked_profiles
        for record in self._image_page(image_id).records():
            return converted_one(record, lambda each: convert.image(each, account, linked), "image")
        raise not_found("Image", image_id)

    def create_image(self, new: NewImage) -> Image:
        """Make an image, which is PENDING at first. While EC2 does not show it yet, its fields are the instance's."""
        name = parameters.image_name(new, datetime.now(UTC))
        no_reboot = parameters.flag(new.options, "no_reboot")
        owned = self._instance(new.instance_id)
        source = converted_one(owned, convert.instance, "instance")
        if not source.can_create_image:
            obstacle = source.image_obstacle
            raise Conflict(f"Instance '{source.id}' is {source.state} and cannot be saved as an image: {obstacle}")
        with self._acting() as ec2:
            image_id = ec2.create_image(
                InstanceId=new.instance_id, Name=name, Description=new.description, NoReboot=no_reboot
            )["ImageId"]
        try:
            return self.image(image_id)
        except (DeltacloudError, *errors.FAILURES):
            return self._expected_image(image_id, name, new.description, owned)

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Deregister; with ``delete_snapshots`` delete the image's snapshots too, which cost money otherwise."""
        delete_snapshots = parameters.flag(options, "delete_snapshots")
        page = self._image_page(image_id)
        record = next(page.records(), None)
        if record is None:
            raise not_found("Image", image_id)
        if convert.is_protected(record):
            raise protected(image_id)
        with self._acting() as ec2:
            ec2.deregister_image(ImageId=image_id)
        if delete_snapshots:
            snapshots.delete(self._caller, page.snapshot_ids(), image_id)

    def instances(self, wanted: InstanceFilter) -> Iterator[Instance]:
        """The caller's own, terminated ones only where they are asked for."""
        filters = parameters.instance_filters(wanted)

        def fetch(token: str) -> Page[OwnedInstance]:
            with self._caller.client() as ec2:
                page = ec2.describe_instances(Filters=filters, MaxResults=_PAGE_SIZE, **_next(token))
                return Page(list(convert.reserved(page.get("Reservations", []))), page.get("NextToken", ""))

        restart: Restart[OwnedInstance] = Restart(
            errors.has_expired, key=lambda owned: values.text(owned[0].get("InstanceId"))
        )
        return converted(listed(fetch, restart=restart), convert.instance, "instance")

    def instance(self, instance_id: str) -> Instance:
        """One call."""
        return converted_one(self._instance(instance_id), convert.instance, "instance")

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """One or, with ``instance_count``, all of so many; of the first size linked where none is asked for."""
        if new.realm_id:
            self.realm(new.realm_id)
        sizes = (new.profile.id,) if new.profile else self.image(new.image_id).hardware_profiles
        launched = list(convert.reserved([self._run(parameters.launch(new, *sizes[:1]))]))
        if not launched:
            raise errors.malformed("reservation")
        return [converted_one(each, convert.instance, "instance") for each in launched]

    def start_instance(self, instance_id: str) -> Instance:
        """PENDING at first."""
        with self._acting() as ec2:
            ec2.start_instances(InstanceIds=[instance_id])
        return self.instance(instance_id)

    def stop_instance(self, instance_id: str) -> Instance:
        """STOPPING at first."""
        with self._acting() as ec2:
            ec2.stop_instances(InstanceIds=[instance_id])
        return self.instance(instance_id)

    def reboot_instance(self, instance_id: str) -> Instance:
        """RUNNING all the time, as EC2 sees it."""
        with self._acting() as ec2:
            ec2.reboot_instances(InstanceIds=[instance_id])
        return self.instance(instance_id)

    def destroy_instance(self, instance_id: str) -> None:
        """Terminate. Volumes that were made to outlive the instance do."""
        with self._acting() as ec2:
            ec2.terminate_instances(InstanceIds=[instance_id])

    def hardware_profiles(self) -> Sequence[HardwareProfile]:
        """All instance types of the region, kept for a day; kept ones are shown to callers whom EC2 knows."""
        sizes = self._caller.region.sizes
        if sizes.is_known:
            self.verify()
        return sizes.get(self._fetch_sizes)

    def hardware_profile(self, profile_id: str) -> HardwareProfile:
        """One call."""
        types: list[Any] = [profile_id]  # any text: EC2 knows more types than the SDK's list of them
        with self._caller.client() as ec2:
            records = ec2.describe_instance_types(InstanceTypes=types).get("InstanceTypes", [])
        for record in records:
            return converted_one(record, convert.hardware_profile, "instance type")
        raise not_found("Hardware profile", profile_id)

    def realms(self) -> Iterator[Realm]:
        """The region's availability zones, then the caller's subnets."""
        with self._caller.client() as ec2:
            zones = ec2.describe_availability_zones().get("AvailabilityZones", [])
        yield from converted(zones, convert.zone, "availability zone")

        def fetch(token: str) -> Page[Any]:
            with self._caller.client() as ec2:
                page = ec2.describe_subnets(MaxResults=_PAGE_SIZE, **_next(token))
                return Page(page.get("Subnets", []), page.get("NextToken", ""))

        yield from converted(listed(fetch, max_items=_MAX_ITEMS), convert.subnet, "subnet")

    def _fetch_sizes(self) -> list[HardwareProfile]:
        def fetch(token: str) -> Page[Any]:
            with self._caller.client() as ec2:
                page = ec2.describe_instance_types(MaxResults=_SIZES_PAGE_SIZE, **_next(token))
                return Page(page.get("InstanceTypes", []), page.get("NextToken", ""))

        return list(converted(listed(fetch, max_items=_MAX_ITEMS), convert.hardware_profile, "instance type"))

    def _image_page(self, image_id: str) -> describe_images.ImagePage:
        if not _may_be_id(image_id):
            raise not_found("Image", image_id)
        page = describe_images.fetch(self._caller, parameters.image_query(image_id))
        if not page.has_only_machines():
            raise not_found("Image", image_id)
        return page

    def _instance(self, instance_id: str) -> OwnedInstance:
        """An instance and its owner's account number."""
        if _may_be_id(instance_id):
            with self._caller.client() as ec2:
                found = ec2.describe_instances(InstanceIds=[instance_id]).get("Reservations", [])
            for owned in convert.reserved(found):
                return owned
        raise not_found("Instance", instance_id)

    def _run(self, launch: Mapping[str, Any]) -> ReservationResponseTypeDef:
        """Call RunInstances. Raises ``Conflict`` for an image that exists, but cannot be launched now."""
        try:
            with self._acting() as ec2:
                return ec2.run_instances(**launch)
        except ClientError as error:
            if errors.code_of(error) != "InvalidAMIID.Unavailable":
                raise
            raise Conflict(
                f"Image '{launch['ImageId']}' cannot be launched now: it is still pending, disabled or deregistered."
            ) from error

    def _expected_image(self, image_id: str, name: str, description: str, owned: OwnedInstance) -> Image:
        source, owner_id = owned
        architecture = str(source.get("Architecture", ""))
        return Image(
            id=required(image_id, str, "image id"),
            name=name,
            description=description,
            owner_id=owner_id,
            architecture=architecture,
            state="PENDING",
            hardware_profiles=self._settings.linked_profiles.get(architecture, ()),
            root_type="persistent",
        )

    @contextmanager
    def _acting(self) -> Iterator[EC2Client]:
        """A context with the SDK's client, for a change.

        EC2 has one code, AuthFailure, for wrong credentials and for objects of other accounts. A call that needs no
        object then finds out which of the two it means.
        """
        try:
            with self._caller.client() as ec2:
                yield ec2
        except ClientError as error:
            if errors.code_of(error) != "AuthFailure":
                raise
            self.verify()
            raise Forbidden("EC2 knows the caller, but does not allow this: it belongs to another account.") from error


def _next(token: str) -> Any:
    """The parameter that asks for the page after the first one."""
    return {"NextToken": token} if token else {}


def _may_be_id(text: str) -> bool:
    """Control characters, which XML cannot hold, would make EC2's response that there is no such thing unreadable."""
    return text.isascii() and text.isprintable()
