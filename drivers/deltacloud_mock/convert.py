"""The pretend cloud's rows as models, and the sizes, realms and states that it has."""

import sqlite3
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from functools import lru_cache

from deltacloud_images.errors import ValidationFailure
from deltacloud_images.models import (
    Address,
    Authentication,
    HardwareProfile,
    Image,
    Instance,
    Key,
    Property,
    Realm,
    StateMachine,
    Transition,
)

#: Its sizes, as the mock cloud of Apache Deltacloud had them. Any of them runs any image.
HARDWARE_PROFILES = (
    HardwareProfile(
        "m1-small",
        "m1-small",
        (
            Property("cpu", "1"),
            Property("memory", "1740.8"),
            Property("storage", "160"),
            Property("architecture", "i386"),
        ),
    ),
    HardwareProfile(
        "m1-large",
        "m1-large",
        (
            Property("cpu", "1", "range", first="1", last="6"),
            Property("memory", "10240", "range", first="7680", last="15360"),
            Property("storage", "850", "enum", entries=("850", "1024")),
            Property("architecture", "x86_64"),
        ),
    ),
    HardwareProfile(
        "m1-xlarge",
        "m1-xlarge",
        (
            Property("cpu", "4"),
            Property("memory", "12288", "range", first="12288", last="32768"),
            Property("storage", "1024", "enum", entries=("1024", "2048", "4096")),
            Property("architecture", "x86_64"),
        ),
    ),
    HardwareProfile("opaque", "opaque"),
)
PROFILE_IDS = tuple(profile.id for profile in HARDWARE_PROFILES)

NO_LOGIN = Authentication()

STATES = StateMachine(
    Transition("start", "pending", "create"),
    Transition("pending", "running"),
    Transition("running", "running", "reboot"),
    Transition("running", "stopped", "stop"),
    Transition("stopped", "running", "start"),
    Transition("stopped", "finish", "destroy"),
)


def image(row: sqlite3.Row, account: str, accounts: frozenset[str], now: float) -> Image:
    """An image as ``account`` sees it: all see all, but only its owner destroys what an account owns."""
    owner = row["owner_id"]
    return Image(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        owner_id=owner,
        architecture=row["architecture"],
        state="AVAILABLE" if row["available_at"] <= now else "PENDING",
        creation_time=datetime.fromtimestamp(row["created_at"], UTC),
        hardware_profiles=PROFILE_IDS,
        destroyable=owner == account or owner not in accounts,
    )


def realm(row: sqlite3.Row) -> Realm:
    """A realm."""
    return Realm(row["id"], row["name"])


def key(row: sqlite3.Row) -> Key:
    """Return a key pair without its private key."""
    return Key(row["id"], row["fingerprint"])


def public_key(text: str) -> bytes:
    """Return the bytes of a public key in OpenSSH's format; raise ``ValidationFailure`` for any other text."""
    kind, _, rest = text.strip().partition(" ")
    try:
        known = b64decode(rest.partition(" ")[0], validate=True)
    except ValueError:
        known = b""
    if not (kind.startswith(("ssh-", "ecdsa-")) and kind.encode() in known):
        raise ValidationFailure("public_key is no public key in the format of OpenSSH, for example 'ssh-rsa AAAA...'.")
    return known


def pem(private: bytes) -> str:
    """Return a private key as text (RFC 7468)."""
    text = b64encode(private).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *lines, "-----END RSA PRIVATE KEY-----", ""])


@lru_cache(maxsize=1024)
def instance(row: sqlite3.Row) -> Instance:
    """An instance: the same for the same row, as both are frozen."""
    where = f"{row['address_prefix']}.{row['id']}"
    return Instance(
        id=row["id"],
        name=row["name"],
        owner_id=row["owner_id"],
        image_id=row["image_id"],
        realm_id=row["realm_id"],
        state=row["state"],
        hardware_profile_id=row["profile_id"],
        overrides=tuple([Property(name, row[name]) for name in ("cpu", "memory", "storage") if row[name]]),
        actions=STATES.actions(row["state"]),
        can_create_image=bool(row["imageable"]),
        launch_time=datetime.fromtimestamp(row["launched_at"], UTC),
        public_addresses=(Address(f"{where}.public.com", "hostname"),),
        private_addresses=(Address(f"{where}.private.com", "hostname"),),
        authentication=Authentication(row["keyname"]) if row["keyname"] else NO_LOGIN,
        image_obstacle="" if row["imageable"] else "The mock cloud locks it.",
    )
