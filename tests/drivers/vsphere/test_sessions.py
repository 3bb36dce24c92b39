"""Sessions on the vCenter: few, shared, renewed, and ended."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure
from deltacloud_images.models import ImageFilter, NewImage
from deltacloud_images.testing import eventually
from deltacloud_images.testing.exchange import Exchange
from deltacloud_vsphere import VsphereDriver
from tests.drivers.vsphere.rig import VsphereRig


@pytest.fixture(autouse=True)
def _no_sessions(rig: VsphereRig) -> None:
    rig.end_sessions()


def list_images(rig: VsphereRig, driver: VsphereDriver, provider: str | None = None) -> int:
    with Catalog(driver, rig.credentials, provider) as catalog:
        return len(list(catalog.images(ImageFilter())))


def test_many_requests_share_one_session_until_the_end(rig: VsphereRig) -> None:
    driver = rig.new_driver()
    for _ in range(5):
        list_images(rig, driver)
    assert len(rig.sessions()) == 1
    driver.close()
    assert rig.sessions() == []


def test_threads_that_come_first_together_log_in_once(rig: VsphereRig) -> None:
    driver = rig.new_driver()
    together = Barrier(8)

    def one(_: int) -> int:
        together.wait(timeout=30)
        return list_images(rig, driver)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(one, range(8)))) == 1
    assert len(rig.sessions()) == 1
    driver.close()


def test_no_more_sessions_are_kept_than_configured(rig: VsphereRig) -> None:
    table = rig.provider_table()
    driver = rig.new_driver(max_sessions=2, providers={"a": table, "b": table, "c": table})
    for provider in ("a", "b", "a", "c"):
        list_images(rig, driver, provider)
    assert eventually(lambda: len(rig.sessions()) == 2)
    kept = rig.sessions()
    list_images(rig, driver, "a")
    assert sorted(rig.sessions()) == sorted(kept), "the one that was used longest ago had to go"
    driver.close()
    assert rig.sessions() == []


def test_a_session_in_use_is_ended_when_it_is_given_back(rig: VsphereRig) -> None:
    table = rig.provider_table()
    driver = rig.new_driver(max_sessions=1, providers={"a": table, "b": table})
    with Catalog(driver, rig.credentials, "a") as catalog:
        catalog.verify()
        list_images(rig, driver, "b")
        assert len(rig.sessions()) == 2
        rig.vcsim.calls()
        catalog.verify()
        assert rig.vcsim.calls() == ["CurrentTime"]
    assert eventually(lambda: len(rig.sessions()) == 1)
    driver.close()


def test_idle_sessions_are_ended_though_nobody_comes(rig: VsphereRig) -> None:
    rig.seed_image()
    driver = rig.new_driver(session_idle_seconds=0.05)
    list_images(rig, driver)
    assert eventually(lambda: rig.sessions() == [])
    assert list_images(rig, driver) > 0
    driver.close()


def test_an_old_session_is_replaced(rig: VsphereRig) -> None:
    driver = rig.new_driver(session_max_seconds=0.000001)
    list_images(rig, driver)
    first = rig.sessions()
    list_images(rig, driver)
    assert eventually(lambda: len(rig.sessions()) == 1)
    assert rig.sessions() != first
    driver.close()


CALLS: list[Callable[[Catalog, VsphereRig], Any]] = [
    lambda catalog, _: catalog.verify(),
    lambda catalog, _: list(catalog.images(ImageFilter())),
    lambda catalog, rig: catalog.image(rig.seed_image()),
    lambda catalog, rig: catalog.image(str(rig.machine(rig.seed_image()).name)),
    lambda catalog, rig: catalog.create_image(NewImage(rig.seed_instance())),
    lambda catalog, rig: catalog.destroy_image(rig.seed_image(), {}),
    lambda catalog, rig: list(catalog.instances(rig.anything)),
    lambda catalog, rig: catalog.create_instance(rig.launch_of(rig.seed_image()), ""),
    lambda catalog, rig: catalog.act("start", rig.seed_instance()),
    lambda catalog, rig: catalog.destroy_instance(rig.seed_instance()),
    lambda catalog, _: catalog.hardware_profiles(),
    lambda catalog, _: list(catalog.realms()),
]


@pytest.mark.parametrize("call", CALLS)
def test_every_call_survives_the_end_of_its_session(
    rig: VsphereRig, call: Callable[[Catalog, VsphereRig], Any]
) -> None:
    with Catalog(rig.driver, rig.credentials, None) as catalog:
        call(catalog, rig)
        rig.end_sessions()
        call(catalog, rig)
        assert len(rig.sessions()) == 1


def test_a_list_whose_session_ends_between_two_pages_is_whole(rig: VsphereRig) -> None:
    expected = {rig.seed_image(), rig.seed_image()} | rig.image_ids()
    requests: list[bytes] = []

    def behave(exchange: Exchange) -> None:
        """Give the first list a next page, which the session that has ended meanwhile does not get."""
        reply = exchange.forward()
        if b"<RetrievePropertiesEx " in exchange.request:
            requests.append(exchange.request)
            if len(requests) == 1:
                reply = reply.with_body(rig.with_next_page(reply.body, "1") or b"")
                rig.end_sessions()
                rig.vcsim.fail_next("ContinueRetrievePropertiesEx", "NotAuthenticated")
        exchange.send(reply)

    driver = rig.new_driver()
    with rig.proxy.hostile(behave), Catalog(driver, rig.credentials, None) as catalog:
        found = [image.id for image in catalog.images(ImageFilter())]
    driver.close()
    assert (set(found), len(found), len(requests)) == (expected, len(expected), 3)


@pytest.mark.parametrize("method", ["MarkAsTemplate", "Destroy_Task", "CloneVM_Task", "PowerOnVM_Task"])
def test_a_write_that_found_no_session_is_done_once(rig: VsphereRig, method: str) -> None:
    machine, image = rig.seed_instance(), rig.seed_image()
    before = rig.machines()
    with Catalog(rig.driver, rig.credentials, None) as catalog:
        catalog.verify()
        rig.vcsim.fail_next(method, "NotAuthenticated")
        rig.vcsim.calls()
        changes: dict[str, Callable[[], Any]] = {
            "MarkAsTemplate": lambda: catalog.create_image(NewImage(machine)),
            "Destroy_Task": lambda: catalog.destroy_image(image, {}),
            "CloneVM_Task": lambda: catalog.create_instance(rig.launch_of(image), ""),
            "PowerOnVM_Task": lambda: catalog.act("start", machine),
        }
        changes[method]()
    assert rig.vcsim.calls().count(method) == 2
    assert len(rig.machines()) - len(before) == {"CloneVM_Task": 1, "Destroy_Task": -1}.get(method, 0)


def test_a_caller_never_gets_the_session_of_another(rig: VsphereRig) -> None:
    list_images(rig, rig.new_driver())
    driver = rig.new_driver()
    list_images(rig, driver)
    others = [("user", "pas"), ("use", "rpass"), ("userp", "ass"), ("user", ""), ("", "pass"), ("user", "pass\x00")]
    for user, password in others:
        with pytest.raises(AuthenticationFailure), Catalog(driver, Credentials(user, password), None) as catalog:
            catalog.verify()
    driver.close()


def test_a_forked_process_logs_in_for_itself(rig: VsphereRig) -> None:
    driver = rig.new_driver()
    list_images(rig, driver)
    parents = rig.sessions()
    child = os.fork()
    if not child:
        status = 1
        try:
            list_images(rig, driver)
            status = 0 if len(driver._pool) == 1 else 2
            driver.close()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert rig.sessions() == parents, "the child has ended its own session only"
    driver.close()


def test_secrets_show_in_no_repr(rig: VsphereRig) -> None:
    driver = rig.new_driver()
    catalog = Catalog(driver, rig.credentials, None)
    catalog.verify()
    session = catalog._session
    lease = session._vcenter._lease  # type: ignore[attr-defined]
    login = lease.item
    for each in (login, session, lease, driver, rig.credentials):
        assert "pass" not in repr(each).replace("password", "")
        assert login.cookie not in repr(each)
    catalog.close()
    driver.close()
