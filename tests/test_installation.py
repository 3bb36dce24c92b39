"""The command that installs a driver's SDK is the one for the way in which the server was installed."""

import json
import sys
from importlib.metadata import PathDistribution
from pathlib import Path
from typing import Any

import pytest

from deltacloud_images.installation import install_command

EDITABLE = {"dir_info": {"editable": True}}


def installed(folder: Path, record: dict[str, Any] | None) -> PathDistribution:
    """A distribution with this record of where it came from."""
    path = folder / "example_server-1.0.dist-info"
    path.mkdir()
    (path / "METADATA").write_text("Metadata-Version: 2.4\nName: example-server\nVersion: 1.0\nProvides-Extra: ec2\n")
    if record is not None:
        (path / "direct_url.json").write_text(json.dumps(record))
    return PathDistribution(path)


@pytest.mark.parametrize(
    "record",
    [
        None,
        {"url": "file:///tmp/example_server-1.0-py3-none-any.whl", "archive_info": {}},
        {"url": "file:///home/me/source", "dir_info": {}},
        {"url": "file:///home/me/source", "dir_info": {"editable": False}},
    ],
    ids=["index", "wheel", "folder", "folder, explicitly"],
)
def test_an_installed_package_is_named(tmp_path: Path, record: dict[str, Any] | None) -> None:
    assert install_command(installed(tmp_path, record), "ec2") == "pip install 'example-server[ec2]'"


@pytest.mark.parametrize(
    ("prefix", "command"),
    [
        ("/home/me/my source/.venv", ".venv/bin/pip install --editable '.[ec2]'"),
        ("/home/me/my source/build/env", "build/env/bin/pip install --editable '.[ec2]'"),
        ("/home/me/elsewhere", "pip install --editable '.[ec2]'"),
        ("/usr", "pip install --editable '.[ec2]'"),
    ],
)
def test_an_editable_package_is_installed_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str, command: str
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    record = {"url": "file:///home/me/my%20source", **EDITABLE}
    assert install_command(installed(tmp_path, record), "ec2") == command
