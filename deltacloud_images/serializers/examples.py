"""Things to show in documents; the serializers write them as they write those of a cloud."""

from datetime import UTC, datetime

from deltacloud_images.driver import Provider
from deltacloud_images.models import Address, Authentication, HardwareProfile, Image, Instance, Key, Property, Realm
from deltacloud_images.serializers.base import DriverEntry

_MOMENT = datetime(2026, 10, 25, 12, 27, 53, tzinfo=UTC)

IMAGE = Image(
    id="img1",
    name="web-server",
    description="Debian 12 with nginx",
    owner_id="mockuser",
    architecture="x86_64",
    state="AVAILABLE",
    creation_time=_MOMENT,
    hardware_profiles=("m1-small",),
)
INSTANCE = Instance(
    id="inst1",
    name="web-1",
    owner_id="mockuser",
    image_id="img1",
    realm_id="us",
    state="RUNNING",
    hardware_profile_id="m1-small",
    overrides=(Property("memory", "2048"),),
    actions=("reboot", "stop"),
    can_create_image=True,
    launch_time=_MOMENT,
    public_addresses=(Address("192.0.2.10"),),
    private_addresses=(Address("10.0.0.10"),),
    authentication=Authentication(keyname="mykey"),
)
PROFILE = HardwareProfile(
    id="m1-small",
    name="Small",
    properties=(
        Property("cpu", "1"),
        Property("memory", "1740", "range", first="512", last="4096"),
        Property("storage", "160", "enum", entries=("80", "160")),
        Property("architecture", "x86_64"),
    ),
)
REALM = Realm(id="us", name="United States")
KEY = Key(id="mykey", fingerprint="c1:b1:30:29:d7:b8:de:6c:97:77:10:d7:46:41:63:87")
NEW_KEY = Key(
    id=KEY.id,
    fingerprint=KEY.fingerprint,
    pem="-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\n",
)
DRIVER = DriverEntry(id="ec2", name="EC2", providers=(Provider("eu-west-1", {"ec2": "ec2.eu-west-1.amazonaws.com"}),))
