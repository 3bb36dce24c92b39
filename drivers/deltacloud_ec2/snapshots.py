"""The snapshots of an image that was deregistered: EC2 keeps them, and they cost money."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deltacloud_ec2 import errors
from deltacloud_images.kit.deadline import current

if TYPE_CHECKING:
    from deltacloud_ec2.caller import Caller

#: Seconds between attempts to delete the snapshots of an image that was just deregistered.
_PAUSES = (0.5, 1.0, 2.0, 4.0)

logger = logging.getLogger(__name__)


def delete(caller: Caller, snapshot_ids: Sequence[str], image_id: str) -> None:
    """Delete the snapshots of an image that was deregistered, except those that something else uses.

    Raises the first refusal of EC2, but only after an attempt to delete every snapshot.
    """
    failure: ClientError | None = None
    for snapshot_id in snapshot_ids:
        try:
            _delete(caller, snapshot_id, image_id)
        except ClientError as error:
            if errors.code_of(error) not in ("InvalidSnapshot.InUse", "InvalidSnapshot.NotFound"):
                failure = failure or error
    if failure:
        raise failure


def _delete(caller: Caller, snapshot_id: str, image_id: str) -> None:
    """Delete a snapshot. For some seconds EC2 still says that the deregistered image uses it."""
    for pause in (*_PAUSES, 0.0):
        try:
            with caller.client() as ec2:
                ec2.delete_snapshot(SnapshotId=snapshot_id)
                return
        except ClientError as error:
            said = error.response.get("Error", {}).get("Message", "")
            if errors.code_of(error) != "InvalidSnapshot.InUse" or image_id not in said:
                raise
        if pause < current().left():
            current().sleep(pause)
    logger.warning("Snapshot %s stays: EC2 still says that image %s, now deregistered, uses it.", snapshot_id, image_id)
