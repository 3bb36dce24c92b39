"""The instance types of one region: slow to ask for, the same for all callers, and seldom changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING

from deltacloud_ec2 import convert
from deltacloud_images.models import HardwareProfile

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

_OLDEST_SECONDS = 24 * 3600.0
_PAGE_SIZE = 100


class Sizes:
    """A region's instance types, kept for a day."""

    def __init__(self) -> None:
        """None are known yet."""
        self._lock = Lock()
        self._known: Sequence[HardwareProfile] = ()
        self._asked = 0.0

    @property
    def are_known(self) -> bool:
        """Whether ``all`` would answer without asking the cloud."""
        return bool(self._known) and time.monotonic() - self._asked < _OLDEST_SECONDS

    def all(self, ec2: EC2Client) -> Sequence[HardwareProfile]:
        """All of them; callers who come meanwhile wait for the one who asks."""
        with self._lock:
            if not self.are_known:
                pages = ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": _PAGE_SIZE})
                self._known = [convert.hardware_profile(each) for page in pages for each in page["InstanceTypes"]]
                self._asked = time.monotonic()
            return self._known
