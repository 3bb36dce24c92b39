"""Wheel and sdist hold the server and every driver, and each works where only it is installed."""

import re
import shlex
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.command import serving
from tests.web import AUTHORIZATION, exchange

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sdist, and the wheel that is built from it, as ``make dist`` builds and checks them."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (wheel,), (sdist,) = folder.glob("deltacloud_images-*.whl"), folder.glob("deltacloud_images-*.tar.gz")
    return {"wheel": wheel, "sdist": sdist}


@pytest.fixture(scope="module")
def wheel(built: dict[str, Path]) -> Path:
    return built["wheel"]


def test_both_files_are_what_an_index_takes(built: dict[str, Path]) -> None:
    files = [str(path) for path in built.values()]
    checked = subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], stdout=subprocess.PIPE)
    assert checked.returncode == 0, checked.stdout.decode()
    assert all(path.name.startswith(f"deltacloud_images-{PROJECT['version']}") for path in built.values())


def test_the_wheel_tells_its_license(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        lines = archive.read(metadata).decode().splitlines()
        assert {"License-Expression: Apache-2.0", "License-File: LICENSE"} <= set(lines)
        text = archive.read(metadata.replace("METADATA", "licenses/LICENSE"))
    assert text == (ROOT / "LICENSE").read_bytes()


def test_the_sdist_holds_what_is_tracked(built: dict[str, Path]) -> None:
    with tarfile.open(built["sdist"]) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    assert set(tracked.stdout.splitlines()) - held == {".ci/run", ".editorconfig"}


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


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_each_file_alone_serves(built: dict[str, Path], kind: str, tmp_path: Path) -> None:
    """With the example as its configuration; the command that it names for a missing driver then works."""
    programs = tmp_path / "venv" / "bin"
    venv.create(programs.parent, with_pip=False)
    in_venv = [sys.executable, "-m", "pip", "--python", str(programs / "python")]
    subprocess.run([*in_venv, "install", "--quiet", str(built[kind])], check=True)
    command = [programs / "deltacloud-images"]
    with serving("--config", str(ROOT / "config.example.toml"), folder=tmp_path, run=command) as (port, _, _process):
        head = f"Authorization: {AUTHORIZATION}\r\nAccept: text/html\r\n"
        answer = exchange(port, f"GET /api/images HTTP/1.0\r\n{head}\r\n".encode())
        assert (answer.status, b"img1" in answer.body) == (200, True)

    def told() -> dict[str, str]:
        listed = subprocess.run([*command, "drivers"], check=True, capture_output=True, text=True, cwd=tmp_path)
        return {line.split()[0]: line for line in listed.stdout.splitlines()}

    before = told()
    for name in PROJECT["entry-points"]["deltacloud_images.drivers"]:
        needs_more = PROJECT["optional-dependencies"].get(name)
        assert (f"pip install 'deltacloud-images[{name}]'" in before[name]) if needs_more else ("yes" in before[name])
    hint = re.search(r"no: pip (install '[^']+')", before["rhevm"])
    assert hint
    subprocess.run([*in_venv, *shlex.split(hint[1]), "--quiet"], check=True)
    assert before["rhevm"].split()[1] == "no:"
    assert told()["rhevm"].split()[1] == "yes"
