"""The documents are true: every setting is in the example, and the README's tables and commands match the code."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from deltacloud_acme import AcmeDriver
from deltacloud_images.config import ORIGINAL_OVERRIDES, OVERRIDES, Settings, check, load
from deltacloud_images.registry import Registry

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"
README = (ROOT / "README.md").read_text()
REGISTRY = Registry()


def test_the_example_is_a_valid_configuration() -> None:
    assert [str(problem) for problem in check(EXAMPLE)] == []
    settings = load(EXAMPLE, {})
    assert settings.server == Settings().server
    assert settings.api == Settings().api


def keys(settings_type: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every key below a table; a mapping of tables is looked into by its first table in the example."""
    for each in fields(settings_type):
        hint = get_type_hints(settings_type)[each.name]
        arguments = get_args(hint)
        if is_dataclass(hint):
            yield from keys(hint, (*path, each.name))
        elif len(arguments) == 2 and is_dataclass(arguments[1]):
            yield from keys(arguments[1], (*path, each.name, "*"))
        else:
            yield (*path, each.name)


@pytest.mark.parametrize("name", REGISTRY.names)
def test_every_key_of_every_driver_is_in_the_example(name: str) -> None:
    example = tomllib.loads(EXAMPLE.read_text())
    for key in keys(REGISTRY.driver_class(name).settings_type, ("drivers", name)):
        tables: list[Any] = [example]
        for part in key:
            tables = [inner for table in tables for inner in (table.values() if part == "*" else [table.get(part)])]
            tables = [table for table in tables if table is not None]
        assert tables, f"{'.'.join(key)} is not in config.example.toml"


def test_every_key_of_the_server_is_in_the_example() -> None:
    example = tomllib.loads(EXAMPLE.read_text())
    for table in ("server", "api"):
        settings_type = next(each for each in fields(Settings) if each.name == table).default_factory
        assert settings_type is not MISSING
        assert set(example[table]) == {each.name for each in fields(settings_type())}


def test_every_environment_variable_is_documented() -> None:
    for variable in OVERRIDES | ORIGINAL_OVERRIDES:
        assert re.search(rf"\b{variable}\b", EXAMPLE.read_text())


def test_the_readme_is_short_and_its_table_has_every_driver() -> None:
    assert len(README.splitlines()) <= 125
    listed = re.findall(r"^\| \[`(\w+)`\]\((\S+)\)", README, re.MULTILINE)
    assert sorted(name for name, _ in listed) == sorted(REGISTRY.names)
    for _, page in listed:
        assert (ROOT / page).is_file()


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for document in (ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("drivers/**/README.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.relative_to(ROOT)}: {target}"


def test_the_page_about_writing_a_driver_shows_the_strangers_driver() -> None:
    page, plugin = (ROOT / "drivers" / "README.md").read_text(), ROOT / "tests" / "plugin_dist"
    shown = dict(re.findall(r"^`([\w/.]+)`:\n\n```python\n(.*?)```$", page, re.MULTILINE | re.DOTALL))
    modules = {f"deltacloud_acme/{path.name}" for path in plugin.glob("deltacloud_acme/*.py")}
    assert shown.keys() == modules - {"deltacloud_acme/__init__.py"} | {"test_acme.py"}
    for name, code in shown.items():
        assert code == (plugin / name).read_text(), name
    (entry_point,) = re.findall(r"```toml\n(\[project\..*?)```", page, re.DOTALL)
    assert entry_point in (plugin / "pyproject.toml").read_text()
    (table,) = re.findall(r"```toml\n(\[drivers\..*?)```", page, re.DOTALL)
    AcmeDriver.from_config(tomllib.loads(table)["drivers"]["acme"])
