"""A simulated vCenter to try the server on: ``python -m tests.drivers.vsphere.simulator FOLDER``, until interrupted.

Writes ``FOLDER/config.toml`` when it can be used; its user is ``user`` and its password ``pass``.
"""

import json
import signal
import sys
from contextlib import suppress
from pathlib import Path

from tests.drivers.vsphere.rig import VsphereRig


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with VsphereRig(folder) as rig:
        rig.seed_machine("golden", annotation="A template to launch").MarkAsTemplate()
        provider = rig.provider_table()
        lines = [
            "[drivers.vsphere.providers.main]",
            *(f"{key} = {json.dumps(value)}" for key, value in provider.items()),
            "",
        ]
        ready = folder / "config.toml.new"
        ready.write_text("\n".join(lines))
        ready.rename(folder / "config.toml")
        print(f"https://{provider['host']}:{provider['port']}/sdk", flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
