"""Logging in at the real keystone: names, tokens that end, the pool, and what is kept secret."""

import json
import logging
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from requests import PreparedRequest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials, Provider
from deltacloud_images.errors import AuthenticationFailure, ConfigurationError, ValidationFailure
from deltacloud_images.models import ImageFilter, NewInstance
from deltacloud_openstack import OpenStackDriver
from deltacloud_openstack.config import ProviderSettings
from deltacloud_openstack.users import user_fields
from tests.drivers.openstack.cloud.openstack import MEMBER, OTHER
from tests.drivers.openstack.rig import OpenStackRig


def logins(sent: list[PreparedRequest]) -> int:
    return sum(str(request.url).endswith("/v3/auth/tokens") for request in sent)


def token_of(request: PreparedRequest) -> str:
    return str(request.headers["X-Auth-Token"])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("joe", "joe U"),
        ("joe+blue", "joe U blue P"),
        ("joe@blue", "joe U blue P"),
        ("joe+blue+corp", "joe corp blue corp"),
        ("joe+blue+corp+Default", "joe corp blue Default"),
        ("joe+blue++Default", "joe U blue Default"),
        ("joe++corp", "joe corp"),
        ("joe@example.org+blue", "joe@example.org U blue P"),
        ("joe@example.org+", "joe@example.org U"),
        ("joe@example.org@blue", "joe@example.org U blue P"),
        ("joe%2Btag@example.org+blue%2bgreen", "joe+tag@example.org U blue+green P"),
        ("100%25+50%", "100% U 50% P"),
        ("+user=joe+project=blue", "joe U blue P"),
        ("+user=a=b%2Bc+user_domain=corp+project=blue+project_domain=Default", "a=b+c corp blue Default"),
    ],
)
def test_names_in_the_user(text: str, names: str) -> None:
    keys = ("username", "user_domain_name", "project_name", "project_domain_name")
    assert user_fields(text, "U", "P") == dict(zip(keys, names.split(), strict=False))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("+user_id=1+project_id=2", {"user_id": "1", "project_id": "2"}),
        ("+user=joe+user_domain_id=3", {"username": "joe", "user_domain_id": "3"}),
        (
            "+user_id=1+project=blue+project_domain_id=4",
            {"user_id": "1", "project_name": "blue", "project_domain_id": "4"},
        ),
        ("+application_credential_id=5", {"application_credential_id": "5"}),
    ],
)
def test_ids_in_the_user(text: str, fields: dict[str, str]) -> None:
    assert user_fields(text, "U", "P") == fields


@pytest.mark.parametrize("text", ["+usr=joe", "+project=blue", "+user=joe+blue"])
def test_a_badly_written_user_is_told_how(text: str) -> None:
    with pytest.raises(AuthenticationFailure, match="application_credential_id"):
        user_fields(text, "U", "P")


@pytest.mark.parametrize(
    "user",
    ["demo", "demo+demo", "demo@demo", "demo+demo+Default", "demo+demo+Default+Default", "+user=demo+project=demo"],
)
def test_users_are_accepted(rig: OpenStackRig, user: str) -> None:
    with Catalog(rig.driver, Credentials(user, MEMBER.password), rig.provider) as catalog:
        catalog.verify()
        rig.seed_image()
        assert {image.owner_id for image in catalog.images(ImageFilter(owner_id="self"))} == {rig.owner_id}


def test_a_user_and_a_project_by_id_are_accepted(rig: OpenStackRig) -> None:
    user = rig.cloud.admin.call("GET", "keystone", f"/v3/users?name={rig.account.user}")["users"][0]
    credentials = Credentials(f"+user_id={user['id']}+project_id={rig.owner_id}", MEMBER.password)
    with Catalog(rig.driver, credentials, rig.provider) as catalog:
        catalog.verify()


def test_an_application_credential_is_accepted(rig: OpenStackRig, sent: list[PreparedRequest]) -> None:
    user = rig.cloud.admin.call("GET", "keystone", f"/v3/users?name={rig.account.user}")["users"][0]
    path = f"/v3/users/{user['id']}/application_credentials"
    body = {"application_credential": {"name": f"test-{time.time_ns()}"}}
    made = rig.caller.call("POST", "keystone", path, body)["application_credential"]
    credentials = Credentials(f"+application_credential_id={made['id']}", made["secret"])
    with Catalog(rig.make_driver(), credentials, rig.provider) as catalog:
        rig.seed_image()
        assert {image.owner_id for image in catalog.images(ImageFilter(owner_id="self"))} == {rig.owner_id}
    assert json.loads(sent[0].body or b"") == {
        "auth": {
            "identity": {
                "methods": ["application_credential"],
                "application_credential": {"id": made["id"], "secret": made["secret"]},
            }
        }
    }
    with (
        Catalog(rig.driver, Credentials(credentials.user, "wrong"), rig.provider) as catalog,
        pytest.raises(AuthenticationFailure, match="application_credential_id=ID"),
    ):
        catalog.verify()


