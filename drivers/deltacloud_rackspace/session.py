"""What one account does in one region of Rackspace's: as on any OpenStack, but for realms."""

from collections.abc import Iterable
from dataclasses import replace

from deltacloud_images.errors import ValidationFailure
from deltacloud_images.models import Instance, NewInstance, Realm
from deltacloud_openstack.cloud import Record
from deltacloud_openstack.session import OpenStackSession


class RackspaceSession(OpenStackSession):
    """One caller's view of one region. Rackspace has no availability zones to choose from: the region is the realm."""

    @property
    def _region(self) -> str:
        return self.cloud.account.cloud.region

    def realms(self) -> Iterable[Realm]:
        """The region, once the account is known to be let in."""
        self.verify()
        return [Realm(self._region, self._region)]

    def convert_instance(self, record: Record) -> Instance:
        """In the region."""
        return replace(super().convert_instance(record), realm_id=self._region)

    def new_server(self, new: NewInstance, image: Record, profile_id: str) -> Record:
        """Without a zone; raises ``ValidationFailure`` for another region."""
        if new.realm_id not in ("", self._region):
            raise ValidationFailure(f"There is no realm '{new.realm_id}' here, only {self._region}.")
        return super().new_server(replace(new, realm_id=""), image, profile_id)
