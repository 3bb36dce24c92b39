"""Users without an administrator's role, who may ask only for what they have permissions for."""

import pytest

from deltacloud_images.errors import Forbidden, ObjectNotFound
from deltacloud_images.models import ImageFilter, InstanceFilter, NewImage, NewInstance
from tests.drivers.rhevm.rig import RhevmRig


@pytest.fixture
def user_lab(lab: RhevmRig) -> RhevmRig:
    """An engine on which the user has permissions for one image and one instance of two each."""
    lab.engine.permitted = {lab.seed_image(name="mine"), lab.seed_instance(name="my-vm")}
    lab.seed_image(name="other")
    lab.seed_instance(name="other-vm")
    return lab


def test_an_ordinary_user_sees_what_the_user_has_permissions_for(user_lab: RhevmRig) -> None:
    """REST API guide: ``Filter: true``. The first request finds out that the engine demands it."""
    for _ in range(2):
        with user_lab.catalog() as catalog:
            catalog.verify()
            assert [each.name for each in catalog.images(ImageFilter())] == ["mine"]
            assert [each.name for each in catalog.images(ImageFilter(name="m*"))] == ["mine"]
            assert [each.name for each in catalog.instances(InstanceFilter())] == ["my-vm"]
    assert [each.filtered for each in user_lab.engine.requests].count(False) == 1
    assert len(user_lab.engine.sessions) == 1


def test_a_filtered_list_comes_whole(user_lab: RhevmRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """ovirt-engine, ``BackendTemplatesResource.list``: it counts ``max`` before it filters."""
    monkeypatch.setattr("deltacloud_rhevm.engine.PAGE_SIZE", 2)
    mine = {user_lab.seed_image() for _ in range(5)}
    assert user_lab.engine.permitted is not None
    user_lab.engine.permitted |= mine
    with user_lab.catalog() as catalog:
        assert {each.id for each in catalog.images(ImageFilter())} >= mine


def test_an_ordinary_users_first_request_may_be_any(user_lab: RhevmRig) -> None:
    """Each is a new caller's, and what it changes is changed once."""
    engine = user_lab.engine
    assert engine.permitted is not None
    vm_id = next(each.id for each in engine.state.vms if each.name == "my-vm")
    image_id = next(each.id for each in engine.state.templates if each.name == "mine")
    realm = engine.state.clusters[1].id
    with user_lab.catalog(user_lab.make_driver()) as catalog:
        catalog.create_instance(NewInstance(image_id, "launched", realm), "")
    assert [each.name for each in engine.state.vms].count("launched") == 1
    with user_lab.catalog(user_lab.make_driver()) as catalog:
        catalog.create_image(NewImage(vm_id, "saved"))
    assert [each.name for each in engine.state.templates].count("saved") == 1
    unused = user_lab.seed_image(name="unused")
    engine.permitted.add(unused)
    with user_lab.catalog(user_lab.make_driver()) as catalog:
        catalog.destroy_image(unused, {})
    assert unused not in user_lab.image_ids()


def test_what_the_user_has_no_permission_for_is_forbidden(user_lab: RhevmRig) -> None:
    """``USER_NOT_AUTHORIZED_TO_PERFORM_ACTION`` comes as 400 or 409."""
    other = next(each.id for each in user_lab.engine.state.templates if each.name == "other")
    with user_lab.catalog() as catalog:
        with pytest.raises(Forbidden) as refused:
            catalog.destroy_image(other, {})
        with pytest.raises(ObjectNotFound):
            catalog.image(other)
    assert str(refused.value) == ("The engine does not allow this: User is not authorized to perform this action.")
    assert other in user_lab.image_ids()


def test_an_operator_may_turn_the_filter_on_or_off(user_lab: RhevmRig) -> None:
    with user_lab.catalog(user_lab.make_driver(filter=True)) as catalog:
        catalog.verify()
    assert [each.filtered for each in user_lab.engine.requests] == [True]
    with user_lab.catalog(user_lab.make_driver(filter=False)) as catalog, pytest.raises(Forbidden) as refused:
        list(catalog.images(ImageFilter()))
    assert str(refused.value) == (
        "The engine does not allow this: query execution failed due to insufficient permissions."
    )
    assert not user_lab.engine.requests[-1].filtered
