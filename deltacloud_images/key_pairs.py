"""The part of a ``Session`` that manages key pairs: what a driver implements to serve ``/api/keys``."""

from collections.abc import Iterable

from deltacloud_images.errors import not_found
from deltacloud_images.models import Key


class KeySession:
    """The methods that the capabilities ``KEYS``, ``CREATE_KEY`` and ``DESTROY_KEY`` name."""

    def keys(self) -> Iterable[Key]:
        """Return the caller's key pairs, without their private keys."""
        raise NotImplementedError

    def key(self, key_id: str) -> Key:
        """Return the key pair of that id, or raise ``ObjectNotFound``."""
        for key in self.keys():
            if key.id == key_id:
                return key
        raise not_found("Key", key_id)

    def create_key(self, name: str, public_key: str = "") -> Key:
        """Create a key pair of that name, and return it with its private key in ``pem``.

        ``public_key`` is the caller's own in OpenSSH's format (``ssh-rsa AAAA...``): the cloud then imports it, and
        ``pem`` is empty. Raises ``Conflict`` if there is one of that name, and ``ValidationFailure`` for a name or a
        public key that the cloud refuses.
        Never sent twice to the cloud.
        """
        raise NotImplementedError

    def destroy_key(self, key_id: str) -> None:
        """Destroy a key pair, or raise ``ObjectNotFound``, also where the cloud reports success for an unknown one."""
        raise NotImplementedError
