"""What one account does in one region of Rackspace's: as on any OpenStack, but for realms."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from deltacloud_images.errors import ValidationFailure
from deltacloud_images.models import Instance, NewInstance, Realm
from deltacloud_openstack.cloud import Record
from deltacloud_openstack.session import OpenStackSession
from deltacloud_rackspace import convert


class RackspaceSession(OpenStackSession):
    """One caller's view of one region. The region is its only realm."""

    @property
    def _region(self) -> str:
        return self.cloud.account.cloud.region

    def realms(self) -> Iterable[Realm]:
        """The region, once the account is known to be let in."""
        self.verify()
        return [convert.realm(self._region)]

    def convert_instance(self, record: Record) -> Instance:
        """In the region."""
        return convert.instance(record, self._region)

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """One, in the region; raises ``ValidationFailure`` for another one."""
        if new.realm_id not in ("", self._region):
            raise ValidationFailure(f"There is no realm '{new.realm_id}' here, only {self._region}.")
        return [replace(each, realm_id=self._region) for each in super().create_instance(replace(new, realm_id=""))]
