"""What is LXD's own about images."""

from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from deltacloud_images.models import ImageFilter
from deltacloud_images.testing import eventually
from deltacloud_images.testing.attack import hostile
from deltacloud_images.testing.behaviours import Recorder
from tests.drivers.lxd.rig import LxdRig
from tests.drivers.lxd.server import Server, serve


@pytest.mark.products("lxd", "incus")
def test_an_image_as_lxd_describes_it(rig: LxdRig, server: Server) -> None:
    image_id = rig.daemon.add_image("Busybox <1>", "busybox/1")
    href = "http://localhost/api"
    assert server.get(f"/images/{image_id}") == {
        "image": {
            "id": image_id,
            "href": f"{href}/images/{image_id}",
            "name": "busybox/1",
            "description": "Busybox <1>",
            "owner": "default",
            "owner_id": "default",
            "architecture": "x86_64",
            "state": "AVAILABLE",
            "root_type": "transient",
            "creation_time": "2023-11-14T22:13:20Z",
            "hardware_profiles": [
                {"id": each, "href": f"{href}/hardware_profiles/{each}", "rel": "hardware_profile"}
                for each in [profile["id"] for profile in server.get("/hardware_profiles")["hardware_profiles"]]
            ],
            "actions": [
                {"rel": "create_instance", "method": "post", "href": f"{href}/instances;image_id={image_id}"},
                {"rel": "destroy_image", "method": "delete", "href": f"{href}/images/{image_id}"},
            ],
        }
    }


def test_an_image_without_alias_has_its_description_as_name(rig: LxdRig, server: Server) -> None:
    image_id = rig.daemon.add_image("described only")
    assert server.get(f"/images/{image_id}")["image"]["name"] == "described only"


@pytest.mark.products("lxd", "incus")
def test_an_alias_and_the_beginning_of_a_fingerprint_are_accepted(rig: LxdRig, server: Server) -> None:
    image_id = rig.daemon.add_image("by other names", "other/name & more", "cafe")
    for other in (image_id[:20], "other%2Fname%20%26%20more", "cafe"):
        assert server.get(f"/images/{other}")["image"]["id"] == image_id
    server.delete("/images/cafe")
    assert image_id not in rig.image_ids()


def test_a_beginning_of_several_fingerprints_is_not_found(rig: LxdRig, server: Server) -> None:
    beginnings: dict[str, str] = {}
    while True:
        image_id = rig.daemon.add_image(f"one of many {len(beginnings)}")
        if image_id[0] in beginnings:
            break
        beginnings[image_id[0]] = image_id
    before = rig.image_ids()
    server.get(f"/images/{image_id[0]}", 404)
    server.delete(f"/images/{image_id[0]}", 404)
    assert rig.image_ids() == before


@pytest.mark.products("lxd", "incus")
def test_the_cached_image_of_a_remote_is_told_apart(rig: LxdRig, server: Server) -> None:
    """LXD downloads it from a remote server, here from itself, for another project's instance."""
    original = rig.daemon.add_image("public original", public=True)
    rig.daemon.call("POST", "/1.0/projects", {"name": "cache", "config": {"features.images": "true"}})
    rig.daemon.set_profile("default", project="cache")
    source = {
        "type": "image",
        "mode": "pull",
        "protocol": rig.daemon.product.name,
        "server": rig.daemon.url,
        "certificate": (rig.daemon.folder / "server.crt").read_text(),
        "fingerprint": original,
    }
    rig.daemon.call("POST", "/1.0/instances", {"name": "cached", "source": source}, project="cache")
    (image,) = server.as_user("alice+cache").get("/images")["images"]
    assert image["description"] == f"public original (cached from {rig.daemon.url})"


@pytest.mark.products("lxd", "incus")
def test_a_list_takes_one_request_and_lxd_filters_it(rig: LxdRig) -> None:
    rig.seed_image()
    recorder = Recorder()
    driver = rig.new_proxied_driver()
    with hostile(rig, recorder), rig.catalog(driver=driver) as catalog:
        list(catalog.images(ImageFilter()))
        assert len(recorder.requests) == 2  # a new caller's list: the profiles are kept from then on
        everything = {each.id: each for each in catalog.images(ImageFilter())}  # Incus lists them in any order
        assert {each.id: each for each in catalog.images(ImageFilter(architecture="x86_64"))} == everything
        assert len(recorder.requests) == 4
        assert list(catalog.images(ImageFilter(architecture="i386"))) == []
        assert list(catalog.images(ImageFilter(architecture="no such' architecture"))) == []
    driver.close()
    targets = [unquote_plus(each.split()[1].decode()) for each in recorder.requests]
    assert "architecture eq x86_64" in targets[3]
    assert "architecture eq i686" in targets[4]


