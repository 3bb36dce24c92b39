"""``python -m tests.drivers.rackspace CONFIG``: Rackspace's front door before a real OpenStack, to try the server on.

Writes the server's configuration for it to the file CONFIG when it is ready, and runs until it is interrupted.
"""

import signal
import sys
from pathlib import Path

from tests.drivers.openstack.cloud import running
from tests.drivers.openstack.cloud.openstack import RACKSPACE
from tests.drivers.rackspace.front import Front
from tests.drivers.rackspace.rig import API_KEY

CONFIG = """\
[api]
default_driver = "rackspace"

[drivers.rackspace.providers.DFW]
identity_url = "http://127.0.0.1:{port}/v2.0"
"""

cloud = running()
front = Front(cloud, {RACKSPACE.user: (API_KEY, RACKSPACE)})
caller = cloud.caller(RACKSPACE)
server = caller.boot(caller.create_image("cirros", min_disk=1), "first")
Path(sys.argv[1]).write_text(CONFIG.format(port=front.address[1]))
print(f"Rackspace's front door is ready: user {RACKSPACE.user}, API key {API_KEY}; instance {server}")
signal.sigwait({signal.SIGINT, signal.SIGTERM})
