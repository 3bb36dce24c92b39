"""Logging in at the real keystone: names, tokens that end, the pool, and what is kept secret."""

import logging
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from requests import PreparedRequest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials, Provider
from deltacloud_images.errors import AuthenticationFailure, ConfigurationError, ValidationFailure
from deltacloud_images.models import ImageFilter, NewInstance
from deltacloud_openstack import OpenStackDriver, pool
from deltacloud_openstack.identity import split_user
from tests.drivers.openstack.cloud.openstack import MEMBER, OTHER
from tests.drivers.openstack.rig import OpenStackRig


def logins(sent: list[PreparedRequest]) -> int:
    return sum(str(request.url).endswith("/v3/auth/tokens") for request in sent)


def token_of(request: PreparedRequest) -> str:
    return str(request.headers["X-Auth-Token"])


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("joe", ("joe", "", "")),
        ("joe+blue", ("joe", "blue", "")),
        ("joe@blue", ("joe", "blue", "")),
        ("joe+blue+corp", ("joe", "blue", "corp")),
        ("joe++corp", ("joe", "", "corp")),
        ("joe@example.org+blue", ("joe@example.org", "blue", "")),
        ("joe@example.org+", ("joe@example.org", "", "")),
        ("joe@example.org@blue", ("joe@example.org", "blue", "")),
    ],
)
def test_the_parts_of_a_user(text: str, parts: tuple[str, str, str]) -> None:
    assert split_user(text) == parts


@pytest.mark.parametrize("user", ["demo", "demo+demo", "demo@demo", "demo+demo+Default"])
def test_users_are_accepted(rig: OpenStackRig, user: str) -> None:
    with Catalog(rig.driver, Credentials(user, MEMBER.password), rig.provider) as catalog:
        catalog.verify()
        rig.seed_image()
        assert {image.owner_id for image in catalog.images(ImageFilter(owner_id="self"))} == {rig.owner_id}


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
    monkeypatch.setattr("deltacloud_openstack.account.SIZES_SECONDS", -1.0)
    with Catalog(rig.make_driver(), rig.credentials, rig.provider) as catalog:
        list(catalog.hardware_profiles())
        list(catalog.hardware_profiles())
    assert sum("/flavors" in str(request.url) for request in sent) == 3


def test_accounts_are_kept_apart(rig: OpenStackRig) -> None:
    """By user and by password, however they are joined; and the pool holds no plain password."""
    driver = rig.make_driver()
    assert isinstance(driver, OpenStackDriver)
    cloud = driver.clouds["One"]
    accounts = pool.Pool(driver._login)
    first = accounts.account("One", cloud, Credentials("ab", "c-secret"))
    assert accounts.account("One", cloud, Credentials("ab", "c-secret")) is first
    assert accounts.account("One", cloud, Credentials("a", "bc-secret")) is not first
    assert accounts.account("Two", cloud, Credentials("ab", "c-secret")) is not first
    assert "secret" not in repr(vars(accounts))


def test_the_pool_is_bounded_and_forgets(rig: OpenStackRig, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = rig.make_driver()
    assert isinstance(driver, OpenStackDriver)
    monkeypatch.setattr(pool, "SIZE", 2)
    accounts = pool.Pool(driver._login)

    def account(user: str) -> object:
        return accounts.account("One", driver.clouds["One"], Credentials(user, "password"))

    first, second = account("first"), account("second")
    assert account("first") is first
    account("third")
    assert account("first") is first, "the least used one made room"
    assert account("second") is not second
    monkeypatch.setattr(pool, "LIFE_SECONDS", -1.0)
    assert account("second") is not account("second")


def test_a_forked_worker_opens_connections_of_its_own(rig: OpenStackRig) -> None:
    driver = rig.make_driver()
    assert isinstance(driver, OpenStackDriver)

    def account() -> object:
        return driver._pool.account("One", driver.clouds["One"], rig.credentials)

    before = account()
    child = os.fork()
    if child == 0:
        os._exit(0 if account() is not before else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert account() is before


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
