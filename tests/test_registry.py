"""Drivers are found by entry points, a stranger's like ours, loaded when used, and refused with clear errors."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest
from flask.testing import FlaskClient

from acme_cloud import AcmeCloud
from deltacloud_images import create_app
from deltacloud_images import registry as registry_module
from deltacloud_images.errors import ConfigurationError, ValidationFailure
from deltacloud_images.registry import ENTRY_POINT_GROUP, DriverUnavailable, Registry
from tests.conftest import client_of, write_config
from tests.web import basic

PLUGIN = Path(__file__).parent / "plugin_dist"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the stranger's distribution is installed."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
         "--disable-pip-version-check", "--target", str(folder), str(PLUGIN)],
        check=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def stranger(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The installed distribution, in place of the source tree that pytest's ``pythonpath`` names."""
    monkeypatch.syspath_prepend(str(site))
    loaded = _forget_the_strangers_modules()
    yield
    _forget_the_strangers_modules()
    sys.modules.update(loaded)


def _forget_the_strangers_modules() -> dict[str, ModuleType]:
    names = [each for each in sys.modules if each.startswith(("deltacloud_acme", "deltacloud_faulty"))]
    return {each: sys.modules.pop(each) for each in names}


@pytest.fixture
def cloud() -> Iterator[AcmeCloud]:
    cloud = AcmeCloud()
    yield cloud
    cloud.close()


@pytest.fixture
def client(tmp_path: Path, cloud: AcmeCloud) -> FlaskClient:
    """A client of a server that has the stranger's driver, with two providers."""
    config = write_config(tmp_path)
    tables = "".join(f'[drivers.acme.providers.{name}]\nurl = "{cloud.url}"\n' for name in ("north", "south"))
    config.write_text(config.read_text() + tables)
    return client_of(create_app(config), basic("alice", "secret"))


@pytest.mark.usefixtures("stranger")
def test_a_strangers_driver_is_served_like_ours(site: Path, cloud: AcmeCloud, client: FlaskClient) -> None:
    images = client.get("/api;driver=acme/images?format=json").get_json()["images"]
    assert [(each["name"], [action["rel"] for action in each["actions"]]) for each in images] == [
        ("web 1", []),
        ("web 2", ["destroy_image"]),
        ("web 3", ["destroy_image"]),
        ("web 4", ["destroy_image"]),
    ]
    assert sys.modules["deltacloud_acme"].__file__ == str(site / "deltacloud_acme" / "__init__.py")
    south = client.get("/api;driver=acme;provider=south/images/image-2")
    assert "<name>web 2</name>" in south.text
    assert south.headers["X-Deltacloud-Driver"] == "acme"
    assert client.delete("/api;driver=acme/images/image-3").status_code == 204
    assert list(cloud.images) == ["image-1", "image-2", "image-4"]
    assert cloud.requests.count("POST /sessions") == 2, "one login for each provider"
    assert client.get("/api/drivers/acme").text == (
        "<driver href='http://localhost:3001/api/drivers/acme' id='acme'>\n"
        "  <name>Acme</name>\n"
        "  <provider id='north'>\n"
        f"    <entrypoint kind='api'><![CDATA[{cloud.url}]]></entrypoint>\n"
        "  </provider>\n"
        "  <provider id='south'>\n"
        f"    <entrypoint kind='api'><![CDATA[{cloud.url}]]></entrypoint>\n"
        "  </provider>\n"
        "</driver>\n"
    )


@pytest.mark.usefixtures("stranger")
@pytest.mark.parametrize("provider", ["west", "http://evil.example", "127.0.0.1:22", "NORTH"])
def test_a_provider_that_is_not_allowed_is_a_400_that_lists_the_allowed(client: FlaskClient, provider: str) -> None:
    answer = client.get(
        "/api/images?format=json", headers={"X-Deltacloud-Driver": "acme", "X-Deltacloud-Provider": provider}
    )
    assert answer.status_code == 400
    assert answer.get_json()["message"] == f"Acme has no provider '{provider}'; there are: north, south."


@pytest.mark.usefixtures("stranger")
def test_a_missing_sdk_names_the_extra(tmp_path: Path) -> None:
    registry = Registry()
    assert "needy" in registry.names
    assert "needy" not in registry.usable_names
    with pytest.raises(DriverUnavailable, match=r"pip install 'deltacloud-acme\[needy\]'"):
        registry.driver("needy")
    client = client_of(create_app(write_config(tmp_path)))
    answer = client.get("/api;driver=needy/images?format=json")
    assert answer.status_code == 501
    assert "pip install 'deltacloud-acme[needy]'" in answer.get_json()["message"]
    assert "needy" not in client.get("/api/drivers").text


@pytest.mark.usefixtures("stranger")
def test_an_entry_point_that_is_no_driver_is_told() -> None:
    with pytest.raises(ConfigurationError, match="entry point of driver 'rude' is not a subclass of Driver"):
        Registry().driver_class("rude")


@pytest.mark.usefixtures("stranger")
def test_a_bad_entry_point_does_not_break_the_list_of_drivers(tmp_path: Path) -> None:
    client = client_of(create_app(write_config(tmp_path)))
    assert client.get("/api/drivers").status_code == 200
    assert "rude" not in client.get("/api/drivers").text


def test_two_claimants_of_a_name_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    two = [EntryPoint("mock", "deltacloud_mock:MockDriver", ENTRY_POINT_GROUP), EntryPoint("mock", "other:D", "x")]
    monkeypatch.setattr(registry_module, "entry_points", lambda **_: two)
    with pytest.raises(
        ConfigurationError, match=r"Two distributions claim the driver 'mock': .*deltacloud_mock.*other:D"
    ):
        Registry()


def test_the_same_claim_twice_is_no_quarrel(monkeypatch: pytest.MonkeyPatch) -> None:
    same = [EntryPoint("mock", "deltacloud_mock:MockDriver", ENTRY_POINT_GROUP)] * 2
    monkeypatch.setattr(registry_module, "entry_points", lambda **_: same)
    assert Registry().names == ("mock",)


def test_an_unknown_driver_lists_the_known() -> None:
    with pytest.raises(ValidationFailure, match=r"There is no driver 'nope'; use one of .*mock"):
        Registry().driver("nope")


def test_a_driver_is_made_once(tmp_path: Path) -> None:
    registry = Registry({"mock": {"path": str(tmp_path / "mock.sqlite3")}})
    assert registry.driver("mock") is registry.driver("mock")


def test_importing_the_server_and_every_driver_imports_no_sdk() -> None:
    program = """
import sys
import deltacloud_images.app, deltacloud_images.cli
from deltacloud_images.registry import Registry
registry = Registry()
needed = {module for name in registry.names for module in registry.driver_class(name).requires}
print(sorted(needed & set(sys.modules)))
"""
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert output == "[]\n"
