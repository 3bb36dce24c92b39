"""Whose credentials are used, where requests go, and how clients are pooled."""

import logging
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deltacloud_ec2 import EC2Driver
from deltacloud_ec2.region import isolated_session
from deltacloud_ec2.regions import public_regions
from deltacloud_ec2.signing import keys_of
from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials, Provider
from deltacloud_images.errors import AuthenticationFailure, ConfigurationError, ProviderError, ValidationFailure
from deltacloud_images.kit.deadline import Deadline
from deltacloud_images.models import ImageFilter
from deltacloud_images.testing import FaultProxy
from tests.drivers.ec2.front import Front
from tests.drivers.ec2.rig import EC2Rig
from tests.drivers.ec2.tunnel import Tunnel

IMAGE = "ami-0a000000000000001"


@pytest.fixture
def servers_own_keys(rig: EC2Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The server's machine has good keys in its environment and in its user's home, and other settings besides."""
    keys = {"AWS_ACCESS_KEY_ID": rig.credentials.user, "AWS_SECRET_ACCESS_KEY": rig.credentials.password}
    lines = "".join(f"{name.lower()} = {value}\n" for name, value in keys.items())
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(f"[default]\n{lines}[other]\n{lines}")
    (tmp_path / ".aws" / "config").write_text("[default]\nregion = eu-west-9\nendpoint_url = http://127.0.0.1:9\n")
    elsewhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:9"}
    others = {"AWS_PROFILE": "other", "AWS_DEFAULT_REGION": "eu-west-9", "AWS_CA_BUNDLE": "/nowhere"}
    for name, value in {**keys, **elsewhere, **others, "HOME": str(tmp_path), "AWS_USE_FIPS_ENDPOINT": "true"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("servers_own_keys")
@pytest.mark.parametrize(
    ("user", "password"),
    [("", ""), ("", "secret"), ("key", ""), ("+token", "secret"), ("key\r\nX-Evil: 1", "secret"), ("kéy", "secret")],
)
def test_nobody_acts_as_the_server(rig: EC2Rig, front: Front, user: str, password: str) -> None:
    driver = rig.make_driver(front.url)
    with pytest.raises(AuthenticationFailure):
        Catalog(driver, Credentials(user, password), "moto")
    assert front.requests == []


@pytest.mark.usefixtures("servers_own_keys")
def test_wrong_credentials_stay_wrong_where_the_server_has_good_ones(rig: EC2Rig, front: Front) -> None:
    driver = rig.make_driver(front.url)
    with Catalog(driver, rig.wrong_credentials, rig.provider) as catalog, pytest.raises(AuthenticationFailure):
        catalog.image(IMAGE)


@pytest.mark.usefixtures("servers_own_keys")
def test_the_servers_aws_settings_mean_nothing(rig: EC2Rig) -> None:
    driver = EC2Driver.from_config({})
    meta = client(driver, rig.credentials, "eu-west-1").meta
    assert (meta.endpoint_url, meta.region_name) == ("https://ec2.eu-west-1.amazonaws.com", "eu-west-1")
    meta = driver._region("eu-west-1")._sts.meta
    assert (meta.endpoint_url, meta.region_name) == ("https://sts.eu-west-1.amazonaws.com", "eu-west-1")


@pytest.mark.usefixtures("servers_own_keys")
def test_the_sdk_itself_finds_no_keys() -> None:
    assert isolated_session().get_credentials() is None


def test_temporary_credentials_send_their_token(rig: EC2Rig, front: Front) -> None:
    credentials = rig.moto.temporary_credentials()
    driver = rig.make_driver(front.url)
    with Catalog(driver, credentials, "moto") as catalog:
        catalog.image(IMAGE)
    token = credentials.user.partition("+")[2]
    assert [(each.action, each.headers["X-Amz-Security-Token"]) for each in front.requests] == [
        ("GetCallerIdentity", token),
        ("DescribeImages", token),
    ]


def test_a_session_token_may_hold_a_plus() -> None:
    keys = keys_of(Credentials("AKIA123+to+ken/=", "secret"))
    assert (keys.access_key_id, keys.secret_access_key, keys.token) == ("AKIA123", "secret", "to+ken/=")


def test_nothing_shows_credentials(rig: EC2Rig, front: Front, caplog: pytest.LogCaptureFixture) -> None:
    credentials = rig.moto.temporary_credentials()
    token, secret = credentials.user.partition("+")[2], credentials.password
    driver = rig.make_driver(front.url)
    caplog.clear()
    with caplog.at_level(logging.DEBUG), Catalog(driver, credentials, "moto") as catalog:
        list(catalog.images(ImageFilter()))
        shown = repr(vars(catalog._session)) + repr(vars(driver)) + repr(keys_of(credentials))
    for text in (caplog.text, shown):
        assert secret not in text
        assert token not in text


def client(driver: EC2Driver, credentials: Credentials, provider: str) -> Any:
    """The SDK's client behind a session."""
    session = driver.connect(credentials, provider, Deadline(10))
    with session._caller.client() as ec2:
        return ec2


def test_a_caller_costs_no_client_before_ec2_knows_the_key(rig: EC2Rig, front: Front) -> None:
    """A client took 22 ms of CPU and a third of a megabyte for every key that anybody tried."""
    driver = rig.make_driver(front.url)
    shared = client(driver, rig.credentials, "moto")
    for number in range(20):
        wrong = Credentials(f"key{number}", "wrong")
        assert client(driver, wrong, "moto") is shared
        with Catalog(driver, wrong, "moto") as catalog, pytest.raises(AuthenticationFailure):
            list(catalog.images(ImageFilter()))
    assert len(driver._pool) == 0


def test_what_is_known_of_a_caller_is_for_the_same_keys_alone(rig: EC2Rig, front: Front) -> None:
    driver = rig.make_driver(front.url)
    for credentials in (rig.credentials, rig.credentials, rig.moto.temporary_credentials()):
        with Catalog(driver, credentials, "moto") as catalog:
            catalog.image(IMAGE)
    asked = [each.action for each in front.requests]
    assert asked == ["GetCallerIdentity", *["DescribeImages"] * 2, "GetCallerIdentity", "DescribeImages"]
    with Catalog(driver, rig.wrong_credentials, "moto") as catalog, pytest.raises(AuthenticationFailure):
        catalog.image(IMAGE)
    assert front.sent("GetCallerIdentity") == [{}] * 3


def test_callers_share_connections_and_sign_for_themselves(rig: EC2Rig, front: Front) -> None:
    driver = rig.make_driver(front.url)
    callers = [rig.credentials, rig.moto.temporary_credentials(), rig.credentials]
    for credentials in callers:
        with Catalog(driver, credentials, "moto") as catalog:
            assert catalog.image(IMAGE).id == IMAGE
    asked = [each for each in front.requests if each.action == "DescribeImages"]
    assert len({each.port for each in asked}) == 1
    signed = [each.headers["Authorization"].partition("Credential=")[2].partition("/")[0] for each in asked]
    assert signed == [each.user.partition("+")[0] for each in callers]
    assert ["X-Amz-Security-Token" in each.headers for each in asked] == [False, True, False]


def test_providers_are_public_regions_and_what_is_configured() -> None:
    driver = EC2Driver.from_config({"providers": {"cn-north-1": {}, "mine": {"endpoint_url": "https://inside:8773"}}})
    driver.prepare()
    assert driver.default_provider == "us-east-1"
    assert [each.id for each in driver.providers()] == sorted({*public_regions(), "cn-north-1", "mine"})
    assert Provider("eu-west-1", {"ec2": "ec2.eu-west-1.amazonaws.com"}) in driver.providers()
    assert Provider("mine") in driver.providers()
    assert not driver.allows_provider("http://evil.example/")
    assert not driver.allows_provider("us-gov-west-1")
    with pytest.raises(ValidationFailure, match=r"EC2 has no provider 'evil\.example'; there are: "):
        Catalog(driver, Credentials("user", "password"), "evil.example")
    meta = client(driver, Credentials("user", "password"), "cn-north-1").meta
    assert meta.endpoint_url == "https://ec2.cn-north-1.amazonaws.com.cn"


def test_the_public_regions_are_those_of_the_sdk() -> None:
    from boto3.session import Session

    assert set(Session().get_available_regions("ec2")) <= set(public_regions())
    assert "aws-global" not in public_regions()


def test_public_regions_can_be_left_out() -> None:
    table = {"public_regions": False, "default_provider": "mine", "providers": {"mine": {}}}
    driver = EC2Driver.from_config(table)
    driver.prepare()
    assert [each.id for each in driver.providers()] == ["mine"]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"default_provider": "mars-north-1"}, "mars-north-1"),
        ({"public_regions": False}, "us-east-1"),
        ({"providers": {"mine": {"ca_file": "/nowhere/ca.pem"}}}, "/nowhere/ca.pem"),
        ({"providers": {"mine": {"endpoint": "http://127.0.0.1"}}}, "providers.mine.endpoint"),
        (
            {"providers": {"mine": {"endpoint_url": "cloud.example:8773"}}},
            r"providers\.mine\.endpoint_url: it has to be http",
        ),
        (
            {"providers": {"mine": {"sts_endpoint_url": "ftp://cloud.example"}}},
            r"providers\.mine\.sts_endpoint_url: it has",
        ),
    ],
)
def test_bad_settings_are_named(table: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        EC2Driver.from_config(table).prepare()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for loopback that nobody has signed but itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, bare = serialization.Encoding.PEM, serialization.NoEncryption()
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, bare)
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls_url(rig: EC2Rig, certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with FaultProxy(rig.moto.address, server_tls=context) as proxy:
        yield "https://{}:{}".format(*proxy.address)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("settings", [{}, {"ca_file": ""}, {"verify_tls": False}], ids=str)
def test_certificates_are_checked_unless_the_operator_says_otherwise(
    rig: EC2Rig, tls_url: str, certificate: Path, settings: dict[str, object]
) -> None:
    if "ca_file" in settings:
        settings = {"ca_file": str(certificate)}
    table = {"providers": {"moto": {"endpoint_url": tls_url, "region": "us-east-1", **settings}}}
    driver = rig.make_driver(tls_url, **table)
    with Catalog(driver, rig.credentials, rig.provider) as catalog:
        for ask in (catalog.verify, lambda: list(catalog.images(ImageFilter()))):
            if settings:
                ask()
            else:
                with pytest.raises(ProviderError, match="certificate of EC2 is not trusted"):
                    ask()


@pytest.fixture
def no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is reached through proxies too."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_exceptions")
def test_the_environments_proxy_is_used(rig: EC2Rig, front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", front.url.replace("://", "://somebody:pass%20word@"))
    url = "http://cloud.example:8773/"
    driver = rig.make_driver(url)
    with Catalog(driver, rig.credentials, rig.provider) as catalog:
        assert catalog.image(IMAGE).id == IMAGE
    asked = [(each.action, each.target, each.headers["Host"]) for each in front.requests]
    assert asked == [(action, url, "cloud.example:8773") for action in ("GetCallerIdentity", "DescribeImages")]
    assert {each.headers["Proxy-Authorization"] for each in front.requests} == {"Basic c29tZWJvZHk6cGFzcyB3b3Jk"}


@pytest.mark.usefixtures("no_exceptions")
def test_a_proxy_is_tunnelled_through_with_tls(
    rig: EC2Rig, tls_url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = {"endpoint_url": tls_url, "region": "us-east-1", "ca_file": str(certificate)}
    driver = rig.make_driver(tls_url, providers={"moto": where})
    with Tunnel() as tunnel:
        monkeypatch.setenv("https_proxy", f"http://somebody:password@127.0.0.1:{tunnel.port}")
        with Catalog(driver, rig.credentials, rig.provider) as catalog:
            assert catalog.image(IMAGE).id == IMAGE
    assert tunnel.asked == [(tls_url.removeprefix("https://"), "Basic c29tZWJvZHk6cGFzc3dvcmQ=")]


@pytest.mark.usefixtures("no_exceptions")
def test_a_certificate_that_is_not_trusted_is_looked_at_once(
    rig: EC2Rig, tls_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = {"endpoint_url": tls_url, "region": "us-east-1"}
    driver = rig.make_driver(tls_url, providers={"moto": where})
    with Tunnel() as tunnel:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{tunnel.port}")
        with Catalog(driver, rig.credentials, rig.provider) as catalog:
            for ask in (catalog.verify, lambda: catalog.image(IMAGE)):
                with pytest.raises(ProviderError, match="certificate of EC2 is not trusted"):
                    ask()
                assert len(tunnel.asked) == 1
                tunnel.asked.clear()
