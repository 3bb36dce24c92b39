"""How engines are spoken to: certificates, logins, retries, redirections, faults, configuration."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials
from deltacloud_images.errors import (
    AuthenticationFailure,
    ConfigurationError,
    Conflict,
    DeltacloudError,
    Forbidden,
    ProviderError,
    ProviderTimeout,
    ValidationFailure,
)
from deltacloud_images.kit import retries
from deltacloud_images.models import ImageFilter, NewImage
from deltacloud_images.testing import eventually
from deltacloud_images.testing.exchange import Exchange
from deltacloud_rhevm import RhevmDriver
from deltacloud_rhevm.errors import OPERATION_FAILED, EngineFault, translate
from tests.drivers.rhevm.rig import RhevmRig


def test_importing_the_driver_imports_no_sdk() -> None:
    code = "import deltacloud_rhevm, sys; print({'lxml', 'cryptography'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_password_is_sent(new_lab: RhevmRig) -> None:
    driver = new_lab.make_driver(ca_file="")
    with (
        new_lab.catalog(driver) as catalog,
        pytest.raises(ProviderError, match="certificate of RHEV-M is not trusted"),
    ):
        catalog.verify()
    assert new_lab.engine.requests == []


def test_an_operator_may_do_without_a_trusted_certificate(new_lab: RhevmRig) -> None:
    with new_lab.catalog(new_lab.make_driver(ca_file="", verify_tls=False)) as catalog:
        catalog.verify()


def test_a_user_logs_in_once(lab: RhevmRig) -> None:
    """REST API guide, Authentication sessions: ``Prefer: persistent-auth`` and the cookie."""
    for _ in range(3):
        with lab.catalog() as catalog:
            list(catalog.images(ImageFilter()))
    assert len(lab.engine.sessions) == 1
    assert [bool(each.cookie) for each in lab.engine.requests] == [False] + [True] * (len(lab.engine.requests) - 1)
    lab.driver.close()
    assert lab.engine.sessions == set()


def test_another_password_never_gets_anothers_session(lab: RhevmRig) -> None:
    with lab.catalog() as catalog:
        catalog.verify()
    with Catalog(lab.driver, lab.wrong_credentials, None) as catalog, pytest.raises(AuthenticationFailure):
        catalog.verify()


def test_a_session_that_has_ended_is_renewed_even_for_a_create(lab: RhevmRig) -> None:
    vm_id = lab.seed_instance()
    with lab.catalog() as catalog:
        catalog.instance(vm_id)
        lab.engine.sessions.clear()
        assert catalog.create_image(NewImage(vm_id, "made")).name == "made"
    assert len(lab.engine.sessions) == 1


def test_a_changed_password_is_an_authentication_failure(lab: RhevmRig) -> None:
    with lab.catalog() as catalog:
        catalog.verify()
        lab.engine.sessions.clear()
        lab.engine.password = "changed"
        with pytest.raises(AuthenticationFailure):
            catalog.verify()


@pytest.mark.parametrize("busy", [429, 503])
def test_a_busy_engine_is_asked_again(lab: RhevmRig, busy: int) -> None:
    image_id = lab.seed_image()
    with lab.catalog() as catalog:
        lab.engine.hiccups[:] = [busy, busy]
        assert catalog.image(image_id).id == image_id
        lab.engine.hiccups[:] = [busy] * retries.MAX_ATTEMPTS
        with pytest.raises(ProviderError) as raised:
            catalog.image(image_id)
        assert raised.value.retry_after == 0.0
    assert lab.engine.hiccups == []


@pytest.mark.parametrize("status", [500, 502])
def test_a_create_is_sent_once(lab: RhevmRig, status: int) -> None:
    vm_id = lab.seed_instance()
    with lab.catalog() as catalog:
        catalog.image(lab.seed_image())
        start = len(lab.engine.requests)
        with pytest.raises(ProviderError):
            _create_with_hiccup(lab, catalog, vm_id, status)
    assert [each.method for each in lab.engine.requests[start:]] == ["GET", "POST"]
    assert "made" not in {each.name for each in lab.engine.state.templates}


def _create_with_hiccup(lab: RhevmRig, catalog: Catalog, vm_id: str, status: int) -> None:
    """The virtual machine is looked at, and then the create meets the status."""
    answer = lab.engine.answer

    def then_hiccup(request: Any) -> Any:
        lab.engine.hiccups.append(status)
        lab.engine.answer = answer  # type: ignore[method-assign]
        return answer(request)

    lab.engine.answer = then_hiccup  # type: ignore[method-assign]
    catalog.create_image(NewImage(vm_id, "made"))


def test_redirections_are_not_followed(new_lab: RhevmRig) -> None:
    """They would take the password to another host."""
    with new_lab.catalog() as catalog:
        new_lab.engine.hiccups[:] = [302]
        with pytest.raises(ProviderError, match="302"):
            catalog.verify()


def test_a_url_that_is_no_api_is_the_operators_mistake_and_not_an_unknown_image(new_lab: RhevmRig) -> None:
    url = f"https://127.0.0.1:{new_lab.proxy.address[1]}/ovirt-engine/api/elsewhere"
    driver, expected = new_lab.make_driver(url=url), "There is no /templates at the configured url"
    with new_lab.catalog(driver) as catalog, pytest.raises(ProviderError, match=expected):
        list(catalog.images(ImageFilter()))


@pytest.mark.parametrize(
    ("fault", "expected", "message"),
    [
        (EngineFault(400, "Incomplete parameters", "VM [name] required"), ValidationFailure, "refuses: VM [name"),
        (EngineFault(400, OPERATION_FAILED, "[It is in use.]"), Conflict, "The engine refuses: It is in use."),
        (EngineFault(409, "Conflict"), Conflict, "The engine refuses: Conflict"),
        (EngineFault(401), AuthenticationFailure, "admin@ovirt@internalsso"),
        (EngineFault(403, detail="no"), Forbidden, "The engine refuses: no"),
        (
            EngineFault(400, OPERATION_FAILED, "[query execution failed due to insufficient permissions.]"),
            Forbidden,
            ".",
        ),
        (EngineFault(409, OPERATION_FAILED, "[User is not authorized to perform this action.]"), Forbidden, "does not"),
        (EngineFault(409, OPERATION_FAILED, "x" * 100_000), Conflict, "The engine refuses: x"),
        (EngineFault(409, OPERATION_FAILED, "a\r\nb\x07c"), Conflict, "The engine refuses: a b c"),
        (EngineFault(418), ProviderError, "The engine refuses, with status 418."),
        (EngineFault(500), ProviderError, "The engine failed with status 500."),
        (EngineFault(504), ProviderTimeout, "The engine failed with status 504."),
    ],
)
def test_what_refusals_mean(fault: EngineFault, expected: type[DeltacloudError], message: str) -> None:
    meaning = translate(fault)
    assert type(meaning) is expected
    assert len(str(meaning)) < 600
    assert message in str(meaning)


def test_our_own_mistakes_are_no_errors_of_the_engine() -> None:
    assert translate(KeyError("x")) is None


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ({"providers": {"lab": {"url": "http://engine/api"}}}, "providers.lab.url"),
        ({"providers": {"lab": {"url": "https://user:secret@engine/api"}}}, "providers.lab.url"),
        ({"providers": {"lab": {}}}, "providers.lab.url"),
        ({"providers": {"lab": {"url": "https://engine/api", "datacentre": "x"}}}, "providers.lab.datacentre"),
        ({"default_provider": "lab"}, "default_provider"),
    ],
)
def test_a_bad_table_is_refused_at_the_start_by_the_keys_name(table: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as refused:
        RhevmDriver.from_config(table)
    assert "secret" not in str(refused.value)


def test_a_file_of_authorities_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    for ca_file in (empty, tmp_path / "missing.pem"):
        table = {"providers": {"lab": {"url": "https://engine/api", "ca_file": str(ca_file)}}}
        with pytest.raises(ConfigurationError, match=r"providers\.lab\.ca_file"):
            RhevmDriver.from_config(table).prepare()


def test_providers_are_those_that_are_configured() -> None:
    providers = {"lab": {"url": "https://lab/api"}, "live": {"url": "https://live/ovirt-engine/api"}}
    driver = RhevmDriver.from_config({"providers": providers})
    assert [each.id for each in driver.providers()] == ["lab", "live"]
    assert driver.default_provider == "lab"
    assert RhevmDriver.from_config({"providers": providers, "default_provider": "live"}).default_provider == "live"
    assert driver.allows_provider("live")
    assert not driver.allows_provider("https://evil.example/api")
    with pytest.raises(ValidationFailure, match="evil"):
        Catalog(driver, Credentials("u", "p"), "https://evil.example/api")


def test_logins_that_leave_the_pool_are_logged_out(new_lab: RhevmRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltacloud_rhevm.driver._MAX_ACCOUNTS", 2)
    driver = new_lab.make_driver()
    for number in range(30):
        credentials = Credentials(f"user{number}@example.com", new_lab.credentials.password)
        new_lab.engine.user = credentials.user
        with Catalog(driver, credentials, None) as catalog:
            catalog.verify()
    assert eventually(lambda: len(new_lab.engine.sessions) == 2)
    driver.close()
    assert new_lab.engine.sessions == set()


def test_wrong_passwords_replace_no_login(new_lab: RhevmRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltacloud_rhevm.driver._MAX_ACCOUNTS", 2)
    driver = new_lab.make_driver()
    with new_lab.catalog(driver) as catalog:
        catalog.verify()
    for number in range(5):
        wrong = Credentials(new_lab.credentials.user, f"wrong{number}")
        with Catalog(driver, wrong, None) as catalog, pytest.raises(AuthenticationFailure):
            catalog.verify()
    with new_lab.catalog(driver) as catalog:
        catalog.verify()
    assert new_lab.engine.requests[-1].cookie


def test_a_list_comes_page_by_page_each_image_once(lab: RhevmRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deltacloud_rhevm.engine.PAGE_SIZE", 2)
    for _ in range(4):
        lab.seed_image()
    with lab.catalog() as catalog, lab.engine.recorded() as seen:
        assert {each.id for each in catalog.images(ImageFilter())} == lab.image_ids()
    pages = [f"GET /templates;max=2?search={page}" for page in ("", "sortby name asc page 2", "sortby name asc page 3")]
    assert [each for each in seen if "/templates" in each] == pages


def test_a_protected_image_offers_no_destroy(new_lab: RhevmRig) -> None:
    """REST API Guide, ``Template.delete_protected``."""
    protected = new_lab.seed_image()

    def protect(exchange: Exchange) -> None:
        reply = exchange.forward()
        exchange.send(
            reply.with_body(reply.body.replace(b"<status>", b"<delete_protected>true</delete_protected><status>"))
        )

    with new_lab.proxy.hostile(protect), new_lab.catalog() as catalog:
        assert not catalog.image(protected).destroyable
    with new_lab.catalog() as catalog:
        assert catalog.image(protected).destroyable


def test_ids_never_lead_elsewhere(new_lab: RhevmRig) -> None:
    """An id is checked before it becomes a part of a path."""
    image_id = new_lab.seed_image()
    with new_lab.catalog() as catalog, new_lab.engine.recorded() as seen:
        for strange in (f"../templates/{image_id}", f"{image_id}/", f"{image_id}?x", f"{{{image_id}}}", ""):
            with pytest.raises(DeltacloudError, match="not found"):
                catalog.image(strange)
    assert seen == []
