"""Nova's key pairs, which belong to the user and are known by their names, as in launches."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from deltacloud_images.driver import Session
from deltacloud_images.errors import ProviderError, not_found
from deltacloud_images.kit import values
from deltacloud_images.models import Key
from deltacloud_openstack.cloud import Cloud, Record

_PATH = "/os-keypairs"
_LONGEST_NAME = 255
#: 202 before microversion 2.2.
_DELETED = (202, 204)


class KeyPairs(Session):
    """The part of a session that manages key pairs.

    All calls are made with ``cloud.MICROVERSION``, because nova generates no key pairs from 2.92 on.
    """

    cloud: Cloud

    def keys(self) -> Iterator[Key]:
        """Yield the user's key pairs."""
        records = self.cloud.records("compute", _PATH, "keypairs", {}, identify=_name, version=self.cloud.microversion)
        return values.converted(records, _key, "key pair")

    def key(self, key_id: str) -> Key:
        """Make one call; none for a name that nova cannot know."""
        body = self.cloud.read("compute", _member(key_id), version=self.cloud.microversion)
        return values.converted_one(body, _key, "key pair")

    def create_key(self, name: str, public_key: str = "") -> Key:
        """Make an SSH key pair, or import a public key. Nova decides which names and keys it takes."""
        body = {"keypair": {"name": name} | ({"public_key": public_key} if public_key else {})}
        response = self.cloud.call("compute", "POST", _PATH, json=body, version=self.cloud.microversion)
        record = values.mapping(values.json_object(response.content).get("keypair"))
        pem = values.text(record.get("private_key"))
        if not pem and not public_key:
            raise ProviderError("The cloud's response describes no private key.")
        # Nova returns the private key only here: a missing name must not lose it.
        return Key(values.text(record.get("name")) or name, values.text(record.get("fingerprint")), pem)

    def destroy_key(self, key_id: str) -> None:
        """Make one call."""
        response = self.cloud.call("compute", "DELETE", _member(key_id), version=self.cloud.microversion)
        if response.status_code not in _DELETED:
            raise ProviderError(f"The cloud's response to a deletion has the status {response.status_code}.")


def _member(name: str) -> str:
    """Return a key pair's path; raise ``ObjectNotFound`` for a name that would be another path or that nova refuses."""
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or "/" in name or name in (".", ".."):
        raise not_found("Key", name)
    return f"{_PATH}/{quote(name, safe='')}"


def _name(record: Any) -> str:
    return values.text(values.mapping(values.mapping(record).get("keypair")).get("name"))


def _key(record: Record) -> Key:
    pair = values.mapping(record.get("keypair"))
    return Key(values.required(pair.get("name"), str, "key name"), values.text(pair.get("fingerprint")))
