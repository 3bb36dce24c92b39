"""What one account does in one region of Rackspace's: as on any OpenStack, except for realms."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from deltacloud_images.errors import ValidationFailure
from deltacloud_images.models import Instance, NewInstance, Realm
from deltacloud_openstack.cloud import Cloud, Record
from deltacloud_openstack.session import OpenStackSession
from deltacloud_rackspace import convert


class RackspaceSession(OpenStackSession):
    """One caller's view of one region. The region is its only realm."""

    def __init__(self, cloud: Cloud, region: str) -> None:
        """``cloud`` makes this request's calls in the region."""
        super().__init__(cloud)
        self._region = region

    def realms(self) -> Iterable[Realm]:
        """Return the region, after the credentials have been verified."""
        self.verify()
        return [convert.realm(self._region)]

    def convert_instance(self, record: Record) -> Instance:
        """Return nova's record as an instance of the region."""
        return convert.instance(record, self._region)

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """Launch one instance in the region; raise ``ValidationFailure`` for another region."""
        if new.realm_id not in ("", self._region):
            raise ValidationFailure(f"There is no realm '{new.realm_id}' here, only {self._region}.")
        return [replace(each, realm_id=self._region) for each in super().create_instance(replace(new, realm_id=""))]
