"""EC2's key pairs, known by their names as in launches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deltacloud_ec2 import errors
from deltacloud_images.driver import Session
from deltacloud_images.errors import ValidationFailure, not_found
from deltacloud_images.kit.values import converted, converted_one, required, text
from deltacloud_images.models import Key

if TYPE_CHECKING:
    from deltacloud_ec2.caller import Caller

#: "CreateKeyPair" in the EC2 API Reference: up to 255 ASCII characters.
_LONGEST_NAME = 255


class KeyPairs(Session):
    """The part of a session that manages key pairs."""

    _caller: Caller

    def keys(self) -> Iterator[Key]:
        """Return those of the region, in one call: EC2 has no pages of them."""
        with self._caller.client() as ec2:
            records = ec2.describe_key_pairs().get("KeyPairs", [])
        return converted(records, _key, "key pair")

    def key(self, key_id: str) -> Key:
        """Make one call; none for a name that EC2 cannot know."""
        if _may_be_name(key_id):
            with self._caller.client() as ec2:
                records = ec2.describe_key_pairs(KeyNames=[key_id]).get("KeyPairs", [])
            for record in records:
                return converted_one(record, _key, "key pair")
        raise not_found("Key", key_id)

    def create_key(self, name: str, public_key: str = "") -> Key:
        """Make an RSA key pair, which is EC2's default and works with every instance, or import a public key."""
        if not _may_be_name(name):
            raise ValidationFailure(f"name is '{name}', but EC2 takes 1 to {_LONGEST_NAME} ASCII characters.")
        if public_key:
            with self._caller.client() as ec2:
                imported = ec2.import_key_pair(KeyName=name, PublicKeyMaterial=public_key.encode())
            return converted_one(imported, _key, "key pair")
        with self._caller.client() as ec2:
            record: Mapping[str, Any] = ec2.create_key_pair(KeyName=name)
        pem = text(record.get("KeyMaterial"))
        if not pem:
            raise errors.malformed("private key")
        # EC2 returns the private key only here: a missing name must not lose it.
        return Key(text(record.get("KeyName")) or name, text(record.get("KeyFingerprint")), pem)

    def destroy_key(self, key_id: str) -> None:
        """Look the key pair up first, because EC2 reports success for an unknown one, too."""
        found = self.key(key_id)
        with self._caller.client() as ec2:
            ec2.delete_key_pair(KeyName=found.id)


def _key(record: Mapping[str, Any]) -> Key:
    return Key(required(record.get("KeyName"), str, "key name"), text(record.get("KeyFingerprint")))


def _may_be_name(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and name.isascii() and name.isprintable()
