"""The rules of the house: imports run one way, the server names no driver, drivers look alike, modules stay small."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVER = sorted((ROOT / "deltacloud_images").rglob("*.py"))
DRIVERS = sorted((ROOT / "drivers").rglob("*.py"))
CONTRACT = {"driver", "features", "models", "errors", "schema", "kit"}
#: What each part of the server may import of the others; parts are modules and folders of ``deltacloud_images``.
ALLOWED = {
    "errors": set(),
    "models": set(),
    "schema": {"errors"},
    "states": set(),
    "kit": {"errors", "models"},
    "key_pairs": {"errors", "models"},
    "profiles": {"errors", "models"},
    "features": {"errors"},
    "driver": {"errors", "features", "key_pairs", "kit", "models", "schema"},
    "installation": set(),
    "registry": {"driver", "errors", "installation", "schema"},
    "catalog": {"driver", "errors", "kit", "models", "profiles"},
    "config": {"errors", "registry", "schema"},
    "logs": {"config", "web"},
    "serializers": {"driver", "features", "models", "states"},
    "web": {"catalog", "config", "driver", "errors", "features", "kit", "models", "profiles", "registry"}
    | {"serializers", "states"},
    "serving": {"config", "errors", "web"},
    "app": {"config", "errors", "logs", "metrics", "registry", "serializers", "serving", "web"},
    "metrics": {"kit", "registry", "serving", "web"},
    "gunicorn": {"config", "serving"},
    "cli": {"app", "config", "driver", "errors", "registry", "serving"},
    "testing": {"catalog", "driver", "errors", "features", "kit", "models", "profiles", "serializers"},
}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{each.name}" for each in node.names)


def relative(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@pytest.mark.parametrize("path", SERVER, ids=relative(SERVER))
def test_the_servers_imports_run_one_way(path: Path) -> None:
    part = path.relative_to(ROOT / "deltacloud_images").parts[0].removesuffix(".py")
    if part in ("__init__", "__main__"):
        return
    for name in imported(path):
        parts = name.split(".")
        assert not (parts[0].startswith("deltacloud_") and parts[0] != "deltacloud_images"), f"{name} is a driver"
        if parts[0] == "deltacloud_images" and parts[1] != part:
            assert parts[1] in ALLOWED[part], f"{part} imports {name}"


@pytest.mark.parametrize("path", DRIVERS, ids=relative(DRIVERS))
def test_drivers_import_only_the_contract(path: Path) -> None:
    for name in imported(path):
        parts = name.split(".")
        assert parts[0] not in ("flask", "werkzeug", "gunicorn"), name
        if parts[0] == "deltacloud_images":
            assert parts[1] in CONTRACT, name


@pytest.mark.parametrize("path", SERVER, ids=relative(SERVER))
def test_the_server_names_no_driver(path: Path) -> None:
    packages = {each.parent.name for each in ROOT.glob("drivers/*/__init__.py")}
    assert packages
    assert not [name for name in packages if name in path.read_text()]


@pytest.mark.parametrize("path", SERVER + DRIVERS, ids=relative(SERVER + DRIVERS))
def test_modules_are_small_and_say_what_they_own(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 300
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("folder", [path.parent for path in DRIVERS if path.name == "__init__.py"], ids=str)
def test_every_driver_has_the_same_files(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert {"__init__.py", "config.py", "driver.py", "session.py", "convert.py", "errors.py", "py.typed"} <= names
