"""Nova's key pairs: pages, names and quotas on the real nova, and what it cannot be made to say."""

from collections.abc import Iterator
from typing import Any

import pytest
from requests import PreparedRequest

from deltacloud_images.catalog import Catalog
from deltacloud_images.errors import Conflict, ObjectNotFound, ProviderError, ValidationFailure
from tests.drivers.openstack.conftest import Serve
from tests.drivers.openstack.responder import Answer, as_json
from tests.drivers.openstack.rig import OpenStackRig


@pytest.fixture
def full_quota(rig: OpenStackRig, admin_rig: OpenStackRig) -> Iterator[None]:
    """The member may have no further key pair."""
    path = f"/v2.1/os-quota-sets/{rig.owner_id}?user_id={user_id(rig)}"
    admin_rig.caller.call("PUT", "nova", path, {"quota_set": {"key_pairs": len(rig.key_ids())}})
    yield
    admin_rig.caller.call("DELETE", "nova", path)


def user_id(rig: OpenStackRig) -> str:
    name = rig.seed_key()
    found: str = rig.caller.call("GET", "nova", f"/v2.1/os-keypairs/{name.replace(' ', '%20')}")["keypair"]["user_id"]
    return found


def test_keys_come_in_pages(
    rig: OpenStackRig, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, sent: list[PreparedRequest]
) -> None:
    monkeypatch.setattr("deltacloud_openstack.cloud.PAGE", 1)
    rig.seed_key()
    rig.seed_key()
    before = len(sent)
    listed = [key.id for key in list(catalog.keys())]
    assert sorted(listed) == sorted(rig.key_ids())
    assert len(sent) - before > len(listed), "each is a page, and the last one is empty"


@pytest.mark.parametrize("name", ["a/b", "a.b", "x" * 256], ids=["a slash", "a dot", "too long"])
def test_a_name_that_nova_refuses_is_bad(rig: OpenStackRig, catalog: Catalog, name: str) -> None:
    before = rig.key_ids()
    with pytest.raises(ValidationFailure):
        catalog.create_key(name)
    assert rig.key_ids() == before


@pytest.mark.usefixtures("full_quota")
def test_an_exhausted_quota_is_a_conflict(rig: OpenStackRig, catalog: Catalog) -> None:
    before = rig.key_ids()
    with pytest.raises(Conflict, match="quota"):
        catalog.create_key("one too many")
    assert rig.key_ids() == before


@pytest.mark.parametrize("name", ["../servers/1", ".", "..", "a/b", ""])
def test_a_name_that_is_another_path_is_not_sent(serve: Serve, name: str) -> None:
    responder, catalog = serve(lambda _method, _path: as_json(200, {}))
    for call in (catalog.key, catalog.destroy_key):
        with pytest.raises(ObjectNotFound):
            call(name)
    assert responder.asked == []


def test_a_name_is_one_part_of_the_path(serve: Serve) -> None:
    responder, catalog = serve(lambda _method, _path: (204, {}, b""))
    catalog.destroy_key("a b%2e?ü")
    assert responder.asked[1:] == [("DELETE", "/compute/os-keypairs/a%20b%252e%3F%C3%BC")]


def test_a_creation_that_may_have_happened_is_not_repeated(serve: Serve) -> None:
    responder, catalog = serve(lambda _method, _path: as_json(500, {}))
    with pytest.raises(ProviderError):
        catalog.create_key("mine")
    assert responder.asked[1:] == [("POST", "/compute/os-keypairs")]


@pytest.mark.parametrize(
    ("record", "pem"), [({"name": "mine"}, None), ({"private_key": "secret"}, "secret"), ("text", None)], ids=str
)
def test_only_a_missing_private_key_is_an_error(serve: Serve, record: object, pem: str | None) -> None:
    _, catalog = serve(lambda _method, _path: as_json(200, {"keypair": record}))
    if pem is None:
        with pytest.raises(ProviderError, match="no private key"):
            catalog.create_key("mine")
    else:
        key = catalog.create_key("mine")
        assert (key.id, key.pem) == ("mine", pem)


def test_a_key_of_a_page_that_has_gone_does_not_end_the_list(serve: Serve) -> None:
    """Key pairs are told apart by their names when the list is begun anew."""
    pages: dict[str, list[Any]] = {
        "": [("a", "b"), ("a", "c")],
        "b": [None],
    }

    def script(_method: str, path: str) -> Answer:
        marker = path.partition("marker=")[2]
        names = pages[marker].pop(0)
        if names is None:
            return as_json(400, {"badRequest": {"message": "Marker b could not be found."}})
        body = {"keypairs": [{"keypair": {"name": name, "fingerprint": "00"}} for name in names]}
        links = {"keypairs_links": [{"rel": "next", "href": "?marker=b"}]} if "b" in names else {}
        return as_json(200, {**body, **links})

    _, catalog = serve(script)
    assert [key.id for key in list(catalog.keys())] == ["a", "b", "c"]
