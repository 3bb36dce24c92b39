"""What the cloud's failures become: by status, after the right pauses, and never by doing a thing twice."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import (
    AuthenticationFailure,
    Conflict,
    DeltacloudError,
    Forbidden,
    ObjectNotFound,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
)
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import ImageFilter, NewImage, NewInstance
from deltacloud_images.testing import FaultProxy
from deltacloud_openstack import OpenStackDriver
from tests.drivers.openstack.conftest import Serve
from tests.drivers.openstack.responder import Answer, as_json
from tests.drivers.openstack.rig import OpenStackRig

IMAGE = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that the kit makes between attempts; none is really made."""
    made: list[float] = []
    monkeypatch.setattr(Deadline, "sleep", lambda _, seconds: made.append(seconds))
    return made


def zones(*first: Answer) -> Callable[[str, str], Answer]:
    """A script that gives these answers, and then a list of zones."""
    answers = iter(first)
    good = as_json(200, {"availabilityZoneInfo": [{"zoneName": "z", "zoneState": {"available": True}}]})
    return lambda _method, _path: next(answers, good)


@pytest.mark.parametrize("status", [429, 413, 503])
def test_retry_after_is_respected(serve: Serve, pauses: list[float], status: int) -> None:
    busy = as_json(status, {}, Retry_After="3")
    _, catalog = serve(zones(busy, busy))
    assert [realm.id for realm in catalog.realms()] == ["z"]
    assert pauses == [3.0, 3.0]


def test_a_pause_beyond_the_time_limit_is_not_made(serve: Serve, pauses: list[float]) -> None:
    responder, catalog = serve(zones(as_json(429, {}, Retry_After="3600")))
    with pytest.raises(ProviderError, match="refuses more requests") as raised:
        list(catalog.realms())
    assert raised.value.retry_after == 3600
    assert pauses == []
    assert len(responder.asked) == 2


def test_throttling_beyond_the_retries_is_told_with_a_pause(serve: Serve, pauses: list[float]) -> None:
    _, catalog = serve(lambda _method, _path: as_json(429, {}))
    with pytest.raises(ProviderError, match="refuses more requests") as raised:
        list(catalog.realms())
    assert raised.value.retry_after == 10
    assert len(pauses) == 3


def test_reading_is_tried_again_after_a_lost_connection(serve: Serve, pauses: list[float]) -> None:
    responder, catalog = serve(zones(None, None))
    assert [realm.id for realm in catalog.realms()] == ["z"]
    assert len(pauses) == 2
    assert [method for method, _ in responder.asked] == ["POST", "GET", "GET", "GET"]


def test_nothing_is_created_or_destroyed_twice(serve: Serve, pauses: list[float]) -> None:
    """The connection is lost after the cloud has taken the request: it may have happened."""

    def script(method: str, path: str) -> Answer:
        if method != "GET":
            return None
        if "/flavors" in path:
            flavor = {"id": "1", "name": "tiny", "vcpus": 1, "ram": 1, "disk": 1}
            return as_json(200, {"flavors": [flavor]})
        return as_json(200, {"id": IMAGE, "status": "active", "name": "image"})

    responder, catalog = serve(script)
    for call in (
        lambda: catalog.create_instance(NewInstance(IMAGE), ""),
        lambda: catalog.create_image(NewImage(IMAGE)),
        lambda: catalog.destroy_image(IMAGE, {}),
    ):
        responder.asked.clear()
        with pytest.raises(ProviderError):
            call()
        changing = [method for method, path in responder.asked if method != "GET" and "tokens" not in path]
        assert len(changing) == 1
    assert pauses == []


def test_a_create_that_was_refused_as_one_too_many_is_tried_again(serve: Serve, pauses: list[float]) -> None:
    answers = iter([as_json(429, {}, Retry_After="1"), as_json(202, {"image_id": IMAGE})])
    image = as_json(200, {"id": IMAGE, "status": "queued", "name": "n", "owner": "project"})

    def script(method: str, path: str) -> Answer:
        if "/flavors" in path:
            return as_json(200, {"flavors": []})
        return next(answers) if method == "POST" else image

    _, catalog = serve(script)
    assert catalog.create_image(NewImage(IMAGE, "n")).id == IMAGE, "the id is in the body since microversion 2.45"
    assert pauses == [1.0]


def test_a_new_image_that_cannot_be_read_yet_is_queued(serve: Serve) -> None:
    def script(method: str, _path: str) -> Answer:
        where = f"http://elsewhere.example.org/v2/project/images/{IMAGE}"
        return (202, {"Location": where}, b"") if method == "POST" else as_json(404, {})

    _, catalog = serve(script)
    image = catalog.create_image(NewImage(IMAGE, "name", "text"))
    assert (image.id, image.name, image.description, image.state) == (IMAGE, "name", "text", "QUEUED")


