"""The wheel holds the server and every driver, and works where only it is installed."""

import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (built,) = folder.glob("deltacloud_images-*.whl")
    return built


def test_the_wheel_holds_every_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    packages = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    drivers = {path.parent.name for path in ROOT.glob("drivers/*/__init__.py")}
    assert packages == {"deltacloud_images", *drivers}
    for package in packages:
        assert f"{package}/py.typed" in names
    for folder in ("deltacloud_images", "drivers"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".html", ".css", ".js"):
                assert str(path.relative_to(ROOT)).removeprefix("drivers/") in names


def test_every_driver_has_an_entry_point_and_its_own_extra() -> None:
    points = PROJECT["entry-points"]["deltacloud_images.drivers"]
    drivers = {path.parent.name for path in ROOT.glob("drivers/*/__init__.py")}
    assert {value.partition(":")[0] for value in points.values()} == drivers
    extras = PROJECT.get("optional-dependencies", {})
    assert set(extras) - {"all"} == set(points) - {"mock"}
    everything = {f"deltacloud-images[{name}]" for name in extras if name != "all"}
    assert set(extras.get("all", [])) in (everything, {f"deltacloud-images[{','.join(sorted(set(extras) - {'all'}))}]"})


def test_the_wheel_alone_serves_the_mock(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--disable-pip-version-check",
         str(wheel)],
        check=True,
    )  # fmt: skip
    program = """
import deltacloud_images
app = deltacloud_images.create_app()
answer = app.test_client().get("/api/images?format=html", auth=("mockuser", "mockpassword"))
print(answer.status_code, "img1" in answer.text)
"""
    environ = {"XDG_DATA_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    output = subprocess.run([python, "-c", program], check=True, capture_output=True, text=True, env=environ, cwd="/")
    assert output.stdout == "200 True\n"
    listed = subprocess.run(
        [home / "bin" / "deltacloud-images", "drivers"],
        check=True,
        capture_output=True,
        text=True,
        env=environ,
        cwd="/",
    )
    for name in PROJECT["entry-points"]["deltacloud_images.drivers"]:
        (line,) = [each for each in listed.stdout.splitlines() if each.split()[0] == name]
        needs_more = PROJECT["optional-dependencies"].get(name)
        assert (f"pip install 'deltacloud-images[{name}]'" in line) if needs_more else ("yes" in line)
