"""Who is let in: certificate folders, passphrases, projects, tokens; and which server is trusted."""

from pathlib import Path

import pytest

from deltacloud_images.driver import Credentials
from deltacloud_images.errors import AuthenticationFailure, ConfigurationError
from deltacloud_images.models import ImageFilter
from deltacloud_images.testing.attack import hostile
from deltacloud_images.testing.behaviours import Recorder
from deltacloud_lxd import identity
from tests.drivers.lxd.certificates import write_certificate
from tests.drivers.lxd.rig import PASSPHRASE, LxdRig
from tests.drivers.lxd.server import Server, serve


@pytest.fixture(scope="module")
def web(rig: LxdRig) -> str:
    """Another project with one image, and the caller bob who may use that project alone."""
    rig.daemon.call("POST", "/1.0/projects", {"name": "web", "config": {"features.images": "true"}})
    rig.daemon.set_profile("default", project="web")
    rig.add_caller("bob", projects=("web",))
    return rig.daemon.add_image("of the project web", "web image", project="web")


@pytest.fixture(scope="module")
def public_image(rig: LxdRig) -> str:
    """LXD shows this image also to callers whom it does not trust."""
    return rig.daemon.add_image("shown to everybody", public=True)


@pytest.mark.parametrize("user", ["unknown", ".", "..", "alice/", "./alice", "x/../alice", "alice\0", "A" * 300, "\\"])
def test_a_name_that_is_no_folder_is_refused(rig: LxdRig, user: str) -> None:
    with pytest.raises(AuthenticationFailure, match="no certificate folder"), rig.catalog(user) as catalog:
        catalog.verify()


def test_unknown_names_and_wrong_passphrases_look_alike(server: Server) -> None:
    answers = [server.as_user(user, "wrong").get("/images", 401) for user in ("nobody", "alice")]
    assert answers[0] == answers[1]


def test_an_unencrypted_key_is_refused(rig: LxdRig, server: Server) -> None:
    write_certificate(rig.certificates / "plain", "")
    rig.trust("plain")
    for passphrase in ("anything", "x" * 2000):
        assert "encrypted" in server.as_user("plain", passphrase).get("/images", 401)["message"]


def test_files_that_are_removed_or_make_no_sense_are_refused(rig: LxdRig, server: Server) -> None:
    rig.add_caller("carol")
    server.as_user("carol").get("/images")
    key = rig.certificates / "carol" / "client.key"
    key.write_bytes(key.read_bytes()[:120])
    server.as_user("carol").get("/images", 401)
    key.unlink()
    server.as_user("carol").get("/images", 401)


@pytest.mark.products("lxd", "incus")
def test_a_certificate_that_lxd_does_not_trust_is_refused_even_public_images(
    rig: LxdRig, server: Server, public_image: str
) -> None:
    rig.add_caller("mallory", trusted=False)
    stranger = server.as_user("mallory")
    for path in ("/images", f"/images/{public_image}", "/images/nope", "/instances", "/realms", "/hardware_profiles"):
        assert stranger.get(path, 401)["message"] == "LXD does not trust this certificate or token."
    stranger.delete(f"/images/{public_image}", 401)
    assert public_image in rig.image_ids()


def test_public_images_are_listed(server: Server, public_image: str) -> None:
    assert public_image in {each["id"] for each in server.get("/images")["images"]}


@pytest.mark.products("lxd", "incus")
def test_a_user_may_name_a_project(server: Server, web: str) -> None:
    (image,) = server.as_user("alice+web").get("/images")["images"]
    assert (image["id"], image["name"], image["owner_id"]) == (web, "web image", "web")


def test_the_provider_has_a_default_project(rig: LxdRig, web: str, tmp_path: Path) -> None:
    server = serve(rig, tmp_path, project="web")
    assert [each["id"] for each in server.get("/images?owner_id=self")["images"]] == [web]


@pytest.mark.products("lxd", "incus")
@pytest.mark.parametrize("path", ["/images", "/images/nope", "/instances"])
def test_a_project_that_does_not_exist_is_forbidden(server: Server, path: str) -> None:
    assert server.as_user("alice+nowhere").get(path, 403)["message"] == "LXD has no project 'nowhere'."


@pytest.mark.products("lxd", "incus")
def test_a_restricted_caller_uses_the_allowed_project_alone(
    rig: LxdRig, server: Server, web: str, public_image: str
) -> None:
    mine, foreign = server.as_user("bob+web"), server.as_user("bob")
    assert [each["id"] for each in mine.get("/images")["images"]] == [web]
    assert [each["id"] for each in mine.get("/realms")["realms"]] == ["default"]
    private = rig.seed_image()
    for path in ("/images", "/instances", "/hardware_profiles", f"/images/{public_image}", f"/images/{private}"):
        foreign.get(path, 403)
    foreign.delete(f"/images/{public_image}", 403)
    assert {public_image, private} <= rig.image_ids()


def test_a_token_is_sent_as_a_bearer(rig: LxdRig) -> None:
    """LXD's documentation: 'It must be set as a bearer token in the Authorization header'."""
    recorder = Recorder()
    driver = rig.new_proxied_driver()
    token = Credentials("token+web", "abc.def")
    with hostile(rig, recorder), rig.catalog(driver=driver, credentials=token) as catalog:
        list(catalog.images(ImageFilter()))
    driver.close()
    assert all(b"Authorization: Bearer abc.def\r\n" in each for each in recorder.requests)


@pytest.mark.products("lxd", "incus")
@pytest.mark.parametrize("token", ["unknown", "two\nlines", "ünïcode"])
def test_an_unknown_token_is_refused(server: Server, token: str) -> None:
    server.as_user("token", token).get("/images", 401)


def test_nothing_secret_is_in_reprs(rig: LxdRig) -> None:
    assert PASSPHRASE not in repr(identity.find(rig.certificates, rig.credentials, "default"))


@pytest.mark.products("lxd", "incus")
def test_the_servers_own_certificate_is_enough_under_any_name(rig: LxdRig, tmp_path: Path) -> None:
    serve(rig, tmp_path, url=f"https://localhost:{rig.daemon.port}").get("/realms")


def test_another_servers_certificate_is_refused(rig: LxdRig, tmp_path: Path) -> None:
    write_certificate(tmp_path / "other", "")
    for settings in ({"certificate_file": str(tmp_path / "other" / "client.crt")}, {"certificate_file": ""}):
        message = serve(rig, tmp_path, **settings).get("/images", 502)["message"]
        assert message.startswith("The certificate of LXD is not trusted")


@pytest.mark.products("lxd", "incus")
def test_an_authority_needs_the_right_name(rig: LxdRig, tmp_path: Path) -> None:
    authority = {"ca_file": str(rig.daemon.folder / "server.crt"), "certificate_file": ""}
    serve(rig, tmp_path, **authority).get("/realms")
    serve(rig, tmp_path, url=f"https://localhost:{rig.daemon.port}", **authority).get("/realms", 502)


def test_the_operator_can_turn_verification_off(rig: LxdRig, tmp_path: Path) -> None:
    serve(rig, tmp_path, certificate_file="", verify_tls=False).get("/realms")


def test_a_certificate_file_that_is_none_is_a_fault_of_the_configuration(rig: LxdRig, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="certificate_file"):
        rig.make_driver({"certificate_file": str(tmp_path / "missing.pem")})