@pytest.mark.parametrize("user", ["demo+other", "demo+nope", "demo+demo+Nowhere", "nobody", "", "x" * 5000])
def test_users_are_refused(rig: OpenStackRig, user: str) -> None:
    with (
        Catalog(rig.driver, Credentials(user, MEMBER.password), rig.provider) as catalog,
        pytest.raises(AuthenticationFailure, match="does not accept this user and password"),
    ):
        catalog.verify()


def test_a_user_without_a_project_is_told_so(rig: OpenStackRig) -> None:
    with Catalog(rig.driver, Credentials(OTHER.user, OTHER.password), rig.provider) as catalog:
        with pytest.raises(AuthenticationFailure, match=r"user\+project"):
            catalog.verify()
        with pytest.raises(AuthenticationFailure):
            list(catalog.images(ImageFilter()))


def test_domains_are_configurable(rig: OpenStackRig) -> None:
    driver = rig.make_driver(user_domain="Nowhere")
    with Catalog(driver, rig.credentials, rig.provider) as catalog, pytest.raises(AuthenticationFailure):
        catalog.verify()
    credentials = Credentials("demo+demo+Default", MEMBER.password)
    with Catalog(driver, credentials, rig.provider) as catalog:
        catalog.verify()


def test_a_revoked_token_is_replaced_once(rig: OpenStackRig, sent: list[PreparedRequest]) -> None:
    driver = rig.make_driver()
    with Catalog(driver, rig.credentials, rig.provider) as catalog:
        catalog.verify()
        rig.cloud.expire_tokens(rig.account)
        sent.clear()
        list(catalog.realms())
        list(catalog.realms())
    assert logins(sent) == 1
    refused, accepted, again = (request for request in sent if "os-availability-zone" in str(request.url))
    assert token_of(refused) != token_of(accepted) == token_of(again)


def test_a_changed_password_is_refused(rig: OpenStackRig, sent: list[PreparedRequest]) -> None:
    """Also for a caller whose token was in the pool; and nova is asked once more only if there is a new token."""
    driver = rig.make_driver()
    user = rig.cloud.admin.call("GET", "keystone", f"/v3/users?name={rig.account.user}")["users"][0]
    path = f"/v3/users/{user['id']}"
    with Catalog(driver, rig.credentials, rig.provider) as catalog:
        catalog.verify()
        rig.cloud.admin.call("PATCH", "keystone", path, {"user": {"password": "changed"}})
        try:
            sent.clear()
            with pytest.raises(AuthenticationFailure):
                catalog.verify()
            assert logins(sent) == 1
            assert len(sent) == 2
        finally:
            rig.cloud.admin.call("PATCH", "keystone", path, {"user": {"password": rig.account.password}})
            rig.cloud.expire_tokens(rig.account)


