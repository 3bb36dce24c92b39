"""Names the command that installs what a driver needs into the environment that the server runs in."""

import json
import sys
from importlib.metadata import Distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname


def install_command(distribution: Distribution, extra: str) -> str:
    """Return the shell command that adds an extra to an installed distribution.

    The command for an editable installation is meant for the folder of its source; it names the ``pip`` of a virtual
    environment in that folder. The command names no path outside of that folder, because clients may read it. Source
    of the record that tells the two installations apart: PEP 610.
    """
    source = _editable_source(distribution)
    if source is None:
        return f"pip install '{distribution.name}[{extra}]'"
    prefix = Path(sys.prefix)
    pip = f"{prefix.relative_to(source)}/bin/pip" if prefix.is_relative_to(source) else "pip"
    return f"{pip} install --editable '.[{extra}]'"


def _editable_source(distribution: Distribution) -> Path | None:
    """Return the folder that an editable installation reads its code from; ``None`` for any other installation."""
    record = json.loads(distribution.read_text("direct_url.json") or "{}")
    if not record.get("dir_info", {}).get("editable"):
        return None
    return Path(url2pathname(urlsplit(record["url"]).path))
