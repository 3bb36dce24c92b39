"""How the driver calls FGCP: how often, how many at once, when again, and never what must not happen twice."""

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import ProviderError
from deltacloud_images.models import ImageFilter, InstanceFilter, NewImage, NewInstance
from tests.drivers.fgcp.rig import FgcpRig


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[FgcpRig]:
    """A cloud of its own, so that calls can be counted."""
    rig = FgcpRig(tmp_path)
    yield rig
    rig.close()


def _calls(rig: FgcpRig) -> Counter[str]:
    """Return how often each action was called since the last time."""
    counted = Counter(rig.cloud.calls)
    rig.cloud.calls.clear()
    return counted


def test_round_trips_of_each_list(fresh: FgcpRig) -> None:
    for _ in range(5):
        fresh.seed_instance()
    with fresh.catalog() as catalog:
        list(catalog.images(ImageFilter()))
        assert _calls(fresh) == {"ListDiskImage": 1, "ListServerType": 1}
        list(catalog.images(ImageFilter()))
        assert _calls(fresh) == {"ListDiskImage": 1}
        list(catalog.instances(InstanceFilter()))
        assert _calls(fresh) == {"ListVSYS": 1, "GetVSYSConfiguration": 2, "GetVServerStatus": 5}
        list(catalog.instances(InstanceFilter(image_id="IMG_other")))
        assert _calls(fresh) == {"ListVSYS": 1, "GetVSYSConfiguration": 2}
        list(catalog.realms())
        assert _calls(fresh) == {"ListVSYS": 1, "GetVSYSConfiguration": 2}
        catalog.create_image(NewImage(fresh.seed_instance(), name="new"))
        assert _calls(fresh) == {
            "GetVSYSConfiguration": 1,
            "GetVServerStatus": 1,
            "ListDiskImage": 1,
            "RegisterPrivateDiskImage": 1,
        }


def test_sizes_are_kept_from_one_request_to_the_next(fresh: FgcpRig) -> None:
    for _ in range(3):
        with fresh.catalog() as catalog:
            list(catalog.images(ImageFilter()))
    assert _calls(fresh) == {"ListDiskImage": 3, "ListServerType": 1}


def test_status_calls_run_side_by_side_and_bounded(fresh: FgcpRig) -> None:
    servers = {fresh.seed_instance() for _ in range(12)}
    fresh.cloud.delay_seconds = 0.05
    driver = fresh.make_driver(fresh.cloud.url, parallel_calls=4)
    with Catalog(driver, fresh.credentials, None) as catalog:
        assert {instance.id for instance in catalog.instances(InstanceFilter())} == servers
    assert 2 <= fresh.cloud.most_under_way <= 4


def test_a_read_is_repeated_when_its_answer_is_lost(fresh: FgcpRig) -> None:
    fresh.cloud.mute = {"ListDiskImage"}
    with pytest.raises(ProviderError), fresh.catalog() as catalog:
        list(catalog.images(ImageFilter()))
    assert _calls(fresh) == {"ListDiskImage": 4}


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("RegisterPrivateDiskImage", lambda catalog, server: catalog.create_image(NewImage(server, name="once"))),
        ("CreateVServer", lambda catalog, _: catalog.create_instance(NewInstance("IMG_public_64"), "")),
        ("StartVServer", lambda catalog, server: catalog.act("start", server)),
        ("DestroyVServer", lambda catalog, server: catalog.destroy_instance(server)),
        ("UnregisterDiskImage", lambda catalog, _: catalog.destroy_image("IMG_public_32", {})),
    ],
)
def test_what_may_have_been_done_is_not_done_again(
    fresh: FgcpRig, action: str, call: Callable[[Catalog, str], object]
) -> None:
    fresh.cloud.mute = {action}
    server = fresh.seed_instance()
    with pytest.raises(ProviderError), fresh.catalog() as catalog:
        call(catalog, server)
    assert _calls(fresh)[action] == 1


def test_what_is_throttled_is_asked_again(fresh: FgcpRig) -> None:
    fresh.cloud.throttled = 2
    with fresh.catalog() as catalog:
        assert list(catalog.images(ImageFilter()))
    assert _calls(fresh) == {"ListDiskImage": 3, "ListServerType": 1}


def test_the_endpoint_has_to_show_a_certificate_that_is_trusted(
    fresh: FgcpRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh.cloud.url
    stranger = fresh.make_driver(url, providers={"au": {"url": url}})
    with (
        pytest.raises(ProviderError, match="FGCP is not trusted: see the provider's ca_file"),
        Catalog(stranger, fresh.credentials, None) as catalog,
    ):
        catalog.verify()
    careless = fresh.make_driver(url, providers={"au": {"url": url, "verify_tls": False}})
    with Catalog(careless, fresh.credentials, None) as catalog:
        catalog.verify()
    assert _calls(fresh) == {"ListServerType": 1}
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(fresh.cloud.ca_file))
    with Catalog(fresh.make_driver(url, providers={"au": {"url": url}}), fresh.credentials, None) as catalog:
        catalog.verify()


def test_the_proxy_of_the_environment_is_used(fresh: FgcpRig, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed_port = unused.getsockname()[1]
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port}")
    with pytest.raises(ProviderError, match="could not be reached"), fresh.catalog() as catalog:
        catalog.verify()
    assert _calls(fresh) == {}
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Catalog(fresh.make_driver(fresh.cloud.url), fresh.credentials, None) as catalog:
        catalog.verify()
    assert _calls(fresh) == {"ListServerType": 1}
