"""What the vCenter's faults and a broken way to it become."""

import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trustme
from pyVmomi import vim, vmodl

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import (
    DEFAULT_RETRY_AFTER,
    AuthenticationFailure,
    ConfigurationError,
    Conflict,
    DeltacloudError,
    Forbidden,
    NotSupported,
    ObjectNotFound,
    ProviderError,
    ValidationFailure,
)
from deltacloud_images.kit import retries
from deltacloud_images.models import ImageFilter, NewImage
from deltacloud_images.testing import Fault, FaultProxy
from deltacloud_images.testing.exchange import Exchange, Reply
from deltacloud_vsphere import VsphereDriver
from deltacloud_vsphere.config import ProviderSettings
from tests.drivers.vsphere.rig import VsphereRig
from tests.drivers.vsphere.vcsim import Vcsim

HTML = b"<html><body>Sign in</body></html>"
LOGIN_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
    len(HTML),
    HTML,
)


@pytest.fixture
def catalog(rig: VsphereRig) -> Iterator[Catalog]:
    with Catalog(rig.driver, rig.credentials, None) as catalog:
        yield catalog


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        ("InvalidLogin", AuthenticationFailure),
        ("NoPermission", Forbidden),
        ("ManagedObjectNotFound", ObjectNotFound),
        ("InvalidPowerState", Conflict),
        ("TaskInProgress", Conflict),
        ("DuplicateName", Conflict),
        ("PasswordExpired", AuthenticationFailure),  # an InvalidLogin
        ("InvalidState", Conflict),
        ("InvalidHostState", Conflict),
        ("ResourceInUse", Conflict),
        ("ConcurrentAccess", Conflict),
        ("FileLocked", Conflict),
        ("NoDiskSpace", Conflict),
        ("InsufficientResourcesFault", Conflict),
        ("InsufficientMemoryResourcesFault", Conflict),  # an InsufficientResourcesFault
        ("NoCompatibleHost", Conflict),
        ("ToolsUnavailable", Conflict),
        ("QuestionPending", Conflict),
        ("HostNotConnected", Conflict),
        ("InvalidDatastore", Conflict),
        ("MethodDisabled", Conflict),
        ("InvalidName", ValidationFailure),
        ("InvalidArgument", ValidationFailure),
        ("NotSupported", NotSupported),
        ("MethodNotFound", ProviderError),
    ],
)
def test_a_fault_of_the_vcenter_means(
    rig: VsphereRig, catalog: Catalog, fault: str, meaning: type[DeltacloudError]
) -> None:
    machine = rig.seed_instance()
    rig.vcsim.fail_next("MarkAsTemplate", fault)
    with pytest.raises(DeltacloudError) as raised:
        catalog.create_image(NewImage(machine))
    assert type(raised.value) is meaning
    assert rig.machines()[machine] is False


def test_a_fault_that_nobody_knows_is_the_clouds_failure(rig: VsphereRig, catalog: Catalog) -> None:
    machine = rig.seed_instance()
    rig.vcsim.fail_next("MarkAsTemplate", "FromTheFuture")
    with pytest.raises(ProviderError):
        catalog.create_image(NewImage(machine))


def test_a_lasting_refusal_of_the_session_is_an_authentication_failure(rig: VsphereRig) -> None:
    assert type(rig.driver.translate(vim.fault.NotAuthenticated())) is AuthenticationFailure


def test_only_what_is_the_clouds_is_translated(rig: VsphereRig) -> None:
    for bug in (KeyError("x"), TypeError("x"), ValueError("x"), AssertionError("x")):
        assert rig.driver.translate(bug) is None
    assert type(rig.driver.translate(vmodl.RuntimeFault(msg="why"))) is ProviderError


def test_a_vcenter_that_was_restarted_is_logged_in_to_anew(rig: VsphereRig) -> None:
    with Vcsim() as first, FaultProxy(first.address, server_tls=rig.tls("localhost")) as proxy:
        driver = rig.new_driver(providers={"main": rig.provider_table(port=proxy.address[1])})
        with Catalog(driver, rig.credentials, None) as catalog:
            machine = next(iter(catalog.instances(rig.anything))).id
            first.stop()
            with pytest.raises(ProviderError):
                list(catalog.images(ImageFilter()))
            with Vcsim() as second:
                proxy.target = second.address
                assert catalog.create_image(NewImage(machine)).id == machine
                assert [image.id for image in catalog.images(ImageFilter())] == [machine]
                assert second.calls().count("Login") == 1
                driver.close()


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(rig: VsphereRig, catalog: Catalog) -> None:
    machine = rig.seed_instance()
    catalog.verify()
    rig.proxy._cut_all()
    assert catalog.create_image(NewImage(machine)).id == machine


class LosingReplies:
    """Forwards requests, and cuts the connection before so many replies to one method."""

    def __init__(self, method: str, times: int) -> None:
        self.lost = 0
        self._start = f"<{method} ".encode()
        self._times = times

    def __call__(self, exchange: Exchange) -> None:
        reply = exchange.forward()
        if self._start in exchange.request and self.lost < self._times:
            self.lost += 1
            exchange.connection.shutdown(socket.SHUT_RDWR)
        else:
            exchange.send(reply)


@pytest.fixture
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE_SECONDS", 0.01)


@pytest.mark.usefixtures("_short_pauses")
def test_a_read_is_repeated_when_its_response_is_lost(rig: VsphereRig, catalog: Catalog) -> None:
    image = rig.seed_image()
    losing = LosingReplies("RetrievePropertiesEx", 2)
    with rig.proxy.hostile(losing):
        assert image in {each.id for each in catalog.images(ImageFilter())}
    assert losing.lost == 2


