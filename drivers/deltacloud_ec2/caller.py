"""One caller in one region for the length of a request."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deltacloud_ec2.region import Region, StsSilent
from deltacloud_ec2.signing import Signers, keys_of
from deltacloud_images.driver import Credentials
from deltacloud_images.kit.pool import Lease, Pool

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


@dataclass(frozen=True, slots=True)
class Account:
    """What outlives a caller's request, once STS has accepted the keys."""

    account_id: str
    signers: Signers


class Caller:
    """Signs a caller's requests, and knows the caller's account."""

    def __init__(self, region: Region, pool: Pool[Account], credentials: Credentials, provider: str) -> None:
        """Send nothing yet. Raises ``AuthenticationFailure`` for credentials that cannot be any."""
        self.region = region
        self._lease: Lease[Account] = pool.lease((provider, credentials.user, credentials.password), self._identify)
        self._is_unknown = False
        known = self._lease.known
        # Those of an earlier request have the key of the day already.
        self._signers = known.signers if known else Signers(keys_of(credentials), region.name)

    def client(self) -> AbstractContextManager[EC2Client]:
        """Return a context with the SDK's client, which signs as this caller."""
        return self.region.client(self._signers)

    def query(self, action: str, parameters: Mapping[str, str]) -> bytes | bytearray:
        """Return the XML of a call that changes nothing, as ``Region.query`` does."""
        return self.region.query(self._signers, action, parameters)

    def account_id(self) -> str | None:
        """Return the caller's account number, asked for once; ``None`` where the cloud does not tell it.

        Raises ``AuthenticationFailure`` for keys that STS refuses.
        """
        if self._is_unknown:
            return None
        try:
            return self._lease.item.account_id
        except StsSilent:
            self._is_unknown = True
            return None

    def close(self) -> None:
        """Leave what is known of the caller to other requests."""
        self._lease.close()

    def _identify(self) -> Account:
        return Account(self.region.account_id(self._signers), self._signers)
