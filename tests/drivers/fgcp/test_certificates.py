"""Who is let in: certificate folders, passphrases, regions. Quotations are from Apache Deltacloud's documentation."""

import os
from pathlib import Path
from typing import Any

import pytest

from deltacloud_fgcp import FgcpDriver
from deltacloud_fgcp.config import ENDPOINTS
from deltacloud_images.catalog import Catalog
from deltacloud_images.driver import Credentials, Driver
from deltacloud_images.errors import AuthenticationFailure, ConfigurationError, ValidationFailure
from tests.drivers.fgcp.certificates import Authority
from tests.drivers.fgcp.rig import FgcpRig


def _verify(driver: Driver[Any], user: str, passphrase: str, provider: str | None = None) -> None:
    with Catalog(driver, Credentials(user, passphrase), provider) as catalog:
        catalog.verify()


def test_the_user_name_is_that_of_the_folder(rig: FgcpRig) -> None:
    """The API's documentation: 'Use the name of the folder in which your UserCert.p12 is stored'."""
    _verify(rig.driver, rig.credentials.user, rig.credentials.password)


@pytest.mark.parametrize(
    "user", ["unknown", "", ".", "..", "alice/", "./alice", "x/../alice", "alice\0", "A" * 300, "\\"]
)
def test_a_name_that_is_no_folder_is_refused(rig: FgcpRig, user: str) -> None:
    with pytest.raises(AuthenticationFailure, match="no certificate folder"):
        _verify(rig.driver, user, rig.credentials.password)


@pytest.mark.parametrize("user", ["../bob", "../../{folder}/bob", "{folder}/bob"])
def test_no_path_leaves_the_directory(rig: FgcpRig, user: str) -> None:
    rig.cloud.add_user("bob").write_p12(rig.folder / "bob" / "UserCert.p12", "open")
    with pytest.raises(AuthenticationFailure, match="no certificate folder"):
        _verify(rig.driver, user.format(folder=rig.folder), "open")


def test_unknown_names_and_wrong_passphrases_look_alike(rig: FgcpRig) -> None:
    messages = set()
    for user in ("nobody", rig.credentials.user):
        with pytest.raises(AuthenticationFailure) as raised:
            _verify(rig.driver, user, "wrong")
        messages.add(str(raised.value))
    assert len(messages) == 1


def test_a_certificate_that_the_region_has_not_issued_is_refused(rig: FgcpRig) -> None:
    stranger = Authority("another authority").user("mallory")
    stranger.write_p12(rig.certificates / "mallory" / "UserCert.p12", "open")
    with pytest.raises(AuthenticationFailure, match="UNKNOWN_CA"):
        _verify(rig.driver, "mallory", "open")


def test_a_certificate_that_is_no_users_here_is_refused(rig: FgcpRig) -> None:
    elsewhere = rig.cloud.authority.user("carol")
    elsewhere.write_p12(rig.certificates / "carol" / "UserCert.p12", "open")
    with pytest.raises(AuthenticationFailure, match="does not know the certificate"):
        _verify(rig.driver, "carol", "open")


def test_what_is_no_pkcs12_is_refused(rig: FgcpRig) -> None:
    folder = rig.certificates / "broken"
    folder.mkdir()
    (folder / "UserCert.p12").write_bytes(b"not a certificate")
    with pytest.raises(AuthenticationFailure):
        _verify(rig.driver, "broken", "open")


def test_a_removed_or_replaced_certificate_counts_at_once(rig: FgcpRig) -> None:
    path = rig.certificates / "dave" / "UserCert.p12"
    user = rig.cloud.add_user("dave")
    user.write_p12(path, "old")
    _verify(rig.driver, "dave", "old")
    user.write_p12(path.with_suffix(".new"), "new").replace(path)
    with pytest.raises(AuthenticationFailure):
        _verify(rig.driver, "dave", "old")
    _verify(rig.driver, "dave", "new")
    path.unlink()
    with pytest.raises(AuthenticationFailure):
        _verify(rig.driver, "dave", "new")


def test_the_private_key_is_left_nowhere(rig: FgcpRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _verify(rig.make_driver(rig.cloud.url), rig.credentials.user, rig.credentials.password)
    assert os.listdir(tmp_path) == []


def test_nothing_secret_is_in_reprs(rig: FgcpRig) -> None:
    from deltacloud_fgcp import identity

    path, _ = identity.find(rig.certificates, rig.credentials.user)
    assert "key" not in repr(identity.load(path, rig.credentials.password))


def test_the_country_of_the_certificate_chooses_the_region(rig: FgcpRig) -> None:
    here = {"url": rig.cloud.url, "ca_file": str(rig.cloud.ca_file)}
    nowhere = {"url": "https://127.0.0.1:1/"}
    providers = {"jp-east": here, "uk": here, "us": nowhere}
    driver = rig.make_driver(rig.cloud.url, providers=providers)
    assert driver.default_provider is None
    for country in ("JP", "GB"):
        rig.cloud.add_user(country, country).write_p12(rig.certificates / country / "UserCert.p12", "open")
        _verify(driver, country, "open")
    with pytest.raises(ValidationFailure, match="jp-east, uk, us"):
        _verify(driver, rig.credentials.user, rig.credentials.password)
    _verify(driver, rig.credentials.user, rig.credentials.password, "uk")
    chosen = rig.make_driver(rig.cloud.url, providers=providers, default_provider="uk")
    _verify(chosen, rig.credentials.user, rig.credentials.password)


def test_seven_regions_and_no_others(rig: FgcpRig) -> None:
    driver = FgcpDriver.from_config({})
    assert {each.id: each.entrypoints for each in driver.providers()} == {
        region: {"api": url} for region, url in ENDPOINTS.items()
    }
    assert sorted(ENDPOINTS) == ["au", "de", "jp-east", "jp-west", "sg", "uk", "us"]
    assert not driver.allows_provider("https://evil.example/")


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"default_provider": "mars"}, "default_provider"),
        ({"providers": {}}, "providers"),
        ({"providers": {"au": {"url": "http://plain.example/"}}}, "url"),
        ({"providers": {"au": {"url": "https://x.example/", "ca_file": "/nowhere.pem"}}}, "ca_file"),
        ({"parallel_calls": 0}, "parallel_calls"),
        ({"certificate": "x"}, "certificate"),
    ],
)
def test_a_bad_table_names_the_key(table: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        FgcpDriver.from_config(table)
