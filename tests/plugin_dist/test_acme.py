"""The Acme driver passes the conformance suite."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from acme_cloud import AcmeCloud
from deltacloud_acme import AcmeDriver
from deltacloud_images.driver import Credentials, Driver
from deltacloud_images.testing import DriverConformance, Fault, FaultProxy, Rig


class AcmeRig(Rig):
    """The cloud in small, with a proxy before it."""

    credentials = Credentials("alice", "secret")
    wrong_credentials = Credentials("alice", "wrong")
    owner_id = "alice"
    timeout_seconds = 0.5
    renews_sessions = True
    impossible_faults: ClassVar[Mapping[Fault, str]] = {}

    def __init__(self) -> None:
        self.cloud = AcmeCloud()
        self.proxy = FaultProxy(("127.0.0.1", self.cloud.server_port))
        url = f"http://127.0.0.1:{self.proxy.address[1]}"
        self.driver = AcmeDriver.from_config({"providers": {"main": {"url": url}}})

    def close(self) -> None:
        self.driver.close()
        self.proxy.close()
        self.cloud.close()

    def with_next_page(self, body: bytes, token: str) -> bytes | None:
        document = json.loads(body)
        return json.dumps({**document, "next": token}).encode() if "images" in document else None

    def seed_image(self) -> str:
        return self.cloud.add_image("alice")

    def seed_instance(self) -> str:
        return ""

    def seed_unimageable_instance(self) -> str | None:
        return None

    def image_ids(self) -> set[str]:
        return set(self.cloud.images)

    def instance_ids(self) -> set[str]:
        return set()

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[Driver[Any]]:
        if fault is Fault.EXPIRED:
            self.cloud.sessions.clear()
            yield self.driver
        else:
            with self.proxy.broken(fault):
                yield self.driver


@pytest.fixture(scope="session")
def rig() -> Iterator[AcmeRig]:
    rig = AcmeRig()
    yield rig
    rig.close()


class TestAcme(DriverConformance):
    """All of it."""
