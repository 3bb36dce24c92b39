"""What a client asks for, as the parameters of EC2's calls; wrong values are refused here, before EC2 is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deltacloud_ec2.convert import INSTANCE_STATES
from deltacloud_images.errors import ValidationFailure
from deltacloud_images.models import ImageFilter, InstanceFilter, NewImage, NewInstance

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

#: The owners that EC2 knows by name.
OWNER_ALIASES = ("amazon", "aws-marketplace", "aws-backup-vault")
#: The owner by which clients ask for the images that other accounts have shared with the caller.
SHARED = "shared"
#: The state of images that EC2 shows to their owner only, and only where the request includes them.
_DISABLED = "DISABLED"
_WITH_DISABLED = {"IncludeDisabled": "true"}

#: "CreateImage" in the EC2 API Reference: 3 to 128 characters of these, and 255 of a description.
_IMAGE_NAME = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")
_LONGEST_DESCRIPTION = 255

_STATE_NAMES = {ours: theirs for theirs, ours in INSTANCE_STATES.items()}
_GONE = "terminated"


def image_queries(wanted: ImageFilter, default_owners: Sequence[str], account: str | None) -> Iterator[dict[str, str]]:
    """Yield the parameters of the DescribeImages calls that return the wanted images: one for each kind of owner.

    EC2 joins its filters ``owner-id`` and ``owner-alias`` by "and", so that each needs a call of its own. The parameter
    ``Owner`` serves where the caller's account number is not known.
    """
    texts = {"architecture": wanted.architecture, "name": wanted.name, "state": wanted.state}
    filters = {"image-type": ["machine"]} | {
        name: [_literal(name, value)] for name, value in texts.items() if value is not None
    }
    owners = default_owners if wanted.owner_id is None else (wanted.owner_id,)
    aliases = [each for each in owners if each in OWNER_ALIASES]
    numbers = [account if each == "self" else each for each in owners if each not in (*OWNER_ALIASES, SHARED)]
    disabled = _WITH_DISABLED if (wanted.state or "").upper() == _DISABLED else {}
    if not owners:
        yield _query(filters) | disabled
    if None in numbers:
        yield _query(filters) | _WITH_DISABLED | {"Owner.1": "self"}
    if known := [each for each in numbers if each is not None]:
        yield _query({**filters, "owner-id": known}) | (_WITH_DISABLED if account in known else disabled)
    if aliases:
        yield _query({**filters, "owner-alias": aliases}) | disabled
    if SHARED in owners:
        yield _query(filters) | {"ExecutableBy.1": "self"}


def image_query(image_id: str) -> dict[str, str]:
    """Return the parameters of the DescribeImages call for one image, which may be a disabled one."""
    return {"ImageId.1": image_id, **_WITH_DISABLED}


def _query(filters: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Filters by name, as the Query API numbers them."""
    parameters = {}
    for number, (name, values) in enumerate(filters.items(), 1):
        parameters[f"Filter.{number}.Name"] = name
        for index, value in enumerate(values, 1):
            parameters[f"Filter.{number}.Value.{index}"] = value
    return parameters


def instance_filters(wanted: InstanceFilter) -> list[FilterTypeDef]:
    """Filters for DescribeInstances. Terminated instances, which EC2 shows for a while, have to be asked for."""
    states = [name for name in INSTANCE_STATES if name != _GONE]
    if wanted.state is not None:
        states = [_STATE_NAMES.get(wanted.state.upper(), "none")]
    filters = [_filter("instance-state-name", *states)]
    if wanted.realm_id is not None:
        filters.append(_filter("availability-zone", wanted.realm_id))
    if wanted.image_id is not None:
        filters.append(_filter("image-id", wanted.image_id))
    return filters


def _filter(name: str, *values: str) -> FilterTypeDef:
    return {"Name": name, "Values": list(values)}


def _literal(name: str, value: str) -> str:
    """EC2 takes a backslash in a filter as an escape and its states in lower case."""
    return value.lower() if name == "state" else value.replace("\\", "\\\\")


def image_name(new: NewImage, now: datetime) -> str:
    """The new image's name: EC2 requires one, so the instance's id and the time serve where none is given.

    Raises ``ValidationFailure`` for a name or a description that EC2 would refuse.
    """
    if len(new.description) > _LONGEST_DESCRIPTION:
        raise ValidationFailure(f"description has {len(new.description)} characters; EC2 takes {_LONGEST_DESCRIPTION}.")
    name = new.name or f"{new.instance_id}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if new.name and not _IMAGE_NAME.fullmatch(name):
        raise ValidationFailure(
            f"name is '{name}', but EC2 takes 3 to 128 characters: letters, digits, spaces and ( ) [ ] . / - ' @ _"
        )
    return name


def flag(options: Mapping[str, str], name: str) -> bool:
    """Return a parameter that says yes or no; no where it is missing."""
    return options.get(name) == "true"


def launch(new: NewInstance, instance_type: str = "") -> dict[str, Any]:
    """RunInstances' parameters. ``realm_id`` is ``zone`` or ``zone:subnet``; a firewall is a group's id or name."""
    count = int(new.options.get("instance_count", "1"))
    zone, _, subnet = new.realm_id.partition(":")
    firewalls = _firewalls(new.options)
    given: dict[str, Any] = {
        "ImageId": new.image_id,
        "InstanceType": instance_type,
        "Placement": {"AvailabilityZone": zone} if zone and not subnet else None,
        "SubnetId": subnet,
        "KeyName": new.keyname,
        "UserData": new.user_data,
        "SecurityGroupIds": [each for each in firewalls if each.startswith("sg-")],
        "SecurityGroups": [each for each in firewalls if not each.startswith("sg-")],
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": new.name}]}]
        if new.name
        else None,
    }
    return {"MinCount": count, "MaxCount": count} | {name: value for name, value in given.items() if value}


def _firewalls(options: Mapping[str, str]) -> list[str]:
    """The values of ``firewalls1``, ``firewalls2`` ... in the order of their numbers."""
    prefix = "firewalls"
    numbered = {int(name[len(prefix) :]): value for name, value in options.items() if name[len(prefix) :].isdigit()}
    return [value for _, value in sorted(numbered.items())]
