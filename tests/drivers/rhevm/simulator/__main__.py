"""An engine to try the server on: ``python -m tests.drivers.rhevm.simulator FOLDER [3.1]``, until interrupted.

Writes ``FOLDER/config.toml`` when it can be used; its user is ``admin@internal`` and its password ``secret``. It is an
oVirt 4.5 where no other version is asked for.
"""

import json
import signal
import sys
from contextlib import closing, suppress
from pathlib import Path

from tests.drivers.rhevm.rig import RhevmRig

GOLDEN = "6f2b8d0e-31c4-4a57-9b1d-0c5e7f8a9b10"
WEB = "1d9e4c72-58ab-4f36-8e07-b2c3d4e5f601"


def main(folder: Path, version: str = "4.5") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    major, minor = version.split(".")
    with closing(RhevmRig(folder, (int(major), int(minor)))) as rig:
        rig.engine.user, rig.engine.password = "admin@internal", "secret"
        rig.seed_image(id=GOLDEN, name="golden")
        rig.seed_instance(id=WEB, name="web", template_id=GOLDEN)
        keys = [f"{key} = {json.dumps(value)}" for key, value in rig.provider_table().items()]
        ready = folder / "config.toml.new"
        ready.write_text("\n".join(["[drivers.rhevm.providers.main]", *keys, ""]))
        ready.rename(folder / "config.toml")
        print(rig.provider_table()["url"], flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), *sys.argv[2:])