@pytest.mark.parametrize("location", ["", "http://example.org/images/", "http://example.org/images/1111-2"])
def test_a_new_image_without_an_id_is_the_clouds_failure(serve: Serve, location: str) -> None:
    _, catalog = serve(lambda _method, _path: (202, {"Location": location}, b""))
    with pytest.raises(ProviderError, match="without an id"):
        catalog.create_image(NewImage(IMAGE))


HTML = b"<html><head><title>%d</title></head><body><h1>No</h1>Not &amp; never.<br /><br />\n</body></html>"


@pytest.mark.parametrize(
    ("status", "meaning", "words"),
    [
        (400, ValidationFailure, "OpenStack says: Not & never."),
        (401, AuthenticationFailure, "OpenStack says: Not & never."),
        (403, Forbidden, "OpenStack does not allow this: Not & never."),
        (413, Conflict, "OpenStack refuses this, because a quota is exhausted: Not & never."),
        (404, ObjectNotFound, "OpenStack says: Not & never."),
        (409, Conflict, "OpenStack says: Not & never."),
        (410, ObjectNotFound, "OpenStack says: Not & never."),
        (418, ProviderError, "OpenStack failed (HTTP 418)."),
        (500, ProviderError, "OpenStack failed (HTTP 500)."),
        (503, ProviderError, "OpenStack failed (HTTP 503)."),
        (504, ProviderTimeout, "OpenStack failed (HTTP 504)."),
        (302, ProviderError, "OpenStack responded with a redirect, which is not followed."),
    ],
)
@pytest.mark.usefixtures("pauses")
def test_statuses_with_bodies_in_html(serve: Serve, status: int, meaning: type[DeltacloudError], words: str) -> None:
    headers = {"Content-Type": "text/html", "Location": "http://127.0.0.1:1/"}
    _, catalog = serve(lambda _method, _path: (status, headers, HTML % status))
    with pytest.raises(DeltacloudError) as raised:
        list(catalog.realms())
    assert (type(raised.value), str(raised.value)) == (meaning, words)


@pytest.mark.parametrize("message", ["Quota exceeded for cores: Requested 1", "Project p is over a limit for servers"])
def test_an_exhausted_quota_is_a_conflict(serve: Serve, message: str) -> None:
    _, catalog = serve(lambda _method, _path: as_json(403, {"forbidden": {"code": 403, "message": message}}))
    with pytest.raises(Conflict, match=message):
        catalog.create_image(NewImage(IMAGE))


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{}", b'{"images": {}}', b"[" * 100_000])
def test_a_list_that_is_none_is_the_clouds_failure(serve: Serve, body: bytes) -> None:
    def script(_method: str, path: str) -> Answer:
        return as_json(200, {"flavors": []}) if "flavors" in path else (200, {}, body)

    _, catalog = serve(script)
    with pytest.raises(ProviderError):
        list(catalog.images(ImageFilter()))


@pytest.mark.parametrize(
    "image", [1, None, [], {}, {"id": None}, {"id": ""}, {"id": {}, "status": "active"}, {"id": 7}], ids=str
)
def test_an_image_without_an_id_is_left_out(serve: Serve, image: object) -> None:
    good = {"id": IMAGE, "status": "active", "created_at": "0001-01-01T00:00:00+23:59", "owner": {}, "name": []}

    def script(_method: str, path: str) -> Answer:
        return as_json(200, {"flavors": []} if "flavors" in path else {"images": [image, good]})

    _, catalog = serve(script)
    (found,) = catalog.images(ImageFilter())
    assert (found.id, found.name, found.owner_id, found.creation_time) == (IMAGE, IMAGE, "", None)


def test_a_catalog_without_nova_is_told(serve: Serve) -> None:
    responder, catalog = serve(lambda _method, _path: None)
    responder.token["catalog"] = []
    with pytest.raises(ProviderError, match="catalog"):
        list(catalog.realms())


def test_cookies_are_not_kept(serve: Serve) -> None:
    """Callers share connections: a cookie set for one must not be sent for another."""
    answer = as_json(200, {"availabilityZoneInfo": []}, Set_Cookie="session=mine; Path=/")
    responder, catalog = serve(lambda _method, _path: answer)
    list(catalog.realms())
    list(catalog.realms())
    assert responder.cookies == ["", "", ""]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed one for 127.0.0.1, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(signed.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def test_certificates_are_verified(rig: OpenStackRig, certificate: tuple[Path, Path], tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    with FaultProxy(rig.cloud.proxies["keystone"].target, server_tls=tls) as proxy:
        url = f"https://127.0.0.1:{proxy.address[1]}"

        def verify(**settings: object) -> None:
            providers = {"one": {"auth_url": url, "region": "One", **settings}}
            driver = OpenStackDriver.from_config({"providers": providers})
            with Catalog(driver, rig.credentials, "one") as catalog:
                catalog.verify()

        with pytest.raises(ProviderError, match="certificate"):
            verify()
        verify(ca_file=str(certificate[0]))
        verify(verify_tls=False)