def test_a_stopped_container_is_saved_and_launched_again(rig: LxdRig, server: Server) -> None:
    """A real container starts, writes a file, stops, is saved, and the file is in a container of the new image."""
    launched = server.post("/instances", image_id=rig.seed_image(), name="original")["instance"]
    assert (launched["id"], launched["state"]) == ("original", "RUNNING")
    rootfs = rig.daemon.folder / "containers/{}/rootfs/etc"
    Path(str(rootfs).format("original"), "mark").write_text("kept")
    assert server.post("/images", 409, instance_id="original", name="golden")["message"] == (
        "Instance 'original' is RUNNING: an image is made of it when it is STOPPED."
    )
    stopped = server.post("/instances/original/stop", 202)["instance"]
    assert (stopped["state"], stopped["create_image"]) == ("STOPPED", True)
    image = server.post("/images", instance_id="original", name="golden", description="with a mark")["image"]
    assert (image["name"], image["description"], image["state"]) == ("golden", "with a mark", "AVAILABLE")
    assert image["id"] in rig.image_ids()
    assert server.get("/images/golden")["image"] == image
    record = rig.daemon.call("GET", f"/1.0/images/{image['id']}")
    assert record["properties"] == {"name": "golden", "description": "with a mark"}
    copy = server.post("/instances", image_id=image["id"], name="copy")["instance"]
    assert (copy["state"], copy["image"]["id"]) == ("RUNNING", image["id"])
    assert Path(str(rootfs).format("copy"), "mark").read_text() == "kept"
    server.delete(f"/images/{image['id']}")
    assert server.get("/instances/copy")["instance"]["state"] == "RUNNING"


def test_an_alias_that_is_taken_is_a_conflict_before_anything_is_made(rig: LxdRig, server: Server) -> None:
    rig.daemon.add_image("has the alias", "taken")
    before = rig.image_ids()
    source = rig.seed_instance()
    assert "'taken'" in server.post("/images", 409, instance_id=source, name="taken")["message"]
    assert rig.image_ids() == before


def test_an_image_without_name_gets_an_alias_of_the_instance(rig: LxdRig, server: Server) -> None:
    source = rig.seed_instance()
    image = server.post("/images", instance_id=source)["image"]
    assert image["name"].startswith(f"{source}-")
    assert server.get(f"/images/{image['name']}")["image"]["id"] == image["id"]


@pytest.mark.products("lxd", "incus")
def test_an_image_is_pending_until_it_is_published(rig: LxdRig, tmp_path: Path) -> None:
    server = serve(rig, tmp_path, task_wait_seconds=0)
    source = _slow_to_publish(rig)
    before = rig.image_ids()
    pending = server.post("/images", instance_id=source, name="slow", description="packed")["image"]
    assert (pending["state"], pending["name"], pending["architecture"]) == ("PENDING", "slow", "x86_64")
    path = f"/images/{pending['id']}"
    assert server.get(path)["image"]["state"] == "PENDING"
    assert "PENDING" in server.delete(path, 409)["message"]
    server.post("/instances", 400, image_id=pending["id"])
    assert eventually(lambda: server.get(path)["image"]["state"] == "AVAILABLE")
    (made,) = rig.image_ids() - before
    assert server.get(path)["image"]["id"] == made
    server.delete(path)
    assert eventually(lambda: rig.image_ids() == before)
    server.get(path, 404)


@pytest.mark.products("lxd", "incus")
def test_a_publication_that_fails_is_told_with_lxds_sentence(rig: LxdRig, server: Server, tmp_path: Path) -> None:
    patient = serve(rig, tmp_path, task_wait_seconds=0)
    source, other = _slow_to_publish(rig), rig.daemon.add_image("comes between")
    path = f"/images/{patient.post('/images', instance_id=source, name='raced')['image']['id']}"
    rig.daemon.call("POST", "/1.0/images/aliases", {"name": "raced", "target": other})
    assert eventually(lambda: _status(rig, path) == "Failure")
    assert patient.get(path, 502)["message"] == (
        "Image 'raced' could not be published: Alias already exists: raced (LXD)"
    )
    broken = rig.new_instance()
    _rootfs(rig, broken).rename(tmp_path / "rootfs")
    message = server.post("/images", 502, instance_id=broken, name="broken")["message"]
    assert message.startswith(f"Instance '{broken}' could not be published: ")
    assert message.endswith("no such file or directory (LXD)")


@pytest.mark.parametrize("image_id", ["PENDING-", "PENDING-x", f"PENDING-{'0' * 36}-", f"PENDING-{'0' * 36}-never"])
def test_ids_of_no_publication_are_not_found(server: Server, image_id: str) -> None:
    server.get(f"/images/{image_id}", 404)
    server.delete(f"/images/{image_id}", 404)


def _rootfs(rig: LxdRig, name: str) -> Path:
    return rig.daemon.folder / "storage-pools/default/containers" / name / "rootfs"


def _slow_to_publish(rig: LxdRig) -> str:
    """A container with a large file, whose compression takes longer than the requests of a test."""
    name = rig.new_instance()
    with (_rootfs(rig, name) / "large").open("wb") as file:
        file.truncate(60_000_000)
    return name


def _status(rig: LxdRig, path: str) -> str:
    operation = path.removeprefix("/images/PENDING-")[:36]
    status: str = rig.daemon.call("GET", f"/1.0/operations/{operation}")["status"]
    return status
