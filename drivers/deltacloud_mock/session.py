"""What one account does on the pretend cloud: each verb is one statement on the store."""

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha1
from typing import cast

from deltacloud_images.driver import Session
from deltacloud_images.errors import Conflict, Forbidden, ObjectNotFound
from deltacloud_images.models import (
    Image,
    ImageFilter,
    Instance,
    InstanceFilter,
    Key,
    NewImage,
    NewInstance,
    Realm,
)
from deltacloud_mock import convert, errors
from deltacloud_mock.store import Store

_KEY_BYTES = 1192  # as long as an RSA key of 2,048 bits


class MockSession(Session):
    """What one account sees of the pretend cloud."""

    def __init__(
        self, store: Store, pretend: Callable[[], None], account: str, accounts: frozenset[str], build_seconds: float
    ) -> None:
        """``account``, one of ``accounts``, has been authenticated; ``pretend`` is called before each verb."""
        self._file = store
        self._pretend = pretend
        self._account = account
        self._accounts = accounts
        self._build_seconds = build_seconds

    @property
    def _store(self) -> Store:
        """The store, as slow and as unreliable as the configuration asks."""
        self._pretend()
        return self._file

    def verify(self) -> None:
        """The credentials have been looked at already."""
        self._pretend()

    def account_id(self) -> str:
        """An account's id is its user name."""
        return self._account

    def images(self, wanted: ImageFilter) -> Iterator[Image]:
        """By number."""
        columns = {"owner_id": wanted.owner_id, "architecture": wanted.architecture}
        return map(self._image, self._store.stream("images", *_where(columns)))

    def image(self, image_id: str) -> Image:
        """The image of that id."""
        self._pretend()
        return self._find_image(image_id)

    def create_image(self, new: NewImage) -> Image:
        """At once, named like its id where no name is given."""
        now = time.time()
        available = now + self._build_seconds
        with self._store.writing() as writing:
            source = self._instance_row(new.instance_id)
            if not source["imageable"]:
                raise Conflict(f"Instance '{new.instance_id}' cannot be saved as an image: the mock cloud locks it.")
            row = writing.execute(
                "INSERT INTO images (name, description, owner_id, architecture, created_at, available_at)"
                " VALUES (?, ?, ?, ?, ?, ?) RETURNING *",
                (new.name, new.description, self._account, source["architecture"], now, available),
            ).fetchone()
            if not new.name:
                row = writing.execute(
                    "UPDATE images SET name = id WHERE number = ? RETURNING *", (row["number"],)
                ).fetchone()
        return self._image(row)

    def destroy_image(self, image_id: str, options: Mapping[str, str]) -> None:
        """Instances that were launched from it live on."""
        with self._store.writing() as writing:
            if not self._find_image(image_id).destroyable:
                raise Forbidden(f"Image '{image_id}' belongs to another account.")
            writing.execute("DELETE FROM images WHERE id = ?", (image_id,))

    def instances(self, wanted: InstanceFilter) -> Iterator[Instance]:
        """The account's own, by number."""
        where, values = _where({"realm_id": wanted.realm_id, "image_id": wanted.image_id, "owner_id": self._account})
        return map(convert.instance, self._store.stream("instances", where, values))

    def instance(self, instance_id: str) -> Instance:
        """The account's instance of that id."""
        self._pretend()
        return convert.instance(self._instance_row(instance_id))

    def create_instance(self, new: NewInstance) -> Sequence[Instance]:
        """Running at once, in the first realm and the smallest size where nothing else is asked for."""
        image = self.image(new.image_id)
        if image.state != "AVAILABLE":
            raise Conflict(f"Image '{image.id}' is {image.state}: it can be launched when it is AVAILABLE.")
        realm_id = self.realm(new.realm_id).id if new.realm_id else self.realms()[0].id
        profile = new.profile or convert.HARDWARE_PROFILES[0]
        overrides = [new.properties.get(name, "") for name in ("cpu", "memory", "storage")]
        with self._file.writing() as writing:
            row = writing.execute(
                "INSERT INTO instances (name, owner_id, image_id, architecture, address_prefix, realm_id, state,"
                " profile_id, cpu, memory, storage, keyname, user_data, launched_at)"
                " VALUES (?, ?, ?, ?, ?, ?, 'RUNNING', ?, ?, ?, ?, ?, ?, ?) RETURNING *",
                (new.name, self._account, image.id, image.architecture, image.id, realm_id, profile.id, *overrides,
                 new.keyname, new.user_data, time.time()),
            ).fetchone()  # fmt: skip
            if not new.name:
                row = writing.execute(
                    "UPDATE instances SET name = id WHERE number = ? RETURNING *", (row["number"],)
                ).fetchone()
        return (convert.instance(row),)

    def start_instance(self, instance_id: str) -> Instance:
        """Running at once."""
        return self._change(instance_id, "start", "RUNNING")

    def stop_instance(self, instance_id: str) -> Instance:
        """Stopped at once."""
        return self._change(instance_id, "stop", "STOPPED")

    def reboot_instance(self, instance_id: str) -> Instance:
        """Running again at once."""
        return self._change(instance_id, "reboot", "RUNNING")

    def destroy_instance(self, instance_id: str) -> None:
        """Gone at once."""
        with self._store.writing() as writing:
            self._check(instance_id, "destroy")
            writing.execute("DELETE FROM instances WHERE id = ?", (instance_id,))

    def realms(self) -> Sequence[Realm]:
        """The first is the default."""
        return [convert.realm(row) for row in self._store.rows("SELECT * FROM realms ORDER BY number")]

    def realm(self, realm_id: str) -> Realm:
        """Return the realm, or raise the error whose status the id is: 500, 501, 502 or 504.

        Source: Apache Deltacloud's mock driver, which client libraries test their error handling with.
        """
        if error := errors.BY_REALM.get(realm_id):
            raise error(f"The mock cloud's realm '{realm_id}' always fails like this.")
        return super().realm(realm_id)

    def keys(self) -> Sequence[Key]:
        """Return the account's own, by name."""
        sql = "SELECT * FROM keys WHERE owner_id = ? ORDER BY id"
        return [convert.key(row) for row in self._store.rows(sql, (self._account,))]

    def create_key(self, name: str, public_key: str = "") -> Key:
        """Return a key pair of random bytes, which no instance accepts, or one of the public key."""
        private = b"" if public_key else secrets.token_bytes(_KEY_BYTES)
        known = convert.public_key(public_key) if public_key else private
        fingerprint = sha1(known, usedforsecurity=False).hexdigest()
        with self._store.writing() as writing:
            if writing.execute("SELECT 1 FROM keys WHERE owner_id = ? AND id = ?", (self._account, name)).fetchone():
                raise Conflict(f"There is a key '{name}' already.")
            row = writing.execute(
                "INSERT INTO keys (owner_id, id, fingerprint) VALUES (?, ?, ?) RETURNING *",
                (self._account, name, ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2))),
            ).fetchone()
        return replace(convert.key(row), pem=convert.pem(private)) if private else convert.key(row)

    def destroy_key(self, key_id: str) -> None:
        """Delete the row."""
        with self._store.writing() as writing:
            sql = "DELETE FROM keys WHERE owner_id = ? AND id = ? RETURNING id"
            _the(writing.execute(sql, (self._account, key_id)).fetchall(), "Key", key_id)

    def _find_image(self, image_id: str) -> Image:
        return self._image(_the(self._file.rows("SELECT * FROM images WHERE id = ?", (image_id,)), "Image", image_id))

    def _image(self, row: sqlite3.Row) -> Image:
        return convert.image(row, self._account, self._accounts, time.time())

    def _instance_row(self, instance_id: str) -> sqlite3.Row:
        sql = "SELECT * FROM instances WHERE id = ? AND owner_id = ?"
        return _the(self._file.rows(sql, (instance_id, self._account)), "Instance", instance_id)

    def _change(self, instance_id: str, action: str, state: str) -> Instance:
        with self._store.writing() as writing:
            self._check(instance_id, action)
            row = writing.execute(
                "UPDATE instances SET state = ? WHERE id = ? RETURNING *", (state, instance_id)
            ).fetchone()
        return convert.instance(row)

    def _check(self, instance_id: str, action: str) -> None:
        """Refuse what a concurrent request has made impossible."""
        state = self._instance_row(instance_id)["state"]
        if action not in convert.STATES.actions(state):
            raise Conflict(f"Instance '{instance_id}' is {state} now: {action} is not possible.")


def _the(rows: Sequence[sqlite3.Row], kind: str, sought: str) -> sqlite3.Row:
    if not rows:
        raise ObjectNotFound(f"{kind} '{sought}' was not found.")
    return rows[0]


def _where(columns: Mapping[str, str | None]) -> tuple[str, list[object]]:
    given = {name: value for name, value in columns.items() if value is not None}
    return " AND ".join(f"{name} = ?" for name in given) or "1", cast("list[object]", list(given.values()))
