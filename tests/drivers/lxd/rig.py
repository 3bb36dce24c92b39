"""A real LXD or Incus for the conformance suite, seeded and read through its local socket alone."""

import base64
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials, Driver
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.testing import Fault, FaultProxy, Rig
from deltacloud_lxd import LxdDriver
from tests.drivers.lxd.certificates import write_certificate
from tests.drivers.lxd.daemon import Daemon
from tests.drivers.lxd.products import Product

PASSPHRASE = "passphrase of the key"


class LxdRig(Rig):
    """One server, one trusted caller; the proxy presents that caller's certificate to the server."""

    credentials = Credentials("alice", PASSPHRASE)
    wrong_credentials = Credentials("alice", "wrong")
    owner_id = "default"
    provisional_image_ids = True
    impossible_faults: ClassVar[Mapping[Fault, str]] = {}
    timeout_seconds = 0.3
    unpaged = "LXD returns all images in one response"

    def __init__(self, product: Product, folder: Path) -> None:
        self.folder = folder
        self.daemon = Daemon(product, folder)
        self.certificates = folder / "certificates"
        self._numbers = count(1)
        self.fingerprint = self.add_caller("alice")
        self.proxy = FaultProxy(
            ("127.0.0.1", self.daemon.port), server_tls=self._proxy_tls(), target_tls=self.client_tls("alice")
        )
        self.driver = self.make_driver()
        self._by_proxy = self.new_proxied_driver()
        self._image = self._instance = ""

    def close(self) -> None:
        self.driver.close()
        self._by_proxy.close()
        self.proxy.close()
        self.daemon.close()

    def add_caller(self, name: str, *, trusted: bool = True, projects: tuple[str, ...] | None = None) -> str:
        """Make a caller's folder, and have the server trust the certificate; return the certificate's fingerprint."""
        fingerprint = write_certificate(self.certificates / name, PASSPHRASE)
        if trusted:
            self.trust(name, projects)
        return fingerprint

    def trust(self, name: str, projects: tuple[str, ...] | None = None) -> None:
        der = ssl.PEM_cert_to_DER_cert((self.certificates / name / "client.crt").read_text())
        body = {"type": "client", "name": name, "certificate": base64.b64encode(der).decode()}
        if projects is not None:
            body |= {"restricted": True, "projects": list(projects)}  # type: ignore[dict-item]
        self.daemon.call("POST", "/1.0/certificates", body)

    def client_tls(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        folder = self.certificates / name
        context.load_cert_chain(folder / "client.crt", folder / "client.key", PASSPHRASE)
        return context

    def write_open_pair(self, name: str, folder: Path) -> tuple[str, str]:
        """Write a caller's key without its passphrase, for clients that know none; return certificate and key."""
        key = load_pem_private_key((self.certificates / name / "client.key").read_bytes(), PASSPHRASE.encode())
        path = folder / f"{name}.key"
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return str(self.certificates / name / "client.crt"), str(path)

    def provider_table(self, **table: Any) -> dict[str, Any]:
        return {"url": self.daemon.url, "certificate_file": str(self.daemon.folder / "server.crt"), **table}

    def make_driver(self, provider: dict[str, Any] | None = None, **table: Any) -> LxdDriver:
        providers = {"main": self.provider_table(**(provider or {}))}
        return LxdDriver.from_config({"certificates": str(self.certificates), "providers": providers, **table})

    def new_proxied_driver(self) -> LxdDriver:
        return self.make_driver(self.proxy_table())

    def proxy_table(self) -> dict[str, Any]:
        return {"url": f"https://127.0.0.1:{self.proxy.address[1]}", "certificate_file": str(self.proxy_certificate)}

    def catalog(
        self, user: str = "alice", *, driver: LxdDriver | None = None, credentials: Credentials | None = None
    ) -> Catalog:
        return Catalog(driver or self.driver, credentials or Credentials(user, PASSPHRASE), None, Deadline(60))

    def seed_image(self) -> str:
        if self._image not in self.image_ids():
            number = next(self._numbers)
            self._image = self.daemon.add_image(f"seeded & <ready> {number}", f"seeded{number}")
        return self._image

    def seed_instance(self) -> str:
        if self._instance not in self.instance_ids():
            self._instance = self.new_instance()
        if self.daemon.call("GET", f"/1.0/instances/{self._instance}")["status"] != "Stopped":
            self._instance = self.new_instance()
        return self._instance

    def new_instance(self, *, running: bool = False, **values: Any) -> str:
        return self.daemon.add_instance(f"seeded{next(self._numbers)}", self.seed_image(), running=running, **values)

    def seed_unimageable_instance(self) -> str:
        return self.new_instance(running=True)

    def image_ids(self) -> set[str]:
        return self.daemon.names("/1.0/images")

    def instance_ids(self) -> set[str]:
        return self.daemon.names("/1.0/instances")

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[Driver[Any]]:
        if fault is Fault.EXPIRED:
            self.daemon.call("DELETE", f"/1.0/certificates/{self.fingerprint}")
            try:
                yield self.driver
            finally:
                self.trust("alice")
        else:
            with self.proxy.broken(fault):
                yield self._by_proxy

    def _proxy_tls(self) -> ssl.SSLContext:
        """The proxy has a certificate of its own: LXD's, of a larger key, would take most of the suite's time."""
        self.proxy_certificate = self.folder / "proxy" / "client.crt"
        write_certificate(self.folder / "proxy", PASSPHRASE)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.proxy_certificate, self.folder / "proxy" / "client.key", PASSPHRASE)
        return context
