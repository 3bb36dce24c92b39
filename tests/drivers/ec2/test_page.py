"""The driver's page: its round trip, as a shell runs it, on a server with the page's configuration."""

import re
import subprocess
import sys
from pathlib import Path

import deltacloud_ec2
from tests.conftest import gunicorn
from tests.drivers.ec2.rig import EC2Rig
from tests.drivers.ec2.test_image_changes import all_snapshots

PAGE = Path(deltacloud_ec2.__file__).with_name("README.md").read_text()
ROOT = Path(__file__).parents[3]


def test_the_round_trip_works_as_written(rig: EC2Rig, tmp_path: Path) -> None:
    _, setup, commands = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    (table,) = re.findall(r"<<'END'\n(.*?)^END$", setup, re.DOTALL | re.MULTILINE)
    config = tmp_path / "ec2.toml"
    config.write_text(table.replace("http://127.0.0.1:5555", rig.moto.url))
    before = rig.image_ids(), rig.instance_ids(), all_snapshots(rig)
    with gunicorn(tmp_path, config, {"DELTACLOUD_IMAGES_DRIVER": "ec2"}) as live:
        curl = f'cd {ROOT}; curl() {{ {sys.executable} -m tests.curl http://127.0.0.1:{live.port} "$@"; }}\n'
        user = f"{rig.credentials.user}:{rig.credentials.password}"
        script = curl + commands.replace("AKIAEXAMPLE:secret", user)
        done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    documents = re.findall(r"^<(\w+)", done.stdout, re.MULTILINE)
    assert documents[:5] == ["api", "images", "image", "hardware_profiles", "realms"]
    assert documents[5:] == ["key", "instance", "images", "instance"]
    assert re.findall(r"^HTTP/1.1 (\d+)", done.stdout, re.MULTILINE) == ["202", "204", "204", "204"]
    assert "<name>web</name>" in done.stdout
    assert "<name>golden</name>" in done.stdout
    assert (rig.image_ids(), rig.instance_ids(), all_snapshots(rig)) == before