def test_a_token_is_renewed_before_it_expires(
    rig: OpenStackRig, sent: list[PreparedRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = rig.make_driver()
    with Catalog(driver, rig.credentials, rig.provider) as catalog:
        list(catalog.realms())
        list(catalog.realms())
        assert logins(sent) == 1
        later = time.time() + 3600
        monkeypatch.setattr("deltacloud_openstack.identity.time.time", lambda: later)
        sent.clear()
        list(catalog.realms())
    assert [request.method for request in sent[:1] + sent[-1:]] == ["POST", "GET"], (
        "a login, and then one accepted call"
    )
    assert sum(request.method == "GET" for request in sent) == 1


def test_callers_side_by_side_log_in_once(rig: OpenStackRig, sent: list[PreparedRequest]) -> None:
    driver = rig.make_driver()

    def realms(_: int) -> int:
        with Catalog(driver, rig.credentials, rig.provider) as catalog:
            return len(list(catalog.realms()))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(realms, range(16))) == [1] * 16
        assert logins(sent) == 1
        rig.cloud.expire_tokens(rig.account)
        assert list(threads.map(realms, range(16))) == [1] * 16


def test_flavors_are_remembered_for_minutes(
    rig: OpenStackRig, sent: list[PreparedRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = rig.make_driver()
    for _ in range(2):
        with Catalog(driver, rig.credentials, rig.provider) as catalog:
            list(catalog.hardware_profiles())
    assert sum("/flavors" in str(request.url) for request in sent) == 1
    monkeypatch.setattr("deltacloud_openstack.account.SIZES_SECONDS", 0.0)
    with Catalog(rig.make_driver(), rig.credentials, rig.provider) as catalog:
        list(catalog.hardware_profiles())
        list(catalog.hardware_profiles())
    assert sum("/flavors" in str(request.url) for request in sent) == 3


def test_accounts_are_kept_apart(rig: OpenStackRig, sent: list[PreparedRequest]) -> None:
    """The same user is let in by its password alone, whoever else is logged in."""
    driver = rig.make_driver()
    for password in (MEMBER.password, "wrong", MEMBER.password):
        with Catalog(driver, Credentials(rig.credentials.user, password), rig.provider) as catalog:
            if password == "wrong":
                with pytest.raises(AuthenticationFailure):
                    catalog.verify()
            else:
                catalog.verify()
    assert logins(sent) == 2, "the second good login was in the pool"


def test_no_secret_is_logged(rig: OpenStackRig, caplog: pytest.LogCaptureFixture, sent: list[PreparedRequest]) -> None:
    caplog.set_level(logging.DEBUG)
    with Catalog(rig.make_driver(), rig.credentials, rig.provider) as catalog:
        (instance,) = catalog.create_instance(NewInstance(rig.seed_image(), user_data=b"#!my-user-data"), "")
        list(catalog.images(ImageFilter()))
    tokens = {token_of(request) for request in sent if "X-Auth-Token" in request.headers}
    assert tokens
    for secret in (MEMBER.password, instance.authentication.password, "my-user-data", *tokens):
        assert secret not in caplog.text


def test_importing_the_driver_imports_no_sdk() -> None:
    code = "import sys, deltacloud_openstack, deltacloud_rackspace; sys.exit('keystoneauth1' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_providers(rig: OpenStackRig) -> None:
    url = "https://keystone.example.org/v3"
    driver = OpenStackDriver.from_config({"providers": {"one": {"auth_url": url}, "two": {"auth_url": url}}})
    assert driver.default_provider == "one"
    assert driver.providers() == [Provider("one", {"identity": url}), Provider("two", {"identity": url})]
    assert (driver.allows_provider("two"), driver.allows_provider(url)) == (True, False)
    with pytest.raises(ValidationFailure, match="three"):
        Catalog(driver, rig.credentials, "three")
    with pytest.raises(ValidationFailure, match="has no provider"):
        Catalog(OpenStackDriver.from_config({}), rig.credentials, None)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"default_provider": "nope"}, "default_provider"),
        ({"providers": {"one": {"auth_url": "keystone.example.org"}}}, "providers.one.auth_url"),
        ({"providers": {"one": {"auth_url": "https://user:password@example.org"}}}, "providers.one.auth_url"),
        ({"providers": {"one": {"auth_url": "https://example.org", "ca_file": "/nope"}}}, "providers.one.ca_file"),
        ({"providers": {"one": {"auth_url": "https://example.org", "tls": True}}}, "providers.one.tls"),
        ({"providers": {"one": {}}}, "providers.one.auth_url"),
    ],
)
def test_bad_settings_are_named(table: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        OpenStackDriver.from_config(table).prepare()


CLOUDS = """
clouds:
  one:
    auth: {auth_url: "https://elsewhere.example.org/v3"}
  two:
    auth:
      auth_url: https://two.example.org:5000
      username: joe
      password: my-secret
      user_domain_name: corp
    region_name: West
    interface: internal
    verify: false
  vendors:
    profile: a-vendor
"""


def test_the_clouds_of_a_clouds_yaml_are_providers(tmp_path: Path) -> None:
    """Without the credentials in it; a table of the configuration wins."""
    path = tmp_path / "clouds.yaml"
    path.write_text(CLOUDS)
    one = {"auth_url": "https://one.example.org"}
    driver = OpenStackDriver.from_config({"clouds_yaml": str(path), "providers": {"one": one}})
    two = ProviderSettings(
        "https://two.example.org:5000", region="West", interface="internal", user_domain="corp", verify_tls=False
    )
    assert driver.clouds == {"one": ProviderSettings("https://one.example.org"), "two": two}
    assert driver.default_provider == "one"
    assert OpenStackDriver.from_config({"clouds_yaml": str(path), "default_provider": "two"}).allows_provider("two")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "cannot be read"),
        ("password: [my-secret", "is not YAML"),
        ("clouds: {bad: {auth: {auth_url: my-secret}}}", "clouds_yaml.bad.auth_url"),
        ("clouds: {bad: {interface: none, auth: {auth_url: 'https://a.example.org'}}}", "clouds_yaml.bad.interface"),
    ],
)
def test_a_bad_clouds_yaml_is_told(tmp_path: Path, text: str | None, problem: str) -> None:
    path = tmp_path / "clouds.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match=problem) as raised:
        OpenStackDriver.from_config({"clouds_yaml": str(path)})
    assert "my-secret" not in str(raised.value)