@pytest.mark.usefixtures("_short_pauses")
def test_a_read_is_not_repeated_for_ever(rig: VsphereRig, catalog: Catalog) -> None:
    losing = LosingReplies("RetrievePropertiesEx", 99)
    with rig.proxy.hostile(losing), pytest.raises(ProviderError):
        list(catalog.images(ImageFilter()))
    assert losing.lost == retries.MAX_ATTEMPTS


@pytest.mark.parametrize("method", ["CloneVM_Task", "Login", "MarkAsTemplate", "Destroy_Task"])
def test_a_change_is_never_repeated_when_its_response_is_lost(rig: VsphereRig, method: str) -> None:
    image, machine = rig.seed_image(), rig.seed_instance()
    driver = rig.new_driver()
    losing = LosingReplies(method, 99)
    rig.vcsim.calls()
    with rig.proxy.hostile(losing), Catalog(driver, rig.credentials, None) as catalog:
        changes: dict[str, Callable[[], Any]] = {
            "CloneVM_Task": lambda: catalog.create_instance(rig.launch_of(image), ""),
            "Destroy_Task": lambda: catalog.destroy_image(image, {}),
            "Login": catalog.verify,
            "MarkAsTemplate": lambda: catalog.create_image(NewImage(machine)),
        }
        with pytest.raises(ProviderError):
            changes[method]()
    assert rig.vcsim.calls().count(method) == losing.lost == 1
    driver.close()


def test_a_page_of_a_proxy_is_no_answer(rig: VsphereRig) -> None:
    machine = rig.seed_instance()
    with FaultProxy(rig.vcsim.address, server_tls=rig.tls("localhost"), answers={Fault.GARBAGE: LOGIN_PAGE}) as proxy:
        driver = rig.new_driver(providers={"main": rig.provider_table(port=proxy.address[1])})
        with Catalog(driver, rig.credentials, None) as catalog:
            catalog.verify()
            with proxy.broken(Fault.GARBAGE):
                for call in (catalog.verify, lambda: catalog.create_image(NewImage(machine))):
                    with pytest.raises(ProviderError, match="no sense"):
                        call()
        driver.close()


@pytest.mark.usefixtures("_short_pauses")
@pytest.mark.parametrize(
    ("status", "headers", "retry_after", "attempts"),
    [
        (404, (), None, 1),
        (403, (), None, 1),
        (500, (), None, 1),
        (503, (), None, retries.MAX_ATTEMPTS),
        (429, (), DEFAULT_RETRY_AFTER, retries.MAX_ATTEMPTS),
        (503, (("Retry-After", "0"),), 0.0, retries.MAX_ATTEMPTS),
        (503, (("Retry-After", "600"),), 600.0, 1),
    ],
)
def test_an_http_error_of_a_proxy_is_the_clouds_failure(
    rig: VsphereRig,
    catalog: Catalog,
    status: int,
    headers: tuple[tuple[str, str], ...],
    retry_after: float | None,
    attempts: int,
) -> None:
    catalog.verify()
    requests = []

    def refuse(exchange: Exchange) -> None:
        requests.append(exchange.request)
        exchange.send(Reply(status, headers, b"no"))

    with rig.proxy.hostile(refuse), pytest.raises(ProviderError) as raised:
        list(catalog.images(ImageFilter()))
    assert (type(raised.value).status, raised.value.retry_after, len(requests)) == (502, retry_after, attempts)


@pytest.mark.parametrize("flaw", ["authority", "host"])
def test_a_wrong_certificate_gets_no_password(rig: VsphereRig, flaw: str) -> None:
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(stranger)
    server_tls = stranger if flaw == "authority" else rig.tls("other.example")
    with FaultProxy(rig.vcsim.address, server_tls=server_tls) as proxy:
        port = proxy.address[1]
        rig.vcsim.calls()
        for table in (rig.provider_table(port=port), {"host": "localhost", "port": port}):
            driver = rig.new_driver(providers={"main": table})
            with Catalog(driver, rig.credentials, None) as catalog, pytest.raises(ProviderError, match="certificate"):
                catalog.verify()
        assert rig.vcsim.calls() == []
        careless = rig.new_driver(providers={"main": {"host": "localhost", "port": port, "verify_tls": False}})
        with Catalog(careless, rig.credentials, None) as catalog:
            catalog.verify()
        careless.close()


def test_a_bad_configuration_is_refused_at_start(rig: VsphereRig) -> None:
    good = {"host": "vcenter.example"}
    for table, key in (
        ({"providers": {"a": {}}}, "providers.a.host"),
        ({"providers": {"a": {**good, "port": 0}}}, "providers.a.port"),
        ({"providers": {"a": {**good, "hots": "x"}}}, "providers.a.hots"),
        ({"providers": {"a": {**good, "ca_file": "/nowhere.pem"}}}, "providers.a.ca_file"),
        ({"providers": {"a": {**good, "ca_file": __file__}}}, "providers.a.ca_file"),
        ({"providers": {"a": good}, "default_provider": "b"}, "default_provider"),
    ):
        with pytest.raises(ConfigurationError, match=key):
            VsphereDriver.from_config(table).prepare()


@pytest.mark.parametrize(
    ("host", "url"), [("vcenter.example", "https://vcenter.example:443/sdk"), ("::1", "https://[::1]:443/sdk")]
)
def test_the_address_of_the_api(host: str, url: str) -> None:
    assert ProviderSettings(host=host).url == url
